"""Rises that late rows do not bear out are taken back, as moves are; a rise may stand where its move does not."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from schemas.event import Event
from schemas.model import Model
from schemas.reading import Quality
from segmentation import codec
from segmentation.closing import Closed
from segmentation.decision import NEVER
from segmentation.local_state import LocalState
from tests.segmentation import hand
from tests.segmentation.towns import CALENDAR, DAY, FIRST, HOUR, PARAMETERS, READ, Sent, Status, reading

FAR = hand.two_classes("consumption", float(np.log1p(100)), float(np.log1p(1e9)))
"""Nobody gets to the high class."""
NEAR = hand.two_classes("consumption", float(np.log1p(100)), float(np.log1p(10_000)), potentials=("low", "low"))
RISING = replace(PARAMETERS, dwell_s=0, cool_down_s=3 * DAY)
TODAY = FIRST + 1
HOURS = range(0, 24, 6)


def day(epoch: int, kwh: float, status: Status = "measured") -> list[Sent]:
    starts = [CALENDAR.end(epoch - 1) + hour * HOUR for hour in HOURS]
    return [
        Sent(start + HOUR, READ[0], msgspec.structs.replace(reading("A", start, kwh), quality=Quality(status)))
        for start in starts
    ]


def closed(state: LocalState, *sent: Sent) -> Closed:
    return hand.closed_with(state, hand.rows_of(sent), state.closed + 1, RISING)


def small(model: Model = FAR, kwh: float = 1.0, status: Status = "measured") -> LocalState:
    state = hand.remembered(hand.day_of("A", FIRST, kwh), model, RISING)
    return closed(state, *day(TODAY, kwh, status)).state


def rose(kwh: float = 9.0, status: Status = "measured") -> Closed:
    found = closed(small(status=status), *day(TODAY + 1, kwh, status))
    assert [(event.newly_potential, event.from_.cluster, event.to.cluster) for event in found.events] == [(True, 0, 0)]
    return found


def marks(event: Event) -> tuple[str, str, str, bool]:
    return event.cause, event.from_.quadrant, event.to.quadrant, event.newly_potential


def test_a_rise_is_taken_back_when_its_readings_are_revised() -> None:
    risen = rose()
    back = closed(risen.state, *day(TODAY + 1, 1.0, "edited"), *day(TODAY + 2, 1.0))
    (event,) = back.events
    assert marks(event) == ("late_correction", "low-high", "low-low", False)
    assert (event.supersedes, event.status) == (risen.events[0].event_id, "confirmed")
    assert (event.from_.since, event.to.since) == (risen.events[0].event_time, None)
    (why,) = event.reasons
    assert (why.index, why.previous, why.share_customer) == ("growth", risen.events[0].reasons[0].value, 1.0)
    assert [(said.rose, said.event_id) for said in back.states] == [(None, event.event_id)]


def test_whoever_is_taken_back_stands_as_if_it_had_never_risen() -> None:
    back = closed(rose().state, *day(TODAY + 1, 1.0, "edited")).state
    calm = closed(closed(small(), *day(TODAY + 1, 1.0, "edited")).state).state
    assert back.customers.rose.tolist() == [NEVER]
    assert codec.pack_hot(back) == codec.pack_hot(calm)


@pytest.mark.parametrize("late", [day(TODAY + 1, 8.0, "edited"), day(TODAY + 2, 9.0), []])
def test_rows_that_change_nothing_of_it_leave_a_rise_alone(late: list[Sent]) -> None:
    risen = rose()
    after = closed(risen.state, *late, *day(TODAY + 2, 9.0))
    assert after.events == ()
    assert after.state.risen == risen.state.risen


def test_beyond_the_window_it_stays() -> None:
    state = rose().state
    for epoch in (TODAY + 2, TODAY + 3):
        state = closed(state, *day(epoch, 9.0)).state
    late = closed(state, *day(TODAY + 1, 1.0, "edited"), *day(TODAY + 4, 9.0))
    assert (late.events, {one.reason for one in late.rejected}) == ((), {"too_late"})


def test_a_provisional_rise_is_confirmed_once_and_withdrawn_where_measured_values_do_not_bear_it_out() -> None:
    guessed = rose(30.0, "estimated")
    assert guessed.events[0].quality.provisional
    borne = closed(guessed.state, *day(TODAY + 1, 31.0), *day(TODAY + 2, 30.0))
    (event,) = borne.events
    assert marks(event) == ("customer_moved", "low-low", "low-high", True)
    assert (event.supersedes, event.to.since) == (guessed.events[0].event_id, guessed.events[0].event_time)
    assert not event.quality.provisional
    assert borne.state.risen["A"].event_id == event.event_id
    assert closed(borne.state, *day(TODAY + 2, 31.0, "edited"), *day(TODAY + 3, 30.0)).events == ()
    (back,) = closed(guessed.state, *day(TODAY + 1, 1.0)).events
    assert marks(back)[0] == "late_correction"


def leapt() -> Closed:
    found = closed(small(NEAR, 0.1), *day(TODAY + 1, 90.0))
    assert [(event.newly_potential, event.to.cluster) for event in found.events] == [(True, 1)]
    return found


@pytest.mark.parametrize(("kwh", "stands"), [(0.1, False), (0.5, True)])
def test_a_move_and_a_rise_in_one_event_are_taken_back_in_one_and_the_rise_may_stand(kwh: float, *, stands: bool
                                                                                     ) -> None:  # fmt: skip
    back = closed(leapt().state, *day(TODAY + 1, kwh, "edited"), *day(TODAY + 2, kwh))
    (event,) = back.events
    assert (event.cause, event.to.cluster, event.newly_potential) == ("late_correction", 0, stands)
    assert back.state.customers.high.tolist() == [stands]
    assert ({one.event_id for one in back.state.risen.values()}) == ({event.event_id} if stands else set())
    assert [said.rose is not None for said in back.states] == [stands]
