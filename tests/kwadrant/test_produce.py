"""What is sent and in which order, without Kafka; encoding; the pace."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwadrant import encode
from kwadrant.order import Clock, OrderError, Rows, Tables, event_times, plan
from kwadrant.produce import Pace, Produced, ProduceError
from kwadrant.sending import summary
from kwadrant.tables import ARCHIVE, READINGS, TRANSACTIONS
from schemas import archive, reading, transaction
from schemas.topics import INPUTS
from segmentation import tables as taken
from segmentation.parameters import Parameters
from simulator.town import simulate

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
TOWN = simulate(20, 12, random_state=3, history_days=3, change_days=5)
WHOLE = Tables(TOWN.readings, TOWN.transactions, TOWN.archive)


def readings_at(*hours: int) -> pa.Table:
    """Return readings of one hour that end at these hours of MONDAY."""
    rows = [
        {
            "customer_id": f"C{n}",
            "start": MONDAY + timedelta(hours=h - 1),
            "duration_s": 3600,
            "kwh": 1.0,
            "status": "measured",
        }
        for n, h in enumerate(hours)
    ]
    return pa.Table.from_pylist(rows, schema=READINGS.schema)


def times(tables: Tables, ends: list[int], since: int | None = None) -> list[str | float]:
    """Return the hours of the rows and, as text, of the clock records, in the order of sending."""
    at = [MONDAY + timedelta(hours=end) for end in ends]
    out: list[str | float] = []
    for step in plan(tables, at, None if since is None else MONDAY + timedelta(hours=since)):
        us = [step.time] if isinstance(step, Clock) else step.times.tolist()
        hours = [(t / 1e6 - MONDAY.timestamp()) / 3600 for t in us]
        out += [f"clock {hours[0]:g}"] if isinstance(step, Clock) else hours
    return out


@pytest.mark.parametrize(
    ("rows", "ends", "sent"),
    [
        ((1, 2, 3), (2,), [1, "clock 2", 2, 3]),
        ((1, 3), (2,), [1, "clock 2", 3]),
        ((1, 2), (3,), [1, 2]),
        ((5,), (2, 1, 3), ["clock 1", "clock 2", "clock 3", 5]),
        ((2, 2), (2, 2), ["clock 2", 2, 2]),
        ((3, 1, 2), (), [1, 2, 3]),
        ((), (1,), []),
    ],
)
def test_a_clock_stands_between_the_rows_before_and_after_it(
    rows: tuple[int, ...], ends: tuple[int, ...], sent: list[str | float]
) -> None:
    assert times(Tables(readings_at(*rows)), list(ends)) == sent


def test_since_leaves_out_rows_and_clocks_before_it() -> None:
    assert times(Tables(readings_at(1, 2, 3, 4)), [1, 3, 4], since=3) == ["clock 3", 3, "clock 4", 4]


@settings(deadline=None, max_examples=30)
@given(cuts=st.lists(st.integers(0, len(TOWN.readings)), max_size=6), ends=st.sets(st.integers(0, 300), max_size=8))
def test_any_cut_into_blocks_sends_the_same_in_the_same_order(cuts: list[int], ends: set[int]) -> None:
    edges = [0, *sorted(cuts), len(TOWN.readings)]
    blocks = [TOWN.readings.slice(a, b - a) for a, b in pairwise(edges)]
    cut = Tables(blocks, TOWN.transactions, TOWN.archive)
    got = times(cut, list(ends))
    assert got == times(WHOLE, list(ends))
    assert sum(isinstance(t, float) for t in got) == len(TOWN.readings) + len(TOWN.transactions) + len(TOWN.archive)


def test_the_three_tables_are_merged_by_event_time() -> None:
    hours = times(WHOLE, [])
    assert hours == sorted(hours)


def test_keys_values_and_topics_stay_together() -> None:
    seen = set()
    topic: int
    value: Any
    for rows in plan(WHOLE):
        assert isinstance(rows, Rows)
        for topic, key, value in zip(rows.topics.tolist(), rows.keys.to_pylist(), rows.values.to_pylist(), strict=True):
            said = json.loads(value)
            assert said["customerId"].encode() == key
            assert ("interval" in said, "kind" in said, "validFrom" in said).index(True) == topic
            seen.add(topic)
    assert seen == {0, 1, 2}


def test_since_keeps_the_very_rows_that_come_after_it() -> None:
    (rows,) = plan(Tables(readings_at(1, 2, 3)), since=MONDAY + timedelta(hours=2))
    assert isinstance(rows, Rows)
    assert rows.keys.to_pylist() == [b"C1", b"C2"]
    values: list[Any] = rows.values.to_pylist()
    assert [json.loads(value)["customerId"] for value in values] == ["C1", "C2"]


def test_blocks_that_go_back_in_time_are_refused() -> None:
    with pytest.raises(OrderError, match=r"metering.reading.recorded.v1: the blocks go back in event time"):
        list(plan(Tables([readings_at(2), readings_at(1)])))


def test_a_reading_in_json_is_exactly_this() -> None:
    row = {
        "customer_id": 'C "ü"', "start": datetime(2026, 11, 20, 7, 45, tzinfo=UTC), "duration_s": 900, "kwh": 0.4119999,
        "usage_point_id": "UP-1", "meter_id": None, "status": "measured",
        "received_at": datetime(2026, 11, 20, 8, 2, 11, tzinfo=UTC),
    }  # fmt: skip
    text = encode.readings(pa.Table.from_pylist([row], schema=READINGS.schema))[0].as_py()
    assert text == (
        '{"customerId":"C \\"ü\\"","usagePointId":"UP-1","readingType":"0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0",'
        '"obis":"1-0:1.29.0*255","interval":{"start":"2026-11-20T07:45:00Z","duration":"PT15M"},"value":0.412,'
        '"unit":"kWh","flowDirection":"forward","quality":{"code":"1.0.0","status":"measured"},'
        '"receivedAt":"2026-11-20T08:02:11Z"}'
    )


@pytest.mark.parametrize(
    ("topic", "table", "contract"),
    [
        (INPUTS[0], TOWN.readings.slice(0, 300), reading.Reading),
        (INPUTS[1], TOWN.transactions, transaction.Transaction),
        (INPUTS[2], TOWN.archive, archive.Archive),
    ],
)
def test_every_row_keeps_the_contract_and_comes_back(
    topic: str, table: pa.Table, contract: type[msgspec.Struct]
) -> None:
    text: Any
    decoder = msgspec.json.Decoder(contract)
    for text, row in zip(encode.JSON[topic](table).to_pylist(), table.to_pylist(), strict=True):
        got = msgspec.structs.asdict(decoder.decode(text))
        if topic == INPUTS[0]:
            row |= {"value": row.pop("kwh")}
            assert got["interval"].start == row.pop("start")
            assert got["quality"].status == row.pop("status")
            row.pop("duration_s")
        if topic == INPUTS[2]:
            row |= {name: () for name in archive.RELATIVES if row[name] is None}
        assert got | row == got


def test_names_of_other_customers_stand_in_one_cell() -> None:
    row = {"customer_id": "A", "valid_from": MONDAY, "closed": True, "successors": "B C"}
    table = pa.Table.from_pylist([row], schema=ARCHIVE.schema)
    found = msgspec.json.decode(encode.archive(table)[0].as_py(), type=archive.Archive)
    assert (found.closed, found.successors, found.predecessors) == (True, ("B", "C"), ())
    arrival = taken.Arrival(0, 4_000_000_000_000_000, Parameters(stream="s"))
    text = taken.archive(table, arrival).rows["text"][0].as_py()
    assert msgspec.json.decode(text, type=archive.Archive) == found


@pytest.mark.parametrize(
    ("layout", "required"),
    [(TRANSACTIONS, {"transaction_id": "T", "customer_id": "A", "time": MONDAY, "kind": "payment"}),
     (ARCHIVE, {"customer_id": "A", "valid_from": MONDAY})],
)  # fmt: skip
def test_what_is_null_is_left_out(layout: object, required: dict[str, object]) -> None:
    table = pa.Table.from_pylist([required], schema=layout.schema)  # type: ignore[attr-defined]
    topic = INPUTS[1] if layout is TRANSACTIONS else INPUTS[2]
    assert len(json.loads(encode.JSON[topic](table)[0].as_py())) == len(required)


@pytest.mark.parametrize(
    ("seconds", "text"), [(86_400, "PT24H"), (82_800, "PT23H"), (900, "PT15M"), (90, "PT90S"), (5_400, "PT90M")]
)
def test_a_duration_is_exact(seconds: int, text: str) -> None:
    assert encode.duration(seconds) == text


def test_a_clock_record_says_its_time() -> None:
    assert encode.clock(datetime(2026, 11, 21, tzinfo=UTC)) == b'{"clock":"2026-11-21T00:00:00Z"}'


def test_times_with_microseconds_keep_them() -> None:
    table = readings_at(1).set_column(
        1, "start", pa.array([MONDAY + timedelta(microseconds=5)], READINGS.schema.field(1).type)
    )
    said = json.loads(encode.readings(table)[0].as_py())
    assert said["interval"]["start"] == "2025-01-06T00:00:00.000005Z"


@pytest.mark.parametrize(
    ("pace", "elapsed", "sent", "ready"),
    [
        (Pace(), 0.0, 0, 4),
        (Pace(speed=3600), 0.0, 0, 1),
        (Pace(speed=3600), 2.0, 0, 3),
        (Pace(rows_per_second=10), 0.0, 0, 1),
        (Pace(rows_per_second=10), 0.2, 2, 1),
        (Pace(rows_per_second=10), 0.2, 9, 0),
        (Pace(speed=3600, rows_per_second=1), 2.0, 1, 2),
    ],
)
def test_the_pace_lets_through_what_is_due(pace: Pace, elapsed: float, sent: int, ready: int) -> None:
    rows = event_times(INPUTS[0], readings_at(1, 2, 3, 4))
    assert pace.ready(rows, elapsed, (int(rows[0]), sent)) == ready


@pytest.mark.parametrize("settings_", [{"speed": 0.0}, {"rows_per_second": -1.0}])
def test_a_pace_without_motion_is_refused(settings_: dict[str, float]) -> None:
    with pytest.raises(ProduceError, match="must be greater than 0"):
        Pace(**settings_)


def test_energy_is_sent_in_whole_watt_hours() -> None:
    texts: list[Any] = encode.readings(TOWN.readings.slice(0, 500)).to_pylist()
    values = [json.loads(text)["value"] for text in texts]
    assert np.array_equal(values, TOWN.readings["kwh"].to_numpy()[:500])


SENT = {
    "rows": (
        Produced({INPUTS[0]: 1_200}, last=MONDAY),
        False,
        None,
        "sent 1,200 rows, up to 2025-01-06 00:00:00+00:00",
    ),
    "nothing new": (Produced(), False, "2026-03-01", "sent 0 rows; nothing has changed since 2026-03-01"),
    "nothing at all": (Produced(), False, None, "sent 0 rows; there is none to send"),
    "stopped at once": (Produced(), True, "2026-03-01", "sent 0 rows; it was stopped before the first"),
}


@pytest.mark.parametrize("name", SENT)
def test_what_was_sent_is_said_also_where_it_is_nothing(name: str) -> None:
    sent, stopped, known, words = SENT[name]
    assert summary(sent, stopped=stopped, known=known) == words
