"""The correction window: a revision of another length replaces a reading in every epoch into which it reaches."""

from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import instant
from segmentation import rows as kinds
from segmentation.local_state import LocalState
from segmentation.sums import COLUMN
from segmentation.window import touched
from tests.segmentation import hand
from tests.segmentation.runs import laws
from tests.segmentation.test_rows import row
from tests.segmentation.towns import CALENDAR, DAY, FIRST, HOUR, PARAMETERS, READ, Sent, reading

LATE_EVENING = CALENDAR.end(FIRST + 1) - HOUR
WIDE = replace(PARAMETERS, correction_s=9 * DAY)
LONG, SHORT = {"length": 2 * HOUR, "value": 400}, {"length": HOUR, "value": 900}
MEASURED, EDITED = {"status": 2}, {"status": 3}


def pieces(offset: int, **content: Any) -> pa.Table:  # noqa: ANN401 - columns of every type
    """Return the pieces of A's reading of the late evening of the first day."""
    whole = row(customer="A", start=LATE_EVENING, seconds=content["length"], offset=offset) | content
    return kinds.split(pa.Table.from_pylist([whole], kinds.ROWS), CALENDAR)


def closed(*arrivals: tuple[int, pa.Table]) -> LocalState:
    """Return the state after the closes of three days, rows arriving just before the close of their number."""
    state = hand.nobody()
    for number in (1, 2, 3):
        waiting = [rows for at, rows in arrivals if at == number]
        state = hand.closed_with(state, pa.concat_tables([kinds.NONE, *waiting]), FIRST + number, WIDE).state
    return state


def energy(state: LocalState) -> list[tuple[int, list[int]]]:
    return [(epoch - FIRST, tiles.sums[:, COLUMN["wh"]].tolist()) for epoch, tiles in sorted(state.tiles.items())]


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("second", [1, 2, 3])
def test_a_shorter_revision_leaves_no_old_piece_in_the_next_epoch(first: int, second: int) -> None:
    state = closed((first, pieces(1, **LONG, **MEASURED)), (second, pieces(2, **SHORT, **EDITED)))
    assert [wh for _, wh in energy(state) if wh] == [[900]]


@pytest.mark.parametrize("second", [1, 2, 3])
def test_a_longer_revision_brings_its_piece_and_an_older_one_that_comes_later_does_not(second: int) -> None:
    state = closed((1, pieces(1, **LONG, **EDITED)), (second, pieces(2, **SHORT, **MEASURED)))
    assert [wh for _, wh in energy(state)] == [[200], [200]]


revisions = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from([HOUR, 2 * HOUR, 25 * HOUR, 26 * HOUR]), st.integers(1, 3),
        st.integers(1, 9), st.integers(0, 2),
    ),
    max_size=6,
)  # fmt: skip


@given(revisions, st.randoms())
@laws(60)
def test_it_does_not_matter_at_which_close_revisions_come(given: list[tuple[int, ...]], chance: Random) -> None:
    sent = [
        (at, pieces(n, length=length, status=status, value=1_000 * value, received=received))
        for n, (at, length, status, value, received) in enumerate(given)
    ]
    together = closed(*((1, rows) for _, rows in sent))
    assert contents(closed(*chance.sample(sent, len(sent)))) == contents(together)


def contents(state: LocalState) -> list[tuple[int, bytes]]:
    return [(epoch, tiles.sums.tobytes()) for epoch, tiles in sorted(state.tiles.items()) if len(tiles.customer)]


def test_only_epochs_that_a_reading_reaches_into_are_read() -> None:
    window = {FIRST + n: kinds.pack(kinds.NONE) for n in range(5)}
    assert list(touched(kinds.NONE, window, CALENDAR)) == []
    assert list(touched(pieces(1, **SHORT), window, CALENDAR)) == [FIRST + 1]
    assert list(touched(pieces(1, **LONG).slice(1), window, CALENDAR)) == [FIRST + 1, FIRST + 2]
    window[FIRST + 1] = kinds.pack(pieces(1, length=2 * DAY, value=5).slice(0, 1))
    assert list(touched(pieces(2, **SHORT), window, CALENDAR)) == [FIRST + 1, FIRST + 2, FIRST + 3]


def test_a_head_end_whose_clock_is_ahead_does_not_win_every_revision() -> None:
    start = CALENDAR.end(FIRST)
    told = [received(start, 2, 1.0, head_end=9), received(start, 5, 7.0, head_end=5)]
    after = hand.closed_with(hand.nobody(), hand.rows_of(told), FIRST + 1).state
    assert energy(after) == [(1, [7_000])]
    alone = hand.closed_with(hand.nobody(), hand.rows_of(told[:1]), FIRST + 1).state
    assert energy(alone) == [(1, [1_000])]


def received(start: int, hours: int, kwh: float, head_end: int) -> Sent:
    """Return an hour's reading that arrives so many hours later, whatever its head end's clock says."""
    record = reading("A", start, kwh)
    told = instant((start + head_end * HOUR) * 1_000_000)
    return Sent(start + hours * HOUR, READ[0], msgspec.structs.replace(record, received_at=told))
