"""Recent moves: the last confirmed one of each customer, for as long as it may matter, with all it takes to undo it."""

from dataclasses import replace

import pytest

from schemas.event import Event
from schemas.times import iso
from segmentation import codec
from segmentation import rows as kinds
from segmentation.decision import NEVER
from segmentation.local_state import LocalState
from segmentation.recent import Recent, lasting
from tests.segmentation import hand
from tests.segmentation.runs import Run, calm, loaded
from tests.segmentation.towns import CALENDAR, DAY, FIRST, PARAMETERS

MODEL = hand.two_classes("consumption", 4.6, 9.2)
TODAY = FIRST + 1


@pytest.mark.parametrize("state", range(3))
def test_the_last_confirmed_move_of_everybody_who_moved_lately_is_remembered(state: int) -> None:
    run, local = calm(state), calm(state).locals[None]
    oldest = local.closed - lasting(PARAMETERS)
    ends = {iso(CALENDAR.end(epoch) * 1_000_000): epoch for epoch in range(oldest, local.closed + 1)}
    lately = {event.customer_id: told(event, ends) for event in lasting_moves(run) if event.event_time in ends}
    assert {customer: move[:8] for customer, move in known(local).items()} == lately != {}
    assert len({event.customer_id for event in run.events}) > len(lately)


def lasting_moves(run: Run) -> list[Event]:
    """Return every customer's last move, but for those that a correction took back."""
    last: dict[str, Event] = {}
    for event in run.events:
        if event.from_.cluster != event.to.cluster:
            last[event.customer_id] = event
    return [event for event in last.values() if event.cause != "late_correction"]


def told(event: Event, ends: dict[str, int]) -> tuple[object, ...]:
    versions = (event.model_version_from, event.model_version_to)
    places = (event.from_.cluster, event.to.cluster)
    return event.event_id, ends[event.event_time], *places, event.cause, *versions, event.newly_potential


def known(state: LocalState) -> dict[str, tuple[object, ...]]:
    return {customer: tuple(getattr(move, name) for name in Recent.__struct_fields__)
            for customer, move in state.recent.items()}  # fmt: skip


def test_it_tells_since_when_the_customer_had_been_there_and_when_it_had_moved_before() -> None:
    state = hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, hand.EAGER)
    there = hand.closed_with(state, hand.rows_of(hand.day_of("A", TODAY, 900.0)), TODAY, hand.EAGER).state
    assert (there.recent["A"].since, there.recent["A"].moved) == (FIRST, NEVER)
    rested = replace(there, customers=replace(there.customers, cluster=there.customers.cluster * 0))
    again = hand.closed_with(rested, kinds.NONE, TODAY + 1, hand.EAGER).state
    again = hand.closed_with(again, kinds.NONE, TODAY + 2, hand.EAGER).state
    assert (again.recent["A"].epoch, again.recent["A"].since, again.recent["A"].moved) == (TODAY + 2, TODAY, TODAY)


@pytest.mark.parametrize(("cool_down", "epochs"), [(2 * DAY, 2), (5 * DAY, 5), (0, 2)])
def test_a_move_is_forgotten_after_the_cool_down_but_not_inside_the_correction_window(
    cool_down: int, epochs: int
) -> None:
    parameters = replace(hand.EAGER, cool_down_s=cool_down)
    state = hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, parameters)
    state = hand.closed_with(state, hand.rows_of(hand.day_of("A", TODAY, 900.0)), TODAY, parameters).state
    for epoch in range(TODAY + 1, TODAY + epochs + 1):
        assert "A" in state.recent
        state = hand.closed_with(state, kinds.NONE, epoch, parameters).state
    assert "A" in state.recent
    assert "A" not in hand.closed_with(state, kinds.NONE, state.closed + 1, parameters).state.recent


def test_it_comes_back_from_bytes() -> None:
    state = calm(0).locals[None]
    assert state.recent == loaded(state).recent != {}
    assert codec.pack_hot(replace(state, recent={})) != codec.pack_hot(state)
