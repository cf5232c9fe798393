"""Late corrections: a confirmed move that corrected rows do not bear out is taken back, exactly and once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.event import Event
from schemas.reading import Quality
from segmentation import codec
from segmentation.closing import Closed
from segmentation.decision import NEVER
from segmentation.local_state import LocalState
from segmentation.parameters import Parameters
from tests.segmentation import hand
from tests.segmentation.runs import amends, laws
from tests.segmentation.towns import CALENDAR, DAY, FIRST, HOUR, READ, Sent, Status, reading

LOW, HIGH = float(np.log1p(100)), float(np.log1p(10_000))
MODEL = hand.two_classes("consumption", LOW, HIGH, potentials=("low", "low"))
"""Nobody becomes a potential customer: what is said is said of moves."""
TODAY = FIRST + 1
HASTY = replace(hand.EAGER, cool_down_s=0)


def at(epoch: int, hour: int, kwh: float, status: Status = "measured") -> Sent:
    """Return an hour's reading of A, as it is sent or sent again."""
    start = CALENDAR.end(epoch - 1) + hour * HOUR
    return Sent(start + HOUR, READ[0], msgspec.structs.replace(reading("A", start, kwh), quality=Quality(status)))


def small() -> LocalState:
    return hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, hand.EAGER)


def closed(state: LocalState, epoch: int, *sent: Sent, parameters: Parameters = hand.EAGER) -> Closed:
    return hand.closed_with(state, hand.rows_of(sent), epoch, parameters)


def story(events: Sequence[Event]) -> list[tuple[str, str, str]]:
    return [(event.from_.name, event.to.name, event.cause) for event in events]


def test_a_move_is_taken_back_when_its_reading_is_revised() -> None:
    moved = closed(small(), TODAY, at(TODAY, 1, 90.0))
    back = closed(moved.state, TODAY + 1, at(TODAY, 1, 0.1, "edited"))
    assert story(moved.events) == [("low", "high", "customer_moved")]
    (event,) = back.events
    assert story([event]) == [("high", "low", "late_correction")]
    assert (event.supersedes, event.status, event.newly_potential) == (moved.events[0].event_id, "confirmed", False)
    assert (event.event_time, event.from_.since) == ("2026-03-24T23:00:00Z", "2026-03-23T23:00:00Z")
    assert [(said.place.name, said.place.since, said.event_id) for said in back.states] == [
        ("low", "2026-03-22T23:00:00Z", event.event_id)
    ]


def test_the_reasons_of_a_correction_are_what_the_rows_changed() -> None:
    moved = closed(small(), TODAY, at(TODAY, 1, 90.0))
    (event,) = closed(moved.state, TODAY + 1, at(TODAY, 1, 0.1, "edited")).events
    (why,), (first,) = event.reasons, moved.events[0].reasons
    assert (why.previous, why.share_model) == (first.value, 0.0)
    assert (why.share_customer, why.value) == pytest.approx((1.0, 100.0), rel=1e-3)
    assert 0 < event.margin <= (HIGH - LOW) ** 2


def test_whoever_was_taken_back_stands_as_if_it_had_never_moved() -> None:
    moved = closed(small(), TODAY, at(TODAY, 1, 90.0))
    back = closed(moved.state, TODAY + 1, at(TODAY, 1, 0.1, "edited")).state
    calm = closed(closed(small(), TODAY, at(TODAY, 1, 0.1, "edited")).state, TODAY + 1).state
    assert codec.pack_hot(back) == codec.pack_hot(calm)
    assert "A" not in back.recent


PATIENT = replace(hand.EAGER, dwell_s=2 * DAY, decisive=30.0)


def waited(state: LocalState, kwh: float) -> list[tuple[int, Event]]:
    """Return the events of three more days of so much, with the days since A moved first."""
    found = []
    for epoch in range(TODAY + 2, TODAY + 5):
        done = closed(state, epoch, at(epoch, 1, kwh), parameters=PATIENT)
        state = done.state
        found += [(epoch - TODAY, event) for event in done.events]
    return found


def test_a_challenger_that_stays_one_has_dwelt_since_the_epoch_that_was_judged_again() -> None:
    state = closed(small(), TODAY, at(TODAY, 1, 90.0), parameters=PATIENT).state
    state = closed(state, TODAY + 1, at(TODAY, 1, 9.0, "edited"), parameters=PATIENT).state
    assert state.customers.challenged.tolist() == [TODAY]
    assert [days for days, _ in waited(state, 9.0)] == [2]


def test_a_challenger_that_was_none_begins_anew_and_the_reasons_are_told_from_the_corrected_day() -> None:
    state = closed(small(), TODAY, at(TODAY, 1, 90.0), parameters=PATIENT).state
    state = closed(state, TODAY + 1, at(TODAY, 1, 0.3, "edited"), at(TODAY + 1, 1, 9.0), parameters=PATIENT).state
    ((days, event),) = waited(state, 9.0)
    assert days == 3
    assert event.reasons[0].previous == pytest.approx(150, rel=0.2)


def test_rows_that_change_nothing_of_it_leave_a_move_alone() -> None:
    moved = closed(small(), TODAY, at(TODAY, 1, 90.0)).state
    for late in (at(TODAY, 1, 80.0, "edited"), at(TODAY, 2, 90.0), at(TODAY + 1, 1, 0.1)):
        after = closed(moved, TODAY + 1, late)
        assert after.events == ()
        assert after.state.recent["A"] == moved.recent["A"]


def test_the_present_epoch_judges_again_and_may_move_at_once() -> None:
    moved = closed(small(), TODAY, at(TODAY, 1, 90.0))
    again = closed(moved.state, TODAY + 1, at(TODAY, 1, 0.1, "edited"), at(TODAY + 1, 1, 900.0))
    assert story(again.events) == [("high", "low", "late_correction"), ("low", "high", "customer_moved")]
    assert [(said.place.name, said.event_id) for said in again.states] == [("high", again.events[1].event_id)]
    assert again.state.recent["A"].event_id == again.events[1].event_id


def test_beyond_the_window_a_move_stays() -> None:
    state = closed(small(), TODAY, at(TODAY, 1, 90.0)).state
    for epoch in (TODAY + 1, TODAY + 2):
        state = closed(state, epoch).state
    assert state.recent["A"].before is None
    late = closed(state, TODAY + 3, at(TODAY, 1, 0.1, "edited"))
    assert (late.events, [one.reason for one in late.rejected]) == ((), ["too_late"])


def test_a_flag_of_whoever_is_taken_back_is_withdrawn() -> None:
    middle = msgspec.structs.replace(MODEL.clusters[1], id=2, name="huge", centre=(HIGH + 5,))
    state = hand.remembered(
        hand.day_of("A", FIRST, 0.1), msgspec.structs.replace(MODEL, clusters=(*MODEL.clusters, middle)), HASTY
    )
    state = closed(state, TODAY, at(TODAY, 1, 90.0), parameters=HASTY).state
    state, flagged = hand.early_events(state, [at(TODAY + 2, 1, 90_000.0)], HASTY)
    back = closed(state, TODAY + 1, at(TODAY, 1, 0.1, "edited"), parameters=HASTY)
    assert [(event.status, event.to.name) for event in (*flagged, *back.events)] == [
        ("early", "huge"), ("confirmed", "low"), ("withdrawn", "huge"),
    ]  # fmt: skip


def estimated() -> Closed:
    """Return what the close of a day of estimates leaves behind."""
    return closed(small(), TODAY, *(at(TODAY, hour, 90.0, "estimated") for hour in range(24)))


@pytest.mark.parametrize(("hours", "said"), [(10, 0), (24, 1)])
def test_a_provisional_move_is_confirmed_once_measured_values_replace_most_estimates(hours: int, said: int) -> None:
    moved = estimated()
    assert moved.events[0].quality.provisional
    borne = closed(moved.state, TODAY + 1, *(at(TODAY, hour, 91.0) for hour in range(hours)))
    assert story(borne.events) == [("low", "high", "customer_moved")] * said
    for event in borne.events:
        assert (event.supersedes, event.quality.provisional) == (moved.events[0].event_id, False)
        assert (event.from_.since, event.to.since) == ("2026-03-22T23:00:00Z", "2026-03-23T23:00:00Z")
        assert event.event_id == borne.state.recent["A"].event_id != moved.events[0].event_id
    again = closed(borne.state, TODAY + 2, at(TODAY, 3, 92.0, "edited"))
    assert (again.events, len(borne.states)) == ((), 0)


def test_a_provisional_move_is_withdrawn_where_measured_values_do_not_bear_it_out() -> None:
    moved = estimated()
    back = closed(moved.state, TODAY + 1, *(at(TODAY, hour, 0.1) for hour in range(24)))
    assert [(event.cause, event.supersedes) for event in back.events] == [("late_correction", moved.events[0].event_id)]
    assert not back.events[0].quality.provisional


def test_a_move_confirmed_on_measured_values_is_taken_back_under_its_new_id() -> None:
    borne = closed(estimated().state, TODAY + 1, *(at(TODAY, hour, 91.0) for hour in range(24)))
    back = closed(borne.state, TODAY + 2, *(at(TODAY, hour, 0.1, "edited") for hour in range(24)))
    assert [event.supersedes for event in back.events] == [borne.events[0].event_id]


WIDE = replace(HASTY, correction_s=3 * DAY, dwell_s=DAY)
DAYS = range(TODAY, TODAY + 6)


@dataclass
class Told:
    """A run by closes: the state before each, and who said what at which."""

    states: dict[int, LocalState] = field(default_factory=dict)
    events: dict[int, tuple[Event, ...]] = field(default_factory=dict)


Arrivals = list[tuple[int, int, Sent]]


def run(arrivals: Arrivals, start: LocalState) -> Told:
    """Close every day; an arrival is (its close, its epoch, what was sent)."""
    told, state = Told(), start
    for epoch in DAYS:
        told.states[epoch] = state
        done = closed(state, epoch, *(sent for close, _, sent in arrivals if close == epoch), parameters=WIDE)
        told.events[epoch], state = done.events, done.state
    return told


@st.composite
def arrivals(draw: st.DrawFn) -> Arrivals:
    found: Arrivals = []
    for epoch in DAYS:
        found.append((epoch, epoch, at(epoch, 1, draw(st.sampled_from([0.1, 0.1, 0.1, 90.0])))))
    for _ in range(draw(st.integers(1, 8))):
        epoch, delay = draw(st.sampled_from(DAYS)), draw(st.integers(0, 3))
        kwh = draw(st.sampled_from([0.1, 0.1, 2.0, 90.0, 300.0]))
        found.append((epoch + delay, epoch, at(epoch, draw(st.sampled_from([1, 1, 9])), kwh, "edited")))
    return found


PEAKS = zip(DAYS, (90.0, 0.1, 90.0, 0.1, 0.1, 0.1), strict=True)
RESTORED = [(epoch, epoch, at(epoch, 1, kwh)) for epoch, kwh in PEAKS]
RESTORED += [(TODAY + 2, TODAY, at(TODAY, 1, 0.1, "edited")), (TODAY + 3, TODAY, at(TODAY, 1, 90.0, "edited"))]


@given(arrivals())
@example(RESTORED).via("one close takes a move back and makes another, and a revision bears out both")
@laws(60)
def test_a_move_is_taken_back_exactly_where_it_would_not_have_come_with_all_rows_there(given: Arrivals) -> None:
    told = run(given, hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, WIDE))
    moved, move = NEVER, ""
    for close in DAYS:
        late = [epoch for at_close, epoch, _ in given if at_close == close and epoch < close]
        again = late and min(late) <= moved and moved >= close - WIDE.window
        taken_back = [event.supersedes for event in told.events[close] if amends(event)]
        assert taken_back == ([move] if again and not would_move(told, given, moved, close) else [])
        for event in told.events[close]:
            moved, move = (NEVER, "") if amends(event) else (close, event.event_id)


def test_the_law_sees_moves_that_are_taken_back_and_moves_that_are_not() -> None:
    late = at(TODAY, 1, 0.1, "edited"), at(TODAY, 1, 80.0, "edited")
    start = hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, WIDE)
    for sent, back in zip(late, (True, False), strict=True):
        given = [(TODAY, TODAY, at(TODAY, 1, 90.0)), (TODAY + 2, TODAY, sent)]
        assert would_move(run(given, start), given, TODAY, TODAY + 2) != back
        assert any(amends(event) for event in run(given, start).events[TODAY + 2]) == back


def would_move(told: Told, given: Arrivals, then: int, close: int) -> bool:
    """Whether A stands where it went at the close of `then`, with all rows there that closes up to `close` accepted.

    Where it stands, not whether it moves: that close may have taken another move back first.
    """
    rows = [
        sent for at_close, epoch, sent in given
        if at_close <= close and epoch <= then and (at_close >= then) and epoch >= at_close - WIDE.window
    ]  # fmt: skip
    stands = closed(told.states[then], then, *rows, parameters=WIDE).state.customers.cluster
    to = next(event.to.cluster for event in told.events[then] if not amends(event))
    return bool(stands.tolist() == [to])
