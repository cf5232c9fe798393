"""Closing an epoch: what counts, once; what waits; what is refused."""

from dataclasses import replace
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation import codec
from segmentation import rows as kinds
from segmentation.closing import close
from segmentation.local_state import LocalState
from tests.segmentation import hand
from tests.segmentation.runs import laws
from tests.segmentation.test_rows import row
from tests.segmentation.towns import CALENDAR, DAY, FIRST, HOUR, PARAMETERS, READ

DAYS = range(FIRST + 1, FIRST + 5)
LAST = FIRST + 10
Rows = dict[int, list[dict[str, Any]]]


def piece(customer: str, epoch: int, hour: int, status: int, value: int) -> dict[str, Any]:
    start = CALENDAR.end(epoch - 1) + hour * HOUR
    return row(customer=customer, epoch=epoch, start=start, status=status, value=value)


pieces = st.builds(
    piece, st.sampled_from("ABC"), st.sampled_from(DAYS), st.integers(0, 2), st.integers(1, 3), st.integers(1, 9)
)
arrivals = st.lists(st.tuples(pieces, st.integers(0, PARAMETERS.window)), max_size=25)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([one | {"offset": n} for n, one in enumerate(rows)], kinds.ROWS)


def closed_all(by_close: Rows) -> LocalState:
    """Return the state after every close; the rows under an epoch come just before its close."""
    state = hand.nobody()
    for epoch in range(FIRST + 1, LAST + 1):
        state = hand.closed_with(state, table(by_close.get(epoch, [])), epoch).state
    return state


@given(arrivals)
@laws(40)
def test_inside_the_correction_window_it_does_not_matter_when_a_row_comes(
    rows: list[tuple[dict[str, Any], int]],
) -> None:
    late: Rows = {}
    first: Rows = {}
    for one, delay in rows:
        late.setdefault(one["epoch"] + delay, []).append(one)
        first.setdefault(one["epoch"], []).append(one)
    assert codec.pack_hot(closed_all(late)) == codec.pack_hot(closed_all(first))


@given(arrivals, st.randoms())
@laws(20)
def test_a_repeated_row_counts_once(rows: list[tuple[dict[str, Any], int]], chance: Random) -> None:
    once: Rows = {}
    for one, delay in rows:
        once.setdefault(one["epoch"] + delay, []).append(one)
    twice = {epoch: chance.sample(some * 3, 3 * len(some)) for epoch, some in once.items()}
    assert codec.pack_hot(closed_all(twice)) == codec.pack_hot(closed_all(once))


@pytest.mark.parametrize(
    ("delay", "folded", "refused"), [(0, 1, 0), (PARAMETERS.window, 1, 0), (PARAMETERS.window + 1, 0, 1)]
)
def test_beyond_the_window_a_row_is_too_late_exactly_once(delay: int, folded: int, refused: int) -> None:
    state, said = hand.nobody(), []
    for epoch in range(FIRST + 1, LAST):
        rows = table([piece("A", FIRST + 1, 0, 2, 5)] if epoch == FIRST + 1 + delay else [])
        said.append(hand.closed_with(state, rows, epoch))
        state = said[-1].state
    assert [one.reason for closed in said for one in closed.rejected] == ["too_late"] * refused
    assert (sum(one.counts["folded"] for one in said), sum(one.counts["too_late"] for one in said)) == (folded, refused)
    assert len(state.customers) == folded


def test_a_row_of_several_late_days_is_refused_once_by_its_first_day() -> None:
    state = hand.nobody()
    for epoch in range(FIRST + 1, LAST):
        state = hand.closed_with(state, table([]), epoch).state
    whole = kinds.split(table([piece("A", FIRST + 1, 0, 2, 500) | {"seconds": 3 * DAY}]), CALENDAR)
    refused = hand.closed_with(state, whole, LAST).rejected
    assert [(one.reason, one.detail) for one in refused] == [("too_late", f"epoch {FIRST + 1}")]


def test_readings_of_seeded_epochs_are_counted_and_change_nothing() -> None:
    history = table([piece("A", FIRST, hour, 2, 5) for hour in range(4)])
    state = hand.remembered([], None)
    again, without = (hand.closed_with(state, rows, FIRST + 1) for rows in (history, table([])))
    assert (again.counts["already_seeded"], again.rejected) == (4, ())
    assert codec.pack_hot(again.state) == codec.pack_hot(without.state)


def test_rows_beyond_upto_and_of_later_days_wait() -> None:
    rows = table([piece("A", FIRST + 1, 0, 2, 1), piece("A", FIRST + 2, 0, 2, 1), piece("A", FIRST + 1, 1, 2, 1)])
    state = replace(hand.nobody(), open=(rows.slice(0, 1), rows.slice(1)))
    after = close(state, FIRST + 1, {READ[0]: 2}, PARAMETERS).state
    assert after.open[0].column("offset").to_pylist() == [1, 2]
    assert close(after, FIRST + 2, {READ[0]: 9}, PARAMETERS).state.open == ()


def test_a_lane_that_the_close_does_not_name_waits() -> None:
    state = replace(hand.nobody(), open=(table([piece("A", FIRST + 1, 0, 2, 1)]),))
    assert close(state, FIRST + 1, {READ[1]: 9}, PARAMETERS).state.open[0].num_rows == 1


def test_a_close_leaves_its_inputs_untouched() -> None:
    rows = hand.intake_of([]).rows
    state = replace(hand.nobody(), open=(rows, table([piece("A", FIRST + 1, 0, 2, 1)])))
    before = codec.pack_hot(state)
    hand.closed_with(state, table([]), FIRST + 1)
    assert (codec.pack_hot(state), len(state.open)) == (before, 2)


def test_the_window_and_its_tiles_are_dropped_once_settled() -> None:
    state = closed_all({FIRST + 1: [piece("A", FIRST + 1, 0, 2, 7_000)]})
    assert (dict(state.tiles), dict(state.window), state.settled) == ({}, {}, LAST - PARAMETERS.window)
    assert state.customers.first.tolist() == [FIRST + 1]
