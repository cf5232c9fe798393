"""The exporter: every fact finds its metric, and no customer becomes a label."""

from dataclasses import fields
from datetime import UTC, datetime
from urllib.request import urlopen

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitoring.exporter import Exporter, serve
from monitoring.metrics import LABELS, OPEN, Metrics, metrics
from schemas.event import Event, Evidence, Place, Reason
from schemas.facts import Begun, ClusterFacts, Facts, Followed, Progressed

NOW = datetime(2026, 3, 24, 12, tzinfo=UTC)
WHY = Reason("night_share", 0.5, 0.3, 1.5, 0.7, 0.3)
EVENT = Event(
    event_id="e", customer_id="C-1", from_=Place(0, "steady shop", "low-low"), to=Place(1, "workshop", "low-high"),
    newly_potential=True, cause="customer_moved", model_version_from=1, model_version_to=2, status="confirmed",
    margin=3.0, confidence=0.8, reasons=(WHY,), quality=Evidence(0.6, provisional=True),
    event_time="2026-03-24T11:00:00Z",
)  # fmt: skip
BACK = msgspec.structs.replace(EVENT, event_id="f", from_=EVENT.to, to=EVENT.from_, newly_potential=False)
FACTS = Facts(
    batch=7, repeated=False, counts={"rows": 100, "rejected": 2, "folded": 90}, rejected={"negative": 2},
    events=(EVENT,), closed=20_000, closed_until=1_774_310_400, model_version=2, commands=3, pending=1,
    arrived=int(NOW.timestamp() * 1e6) - 700_000, seconds=1.5, quadrants={"low-low": 3, "low-high": 4},
    clusters=tuple(ClusterFacts(cluster=n, name=f"name {n}", quadrant="low-low", members=n, mass=2.0 * n, shift=0.1)
                   for n in range(100)),
    held="15 of 100 customers",
)  # fmt: skip


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def exporter(registry: CollectorRegistry) -> Exporter:
    return Exporter(registry, now=lambda: NOW)


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("rows_total", {"fate": "rows"}, 100), ("rows_total", {"fate": "too_late"}, 0),
        ("rejected_rows_total", {"reason": "negative"}, 2), ("batches_total", {}, 1), ("pending_closes", {}, 1),
        ("closed_until_timestamp_seconds", {}, 1_774_310_400), ("model_version", {}, 2), ("model_held", {}, 1),
        ("cluster_customers", {"cluster": "3"}, 3), ("cluster_customers", {"cluster": "other"}, sum(range(48, 100))),
        ("cluster_mass_customers", {"cluster": "3"}, 6), ("cluster_shift_deviations", {"cluster": "3"}, 0.1),
        ("cluster_info", {"cluster": "3", "name": "name 3", "quadrant": "low-low"}, 1),
        ("quadrant_customers", {"quadrant": "low-high"}, 4),
        ("events_total", {"status": "confirmed", "cause": "customer_moved"}, 1),
        ("newly_potential_events_total", {"status": "confirmed"}, 1), ("flaps_total", {}, 0),
        ("model_share_total", {}, 0.3), ("provisional_events_total", {}, 1),
        ("margin_squared_deviations_sum", {}, 3), ("reaction_seconds_sum", {}, 0.7),
        ("event_age_seconds_sum", {"status": "confirmed"}, 3_600),
    ],
)  # fmt: skip
def test_a_fact_becomes_its_metric(
    exporter: Exporter, registry: CollectorRegistry, name: str, labels: dict[str, str], value: float
) -> None:
    exporter.observe(FACTS)
    assert registry.get_sample_value(f"kwadrant_{name}", labels) == pytest.approx(value)


STANDS = {"closed_until_timestamp_seconds": 1_774_224_000, "pending_closes": 1, "model_version": 7, "model_held": 1}


def test_where_a_stream_stands_is_shown_before_its_first_batch(exporter: Exporter, registry: CollectorRegistry) -> None:
    exporter.began(Begun(closed_until=1_774_224_000, pending=1, model_version=7, held="12 of 100 customers"))
    assert {name: registry.get_sample_value(f"kwadrant_{name}") for name in STANDS} == STANDS
    assert registry.get_sample_value("kwadrant_batches_total") == 0


@pytest.mark.usefixtures("exporter")
def test_what_is_not_known_yet_is_not_shown_as_nothing(registry: CollectorRegistry) -> None:
    assert {registry.get_sample_value(f"kwadrant_{name}") for name in STANDS} == {None}
    shown = [line.split()[0] for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    assert [name for name in STANDS if f"kwadrant_{name}" in shown] == []


def test_a_hold_that_is_over_is_shown_as_0(exporter: Exporter, registry: CollectorRegistry) -> None:
    exporter.observe(FACTS)
    exporter.observe(Facts(**{**vars(FACTS), "held": None}))
    assert registry.get_sample_value("kwadrant_model_held") == 0


def test_a_move_back_is_a_flap_and_a_move_on_is_none(exporter: Exporter, registry: CollectorRegistry) -> None:
    onwards = msgspec.structs.replace(EVENT, event_id="g", customer_id="C-2")
    exporter.observe(_with(EVENT, onwards))
    assert registry.get_sample_value("kwadrant_flaps_total") == 0
    exporter.observe(_with(BACK))
    assert registry.get_sample_value("kwadrant_flaps_total") == 1


def _with(*events: Event) -> Facts:
    return Facts(**{**vars(FACTS), "events": events})


def test_a_rise_and_a_fall_in_a_class_are_neither_moves_nor_flaps(
    exporter: Exporter, registry: CollectorRegistry
) -> None:
    there = msgspec.structs.replace(EVENT.to, cluster=EVENT.from_.cluster)
    rise = msgspec.structs.replace(EVENT, event_id="r", to=there)
    fall = msgspec.structs.replace(rise, event_id="s", from_=rise.to, to=rise.from_, newly_potential=False)
    again = msgspec.structs.replace(rise, event_id="t")
    exporter.observe(_with(EVENT, rise, fall, again, BACK))
    names = ("moves_total", "flaps_total", "margin_squared_deviations_count", "provisional_events_total")
    found = [registry.get_sample_value(f"kwadrant_{name}") for name in names]
    assert found == [2, 1, 2, 2]
    assert registry.get_sample_value("kwadrant_newly_potential_events_total", {"status": "confirmed"}) == 3


CORRECTED = msgspec.structs.replace(BACK, cause="late_correction", supersedes="e")
UNDONE = msgspec.structs.replace(BACK, cause="model_moved", because="a bad day")
BORNE_OUT = msgspec.structs.replace(EVENT, to=msgspec.structs.replace(EVENT.to, since=EVENT.event_time))


@pytest.mark.parametrize("event", [CORRECTED, UNDONE, BORNE_OUT])
def test_what_takes_a_move_back_or_bears_it_out_is_no_move(
    exporter: Exporter, registry: CollectorRegistry, event: Event
) -> None:
    exporter.observe(_with(EVENT))
    exporter.observe(_with(event))
    found = {name: registry.get_sample_value(f"kwadrant_{name}_total") for name in ("moves", "flaps")}
    assert found == {"moves": 1, "flaps": 0}
    assert registry.get_sample_value("kwadrant_newly_potential_events_total", {"status": "confirmed"}) == 1
    said = [registry.get_sample_value("kwadrant_events_total", {"status": "confirmed", "cause": cause})
            for cause in {EVENT.cause, event.cause}]  # fmt: skip
    assert sum(value or 0 for value in said) == 2


def test_spark_s_report_becomes_phases_and_records(exporter: Exporter, registry: CollectorRegistry) -> None:
    exporter.progressed(Progressed(phases={"addBatch": 0.5, "new in Spark": 0.125}, seconds=0.75, records=12))
    exporter.progressed(Progressed(phases={"addBatch": 0.5}, seconds=0.75, records=3))
    phases = [registry.get_sample_value("kwadrant_batch_phase_seconds_total", {"phase": phase})
              for phase in ("addBatch", "other", "walCommit")]  # fmt: skip
    assert phases == [1.0, 0.125, 0.0]
    assert registry.get_sample_value("kwadrant_batch_duration_seconds_sum") == 1.5
    assert registry.get_sample_value("kwadrant_input_records_total") == 15


def test_lag_stays_as_it_was_while_kafka_does_not_say(exporter: Exporter, registry: CollectorRegistry) -> None:
    exporter.followed(Followed(behind={"metering": 12}, told=True))
    exporter.followed(Followed(behind={}, told=False))
    assert registry.get_sample_value("kwadrant_lag_records", {"topic": "metering"}) == 12
    assert registry.get_sample_value("kwadrant_offset_commit_failures_total") == 1


def test_a_cluster_that_is_gone_is_shown_no_more(exporter: Exporter, registry: CollectorRegistry) -> None:
    exporter.observe(FACTS)
    exporter.observe(Facts(**{**vars(FACTS), "clusters": FACTS.clusters[:2]}))
    assert registry.get_sample_value("kwadrant_cluster_customers", {"cluster": "5"}) is None


def test_there_are_few_series_and_none_names_a_customer(exporter: Exporter, registry: CollectorRegistry) -> None:
    for _ in range(3):
        exporter.observe(FACTS)
    for topic in LABELS["topic"]:
        exporter.followed(Followed(behind={topic: 1}, told=True))
    text = generate_latest(registry).decode()
    assert "C-1" not in text
    assert len([line for line in text.splitlines() if line and not line.startswith("#")]) <= 500


def test_a_label_that_is_known_beforehand_has_no_other_value(exporter: Exporter, registry: CollectorRegistry) -> None:
    exporter.observe(FACTS)
    exporter.progressed(Progressed(phases={"new in Spark": 0.125}, seconds=0.75, records=12))
    labels = [pair for metric in registry.collect() for sample in metric.samples for pair in sample.labels.items()]
    assert {(label, value) for label, value in labels if label in LABELS and value not in LABELS[label]} == set()
    assert {label for label, _ in labels} == {*LABELS, *OPEN, "le"} - {"topic"}


def test_prometheus_is_answered_until_the_end(exporter: Exporter, registry: CollectorRegistry) -> None:
    exporter.observe(FACTS)
    port, end = serve(0, "127.0.0.1", registry)
    assert b"kwadrant_batches_total 1.0" in urlopen(f"http://127.0.0.1:{port}/metrics").read()
    end()


def test_every_metric_of_the_table_has_its_field(registry: CollectorRegistry) -> None:
    kept = metrics(registry)
    assert all(getattr(kept, field.name) is not None for field in fields(Metrics))
