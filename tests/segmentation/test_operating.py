"""Laws of what operators ask for: the place in the log decides, never the cut; the same request counts once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.control import Close, Control, Hold, Promote, Request
from schemas.event import Event
from segmentation import codec, local_node
from segmentation.intake import Message, read
from segmentation.local_state import LocalState
from segmentation.parameters import Parameters
from tests.segmentation.asking import RESTLESS, ask, off_balance, replies, restless
from tests.segmentation.runs import Run, begin, canonical, cuts, laws
from tests.segmentation.towns import SEEDED, town

towns = st.integers(0, 5)
seeds = st.integers(0, 2**32)
batches = st.integers(2, 25)

pytestmark = pytest.mark.timeout(1_200)  # whole towns, again and again


def begun(state: int, parameters: Parameters = RESTLESS) -> Run:
    return begin(town(state).all, off_balance(state), parameters=parameters)


def calm(state: int, asked: Sequence[Request] = (), parameters: Parameters = RESTLESS) -> Run:
    return begun(state, parameters).over([(town(state).all, False)], asked)


@given(towns, seeds, seeds, batches)
@laws(2)
def test_any_cut_of_the_log_gives_the_same_with_requests_in_it(state: int, asks: int, seed: int, count: int) -> None:
    shaken = begun(state).over(cuts(town(state), seed, count), restless(asks))
    assert shaken.said == calm(state, restless(asks)).said
    assert [one for one in shaken.log if not isinstance(one, Request)] == [
        one for one in calm(state, restless(asks)).log if not isinstance(one, Request)
    ]


@given(towns, seeds, seeds)
@laws(2)
def test_buckets_of_their_own_obey_as_one(state: int, asks: int, seed: int) -> None:
    parts = begin(town(state).all, off_balance(state), range(RESTLESS.buckets), RESTLESS)
    parts.over(cuts(town(state), seed, 9), restless(asks))
    whole = calm(state, restless(asks))
    assert parts.central == whole.central
    assert lasting(parts.events) == lasting(whole.events)
    assert replies(parts.log) == replies(whole.log)


@given(towns, seeds, seeds, batches)
@laws(2)
def test_a_request_twice_counts_once(state: int, asks: int, seed: int, count: int) -> None:
    once, twice = begun(state), begun(state)
    for number, (messages, early) in enumerate(cuts(town(state), seed, count)):
        asked = restless(asks) if number == 0 else []
        once.step(messages, early=early, asked=asked)
        twice.step(messages, early=early, asked=asked * 2 if number == 0 else restless(asks)[: number % 8])
    assert twice.over([]).said == once.over([]).said
    assert len(replies(twice.log)) == len({request.id for request in restless(asks)})


@given(towns, seeds, seeds, batches)
@laws(2)
def test_who_reads_the_log_again_in_other_batches_finds_every_order_at_its_place(
    state: int, asks: int, seed: int, count: int
) -> None:
    run, source = begun(state), np.random.default_rng(asks)
    waiting = [typed(request) for request in restless(asks)]
    for messages, early in cuts(town(state), seed, count):
        asked = [waiting.pop(0) for _ in range(int(source.integers(0, 3))) if waiting]
        run.step(messages, early=early, asked=asked)
    again, events = reread(begun(state).locals[None], run.over([]).log, cuts(town(state), seed + 1, count))
    assert codec.pack_hot(again) == codec.pack_hot(run.locals[None])
    assert lasting(events) == lasting(run.events)


def typed(request: Request) -> Request:
    """Return the request as an operator types it: to be taken as soon as it is read."""
    return ask(request.action, because=request.because, id_=request.id, **request.arguments)


def reread(state: LocalState, log: list[Control], batches: Iterator[tuple[list[Message], bool]]
           ) -> tuple[LocalState, list[Event]]:  # fmt: skip
    """Fold the same log again, in other batches, early flags and all: every close once its rows are there."""
    left, read_to, events = list(log), dict[int, int](), list[Event]()
    for messages, early in (*batches, ([], True)):
        for message in messages:
            read_to[message.lane] = max(read_to.get(message.lane, 0), message.offset + 1)
        due = len(left)
        for number, control in enumerate(left):
            if isinstance(control, Close) and any(read_to.get(int(n), 0) < to for n, to in control.upto.items()):
                due = number
                break
        intake = read(messages, state.closed, RESTLESS)
        state, output = local_node.fold(state, left[:due], intake, 0, RESTLESS, early=early)
        left = left[due:]
        events += output.events
    return state, events


def lasting(events: Sequence[Event]) -> list[bytes]:
    """Return what does not depend on the cut: confirmed events, and withdrawals of such."""
    known = {event.event_id for event in events if event.status == "confirmed"}
    return sorted(canonical(event) for event in events if event.status == "confirmed" or event.supersedes in known)


@given(towns, seeds, seeds, batches)
@laws(2)
def test_a_dismissed_customer_is_not_newly_potential_before_the_date(
    state: int, asks: int, seed: int, count: int
) -> None:
    found = [event.customer_id for event in calm(state).events if event.newly_potential]
    assume(found)
    who = found[0]
    order = ask("dismiss", SEEDED + 1, because="plant closed", customer=who, until="2026-04-02")
    run = begun(state).over(cuts(town(state), seed, count), [order, *restless(asks, 3)])
    said = [event for event in run.events if event.customer_id == who and event.event_time <= "2026-04-01T22:00:00Z"]
    lifted = any(
        one.action in {"dismiss", "undismiss"} and one.arguments["customer"] == who for one in restless(asks, 3)
    )
    # what was said early before the order came is withdrawn by it
    over = {event.supersedes for event in said if event.status == "withdrawn" and event.dismissed is not None}
    said = [event for event in said if event.event_id not in over and event.status != "withdrawn"]
    assert lifted or not any(event.newly_potential for event in said)
    assert lifted or all(event.dismissed is not None for event in said if event.status == "confirmed")


@given(towns, seeds, batches)
@laws(2)
def test_a_held_model_reaches_nobody(state: int, seed: int, count: int) -> None:
    run = begun(state).over(cuts(town(state), seed, count), [ask("hold", SEEDED + 2), ask("promote", SEEDED + 6)])
    held = {one.trial.version for one in run.log if isinstance(one, Hold)}
    promoted = {one.model.version for one in run.log if isinstance(one, Promote)}
    reached = {event.model_version_to for event in run.events} | {said.model_version for said in run.states}
    assert len(held) > 2
    assert reached <= promoted | {1}
    assert len(held & promoted) == 1, "the last one held is the one that is promoted"


@pytest.mark.parametrize("state", range(6))
def test_a_budget_of_nothing_promotes_nothing_and_one_of_all_holds_nothing(state: int) -> None:
    none, every = (calm(state, parameters=replace(RESTLESS, blast_radius=radius)) for radius in (0.0, 1.0))
    assert none.models == []
    assert {type(one) for one in none.log} >= {Hold}
    assert not any(isinstance(one, Hold) for one in every.log)
    assert [model.version for model in every.models] == list(range(2, len(every.models) + 2))


@given(towns, seeds, batches, st.integers(1, 4))
@laws(2)
def test_a_rollback_brings_the_old_centres_back_under_a_new_version_until_somebody_promotes(
    state: int, seed: int, count: int, version: int
) -> None:
    orders = [ask("rollback", SEEDED + 6, version=version), ask("promote", SEEDED + 8)]
    run = begun(state).over(cuts(town(state), seed, count), orders)
    promoted = [one for one in run.log if isinstance(one, Promote)]
    (back,) = (one for one in promoted if one.undo == version)
    known = {1: off_balance(state)} | {model.version: model for model in run.models}
    assert [c.centre for c in back.model.clusters] == [c.centre for c in known[version].clusters]
    versions = [one.model.version for one in promoted]
    assert versions == sorted(set(versions))
    after = promoted[promoted.index(back) + 1 :]
    assert [accepted for accepted, _ in replies(run.log)] == [True, True]
    assert [one.model.version for one in after] == [back.model.version + 1]


def test_a_rolled_back_town_has_moves_undone_and_they_are_said() -> None:
    undone = 0
    for state in range(6):
        run = calm(state, [ask("rollback", SEEDED + 7, version=1)])
        said = {event.event_id: event for event in run.events}
        for event in run.events:
            if event.because is not None and event.status == "confirmed":
                before = said[event.supersedes or ""]
                assert (event.customer_id, event.to.cluster) == (before.customer_id, before.from_.cluster)
                assert (event.cause, before.cause) == ("model_moved", "model_moved")
                (stands,) = (told for told in run.states if told.event_id == event.event_id)
                assert not event.newly_potential or stands.rose is not None
                undone += 1
    assert undone >= 1


def test_the_restless_operators_are_restless_enough() -> None:
    runs = [calm(state, restless(state)) for state in range(6)]
    answers = [accepted for run in runs for accepted, _ in replies(run.log)]
    assert min(sum(answers), len(answers) - sum(answers)) >= 10
    assert sum(event.dismissed is not None for run in runs for event in run.events) >= 1


@pytest.mark.parametrize(("stream", "generation"), [("else", 1), ("town", 2)])
def test_what_is_asked_of_another_stream_or_generation_is_not_heard(stream: str, generation: int) -> None:
    assert replies(calm(0, [Request(stream, generation, "r", "hold")]).log) == []
