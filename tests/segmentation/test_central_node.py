"""The central node: how centres move, and when it commands a close."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustering.cells import Cells, to_grid
from schemas.control import Candidate, Close, Control, Hold, Promote
from schemas.model import Model
from schemas.trial import Shift, Trial
from segmentation.central_node import fold, unheard
from segmentation.central_state import CentralState, Held, first_state, pack, unpack
from segmentation.crossings import CLOCK, Crossing
from segmentation.errors import WrongPassport
from segmentation.output import Answer, Output
from segmentation.space import centres_of
from tests.segmentation import hand
from tests.segmentation.runs import laws
from tests.segmentation.towns import FIRST, LANES, PARAMETERS

MODEL = hand.two_classes("consumption", 2.0, 8.0)
TRIAL = msgspec.structs.replace(MODEL, version=2)


def cells(*points: tuple[float, int]) -> Cells:
    grid = to_grid(np.array([[point] for point, _ in points]))
    mass = np.array([mass for _, mass in points], np.int64)
    return Cells(mass, grid * mass[:, None], np.zeros(len(mass), np.int64))


def answer(epoch: int, given: Cells, trial: Trial | None = None) -> Answer:
    shape, mass, sums, squares = given.sums.shape, given.mass, given.sums, given.squares
    return Answer(epoch, shape, mass.tobytes(), sums.tobytes(), squares.tobytes(), {}, {}, trial)


def test_the_mass_of_those_who_were_not_heard_is_added_over_the_answers() -> None:
    heard = [
        msgspec.structs.replace(answer(FIRST, cells((2.0, 1))), silent=silent)
        for silent in ({1: 16, 0: 3}, {}, {0: 16})
    ]
    assert unheard(heard) == {0: 19.0, 1: 16.0}


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 9)), min_size=1, max_size=9), st.randoms())
@laws(40)
def test_the_order_of_the_answers_changes_no_bit(points, chance) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    answers = [answer(FIRST + 1, cells(point)) for point in points]
    shuffled = chance.sample(answers, len(answers))
    closing = state(commanded=FIRST + 1)
    one, other = (
        fold(closing, [Output(0, answer=one) for one in told], {}, PARAMETERS) for told in (answers, shuffled)
    )
    assert one[1:] == other[1:]
    assert pack(one[0]) == pack(other[0])


def test_a_state_is_the_same_after_saving() -> None:
    closing = state(commanded=FIRST + 1)
    after, _, _ = fold(closing, [Output(0, answer=answer(FIRST + 1, cells((3.0, 4), (9.0, 2))))], {}, PARAMETERS)
    assert pack(unpack(pack(after))) == pack(after)
    assert unpack(pack(after)).pool.pool.centres.tolist() == after.pool.pool.centres.tolist()
    with pytest.raises(WrongPassport, match="pool"):
        unpack(pack(after).replace(b'"pool":"', b'"pool":"AAAA'))


def state(**changes: object) -> CentralState:
    return msgspec.structs.replace(first_state(PARAMETERS, 1, LANES, MODEL), **changes)


def crossed(*lanes: int, epoch: int = FIRST + 1, offset: int = 7) -> Output:
    return Output(0, crossings=tuple(Crossing(lane, offset, epoch, CLOCK) for lane in lanes))


def test_a_close_is_commanded_once_every_lane_has_passed() -> None:
    waiting, none, _ = fold(state(), [crossed(*LANES[1:])], {}, PARAMETERS)
    after, (close,), _ = fold(waiting, [crossed(LANES[0], offset=9)], {}, PARAMETERS)
    assert none == []
    assert close == Close("town", 1, FIRST + 1, {str(lane): 9 if lane == LANES[0] else 7 for lane in LANES})
    assert (after.commanded, after.answered) == (FIRST + 1, FIRST)
    assert fold(after, [], {}, PARAMETERS)[1] == []


def test_the_next_close_waits_for_the_answer() -> None:
    after, _, _ = fold(state(), [crossed(*LANES, epoch=FIRST + 2)], {}, PARAMETERS)
    assert fold(after, [], {}, PARAMETERS) == (after, [], [])
    again, commands, promoted = fold(after, [Output(0, answer=answer(FIRST + 1, cells((3.0, 1))))], {}, PARAMETERS)
    assert [type(command) for command in commands] == [Candidate, Close]
    assert (again.force.version, again.newest.version, again.commanded, promoted) == (1, 2, FIRST + 2, [])


def tried(alone: int, of: int = 100, *, protected: int = 0, version: int = 2) -> Trial:
    return Trial(version, FIRST + 2, of, (Shift(0, 1, 20, alone, protected),))


def decided(trial: Trial | None, held: Held | None = None) -> tuple[CentralState, list[Control], list[Model]]:
    """Return what follows from a close at which version 2 was on trial."""
    before = state(newest=TRIAL, commanded=FIRST + 2, answered=FIRST + 1, held=held)
    return fold(before, [Output(0, answer=answer(FIRST + 2, cells((3.0, 1)), trial))], {}, PARAMETERS)


def test_a_model_inside_the_budget_is_promoted_with_its_dry_run_after_one_epoch_on_trial() -> None:
    after, (promote, candidate), promoted = decided(tried(2))
    assert promote == Promote("town", 1, TRIAL, tried(2))
    assert isinstance(candidate, Candidate)
    assert (after.force, promoted, after.newest.version, after.past) == (TRIAL, [TRIAL], 3, (MODEL,))


@pytest.mark.parametrize(("trial", "words"), [
    (tried(3), "it would move 3 of 100 customers (3.0%) by itself alone; the budget is 2.0%"),
    (tried(1, protected=1), "it would move 1 protected customers by itself alone; the budget has none"),
])  # fmt: skip
def test_a_model_outside_the_budget_is_held_and_goes_on_learning(trial: Trial, words: str) -> None:
    after, (hold, candidate), promoted = decided(trial)
    assert hold == Hold("town", 1, "budget", words, trial)
    assert isinstance(candidate, Candidate)
    assert (after.force, promoted, after.newest.version) == (MODEL, [], 3)
    assert after.held == Held("budget", words, TRIAL, trial)


def test_what_the_budget_held_it_lets_go_when_a_later_model_is_inside_it() -> None:
    after, (promote, _), _ = decided(tried(0), Held("budget", "too many", MODEL, tried(9, version=1)))
    assert isinstance(promote, Promote)
    assert (after.held, after.force) == (None, TRIAL)


def test_after_a_candidate_that_the_budget_held_the_next_goes_half_as_far_and_after_a_promotion_twice() -> None:
    far = answer(FIRST + 2, cells((4.0, 16), (8.0, 16)), tried(50))
    after, (_, candidate), _ = fold(
        state(newest=TRIAL, commanded=FIRST + 2, answered=FIRST + 1), [Output(0, answer=far)], {}, PARAMETERS
    )
    assert isinstance(candidate, Candidate)
    learned, force = after.pool.pool.centres, centres_of(after.force)
    assert after.pace == 0.5
    np.testing.assert_allclose(centres_of(candidate.model), (learned + force) / 2)
    assert not np.array_equal(learned, force)
    inside = answer(FIRST + 3, cells((4.0, 16), (8.0, 16)), tried(1, version=candidate.model.version))
    again, _, (promoted,) = fold(
        msgspec.structs.replace(after, commanded=FIRST + 3), [Output(0, answer=inside)], {}, PARAMETERS
    )
    assert promoted.version == candidate.model.version
    assert again.pace == 1.0
    np.testing.assert_allclose(centres_of(again.newest), again.pool.pool.centres)


def test_a_budget_of_nothing_and_an_operators_hold_do_not_slow_the_model_down() -> None:
    for parameters, held in ((replace(PARAMETERS, blast_radius=0.0), None), (PARAMETERS, Held("operator", "x"))):
        before = state(newest=TRIAL, commanded=FIRST + 2, answered=FIRST + 1, held=held)
        given = answer(FIRST + 2, cells((4.0, 16)), tried(50))
        assert fold(before, [Output(0, answer=given)], {}, parameters)[0].pace == 1.0


def test_what_an_operator_holds_is_tried_and_held_however_harmless() -> None:
    after, (hold, _), _ = decided(tried(0), Held("operator", "holidays"))
    assert hold == Hold("town", 1, "operator", "holidays", tried(0))
    assert (after.held, after.force) == (Held("operator", "holidays", TRIAL, tried(0)), MODEL)


def test_a_model_that_nobody_tried_is_not_promoted() -> None:
    after, (candidate,), _ = decided(None)
    assert isinstance(candidate, Candidate)
    assert after.force == MODEL


def test_the_dry_runs_of_all_buckets_decide_together() -> None:
    before = state(newest=TRIAL, commanded=FIRST + 2, answered=FIRST + 1)
    outputs = [Output(n, answer=answer(FIRST + 2, cells((3.0, 1)), tried(2, 60))) for n in range(2)]
    hold = fold(before, outputs, {}, PARAMETERS)[1][0]
    assert isinstance(hold, Hold)
    assert (hold.trial.by_model, hold.trial.customers) == (4, 120)


def test_silent_sparse_lanes_are_closed_where_they_end_if_they_write_no_clocks() -> None:
    silent, ends = replace(PARAMETERS, sparse_clocks=False), {LANES[2]: 33, LANES[3]: 44}
    (close,) = fold(state(), [crossed(*LANES[:2])], ends, silent)[1]
    assert close == Close("town", 1, FIRST + 1, {"0": 7, "1": 7, str(LANES[2]): 33, str(LANES[3]): 44})
    assert fold(state(), [crossed(LANES[0])], {0: 1, 1: 1, **ends}, silent)[1] == []
