"""Dismissals: what said that a customer is newly potential is withdrawn, and not said again before the day."""

from dataclasses import replace

import numpy as np
import pytest

from schemas.control import Control, Dismiss
from schemas.event import Dismissed, Event
from schemas.times import iso
from segmentation import local_node
from segmentation.closing import Closed
from segmentation.local_state import LocalState
from segmentation.output import Output
from tests.segmentation import hand
from tests.segmentation.runs import close_of, loaded
from tests.segmentation.towns import CALENDAR, FIRST

LOW, HIGH = float(np.log1p(100)), float(np.log1p(10_000))
MODEL = hand.two_classes("consumption", LOW, HIGH)
TODAY = FIRST + 1
UNTIL = TODAY + 4
LEAPS = replace(hand.EAGER, potential=2.0)
SAID = Dismissed(iso(CALENDAR.end(UNTIL) * 1_000_000), "plant closed")


def told(state: LocalState, *controls: Dismiss) -> tuple[LocalState, Output]:
    return local_node.fold(state, controls, hand.intake_of([]), 0, LEAPS)


def dismiss(until: int | None = UNTIL, customer: str = "A") -> Dismiss:
    return Dismiss("town", 1, customer, until, "plant closed")


def closed(state: LocalState, kwh: float) -> Closed:
    epoch = state.closed + 1
    return hand.closed_with(state, hand.rows_of(hand.day_of("A", epoch, kwh)), epoch, LEAPS)


def small() -> LocalState:
    return hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, LEAPS)


def leapt() -> Closed:
    found = closed(small(), 90.0)
    assert [event.newly_potential for event in found.events] == [True]
    return found


def marks(event: Event) -> tuple[bool, Dismissed | None]:
    return event.newly_potential, event.dismissed


def test_a_confirmed_move_is_withdrawn_with_the_reason_and_the_class_stays() -> None:
    state, said = told(leapt().state, dismiss())
    (event,) = said.events
    (move,) = leapt().events
    assert (event.status, event.supersedes, event.because) == ("withdrawn", move.event_id, "plant closed")
    assert marks(event) == (False, SAID)
    assert (event.from_.cluster, event.to.cluster, event.cause) == (0, 1, move.cause)
    assert (event.from_.since, event.to.since) == (move.from_.since, iso(CALENDAR.end(TODAY) * 1_000_000))
    assert state.customers.cluster.tolist() == [1]


def test_an_early_flag_is_withdrawn_too() -> None:
    state, (flag,) = hand.early_events(small(), hand.day_of("A", TODAY, 90.0), LEAPS)
    state, said = told(state, dismiss())
    assert [(e.status, e.supersedes, e.because) for e in said.events] == [("withdrawn", flag.event_id, "plant closed")]
    assert marks(said.events[0]) == (False, SAID)
    assert dict(state.early) == {}
    (again,) = hand.early_events(state, hand.day_of("A", TODAY, 90.0), LEAPS)[1]
    assert marks(again) == (False, SAID)
    assert again.event_id != flag.event_id


def test_until_the_day_moves_are_said_and_never_newly_potential() -> None:
    state, said = told(small(), dismiss())
    assert said.events == ()
    assert [marks(event) for event in closed(state, 90.0).events] == [(False, SAID)]
    flags = hand.early_events(state, hand.day_of("A", TODAY, 90.0), LEAPS)[1]
    assert [marks(event) for event in flags] == [(False, SAID)]


def test_after_the_day_a_new_move_is_newly_potential_again_and_nothing_else_is_said() -> None:
    state, _ = told(leapt().state, dismiss())
    while state.closed < UNTIL:
        found = closed(state, 90.0)
        assert not any(event.newly_potential or event.status == "withdrawn" for event in found.events)
        state = found.state
    assert dict(state.dismissed) == {}
    assert not any(event.newly_potential for event in closed(state, 90.0).events)
    fallen = replace(state, customers=replace(state.customers, cluster=np.array([0]), high=np.array([False])))
    assert [marks(event) for event in closed(fallen, 900.0).events] == [(True, None)]


def test_the_last_day_is_the_epoch_before_the_date() -> None:
    state, _ = told(small(), dismiss(until=TODAY))
    assert [marks(event)[0] for event in closed(state, 90.0).events] == [False]
    calm = closed(told(small(), dismiss(until=TODAY))[0], 0.1).state
    assert [marks(event)[0] for event in closed(calm, 900.0).events] == [True]


def test_what_is_withdrawn_once_is_not_withdrawn_again() -> None:
    state, _ = told(leapt().state, dismiss())
    state, again = told(state, dismiss(UNTIL + 1))
    assert again.events == ()
    assert state.dismissed["A"].until == UNTIL + 1


def test_a_lifted_dismissal_raises_nothing_by_itself() -> None:
    state, _ = told(leapt().state, dismiss())
    state, said = told(state, dismiss(None))
    assert (said.events, dict(state.dismissed)) == ((), {})


def test_who_was_not_newly_potential_has_nothing_to_withdraw() -> None:
    big = hand.remembered(hand.day_of("A", FIRST, 90.0), MODEL, LEAPS)
    state = big
    while not (found := closed(state, 0.0)).events:
        state = found.state
    assert [event.newly_potential for event in found.events] == [False]
    assert told(found.state, dismiss())[1].events == ()


def test_a_customer_of_another_bucket_is_left_to_it() -> None:
    state = small()
    assert told(state, dismiss(customer="B"))[0].dismissed == state.dismissed


def test_it_survives_a_restart() -> None:
    state, _ = told(leapt().state, dismiss())
    assert loaded(state).dismissed == state.dismissed != {}
    assert told(loaded(state), dismiss())[1].events == ()


@pytest.mark.parametrize("order", [0, 1])
def test_beside_a_close_in_one_batch_the_closes_answer_is_not_lost(order: int) -> None:
    controls: list[Control] = [close_of(TODAY), dismiss()]
    rows = hand.intake_of(hand.day_of("A", TODAY, 90.0))
    _, said = local_node.fold(small(), controls[::-1] if order else controls, rows, 0, LEAPS, early=False)
    assert said.answer is not None
    assert [event.newly_potential for event in said.events] == ([False] if order else [True, False])
