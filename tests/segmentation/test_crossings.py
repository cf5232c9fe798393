"""When an epoch is over in a partition: against an oracle that keeps everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.crossings import CLOCK, Crossing, first_crossings, kept, upto
from segmentation.intake import Message, read
from tests.segmentation import towns
from tests.segmentation.runs import laws
from tests.segmentation.towns import CALENDAR, DAY, FIRST, HOUR, PARAMETERS, READ, SPENT, Sent, Town

passages = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["A", "B", "C", "D", CLOCK])), max_size=25)


def oracle(log: list[Crossing], epoch: int, witnesses: int) -> int | None:
    """Return the offset, by all rows of one lane in their order."""
    seen: set[str] = set()
    for crossing in log:
        if crossing.epoch >= epoch:
            seen.add(crossing.customer)
            if len(seen) == witnesses or crossing.customer == CLOCK:
                return crossing.offset
    return None


@given(passages, st.lists(st.integers(1, 8), max_size=8), st.integers(1, 4))
@laws(200)
def test_nothing_that_could_decide_is_ever_forgotten(
    rows: list[tuple[int, str]], sizes: list[int], witnesses: int
) -> None:
    log = [Crossing(7, offset, *row) for offset, row in enumerate(rows)]
    known: tuple[Crossing, ...] = ()
    closed, begin = 0, 0
    for size in [*sizes, len(log)]:
        block, begin = log[begin : begin + size], begin + size
        known = kept((*known, *reported(block, witnesses)), closed, witnesses)
        for epoch in range(closed + 1, 8):
            assert upto(known, 7, epoch, witnesses) == oracle(log[:begin], epoch, witnesses)
        closed += upto(known, 7, closed + 1, witnesses) is not None


def reported(block: list[Crossing], witnesses: int) -> list[Crossing]:
    lanes, offsets, epochs = np.array([(one.lane, one.offset, one.epoch) for one in block], np.int64).reshape(-1, 3).T
    names = np.array([one.customer for one in block], object)
    return first_crossings(lanes, offsets, epochs, names, witnesses=witnesses)


@given(passages, st.integers(1, 4))
@laws(50)
def test_what_is_kept_does_not_grow_with_the_log(rows: list[tuple[int, str]], witnesses: int) -> None:
    log = [Crossing(7, offset, *row) for offset, row in enumerate(rows * 20)]
    assert len(kept(log, 0, witnesses)) <= 6 * witnesses


def crossings_of(*sent: Sent) -> tuple[Crossing, ...]:
    return read(towns.town_of(list(sent)).messages[READ[0]], FIRST, PARAMETERS).crossings


def at(customer: str, second: int, offset: int) -> Sent:
    return Sent(offset, READ[0], towns.reading(customer, second - HOUR, 1.0), broker=second)


@pytest.mark.parametrize(("customers", "expected"), [(["A"] * 9, None), (["A", "A", "B"], 2), (["B", "A", "C"], 1)])
def test_one_wrong_clock_closes_nothing_and_two_witnesses_do(customers: list[str], expected: int | None) -> None:
    ahead = CALENDAR.end(FIRST + 30) + PARAMETERS.lateness_s
    found = crossings_of(*(at(customer, ahead, offset) for offset, customer in enumerate(customers)))
    assert upto(found, READ[0], FIRST + 30, PARAMETERS.witnesses) == expected
    assert upto(found, READ[0], FIRST + 31, PARAMETERS.witnesses) is None


def test_a_clock_record_closes_by_itself_once_the_lateness_is_over() -> None:
    end = CALENDAR.end(FIRST + 1) + PARAMETERS.lateness_s
    early, late = (Sent(n, READ[0], towns.clock(end - 1 + n), broker=end) for n in range(2))
    assert upto(crossings_of(early), READ[0], FIRST + 1, 3) is None
    assert upto(crossings_of(early, late), READ[0], FIRST + 1, 3) == 1


def test_refused_rows_are_no_witnesses() -> None:
    ahead = CALENDAR.end(FIRST + 30) + DAY
    town = Town({READ[0]: tuple(message_of(customer, ahead) for customer in "ABC")})
    assert read(town.all, FIRST, PARAMETERS).crossings == ()


def message_of(customer: str, second: int) -> Message:
    return towns.message(Sent(FIRST, READ[0], towns.reading(customer, second, 1.0)), 0)


def test_an_epoch_is_over_only_when_it_is_in_every_lane() -> None:
    assert upto([Crossing(READ[0], 5, FIRST + 9, CLOCK)], SPENT, FIRST + 1, 1) is None
