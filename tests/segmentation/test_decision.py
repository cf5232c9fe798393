"""Hysteresis: margin, dwell, cool-down, and evidence that need not wait."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.decision import NEVER, NONE, Standing, judge
from segmentation.parameters import DAY_S, Parameters
from tests.segmentation.runs import laws

PARAMETERS = Parameters(margin=1.0, decisive=8.0, dwell_s=3 * DAY_S, cool_down_s=10 * DAY_S)
CENTRES = np.array([[0.0], [4.0]])
NOW = 100
# d² to the own centre 0 and to the challenger 4: 16 and 0 at 4, 9 and 1 at 3, 7.84 and 1.44 at 2.8
DECISIVE, FAR, NEAR = 4.0, 2.8, 2.3


def standing(challenger: int, since: int, moved: int = NEVER, own: int = 0) -> Standing:
    return Standing(*(np.array([value]) for value in (own, moved, challenger, since)))


@pytest.mark.parametrize(
    ("at", "challenger", "challenged", "moved", "moves"),
    [
        (FAR, 1, NOW - 3, NEVER, True), (FAR, 1, NOW - 2, NEVER, False), (FAR, NONE, NOW - 9, NEVER, False),
        (NEAR, 1, NOW - 9, NEVER, False), (0.0, 1, NOW - 9, NEVER, False),
        (DECISIVE, NONE, NOW, NEVER, True), (3.0, NONE, NOW, NEVER, False), (3.01, NONE, NOW, NEVER, True),
        (FAR, 1, NOW - 3, NOW - 10, True), (FAR, 1, NOW - 3, NOW - 9, False), (DECISIVE, NONE, NOW, NOW - 9, False),
    ],
)  # fmt: skip
def test_who_moves(at: float, challenger: int, challenged: int, moved: int, *, moves: bool) -> None:
    verdict = judge(np.array([[at]]), CENTRES, standing(challenger, challenged, moved), NOW, PARAMETERS)
    assert verdict.move.tolist() == [moves]


@pytest.mark.parametrize(
    ("at", "before", "after"),
    [(FAR, (1, 50), (1, 50)), (FAR, (NONE, 50), (1, NOW)), (NEAR, (1, 50), (NONE, NOW)), (0.0, (1, 50), (NONE, NOW))],
)
def test_dwell_begins_again_with_another_challenger_or_a_pause(
    at: float, before: tuple[int, int], after: tuple[int, int]
) -> None:
    verdict = judge(np.array([[at]]), CENTRES, standing(*before), NOW, PARAMETERS)
    assert (verdict.challenger.item(), verdict.challenged.item()) == after


@pytest.mark.parametrize("of_a_day", [1, 24])
def test_dwell_and_cool_down_are_event_time_however_short_an_epoch_is(of_a_day: int) -> None:
    parameters, dwell, rest = replace(PARAMETERS, epoch_s=DAY_S // of_a_day), 3 * of_a_day, 10 * of_a_day
    waited = [(dwell, rest), (dwell - 1, rest), (dwell, rest - 1)]
    standings = [standing(1, NOW - challenged, NOW - moved) for challenged, moved in waited]
    moves = [judge(np.array([[FAR]]), CENTRES, one, NOW, parameters).move.item() for one in standings]
    assert moves == [True, False, False]


def test_another_challenger_has_to_dwell_for_itself() -> None:
    centres = np.array([[0.0], [4.0], [-4.0]])
    assert not judge(np.array([[FAR]]), centres, standing(2, NOW - 9), NOW, PARAMETERS).move.item()


def test_who_has_no_class_has_a_nearest_centre_and_never_moves() -> None:
    verdict = judge(np.array([[DECISIVE]]), CENTRES, standing(NONE, 0, own=NONE), NOW, PARAMETERS)
    assert (verdict.best.item(), verdict.move.item(), verdict.contested.item()) == (1, False, False)


points = st.lists(st.floats(-8, 8), min_size=1, max_size=12)


@given(points, st.integers(0, 2**32))
@laws(60)
def test_customers_are_judged_each_for_itself(at: list[float], seed: int) -> None:
    source, many = np.random.default_rng(seed), np.array(at)[:, None]
    whole = Standing(*(source.integers(low, high, len(at)) for low, high in ((0, 2), (85, 100), (-1, 2), (90, 100))))
    moves = judge(many, CENTRES, whole, NOW, PARAMETERS).move
    for n in range(len(at)):
        one = Standing(*(getattr(whole, name)[[n]] for name in ("own", "moved", "challenger", "challenged")))
        assert judge(many[[n]], CENTRES, one, NOW, PARAMETERS).move.item() == moves[n]


@given(points, st.floats(0, 5), st.floats(0.01, 5))
@laws(60)
def test_a_greater_margin_lets_nobody_go_who_had_to_stay(at: list[float], margin: float, more: float) -> None:
    own = Standing(*(np.full(len(at), value) for value in (0, NEVER, 1, 0)))
    narrow, wide = (replace(PARAMETERS, margin=value, decisive=value + 9) for value in (margin, margin + more))
    moving = [judge(np.array(at)[:, None], CENTRES, own, NOW, given).move for given in (narrow, wide)]
    assert not (moving[1] & ~moving[0]).any()
