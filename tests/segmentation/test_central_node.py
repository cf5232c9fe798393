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
from segmentation.central_node import fold, moved, pooled
from segmentation.central_state import CentralState, Held, first_state
from segmentation.crossings import CLOCK, Crossing
from segmentation.output import Answer, Output
from tests.segmentation import hand
from tests.segmentation.runs import laws
from tests.segmentation.towns import FIRST, LANES, PARAMETERS

MODEL = hand.two_classes("consumption", 2.0, 8.0)
TRIAL = msgspec.structs.replace(MODEL, version=2)
CARRIED = 10.0 * PARAMETERS.decay(PARAMETERS.centre_memory_s)


def cells(*points: tuple[float, int]) -> Cells:
    grid = to_grid(np.array([[point] for point, _ in points]))
    mass = np.array([mass for _, mass in points], np.int64)
    return Cells(mass, grid * mass[:, None], np.zeros(len(mass), np.int64))


def answer(epoch: int, given: Cells, trial: Trial | None = None) -> Answer:
    shape, mass, sums, squares = given.sums.shape, given.mass, given.sums, given.squares
    return Answer(epoch, shape, mass.tobytes(), sums.tobytes(), squares.tobytes(), {}, {}, trial)


def test_a_centre_is_the_mean_of_what_is_carried_and_what_is_new() -> None:
    after = moved(MODEL, cells((3.0, 4), (9.0, 2), (7.0, 2)), FIRST + 1, PARAMETERS)
    low, high = after.clusters
    assert low.centre == pytest.approx(((2.0 * CARRIED + 3.0 * 4) / (CARRIED + 4),))
    assert high.centre == pytest.approx(((8.0 * CARRIED + 9.0 * 2 + 7.0 * 2) / (CARRIED + 4),))
    assert (low.mass, high.mass) == pytest.approx((CARRIED + 4, CARRIED + 4))
    assert (after.version, after.epoch, after.sse) == (2, FIRST + 1, 4 * 1.0 + 2 * 1.0 + 2 * 1.0)
    assert [(c.id, c.name, c.quadrant, c.seed_mass) for c in after.clusters] == [
        (c.id, c.name, c.quadrant, c.seed_mass) for c in MODEL.clusters
    ]


def test_an_epoch_without_mass_changes_nothing_but_the_version() -> None:
    after = moved(
        MODEL, cells((0.0, 1)).__class__(*(part[:0] for part in vars(cells((0.0, 1))).values())), FIRST, PARAMETERS
    )
    assert after == msgspec.structs.replace(MODEL, version=2)


def test_the_seed_is_never_forgotten_below_the_floor() -> None:
    model = MODEL
    for epoch in range(200):
        model = moved(model, cells((3.0, 1)), epoch, PARAMETERS)
    assert model.clusters[1].mass == pytest.approx(PARAMETERS.mass_floor * 10.0)
    assert model.clusters[1].centre == (8.0,)


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 9)), min_size=1, max_size=9), st.randoms())
@laws(40)
def test_the_order_of_the_answers_changes_no_bit(points, chance) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    answers = [answer(FIRST, cells(point)) for point in points]
    shuffled = chance.sample(answers, len(answers))
    first, second = (moved(MODEL, pooled(given), FIRST, PARAMETERS) for given in (answers, shuffled))
    assert first == second


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 9)), min_size=1, max_size=9))
@laws(40)
def test_a_mass_counts_as_that_many_copies(points: list[tuple[float, int]]) -> None:
    copies = [(point, 1) for point, mass in points for _ in range(mass)]
    first, second = (moved(MODEL, cells(*given), FIRST, PARAMETERS) for given in (points, copies))
    assert [c.centre for c in first.clusters] == [c.centre for c in second.clusters]
    assert first.sse == pytest.approx(second.sse)


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
