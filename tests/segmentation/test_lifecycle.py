"""Customers that are closed, opened again, merged and split, and what the archive says of days ahead."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from kwadrant.words import sentence
from schemas.archive import Archive
from schemas.event import Closing, Event
from schemas.prospects import after
from schemas.times import instant, iso
from segmentation import codec
from segmentation.closing import Closed
from segmentation.customers import NOT_YET
from segmentation.decision import NEVER, NONE
from segmentation.history import classified, remember
from segmentation.indices import LONG
from segmentation.local_state import LocalState
from segmentation.parameters import Parameters
from segmentation.sums import COLUMN
from segmentation.traits import CAPACITY, OWNED
from tests.segmentation import hand
from tests.segmentation.towns import CALENDAR, FILED, FIRST, HOUR, SPENT, Sent, transaction

US = 1_000_000
LOW, HIGH = float(np.log1p(100)), float(np.log1p(10_000))
MODEL = hand.two_classes("consumption", LOW, HIGH)
LEAPS = replace(hand.EAGER, potential=2.0)
RISING = replace(hand.EAGER, potential=1.5, settling_s=2 * 86_400, cool_down_s=0)


def filed(customer: str, epoch: int, *, told: int | None = None, **said: Any) -> Sent:  # noqa: ANN401 - attributes
    """Return an archive record valid from the first hour of `epoch`, which the broker takes at `told` [s]."""
    begins = CALENDAR.end(epoch - 1) + HOUR
    return Sent(begins + HOUR if told is None else told, FILED, Archive(customer, instant(begins * US), **said))


def day(state: LocalState, *sent: Sent, kwh: dict[str, float], parameters: Parameters = hand.EAGER) -> Closed:
    """Close the next day, on which each customer takes so much an hour."""
    epoch = state.closed + 1
    read = [one for customer, each in kwh.items() for one in hand.day_of(customer, epoch, each)]
    return hand.closed_with(state, hand.rows_of([*sent, *read]), epoch, parameters)


def known(*customers: str, parameters: Parameters = hand.EAGER) -> LocalState:
    return hand.remembered([one for who in customers for one in hand.day_of(who, FIRST, 0.1)], MODEL, parameters)


def of(state: LocalState, customer: str) -> int:
    found: int = state.customers.ids.index(customer).as_py()
    return found


def newly(events: tuple[Event, ...]) -> list[str]:
    return [event.customer_id for event in events if event.newly_potential]


def leapt(parameters: Parameters = LEAPS) -> Closed:
    found = day(known("A", "B", parameters=parameters), kwh={"A": 90.0, "B": 0.1}, parameters=parameters)
    assert newly(found.events) == ["A"]
    return found


def test_a_closed_customer_leaves_its_class_and_says_no_more() -> None:
    ended = day(known("A", "B"), filed("A", FIRST + 1, closed=True), kwh={"A": 90.0, "B": 0.1})
    state = ended.state
    assert (state.customers.cluster[of(state, "A")], state.customers.started[of(state, "A")]) == (NONE, NOT_YET)
    assert (ended.events, ended.counts["not_theirs"]) == ((), 4)
    assert ended.answer is not None
    assert ended.answer.clusters == {0: 1}
    assert sum(np.frombuffer(ended.answer.mass, np.int64)) > 0
    for _ in range(3):
        later = day(state, kwh={"A": 90.0, "B": 0.1})
        assert (later.events, later.states) == ((), ())
        state = later.state


def test_its_last_state_says_since_when_and_into_whom() -> None:
    ended = day(known("A"), filed("A", FIRST + 1, closed=True, successors=("C",)), kwh={})
    (said,) = ended.states
    assert said.closed == Closing(iso((CALENDAR.end(FIRST) + HOUR) * US), ("C",))
    assert (said.customer_id, said.place.cluster) == ("A", 0)


@pytest.mark.parametrize(("said", "because"), [
    ({"closed": True}, "closed"),
    ({"closed": True, "successors": ("C",)}, "closed; merged into C"),
    ({"closed": True, "successors": ("C", "D")}, "closed; split into C, D"),
    ({"predecessors": ("A", "B")}, "begins anew out of A, B"),
])  # fmt: skip
@pytest.mark.parametrize("parameters", [LEAPS, RISING])
def test_what_said_that_it_is_newly_potential_is_withdrawn(
    said: dict[str, Any], because: str, parameters: Parameters
) -> None:
    before = leapt(parameters)
    ended = day(before.state, filed("A", FIRST + 2, **said), kwh={"A": 90.0, "B": 0.1}, parameters=parameters)
    (event,) = ended.events
    (flag,) = (one for one in before.events if one.newly_potential)
    assert (event.status, event.supersedes, event.because) == ("withdrawn", flag.event_id, because)
    assert (event.newly_potential, event.services) == (False, ())
    assert "A" not in ended.state.recent.keys() | ended.state.risen.keys()


def test_who_stands_high_since_long_is_told_to_be_no_potential_customer_any_more() -> None:
    before = leapt(RISING)
    state = replace(before.state, recent={}, risen={})
    ended = day(state, filed("A", FIRST + 2, closed=True), kwh={}, parameters=RISING)
    (event,) = ended.events
    assert (event.status, event.because, event.newly_potential) == ("confirmed", "closed", False)
    (flag,) = (one for one in before.events if one.newly_potential)
    assert after(flag, event) is None
    assert "is not a potential customer any more: closed" in sentence(event)


def test_an_open_flag_is_withdrawn() -> None:
    state, (early,) = hand.early_events(known("A"), hand.day_of("A", FIRST + 1, 90.0))
    ended = hand.closed_with(state, hand.rows_of([filed("A", FIRST + 1, closed=True)]), FIRST + 1, hand.EAGER)
    (event,) = ended.events
    assert (event.status, event.supersedes, event.because) == ("withdrawn", early.event_id, "closed")
    assert ended.state.early == {}


def test_who_opens_again_is_a_newcomer() -> None:
    state = day(known("A", parameters=RISING), filed("A", FIRST + 1, closed=True), kwh={"A": 0.1},
                parameters=RISING).state  # fmt: skip
    state = day(state, kwh={"A": 50.0}, parameters=RISING).state
    opened = day(state, filed("A", FIRST + 3), kwh={"A": 90.0}, parameters=RISING)
    assert (opened.events, opened.states, opened.state.customers.started.tolist()) == ((), (), [FIRST + 3])
    later = day(opened.state, kwh={"A": 90.0}, parameters=RISING)
    (first,) = later.states  # a class is state, and no event
    assert (first.place.cluster, first.event_id, first.closed, later.events) == (1, None, None, ())
    assert later.state.customers.first.tolist() == [FIRST + 3]


def test_who_opens_again_holds_nothing_of_what_was_bought_before() -> None:
    bought = Sent(CALENDAR.end(FIRST) + HOUR, SPENT, transaction("A", CALENDAR.end(FIRST) + HOUR, "purchase", "pv", 1))
    state = day(known("A", "B"), bought, kwh={"A": 0.1, "B": 0.1}).state
    for _ in range(hand.EAGER.window + 1):
        state = day(state, kwh={"A": 0.1, "B": 0.1}).state
    assert state.customers.traits[of(state, "A"), OWNED] > 0
    state = day(state, filed("A", state.closed + 1, closed=True), kwh={"B": 0.1}).state
    state = day(state, filed("A", state.closed + 1), kwh={"A": 0.1, "B": 0.1}).state
    assert state.customers.traits[of(state, "A"), OWNED] == 0


@pytest.mark.parametrize("into", ["A", "C"])
def test_a_merger_is_no_growth(into: str) -> None:
    state, rest = known("A", "B", parameters=RISING), ({"A", "B"} - {into})
    sent = [filed(one, FIRST + 2, closed=True, successors=(into,)) for one in sorted(rest)]
    sent.append(filed(into, FIRST + 2, predecessors=("A", "B")))
    state = day(state, kwh={"A": 0.1, "B": 0.1}, parameters=RISING).state
    events: tuple[Event, ...] = ()
    for number in range(6):
        found = day(state, *(sent if number == 0 else ()), kwh={into: 90.0}, parameters=RISING)
        state, events = found.state, (*events, *found.events)
    assert newly(events) == []
    assert state.customers.cluster[of(state, into)] == 1
    assert all(state.customers.cluster[of(state, one)] == NONE for one in rest)
    grown = day(state, kwh={into: 9_000.0}, parameters=RISING)
    assert newly(grown.events) == [into]  # what it does from then on counts as anybody's


def test_only_its_own_days_count_even_where_a_closed_day_is_corrected() -> None:
    sent = (filed("A", FIRST + 2, predecessors=("A", "B")),)
    state = day(known("A", "B"), kwh={"A": 5.0, "B": 5.0}).state
    state = day(state, *sent, kwh={"A": 1.0}).state
    late = hand.rows_of(hand.day_of("A", FIRST + 1, 7.0, hours=range(1, 5)))
    for epoch in range(FIRST + 3, FIRST + 7):
        state = hand.closed_with(state, late if epoch == FIRST + 3 else late.slice(0, 0), epoch, hand.EAGER).state
    energy = state.customers.memories[of(state, "A"), LONG, COLUMN["wh"]]
    assert 0 < energy < 4_000
    assert state.customers.begun[of(state, "A")] == FIRST + 2


def test_a_record_that_comes_again_changes_nothing() -> None:
    begins = filed("A", FIRST + 1, predecessors=("A", "B"))
    once = day(known("A", "B"), begins, kwh={"A": 1.0})
    again = day(once.state, begins, kwh={"A": 1.0})
    assert codec.pack_hot(again.state) == codec.pack_hot(day(once.state, kwh={"A": 1.0}).state)


SAID = (
    filed("A", FIRST + 1, capacity_kw=3.0),
    filed("A", FIRST + 2, closed=True),
    filed("A", FIRST + 3, told=CALENDAR.end(FIRST + 2), capacity_kw=9.0, tariff="night"),
    filed("B", FIRST + 3, told=CALENDAR.end(FIRST), capacity_kw=5.0, transformer="TR-2"),
)


@pytest.mark.parametrize("order", list(permutations(SAID)))
def test_changes_take_effect_in_the_order_of_their_dates(order: tuple[Sent, ...]) -> None:
    at = CALENDAR.end(FIRST)
    arrived = hand.rows_of([replace(one, at=at + number) for number, one in enumerate(order)])
    state, seen = known("A", "B"), []
    for epoch in range(FIRST + 1, FIRST + 4):
        state = hand.closed_with(state, arrived if epoch == FIRST + 1 else arrived.slice(0, 0), epoch, hand.EAGER).state
        seen.append((state.customers.traits[:, CAPACITY].tolist(), state.customers.started.tolist()))
    nan = pytest.approx(float("nan"), nan_ok=True)
    assert seen == [
        ([3.0, nan], [NEVER, NEVER]), ([nan, nan], [NOT_YET, NEVER]), ([9.0, 5.0], [FIRST + 3, NEVER])
    ]  # fmt: skip


@pytest.mark.parametrize("told", [(0, 1), (1, 0)])
def test_closed_and_opened_again_before_one_close_it_begins_anew_whichever_came_first(told: tuple[int, int]) -> None:
    came = CALENDAR.end(FIRST + 1) + 2 * HOUR
    changes = (
        filed("A", FIRST + 1, told=came + told[0], closed=True),
        filed("A", FIRST + 2, told=came + told[1], capacity_kw=9.0),
    )
    found = day(day(known("A"), kwh={"A": 0.1}).state, *changes, kwh={"A": 0.1}).state
    assert found.customers.started.tolist() == [FIRST + 2]
    assert found.customers.cluster.tolist() == [NONE]


def test_what_lies_ahead_does_not_close_an_epoch() -> None:
    ahead = hand.intake_of([filed("A", FIRST + 90, told=CALENDAR.end(FIRST), capacity_kw=5.0)])
    assert (ahead.rejected, ahead.rows.num_rows) == ((), 1)
    assert ahead.crossings == ()
    never = Sent(CALENDAR.end(FIRST), FILED, Archive("A", datetime(2200, 1, 1, tzinfo=UTC)))
    assert [one.reason for one in hand.intake_of([never]).rejected] == ["implausible_time"]


def test_the_history_knows_it_too() -> None:
    sent = [*hand.day_of("A", FIRST - 2, 5.0), *hand.day_of("A", FIRST, 0.2), *hand.day_of("B", FIRST - 1, 1.0)]
    sent += [filed("A", FIRST, predecessors=("Z",)), filed("B", FIRST, closed=True)]
    history = remember(hand.rows_of(sent), FIRST, hand.EAGER, 1)
    state = classified(history, MODEL, hand.EAGER)
    assert state.customers.started.tolist() == [FIRST, NOT_YET]
    assert state.customers.cluster.tolist() == [0, NONE]
    assert state.customers.memories[0, LONG, COLUMN["wh"]] == 800.0
