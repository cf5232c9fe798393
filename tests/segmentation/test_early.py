"""Early flags: raised where the close would confirm if nothing else arrived, once, and resolved at the close."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event
from schemas.transaction import Kind
from segmentation import closing, early
from segmentation.local_state import LocalState
from tests.segmentation import hand
from tests.segmentation.runs import Run, begin, cuts, first_model, laws
from tests.segmentation.towns import CALENDAR, FIRST, HOUR, PARAMETERS, SPENT, Sent, reading, town, transaction

LOW, HIGH = float(np.log1p(100)), float(np.log1p(10_000))
MODEL = hand.two_classes("consumption", LOW, HIGH)
HISTORY = [one for epoch in (FIRST - 1, FIRST) for one in hand.day_of("A", epoch, 0.1)]
TODAY = FIRST + 1


def small() -> LocalState:
    """Return a state in which A takes 100 W."""
    return hand.remembered(HISTORY, MODEL, hand.EAGER)


def at(hour: int, kwh: float, *, customer: str = "A") -> Sent:
    return hand.sent(reading(customer, CALENDAR.end(FIRST) + hour * HOUR, kwh))


def close(state: LocalState, epoch: int = TODAY) -> closing.Closed:
    return closing.close(state, epoch, hand.EVERYTHING, hand.EAGER)


def outcomes(events: Sequence[Event]) -> list[tuple[str, int]]:
    return [(event.status, event.to.cluster) for event in events]


def test_a_customer_that_leaps_is_flagged_with_the_row_that_gives_it_away_and_confirmed_at_the_close() -> None:
    state, quiet = hand.early_events(small(), [at(0, 0.1)])
    state, flagged = hand.early_events(state, [at(1, 90.0)])
    confirmed = close(state).events
    assert (quiet, outcomes(flagged), outcomes(confirmed)) == ([], [("early", 1)], [("confirmed", 1)])
    assert flagged[0].event_time == "2026-03-23T01:00:00Z"
    assert confirmed[0].event_time == "2026-03-23T23:00:00Z"
    assert confirmed[0].supersedes == flagged[0].event_id
    assert (flagged[0].margin, flagged[0].reasons) == (confirmed[0].margin, confirmed[0].reasons)


def test_a_state_that_lagged_and_followed_says_what_the_other_says() -> None:
    lagging, _ = hand.early_events(small(), [at(0, 0.1)])
    ahead, _ = hand.early_events(lagging, [at(1, 0.2)])
    followed = early.follow(lagging, ahead.open[len(lagging.open) :], hand.EAGER)
    assert followed.open == ahead.open
    assert followed.gathered is not None
    assert ahead.gathered is not None
    np.testing.assert_equal(dict(followed.gathered.sums), dict(ahead.gathered.sums))
    assert hand.early_events(followed, [at(2, 90.0)])[1] == hand.early_events(ahead, [at(2, 90.0)])[1]


def test_a_flag_is_said_once_while_rows_keep_coming() -> None:
    state, flagged = hand.early_events(small(), [at(1, 90.0)])
    _, more = hand.early_events(state, [at(2, 95.0)])
    assert (outcomes(flagged), more) == ([("early", 1)], [])


def test_a_flag_is_withdrawn_at_the_close_where_it_does_not_come_true() -> None:
    state, flagged = hand.early_events(small(), [at(1, 12.0)])
    state, _ = hand.early_events(state, [at(hour, 0.0) for hour in range(2, 24)])
    closed = close(state)
    assert outcomes(closed.events) == [("withdrawn", 1)]
    assert closed.events[0].supersedes == flagged[0].event_id != closed.events[0].event_id
    assert dict(closed.state.early) == {}


def test_a_flag_that_changes_its_mind_is_withdrawn_for_the_new_one() -> None:
    middle = msgspec.structs.replace(MODEL.clusters[1], id=2, name="middle", centre=(float(np.log1p(1_500)),))
    before = hand.remembered(HISTORY, msgspec.structs.replace(MODEL, clusters=(*MODEL.clusters, middle)), hand.EAGER)
    state, first = hand.early_events(before, [at(1, 8.0)])
    state, second = hand.early_events(state, [at(hour, 90.0) for hour in (2, 3, 4)])
    assert (outcomes(first), outcomes(second)) == ([("early", 2)], [("withdrawn", 2), ("early", 1)])
    assert second[0].supersedes == first[0].event_id
    assert close(state).events[0].supersedes == second[1].event_id


def test_a_repeated_reading_raises_no_flag_that_the_close_would_not_confirm() -> None:
    once, again = hand.early_events(small(), [at(1, 6.0)]), hand.early_events(small(), [at(1, 6.0)] * 40)
    assert (once[1], again[1]) == ([], [])
    assert close(again[0]).events == ()


@pytest.mark.parametrize(("kind", "expected"), [("purchase", [("early", 1)]), ("enquiry", [])])
def test_a_purchase_raises_a_flag_at_once(kind: Kind, expected: list[tuple[str, int]]) -> None:
    model = hand.two_classes("assets", 0.0, 1.0)
    state = hand.remembered(HISTORY, model, hand.EAGER)
    bought = transaction("A", CALENDAR.end(FIRST) + HOUR, kind, "pv", 1)
    _, flagged = hand.early_events(state, [Sent(CALENDAR.end(FIRST) + HOUR, SPENT, bought)])
    assert outcomes(flagged) == expected


def test_a_customer_without_a_class_is_never_flagged() -> None:
    assert hand.early_events(small(), [at(1, 90.0, customer="new")])[1] == []


def test_early_flags_change_no_class() -> None:
    before = small()
    after, _ = hand.early_events(before, [at(1, 90.0)])
    assert after.customers is before.customers


@given(st.integers(0, 5), st.integers(0, 2**32))
@laws(5)
def test_every_flag_is_one_that_the_closes_would_confirm(state: int, seed: int) -> None:
    run = begin(town(state).all, first_model(state))
    for messages, _ in cuts(town(state), seed, 15):
        run.step(messages, early=True)
        for event in run.outputs[-1][0].events:
            if event.status == "early":
                assert event.to.cluster in would_confirm(run, event.customer_id)


def would_confirm(run: Run, customer: str) -> set[int]:
    """Return where the closes up to the flag's epoch would take a customer if nothing else arrived."""
    state = run.locals[None]
    found = set()
    for epoch in range(state.closed + 1, state.early[customer].epoch + 1):
        closed = closing.close(state, epoch, hand.EVERYTHING, PARAMETERS)
        state = closed.state
        found |= {e.to.cluster for e in closed.events if e.customer_id == customer and e.status == "confirmed"}
    return found


@given(st.integers(0, 5), st.integers(0, 2**32))
@laws(5)
def test_no_flag_is_raised_twice_or_left_without_an_end(state: int, seed: int) -> None:
    run = begin(town(state).all, first_model(state)).over(
        (messages, True) for messages, _ in cuts(town(state), seed, 15)
    )
    standing: dict[str, Event] = {}
    raised, said = set(), set()
    for event in run.events:
        if event.status == "early":
            assert event.customer_id not in standing
            standing[event.customer_id] = event
            raised.add(event.event_id)
        elif event.supersedes in raised:
            assert event.supersedes == standing.pop(event.customer_id).event_id
        elif event.status == "withdrawn":  # where a customer ends, what has been confirmed is withdrawn too
            assert event.supersedes in said
        said.add(event.event_id)
    assert {customer: flag.event for customer, flag in run.locals[None].early.items()} == standing
