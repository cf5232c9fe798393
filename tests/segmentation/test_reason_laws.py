"""The law of reasons, over whole runs: the parts of every event add up to its margin's change, index by index."""

from collections.abc import Iterator
from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event
from segmentation.attribution import Floats
from segmentation.local_state import LocalState
from segmentation.parameters import LEAST_POTENTIAL
from segmentation.rises import falls
from segmentation.space import centres_of, ids_of, off_grid, space_of
from tests.segmentation.runs import amends, begin, cuts, first_model, laws
from tests.segmentation.towns import PARAMETERS, town


def told(state: int, seed: int) -> Iterator[tuple[LocalState, LocalState, Event]]:
    """Yield the events of a town's run, but those after a correction, with the states before and after their batch."""
    run = begin(town(state).all, first_model(state))
    batches = [*cuts(town(state), seed, 15), *[([], False)] * 15]
    for messages, early in batches:
        before = run.locals[None]
        run.step(messages, early=early)
        events = run.outputs[-1][0].events
        amended = {event.customer_id for event in events if amends(event)}
        yield from ((before, run.locals[None], event) for event in events if event.customer_id not in amended)


@given(st.integers(0, 5), st.integers(0, 2**32))
@laws(8)
def test_the_reasons_of_every_event_add_up_to_one(state: int, seed: int) -> None:
    for _, _, event in told(state, seed):
        if falls(event):
            assert event.reasons == ()
            continue
        assert fsum(why.share_customer + why.share_model for why in event.reasons) == pytest.approx(1, abs=1e-9)
        sides = fsum(why.share_customer for why in event.reasons), fsum(why.share_model for why in event.reasons)
        assert (event.cause == "customer_moved") == (sides[0] >= 2 / 3)


@given(st.integers(0, 5), st.integers(0, 2**32))
@laws(8)
def test_every_part_of_a_confirmed_move_is_its_indexs_part_of_the_margins_change(state: int, seed: int) -> None:
    for before, after, event in told(state, seed):
        if event.because is not None:  # said of who ends, without a margin
            continue
        if event.from_.cluster == event.to.cluster:
            asked = LEAST_POTENTIAL if falls(event) else PARAMETERS.potential
            assert event.margin == pytest.approx(np.log(event.potential * event.confidence / asked), abs=1e-9)
        elif event.status == "confirmed":
            points, centres = ends(before, after, event)
            whole = sum(margin(points[1], centres[1]) - margin(points[0], centres[0]))
            expected = {why.index: why.share_customer * whole for why in event.reasons}
            found = dict(zip(after.models.force.indices, customers_part(points, centres), strict=True))  # type: ignore[union-attr]
            assert expected == {name: pytest.approx(found[name], abs=1e-9) for name in expected}
            assert event.margin == pytest.approx(sum(margin(points[1], centres[1])), abs=1e-9)


def ends(before: LocalState, after: LocalState, event: Event) -> tuple[list[Floats], list[tuple[Floats, Floats]]]:
    """Return where a customer was and is, and where its old and new centre were and are."""
    model = after.models.force
    assert model is not None
    points, centres = [], []
    for state, version in ((before, event.model_version_from), (after, event.model_version_to)):
        row = state.customers.ids.to_pylist().index(event.customer_id)
        points.append(off_grid(space_of(model).point(state.customers.anchor[row])))
        of = model if version == model.version else before.models.past[version]
        at = {int(cluster): centre for cluster, centre in zip(ids_of(of), centres_of(of), strict=True)}
        centres.append((at[event.from_.cluster], at[event.to.cluster]))
    return points, centres


def margin(point: Floats, centres: tuple[Floats, Floats]) -> Floats:
    old, new = centres
    return np.asarray((point - old) ** 2 - (point - new) ** 2)


def customers_part(points: list[Floats], centres: list[tuple[Floats, Floats]]) -> Floats:
    moved = [margin(points[1], of) - margin(points[0], of) for of in centres]
    return np.asarray((moved[0] + moved[1]) / 2)
