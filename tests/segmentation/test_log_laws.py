"""The law of the log: what is confirmed does not depend on how the log was cut, joined or interrupted."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation import local_node, output
from segmentation.decision import NEVER
from segmentation.errors import OutOfOrder
from segmentation.intake import read
from tests.segmentation import runs
from tests.segmentation.runs import Run, begin, cuts, first_model, laws, loaded, seeded
from tests.segmentation.towns import LANES, PARAMETERS, SEEDED, name, town

towns = st.integers(0, 5)
seeds = st.integers(0, 2**32)
batches = st.integers(2, 25)


@lru_cache(maxsize=16)
def calm(state: int) -> Run:
    return runs.calm(state)


@given(towns, seeds, batches)
@laws(20)
def test_any_cut_and_any_interleaving_gives_the_same(state: int, seed: int, count: int) -> None:
    shaken = begin(town(state).all, first_model(state)).over(cuts(town(state), seed, count))
    assert shaken.said == calm(state).said


@given(towns, seeds, batches)
@laws(8)
def test_the_fold_of_a_union_is_the_union_of_the_folds(state: int, seed: int, count: int) -> None:
    parts = begin(town(state).all, first_model(state), range(PARAMETERS.buckets)).over(cuts(town(state), seed, count))
    assert parts.central == calm(state).central
    assert parts.models == calm(state).models
    assert confirmed(parts) == confirmed(calm(state))
    assert sorted(parts.states, key=str) == sorted(calm(state).states, key=str)
    assert soon(parts) == soon(calm(state))


def soon(run: Run) -> list[str]:
    return sorted(str(one) for said in run.expected.values() for one in said.customers)


def confirmed(run: Run) -> list[bytes]:
    return sorted(runs.canonical(event) for event in run.events if event.status == "confirmed")


@given(towns, seeds, batches)
@laws(8)
def test_saved_and_loaded_after_every_batch_equals_never_saved(state: int, seed: int, count: int) -> None:
    kept, reloaded = (begin(town(state).all, first_model(state)) for _ in range(2))
    for messages, early in cuts(town(state), seed, count):
        kept.step(messages, early=early)
        reloaded.step(messages, early=early)
        reloaded.saved_and_loaded()
    assert reloaded.outputs == kept.outputs
    assert reloaded.said == kept.said


@given(towns, seeds, batches)
@laws(8)
def test_a_batch_done_again_from_the_saved_state_says_the_same_bytes(state: int, seed: int, count: int) -> None:
    run = begin(town(state).all, first_model(state))
    for messages, early in cuts(town(state), seed, count):
        before, commands = run.locals[None], run.pending
        run.step(messages, early=early)
        intake = read(messages, before.closed, PARAMETERS)
        _, again = local_node.fold(loaded(before), commands, intake, 0, PARAMETERS, early=early)
        assert output.pack(again) == output.pack(run.outputs[-1][0])


@given(towns, seeds)
@laws(4)
def test_the_towns_are_eventful_enough_to_prove_something(state: int, seed: int) -> None:
    run = begin(town(state).all, first_model(state)).over(cuts(town(state), seed, 20))
    assert run.locals[None].closed > SEEDED + PARAMETERS.window + 3
    assert len(confirmed(run)) >= 5
    assert any(one.expected and one.expected.customers for outputs in run.outputs for one in outputs)
    assert len(run.models) >= 3
    assert run.models[-1].clusters != first_model(state).clusters
    assert any(row.reason == "too_late" for outputs in run.outputs for row in outputs[0].rejected)


@pytest.mark.parametrize("state", range(3))
def test_every_event_changes_the_customers_state_and_only_a_first_class_is_none(state: int) -> None:
    run, customers = calm(state), seeded(town(state).all, first_model(state)).customers
    last = {(event.customer_id, event.event_time): event for event in run.events if event.to.since is None}
    moved = {one.event_id: (one.customer_id, one.to.cluster) for one in last.values() if one.because is None}
    told = {said.event_id: (said.customer_id, said.place.cluster) for said in run.states if said.event_id}
    assert told == moved
    classed = set(customers.some(np.flatnonzero(customers.cluster >= 0)).ids.to_pylist())
    after = run.locals[None].customers
    turned = set(after.some(np.flatnonzero(after.started != NEVER)).ids.to_pylist())
    assert turned == {name(number) for number in (1, 2, 4, 6, 7)}
    assert (classed - turned).isdisjoint(said.customer_id for said in run.states if said.event_id is None)


def test_reasons_come_by_their_share_of_the_change() -> None:
    shares = [[one.share_customer + one.share_model for one in event.reasons] for event in calm(0).events]
    assert shares == [sorted(given, reverse=True) for given in shares] != []


@pytest.mark.parametrize("length", [3_600, 21_600])
def test_epochs_shorter_than_a_day_keep_the_law(length: int) -> None:
    parameters = replace(PARAMETERS, epoch_s=length)
    model, of = first_model(0, parameters), town(0)
    whole = begin(of.all, model, parameters=parameters).over([(of.all, False)])
    shaken = begin(of.all, model, parameters=parameters).over(cuts(of, 1, 15))
    assert whole.said == shaken.said
    assert whole.central.answered - model.epoch > 6 * 86_400 // length
    assert confirmed(whole)


def test_the_rows_of_a_batch_may_come_in_any_order_within_it() -> None:
    messages = town(0).all
    turned = begin(messages, first_model(0)).over([(messages[::-1], False)])
    assert turned.said == calm(0).said


def test_a_close_out_of_order_is_refused_by_name() -> None:
    run = begin(town(0).all, first_model(0))
    gap = [runs.close_of(SEEDED + 2, LANES)]
    with pytest.raises(OutOfOrder, match="lost records"):
        local_node.fold(run.locals[None], gap, read((), SEEDED, PARAMETERS), 0, PARAMETERS)


def test_a_close_already_done_and_another_stream_or_generation_change_nothing() -> None:
    state, nothing = begin(town(0).all, first_model(0)).locals[None], read((), SEEDED, PARAMETERS)
    orders = [runs.close_of(SEEDED), runs.close_of(SEEDED + 1, stream="else"), runs.close_of(SEEDED + 1, generation=2)]
    after, said = local_node.fold(state, orders, nothing, 0, PARAMETERS)
    assert after == state
    assert said.answer is None
