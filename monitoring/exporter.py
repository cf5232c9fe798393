"""The exporter: an observer of batches that keeps the metrics, and the HTTP server that Prometheus asks."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import product

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from monitoring.metrics import LABELS, MOST_CLUSTERS, OTHER, metrics
from schemas.event import Event, is_move, is_news
from schemas.facts import Begun, ClusterFacts, Facts, Followed, Progressed
from schemas.times import microseconds

SECOND_US = 1_000_000
REMEMBERED = 100_000
"""Customers whose last move is remembered, to tell flaps."""


class Exporter:
    """Keeps the metrics of one stream; `began`, `observe`, `progressed` and `followed` are its observers."""

    def __init__(self, registry: CollectorRegistry, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._metrics = metrics(registry)
        self._now = now
        self._left: OrderedDict[str, int] = OrderedDict()
        self._begin()

    def began(self, begun: Begun) -> None:
        """Take in where a run begins: until then what it says is not shown, for 0 would be untrue."""
        self._stands(begun)

    def observe(self, facts: Facts) -> None:
        """Take in a committed batch."""
        kept, now_us = self._metrics, microseconds(self._now())
        kept.batches.inc()
        for fate in LABELS["fate"]:
            kept.rows.labels(fate).inc(facts.counts.get(fate, 0))
        for reason, number in facts.rejected.items():
            kept.rejected_rows.labels(reason).inc(number)
        self._stands(facts)
        if facts.arrived:
            kept.reaction.observe(max(0.0, (now_us - facts.arrived) / SECOND_US))
        for event in facts.events:
            self._event(event, now_us)
        if facts.clusters:
            self._clusters(facts.clusters, facts.quadrants)

    def progressed(self, progress: Progressed) -> None:
        """Take in Spark's report of a batch."""
        kept = self._metrics
        kept.batch_duration.observe(progress.seconds)
        for phase, seconds in progress.phases.items():
            kept.batch_phase.labels(phase if phase in LABELS["phase"] else OTHER).inc(seconds)
        kept.input_records.inc(progress.records)

    def followed(self, found: Followed) -> None:
        """Take in how far the stream is behind."""
        self._metrics.offset_commit_failures.inc(not found.told)
        for topic, records in found.behind.items():
            self._metrics.lag.labels(topic).set(records)

    def _begin(self) -> None:
        """Show what may happen as 0: a rate over a series that was not there misses its first step."""
        kept = self._metrics
        for counted in (kept.rows, kept.rejected_rows, kept.batch_phase, kept.events, kept.newly_potential,
                        kept.event_age):  # fmt: skip
            for values in product(*(LABELS[label] for label in counted._labelnames)):  # noqa: SLF001 - it says so nowhere else
                counted.labels(*values)
        kept.build_info.labels(_version()).set(1)

    def _stands(self, now: Begun | Facts) -> None:
        kept = self._metrics
        kept.closed_until.set(now.closed_until)
        kept.pending_closes.set(now.pending)
        kept.model_version.set(now.model_version)
        kept.model_held.set(now.held is not None)

    def _event(self, event: Event, now_us: int) -> None:
        kept = self._metrics
        kept.events.labels(event.status, event.cause).inc()
        age = now_us - microseconds(datetime.fromisoformat(event.event_time))
        kept.event_age.labels(event.status).observe(max(0.0, age / SECOND_US))
        if event.status == "confirmed" and not is_news(event):
            return  # it takes something back or bears it out
        kept.newly_potential.labels(event.status).inc(event.newly_potential)
        if is_move(event):
            self._move(event)

    def _move(self, event: Event) -> None:
        kept = self._metrics
        kept.moves.inc()
        kept.margin.observe(event.margin)
        kept.provisional.inc(event.quality.provisional)
        kept.model_share.inc(min(max(sum(reason.share_model for reason in event.reasons), 0.0), 1.0))
        kept.flaps.inc(self._left.get(event.customer_id) == event.to.cluster)
        self._left[event.customer_id] = event.from_.cluster
        self._left.move_to_end(event.customer_id)
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)

    def _clusters(self, clusters: tuple[ClusterFacts, ...], quadrants: Mapping[str, int]) -> None:
        kept = self._metrics
        # a name or a cluster may be gone
        for gauge in (kept.cluster_info, kept.cluster_customers, kept.cluster_mass, kept.cluster_shift):
            gauge.clear()
        for one in clusters[:MOST_CLUSTERS]:
            label = str(one.cluster)
            kept.cluster_info.labels(label, one.name, one.quadrant).set(1)
            kept.cluster_customers.labels(label).set(one.members)
            kept.cluster_mass.labels(label).set(one.mass)
            kept.cluster_shift.labels(label).set(one.shift)
        rest = clusters[MOST_CLUSTERS:]
        if rest:
            kept.cluster_customers.labels(OTHER).set(sum(one.members for one in rest))
            kept.cluster_mass.labels(OTHER).set(sum(one.mass for one in rest))
            kept.cluster_shift.labels(OTHER).set(max(one.shift for one in rest))
        _set_all(kept.quadrant_customers, quadrants)


def serve(port: int, address: str, registry: CollectorRegistry) -> tuple[int, Callable[[], None]]:
    """Answer Prometheus on `address`; returns the port, a free one for 0, and what ends it.

    Raises
    ------
    OSError
        Where the port is taken.
    """
    server, thread = start_http_server(port, address, registry)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, end


def _set_all(gauge: Gauge, values: Mapping[str, int]) -> None:
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)


def _version() -> str:
    try:
        return version("kwadrant")
    except PackageNotFoundError:
        return "unknown"
