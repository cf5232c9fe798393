"""The sentence that an event says: from where, to where, why, how sure."""

import math
from dataclasses import replace

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from schemas.control import Promote
from schemas.event import Event
from schemas.model import Model
from segmentation import local_node
from segmentation import rows as kinds
from segmentation.local_state import LocalState
from segmentation.moves import event_id
from tests.segmentation import hand
from tests.segmentation.towns import CALENDAR, DAY, FIRST, PARAMETERS, READ, Sent, Status, reading

LOW, HIGH = float(np.log1p(100)), float(np.log1p(10_000))
MODEL = hand.two_classes("consumption", LOW, HIGH, spread=2.0)
MODEL = msgspec.structs.replace(
    MODEL,
    clusters=tuple(msgspec.structs.replace(c, centre=(c.centre[0] * 3.0,)) for c in MODEL.clusters),
    factor_weights=(9.0,),
)
TODAY = FIRST + 1


def state(kwh: float = 0.1) -> LocalState:
    return hand.remembered(hand.day_of("A", FIRST, kwh), MODEL, hand.EAGER)


def leap(before: LocalState, kwh: float = 30.0, *, status: Status = "measured", epoch: int = TODAY) -> Event:
    """Return the event of the close of a day of which A has one measured hour and 23 of `status`."""
    rows = kinds.NONE
    for hour, quality in [(0, "measured"), *((n, status) for n in range(1, 24))]:
        (one,) = hand.day_of("A", epoch, kwh, hours=[hour])
        record = reading("A", one.at - 3_600, kwh, status=quality)
        rows = pa.concat_tables([rows, hand.rows_of([replace(one, record=record)])])
    (event,) = hand.closed_with(before, rows, epoch, hand.EAGER).events
    return event


def test_an_event_says_from_where_to_where_and_since_when() -> None:
    event = leap(state())
    assert (event.from_.name, event.from_.since, event.to.name, event.to.since) == (
        "low",
        "2026-03-22T23:00:00Z",
        "high",
        None,
    )
    assert (event.newly_potential, event.cause, event.event_time) == (False, "customer_moved", "2026-03-23T23:00:00Z")
    assert (event.model_version_from, event.model_version_to) == (1, 1)


def test_the_only_index_has_the_whole_share_and_tells_its_values_in_its_own_unit() -> None:
    (reason,) = leap(state()).reasons
    assert reason.value is not None
    assert reason.previous is not None
    assert reason.share_customer == pytest.approx(1.0)
    assert reason.share_model == 0.0
    assert reason.previous == pytest.approx(100.0, rel=1e-4)
    assert reason.value == pytest.approx(26_600, rel=0.1)
    assert reason.change == pytest.approx((np.log1p(reason.value) - np.log1p(reason.previous)) / 2.0, rel=1e-4)


def test_margin_and_confidence_are_positive_and_grow_with_the_evidence() -> None:
    weak, strong = leap(state(), 3.0), leap(state(), 10.0)
    assert 0 < weak.margin < strong.margin
    assert 0 < weak.confidence < strong.confidence <= 1


@pytest.mark.parametrize(("status", "provisional"), [("measured", False), ("estimated", True)])
def test_a_decision_on_estimates_is_provisional(status: Status, *, provisional: bool) -> None:
    quality = leap(state(), status=status).quality
    assert (quality.provisional, quality.share_estimated > 0.5) == (provisional, provisional)


def test_a_class_that_moves_away_from_its_customer_is_the_models_doing() -> None:
    before = state(2.0)
    before = replace(before, customers=replace(before.customers, cluster=np.array([0])))
    gone = Promote("town", 1, shifted(MODEL, 2, (LOW - 6.0, float(np.log1p(2_000)))))
    after, _ = local_node.fold(before, [gone], hand.intake_of([]), 0, hand.EAGER)
    events = hand.closed_with(after, hand.rows_of(hand.day_of("A", TODAY, 2.0)), TODAY, hand.EAGER).events
    assert [(e.cause, e.model_version_from, e.model_version_to) for e in events] == [("model_moved", 1, 2)]


def merged(version: int) -> Model:
    """Return the model in which both classes have become one, under an identity of its own."""
    one = msgspec.structs.replace(MODEL.clusters[1], id=7, name="all", centre=((LOW + HIGH) / 2 * 1.5,))
    return msgspec.structs.replace(MODEL, version=version, clusters=(one,))


def test_whoever_stands_in_a_class_that_is_no_more_goes_to_the_nearest_at_once() -> None:
    rested = replace(PARAMETERS, cool_down_s=30 * DAY)
    before = hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, rested)
    before = replace(before, customers=replace(before.customers, moved=np.array([FIRST])))
    after, _ = local_node.fold(before, [Promote("town", 1, merged(2))], hand.intake_of([]), 0, rested)
    closed = hand.closed_with(after, hand.rows_of(hand.day_of("A", TODAY, 0.1)), TODAY, rested)
    (event,) = closed.events
    assert (event.from_.name, event.to.name, event.cause) == ("low", "all", "model_moved")
    assert (event.confidence, event.margin) == (0.0, 0.0)
    assert sum(why.share_customer + why.share_model for why in event.reasons) == pytest.approx(1.0)
    assert [state.place.cluster for state in closed.states] == [7]
    again = hand.closed_with(closed.state, hand.rows_of(hand.day_of("A", TODAY + 1, 0.1)), TODAY + 1, rested)
    assert again.events == ()


def test_a_class_that_begins_where_a_customer_is_takes_it_by_the_models_doing() -> None:
    born = msgspec.structs.replace(MODEL.clusters[1], id=2, name="new", centre=(float(np.log1p(100)) * 1.5,))
    here = msgspec.structs.replace(MODEL.clusters[0], centre=(LOW * 1.5 - 4.0,))
    before = hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, hand.EAGER)
    model = msgspec.structs.replace(MODEL, version=2, clusters=(here, MODEL.clusters[1], born))
    after, _ = local_node.fold(before, [Promote("town", 1, model)], hand.intake_of([]), 0, hand.EAGER)
    events = hand.closed_with(after, hand.rows_of(hand.day_of("A", TODAY, 0.1)), TODAY, hand.EAGER).events
    assert [(event.from_.name, event.to.name, event.cause) for event in events] == [("low", "new", "model_moved")]


def test_what_changed_is_told_since_the_class_was_last_unchallenged() -> None:
    patient = replace(hand.NOBODY_RISES, decisive=1e9)
    closed = hand.closed_with(hand.remembered(hand.day_of("A", FIRST, 0.1), MODEL, patient), kinds.NONE, TODAY, patient)
    for epoch in (TODAY + 1, TODAY + 2):
        assert closed.events == ()
        closed = hand.closed_with(closed.state, hand.rows_of(hand.day_of("A", epoch, 40.0)), epoch, patient)
    assert closed.events[0].reasons[0].previous == pytest.approx(100.0, rel=1e-4)


def test_a_newcomer_gets_its_first_class_when_it_has_settled() -> None:
    state, settled = hand.remembered([], MODEL), []
    for epoch in range(TODAY, TODAY + 3):
        closed = hand.closed_with(state, hand.rows_of(hand.day_of("A", epoch, 0.1)), epoch)
        state = closed.state
        settled.append([(said.customer_id, said.place.name, said.event_id) for said in closed.states])
    assert settled == [[], [("A", "low", None)], []]


def test_a_state_says_where_the_customer_stood_on_the_axes_when_its_class_was_decided() -> None:
    state = hand.remembered([], MODEL)
    for epoch in (TODAY, TODAY + 1):
        closed = hand.closed_with(state, hand.rows_of(hand.day_of("A", epoch, 0.1)), epoch)
        state = closed.state
    (first,) = closed.states
    assert first.current_value == pytest.approx(math.log1p(100.0) / MODEL.scale_spread[0], abs=1e-3)
    assert first.potential_value == 0.0  # the model has no index of that half


def shifted(model: Model, version: int, centres: tuple[float, float]) -> Model:
    """Return the model with its centres at these transformed values."""
    moved = (msgspec.structs.replace(c, centre=(at * 1.5,)) for c, at in zip(model.clusters, centres, strict=True))
    return msgspec.structs.replace(model, version=version, clusters=tuple(moved))


def test_an_id_depends_on_every_part() -> None:
    assert event_id("A", 1) == event_id("A", 1)
    assert len({event_id(*parts) for parts in (("A", 1), ("A", 2), ("B", 1), ("A1",), ("A", 1, ""))}) == 5


def test_an_early_event_a_withdrawal_and_a_confirmation_have_different_ids() -> None:
    after, flagged = hand.early_events(state(), hand.day_of("A", TODAY, 30.0, hours=[0]))
    confirmed = hand.closed_with(after, kinds.NONE, TODAY, hand.EAGER).events[0]
    assert confirmed.supersedes == flagged[0].event_id != confirmed.event_id


def test_what_was_missing_is_told_as_missing_and_what_the_space_clips_as_it_is() -> None:
    centres = ((0.0, 0.0), (1.5, 0.6))
    clusters = tuple(msgspec.structs.replace(c, centre=at) for c, at in zip(MODEL.clusters, centres, strict=True))
    model = msgspec.structs.replace(
        MODEL, indices=("consumption", "night share"), scale_centre=(LOW, 0.5), scale_spread=(2.0, 0.3), clip=1.5,
        factor_weights=(1.0, 1.0), clusters=clusters,
    )  # fmt: skip
    before = hand.remembered(day("A", FIRST, 0.1), model, hand.EAGER)
    (event,) = hand.closed_with(before, hand.rows_of(hand.day_of("A", TODAY, 30.0)), TODAY, hand.EAGER).events
    told = {why.index: why for why in event.reasons}
    assert told["night share"].previous is None
    assert told["night share"].value == pytest.approx(1.0, abs=0.1)
    assert told["consumption"].value == pytest.approx(5_800, rel=0.1)


def day(customer: str, epoch: int, kwh: float) -> list[Sent]:
    """Return one reading of a whole day: no hour can be told apart."""
    midnight = CALENDAR.end(epoch - 1)
    return [Sent(midnight + DAY, READ[0], reading(customer, midnight, 24 * kwh, hours=24))]
