"""Tables and messages: the same data become the same rows."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kwadrant import encode
from kwadrant.tables import ARCHIVE, READINGS, TRANSACTIONS, Layout
from schemas.reading import STATUSES
from schemas.transaction import KINDS, SERVICES
from segmentation import rows as kinds
from segmentation import tables
from segmentation.calendar import Calendar
from segmentation.intake import Message, read
from segmentation.parameters import Parameters
from segmentation.tables import Arrival, Taken
from tests.segmentation.runs import laws

PARAMETERS = Parameters(time_zone="Europe/Berlin")
ORIGIN = datetime(2026, 3, 20, tzinfo=UTC)
BROKER = 1_775_000_000_000_000
"""The broker's time [us]: the evening of 2026-03-31, before the last rows' own times."""
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.just("\u00e4" * 65)
instants = st.integers(0, 20 * 86_400 * 1_000_000).map(lambda us: ORIGIN + timedelta(microseconds=us))
names = st.none() | st.sampled_from(["metal", "household", "MV", ""])

readings = st.fixed_dictionaries({
    "customer_id": ids, "start": instants,
    "duration_s": st.sampled_from([1, 900, 3_600, 5_400, 86_400, 90_000, 31 * 86_400 + 1]),
    "kwh": st.floats(0, 1e4) | st.sampled_from([-1.0, -0.0001, 1.1e9, 1e9, 1e6]), "usage_point_id": st.none() | ids,
    "meter_id": st.none(), "status": st.sampled_from([*STATUSES, "guessed"]), "received_at": st.none() | instants,
})  # fmt: skip
transactions = st.fixed_dictionaries({
    "transaction_id": ids, "customer_id": ids, "time": instants, "kind": st.sampled_from([*KINDS, "gift"]),
    "service": st.none() | st.sampled_from([*SERVICES, "yoga"]), "amount": st.none() | st.floats(-1, 2e9),
    "currency": st.none() | st.sampled_from(["EUR", "Euro"]), "due": st.none() | instants,
})  # fmt: skip
archive = st.fixed_dictionaries({
    "customer_id": ids, "valid_from": instants, "industry": names, "voltage_level": names, "customer_class": names,
    "capacity_kw": st.none() | st.floats(0, 1e7) | st.sampled_from([-1.0, 2e7]),
    "contract_start": st.none() | instants, "transformer": names, "feeder": names, "zone": names, "tariff": names,
})  # fmt: skip


def assert_same_rows(rows: list[dict[str, Any]], layout: Layout, lane: int, encoded: Callable[[pa.Table], Any],
         take: Callable[[pa.Table, Arrival], Taken]) -> None:  # fmt: skip
    table = pa.Table.from_pylist(rows, layout.schema)
    values = [text.encode() for text in encoded(table).to_pylist()]
    keys = [row["customer_id"].encode() for row in rows]
    sent = [
        Message(lane, n, BROKER, key, value, len(value))
        for n, (key, value) in enumerate(zip(keys, values, strict=True))
    ]
    intake = read(sent, 0, PARAMETERS)
    taken = take(table, Arrival(lane, BROKER, PARAMETERS))
    assert dict(taken.refused) == dict(Counter(row.reason for row in intake.rejected))
    assert intake.rows.to_pylist() == kinds.split(taken.rows, Calendar("Europe/Berlin")).to_pylist()


@given(st.lists(readings, min_size=1, max_size=8))
@laws(60)
def test_readings(rows: list[dict[str, Any]]) -> None:
    assert_same_rows(rows, READINGS, 0, encode.readings, tables.readings)


@given(st.lists(transactions, min_size=1, max_size=8))
@laws(60)
def test_transactions(rows: list[dict[str, Any]]) -> None:
    assert_same_rows(rows, TRANSACTIONS, 4096, encode.transactions, tables.transactions)


@given(st.lists(archive, min_size=1, max_size=8))
@laws(60)
def test_archive(rows: list[dict[str, Any]]) -> None:
    assert_same_rows(rows, ARCHIVE, 8192, encode.archive, tables.archive)
