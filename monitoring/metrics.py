"""Every metric that kWadrant exports: base units, closed label sets, never a customer.

The table `docs/metrics.md` is made from this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric

from schemas.event import Cause, Status
from schemas.rejection import REASONS
from schemas.topics import CONTROL, INPUTS

LATENCY_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0)
"""Bounds of times that a person waits [s]."""
AGE_S: Final = (1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 259_200.0, 604_800.0)
"""Bounds of an event's age when it goes out [s]: from seconds, live, to weeks, catching up."""
MARGINS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Bounds of margins [squared scaled units]."""
OTHER: Final = "other"
"""The label of what has none of its own."""
MOST_CLUSTERS: Final = 48
"""Clusters that have labels of their own."""
LABELS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "fate": ("rows", "folded", "rejected", "already_seeded", "too_late", "backfilled", "not_theirs"),
        "reason": tuple(REASONS),
        "phase": ("addBatch", "commitBatch", "commitOffsets", "getBatch", "latestOffset", "queryPlanning", "walCommit",
                  OTHER),
        "topic": (*INPUTS, CONTROL),
        "status": get_args(Status),
        "cause": get_args(Cause),
        "quadrant": ("low-low", "low-high", "high-low", "high-high"),
    }
)  # fmt: skip
"""Values of the labels whose values are known beforehand."""
OPEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cluster": f"id of a cluster; `{OTHER}` for those beyond the first {MOST_CLUSTERS}",
        "name": "the cluster's name",
        "version": "the program's version",
    }
)
"""What the other labels hold."""


class Stand(Gauge):
    """A gauge without labels that has no sample before it is first set: 0 would be a statement, and an untrue one."""

    _known = False

    def set(self, value: float) -> None:
        """Set the value; from now on it is shown."""
        super().set(value)
        self._known = True

    def collect(self) -> Iterable[Metric]:
        """Return the metric, without its sample as long as nobody has set it."""
        for metric in super().collect():
            if not self._known:
                metric.samples.clear()
            yield metric


@dataclass(frozen=True)
class Metrics:
    """The metrics of one registry; a field's name is the metric's without the prefix `kwadrant_` and the suffix."""

    rows: Counter
    rejected_rows: Counter
    batches: Counter
    batch_duration: Histogram
    batch_phase: Counter
    input_records: Counter
    lag: Gauge
    offset_commit_failures: Counter
    closed_until: Stand
    pending_closes: Stand
    model_version: Stand
    model_held: Stand
    cluster_info: Gauge
    cluster_customers: Gauge
    cluster_mass: Gauge
    cluster_shift: Gauge
    quadrant_customers: Gauge
    events: Counter
    newly_potential: Counter
    moves: Counter
    flaps: Counter
    model_share: Counter
    provisional: Counter
    margin: Histogram
    reaction: Histogram
    event_age: Histogram
    build_info: Gauge


def metrics(registry: CollectorRegistry) -> Metrics:
    """Return all metrics, registered."""
    found: dict[str, Any] = {
        name: kind(f"kwadrant_{metric}", text, labels, registry=registry, **_BOUNDS.get(name, {}))
        for name, (kind, metric, text, *labels) in TABLE.items()
    }
    return Metrics(**found)


TABLE: dict[str, tuple[Any, ...]] = {
    "rows": (Counter, "rows", "Pieces of rows by fate.", "fate"),
    "rejected_rows": (Counter, "rejected_rows", "Refused rows by reason; each is a dead letter.", "reason"),
    "batches": (Counter, "batches", "Micro-batches committed."),
    "batch_duration": (Histogram, "batch_duration_seconds", "Time of a whole trigger of Spark."),
    "batch_phase": (Counter, "batch_phase_seconds", "Time of the triggers by Spark's phase.", "phase"),
    "input_records": (Counter, "input_records", "Records that Spark read, commands included."),
    "lag": (Gauge, "lag_records", "Records of a topic that are not read yet.", "topic"),
    "offset_commit_failures": (Counter, "offset_commit_failures", "Times that the consumer group was not told."),
    "closed_until": (Stand, "closed_until_timestamp_seconds", "End of the last closed epoch."),
    "pending_closes": (Stand, "pending_closes", "Closes commanded and not answered."),
    "model_version": (Stand, "model_version", "Version of the model in force."),
    "model_held": (Stand, "model_held", "1 while the model on trial is held, 0 otherwise."),
    "cluster_info": (Gauge, "cluster_info", "1 for each cluster, with its name and quadrant.", "cluster", "name",
                     "quadrant"),
    "cluster_customers": (Gauge, "cluster_customers", "Customers of a cluster at the last close.", "cluster"),
    "cluster_mass": (Gauge, "cluster_mass_customers", "Mass of a cluster in the model in force.", "cluster"),
    "cluster_shift": (Gauge, "cluster_shift_deviations", "How far a centre moved with the last model.", "cluster"),
    "quadrant_customers": (Gauge, "quadrant_customers", "Customers of a quadrant at the last close.", "quadrant"),
    "events": (Counter, "events", "Reclassification events by status and cause.", "status", "cause"),
    "newly_potential": (Counter, "newly_potential_events", "Events that say newly potential, by status.", "status"),
    "moves": (Counter, "moves", "Confirmed moves from class to class, without events that take one back."),
    "flaps": (Counter, "flaps", "Confirmed moves back to the class that the customer left last."),
    "model_share": (Counter, "model_share", "Sum of the shares of confirmed moves that the model alone caused."),
    "provisional": (Counter, "provisional_events", "Confirmed moves that rest mostly on estimates."),
    "margin": (Histogram, "margin_squared_deviations", "How much nearer the new centre is, for confirmed moves."),
    "reaction": (Histogram, "reaction_seconds", "From the broker's taking a batch's oldest message to its commit."),
    "event_age": (Histogram, "event_age_seconds", "From an event's time to its publication.", "status"),
    "build_info": (Gauge, "build_info", "1, with the version of the program.", "version"),
}  # fmt: skip

_BOUNDS: dict[str, dict[str, Any]] = {
    "batch_duration": {"buckets": LATENCY_S},
    "reaction": {"buckets": LATENCY_S},
    "event_age": {"buckets": AGE_S},
    "margin": {"buckets": MARGINS},
}
