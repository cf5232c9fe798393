"""Rows: cut at epoch boundaries without losing a watt-hour; of equal ones the greatest stays."""

from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from segmentation import rows as kinds
from segmentation.calendar import Calendar
from tests.segmentation.runs import laws
from tests.segmentation.towns import CALENDAR, DAY, FIRST, HOUR

BEGIN = CALENDAR.end(FIRST)
calendars = st.sampled_from([CALENDAR, Calendar("UTC"), Calendar("UTC", HOUR), Calendar("Asia/Shanghai", 900)])


def row(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of every type
    usual = {
        "customer": "C", "lane": 0, "offset": 0, "epoch": 0, "kind": kinds.IMPORT, "channel": 1, "start": BEGIN,
        "seconds": HOUR, "length": values.get("seconds", HOUR), "fine": True, "status": 2, "received": -1,
        "value": 1_000, "text": None, "backfill": False,
    }  # fmt: skip
    return usual | values


whole = st.builds(
    row, start=st.integers(BEGIN, BEGIN + 20 * DAY),
    seconds=st.sampled_from([0, 1, 900, 5_400, DAY, 23 * HOUR, 31 * DAY]),
    value=st.integers(0, 10**15), kind=st.sampled_from([kinds.IMPORT, kinds.PURCHASE]),
)  # fmt: skip


@given(st.lists(whole, min_size=1, max_size=10), calendars)
@laws(60)
def test_the_pieces_of_an_interval_add_up_to_it_and_lie_in_their_epochs(
    rows: list[dict[str, Any]], of: Calendar
) -> None:
    rows = [one | {"offset": n} for n, one in enumerate(rows)]
    pieces = kinds.split(pa.Table.from_pylist(rows, kinds.ROWS), of).to_pylist()
    for one in rows:
        mine = [piece for piece in pieces if piece["offset"] == one["offset"]]
        assert sum(piece["value"] for piece in mine) == one["value"]
        assert sum(piece["seconds"] for piece in mine) == one["seconds"]
        assert [piece["epoch"] for piece in mine] == list(range(mine[0]["epoch"], mine[0]["epoch"] + len(mine)))
        assert of.end(mine[0]["epoch"] - 1) <= one["start"] < of.end(mine[0]["epoch"])
        assert one["start"] + one["seconds"] <= of.end(mine[-1]["epoch"])


def test_a_piece_gets_its_share_of_time_on_a_day_of_23_hours() -> None:
    sunday = FIRST + 7
    table = pa.Table.from_pylist([row(start=CALENDAR.end(sunday - 2), seconds=47 * HOUR, value=470)], kinds.ROWS)
    pieces = kinds.split(table, CALENDAR)
    assert pieces.column("epoch").to_pylist() == [sunday - 1, sunday]
    assert pieces.column("value").to_pylist() == [240, 230]
    assert pieces.column("seconds").to_pylist() == [24 * HOUR, 23 * HOUR]


equals = st.builds(
    row, customer=st.sampled_from(["A", "B", "\U0001f600"]), channel=st.integers(1, 2), start=st.integers(0, 1),
    epoch=st.integers(0, 1), status=st.integers(0, 3), received=st.integers(-1, 1), value=st.integers(0, 1),
    seconds=st.sampled_from([900, HOUR]), kind=st.sampled_from([kinds.IMPORT, kinds.EXPORT]),
    offset=st.integers(0, 9),
)  # fmt: skip


@given(st.lists(equals, max_size=20), st.randoms())
@laws(60)
def test_of_equal_rows_the_greatest_stays_in_any_order(rows: list[dict[str, Any]], chance: Random) -> None:
    shuffled = chance.sample(rows, len(rows))
    found, again = (kinds.distinct(pa.Table.from_pylist(given, kinds.ROWS)).to_pylist() for given in (rows, shuffled))
    assert found == again
    assert sorted(map(content, found)) == sorted(expected(rows))


def content(one: dict[str, Any]) -> tuple[Any, ...]:
    return *identity(one), *rank(one), one["epoch"], one["value"]


def identity(one: dict[str, Any]) -> tuple[Any, ...]:
    return one["customer"], one["channel"], one["start"]


def rank(one: dict[str, Any]) -> tuple[int, ...]:
    return one["status"], one["received"], one["length"]


def expected(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return what stays: of each identity the pieces of the greatest rank, of those in one epoch the greatest value."""
    found = []
    for same in {identity(one) for one in rows}:
        highest = max(rank(one) for one in rows if identity(one) == same)
        best = [one for one in rows if (identity(one), rank(one)) == (same, highest)]
        epochs = {one["epoch"] for one in best}
        found += [max(content(one) for one in best if one["epoch"] == epoch) for epoch in epochs]
    return found


def test_a_transaction_is_known_by_its_id_alone_within_a_day() -> None:
    rows = [row(kind=kinds.PURCHASE, start=BEGIN + hour, value=hour, seconds=0) for hour in (1, 7, 3)]
    assert kinds.distinct(pa.Table.from_pylist(rows, kinds.ROWS)).to_pylist() == [rows[1]]
    readings = [one | {"kind": kinds.IMPORT} for one in rows]
    assert kinds.distinct(pa.Table.from_pylist(readings, kinds.ROWS)).num_rows == 3


@given(st.lists(equals, max_size=20))
@laws(20)
def test_packed_and_unpacked_rows_are_the_same(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, kinds.ROWS)
    assert kinds.unpack(kinds.pack(table)).to_pylist() == rows


def test_of_two_repeats_the_later_one_is_kept_in_any_order() -> None:
    rows = [row(offset=offset) for offset in (3, 9, 4)]
    kept = [kinds.distinct(pa.Table.from_pylist(given, kinds.ROWS)).to_pylist() for given in (rows, rows[::-1])]
    assert kept == [[row(offset=9)], [row(offset=9)]]


def test_a_share_does_not_overflow() -> None:
    table = pa.Table.from_pylist([row(seconds=31 * DAY, value=10**15)], kinds.ROWS)
    values = kinds.numbers(kinds.split(table, Calendar("UTC", 900)), "value")
    assert (values.min() >= 0, int(np.sum(values))) == (True, 10**15)
