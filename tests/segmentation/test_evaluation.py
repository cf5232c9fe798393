"""The measure of flags, by cases small enough to count."""

import numpy as np
import pytest

from segmentation.evaluation import Consumption, Kept, Rules, called, chance, kept, listed, spreadsheet

RULES = Rules(calls=1, pause=14, ahead=10, base_from=20, base_to=5)
EVERYBODY = np.ones(3, np.bool_)
DAYS = 60
"""Customer 0 doubles on day 30, customer 1 has one burst of three days, customer 2 never changes."""


def consumption() -> Consumption:
    kwh = np.full((DAYS, 3), 100.0)
    kwh[30:, 0] = 200.0
    kwh[30:33, 1] = 1_000.0
    return Consumption(kwh)


def always(*scores: float) -> dict[int, dict[int, float]]:
    return {day: dict(enumerate(scores)) for day in range(DAYS)}


def test_a_flag_is_kept_if_the_days_ahead_are_above_the_base() -> None:
    assert consumption().kept(33, RULES).tolist() == [True, False, False]
    assert consumption().kept(20, RULES).tolist() == [False, False, False]


@pytest.mark.parametrize(("factor", "holds"), [(1.25, True), (201 / 101, True), (2.0, False)])
def test_one_kilowatt_hour_is_added_to_both_sides(factor: float, *, holds: bool) -> None:
    assert bool(consumption().kept(33, Rules(calls=1, ahead=10, base_from=20, base_to=5, factor=factor))[0]) == holds


def test_the_best_is_called_and_nobody_twice_within_the_pause() -> None:
    calls = list(called(listed(always(3.0, 2.0, 1.0), 3), 30, 51, EVERYBODY, RULES))
    assert calls == [(30, 0), (37, 1), (44, 0), (51, 1)]


def test_who_is_not_on_the_list_or_not_eligible_is_never_called() -> None:
    only_two = np.array([False, True, True])
    assert list(called(listed({30: {0: 9.0, 2: 1.0}}, 3), 30, 44, only_two, RULES)) == [(30, 2)]


def test_the_share_is_the_mean_over_the_beginnings() -> None:
    rules = Rules(every=2, calls=1, pause=100, ahead=10, base_from=20, base_to=5)
    scores = listed({33: {0: 1.0}, 34: {1: 1.0}}, 3)
    assert kept(scores, consumption(), 33, EVERYBODY, rules) == Kept(0.5, 1.0)


def test_a_flag_without_all_its_days_ahead_does_not_count() -> None:
    late = listed({DAYS - RULES.ahead + 1: {0: 1.0}}, 3)
    assert kept(late, consumption(), 40, EVERYBODY, RULES).flags == 0
    in_time = listed({DAYS - RULES.ahead: {0: 1.0}}, 3)
    assert kept(in_time, consumption(), 44, EVERYBODY, RULES).flags == pytest.approx(1 / 7)


def test_blind_calls_find_the_share_of_all() -> None:
    assert chance(Consumption(consumption().kwh[:43]), 33, EVERYBODY, RULES) == pytest.approx(1 / 3)
    assert chance(Consumption(consumption().kwh[:43]), 33, np.array([True, True, False]), RULES) == pytest.approx(0.5)


def test_the_spreadsheet_takes_the_smaller_of_two_weeks_over_the_base() -> None:
    scores = spreadsheet(consumption(), RULES)(44)
    base = consumption().base(44, RULES)
    assert scores.tolist() == pytest.approx([201 / (base[0] + 1), 101 / (base[1] + 1), 1.0])


@pytest.mark.parametrize("day", [30, 37, 44])
def test_a_score_looks_at_no_day_from_its_own_on(day: int) -> None:
    known, other = consumption().kwh, consumption().kwh.copy()
    other[day:] = 7.0
    assert spreadsheet(Consumption(other), RULES)(day).tolist() == spreadsheet(Consumption(known), RULES)(day).tolist()


def test_a_list_that_calls_as_often_as_another_makes_its_calls_on_the_same_days() -> None:
    rules = Rules(calls=2, pause=14, ahead=10, base_from=20, base_to=5)
    seldom = listed({33: {1: 1.0}, 40: {1: 1.0, 2: 0.5}}, 3)
    often = listed(always(3.0, 2.0, 1.0), 3)
    assert list(called(often, 33, 47, EVERYBODY, rules, {33: 1, 40: 2})) == [(33, 0), (40, 1), (40, 2)]
    both = [kept(often, consumption(), 33, EVERYBODY, rules, as_often=other) for other in (None, seldom)]
    assert kept(seldom, consumption(), 33, EVERYBODY, rules).flags == both[1].flags < both[0].flags
