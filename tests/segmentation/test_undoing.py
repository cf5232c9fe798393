"""A rollback undoes what later models did alone, at the next close, at once, and says so."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from schemas.control import Candidate, Control, Promote
from schemas.event import Event
from schemas.model import Model
from segmentation import local_node
from segmentation import rows as kinds
from segmentation.closing import Closed
from segmentation.decision import NEVER
from segmentation.local_state import LocalState
from segmentation.parameters import Parameters
from segmentation.risen import Risen
from tests.segmentation import hand
from tests.segmentation.runs import loaded
from tests.segmentation.towns import CALENDAR, DAY, FIRST, SPENT, Sent, transaction

LOW, HIGH = float(np.log1p(100)), float(np.log1p(10_000))
FIRST_MODEL = hand.two_classes("consumption", LOW, HIGH)
NEAR = float(np.log1p(900))
SLOW = replace(hand.NOBODY_RISES, dwell_s=0, cool_down_s=20 * DAY)
HISTORY = [one for name, kwh in (("A", 0.1), ("B", 0.8)) for one in hand.day_of(name, FIRST, kwh)]


def model(version: int, high: float = HIGH) -> Model:
    """Return a version with its high class at `high`."""
    low, other = FIRST_MODEL.clusters
    return msgspec.structs.replace(
        FIRST_MODEL, version=version, clusters=(low, msgspec.structs.replace(other, centre=(high,)))
    )


def told(state: LocalState, *controls: Control, parameters: Parameters = SLOW) -> LocalState:
    state, _ = local_node.fold(state, controls, hand.intake_of([]), 0, parameters)
    return state


def closed(state: LocalState, kwh: float | None = None, parameters: Parameters = SLOW) -> Closed:
    """Return the next close, after a day on which B takes so much."""
    epoch = state.closed + 1
    rows = kinds.NONE if kwh is None else hand.rows_of(hand.day_of("B", epoch, kwh))
    return hand.closed_with(state, rows, epoch, parameters)


def moved_by_the_model() -> Closed:
    """B, who takes 800 W, is moved to the high class by a version 2 whose high class came so near."""
    before = hand.remembered(HISTORY, FIRST_MODEL, SLOW)
    found = closed(told(before, Promote("town", 1, model(2, NEAR))))
    assert outcome(found.events) == [("B", 1, "model_moved", None)]
    return found


def outcome(events: Sequence[Event]) -> list[tuple[str, int, str, str | None]]:
    return [(event.customer_id, event.to.cluster, event.cause, event.because) for event in events]


def back(after: int = 1, version: int = 3) -> Promote:
    return Promote("town", 1, model(version), undo=after)


def test_who_was_moved_by_the_model_alone_goes_back_at_once_as_if_never_moved() -> None:
    first = moved_by_the_model()
    before = hand.remembered(HISTORY, FIRST_MODEL, SLOW).customers
    again = closed(told(first.state, back()))
    assert outcome(again.events) == [("B", 0, "model_moved", "rolled back to version 1")]
    (event,) = again.events
    assert (event.supersedes, event.status, event.newly_potential) == (first.events[0].event_id, "confirmed", False)
    assert (event.model_version_from, event.model_version_to) == (2, 3)
    customers = again.state.customers
    assert (customers.cluster.tolist(), customers.since.tolist()) == (before.cluster.tolist(), before.since.tolist())
    assert customers.moved.tolist() == before.moved.tolist()
    assert [(said.customer_id, said.place.cluster, said.event_id) for said in again.states] == [
        ("B", 0, event.event_id)
    ]


def test_it_is_done_once() -> None:
    again = closed(told(moved_by_the_model().state, back())).state
    assert (dict(again.recent), again.models.undo) == ({}, None)
    assert closed(again).events == ()


def test_without_a_rollback_nobody_goes_back_so_soon() -> None:
    assert closed(told(moved_by_the_model().state, Promote("town", 1, model(3)))).events == ()


@pytest.mark.parametrize(("after", "undone"), [(1, 1), (2, 0)])
def test_only_moves_under_later_versions_are_undone(after: int, undone: int) -> None:
    assert len(closed(told(moved_by_the_model().state, back(after))).events) == undone


def test_who_moved_by_itself_stays() -> None:
    before = hand.remembered(HISTORY, FIRST_MODEL, SLOW)
    leapt = closed(told(before, Promote("town", 1, model(2))), kwh=200.0)
    assert outcome(leapt.events) == [("B", 1, "customer_moved", None)]
    assert closed(told(leapt.state, back())).events == ()


def test_a_move_that_was_not_the_models_alone_stays_whatever_its_old_class_would_keep() -> None:
    state = told(moved_by_the_model().state, back())
    for cause in ("customer_moved", "both"):
        other = {"B": msgspec.structs.replace(state.recent["B"], cause=cause)}
        assert closed(replace(state, recent=other)).events == ()


def test_who_would_not_stand_in_its_old_class_any_more_stays() -> None:
    grown = closed(told(moved_by_the_model().state, back()), kwh=400.0)
    assert grown.events == ()
    assert grown.state.customers.cluster.tolist() == [0, 1]


def test_nobody_is_newly_potential_by_a_move_back() -> None:
    first = moved_by_the_model()
    assert not first.events[0].newly_potential
    turned = msgspec.structs.replace(model(3), clusters=(
        msgspec.structs.replace(model(3).clusters[0], quadrant="low-high"),
        msgspec.structs.replace(model(3).clusters[1], quadrant="low-low"),
    ))  # fmt: skip
    (event,) = closed(told(first.state, Promote("town", 1, turned, undo=1))).events
    assert (event.from_.quadrant, event.to.quadrant, event.newly_potential) == ("low-low", "low-high", False)


def test_the_wait_for_the_close_survives_a_restart() -> None:
    waiting = told(moved_by_the_model().state, back())
    assert closed(loaded(waiting)).events == closed(waiting).events != ()


def test_a_younger_candidate_stays_on_trial_when_an_older_one_is_promoted() -> None:
    state = hand.remembered(HISTORY, FIRST_MODEL, SLOW)
    younger = told(state, Candidate("town", 1, model(3)), Promote("town", 1, model(2)))
    assert (younger.models.force, younger.models.trial) == (model(2), model(3))
    older = told(state, Candidate("town", 1, model(3)), Promote("town", 1, model(4)))
    assert (older.models.force, older.models.trial) == (model(4), None)


def test_a_rise_stands_though_the_move_in_its_event_is_undone() -> None:
    first = moved_by_the_model()
    state = told(first.state, back())
    rise = Risen(first.events[0].event_id, FIRST + 1, NEVER, 2, "model_moved", provisional=False, newly_potential=True)
    customers = replace(state.customers, high=np.array([False, True]), rose=np.array([NEVER, FIRST + 1]))
    state = replace(state, customers=customers, risen={"B": rise})
    end = CALENDAR.end(FIRST + 2)
    asked = [Sent(end - 60, SPENT, transaction("B", end - 120, "purchase", "pv", 1))]
    found = hand.closed_with(state, hand.rows_of(asked), FIRST + 2, SLOW)
    (event,) = found.events
    assert (event.supersedes, event.to.cluster, event.newly_potential) == (rise.event_id, 0, True)
    assert found.state.customers.high.tolist() == [False, True]
    assert [one.event_id for one in found.state.risen.values() if one.newly_potential] == [event.event_id]
