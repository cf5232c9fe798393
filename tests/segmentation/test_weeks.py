"""Weeks: the ring of whole weeks, and the base that it makes."""

from dataclasses import replace

import numpy as np
import pytest

from segmentation.parameters import Parameters
from segmentation.sums import COLUMN, HOURS, WIDTH, Tiles
from segmentation.weeks import AHEAD, BASE, GAP, SAME, UNKNOWN, WEEKS, YEAR, absorbed_weeks, base, powers, stayed

DAY = 86_400
DAILY = Parameters()
FIRST = 7 * 800


def tiles(days: dict[int, float]) -> dict[int, Tiles]:
    """Return a tile of the only customer for each day after FIRST that has a mean power [W]."""
    made = {}
    for day, power in days.items():
        sums = np.zeros((1, WIDTH), np.int64)
        sums[0, [COLUMN["wh"], COLUMN["seconds"]]] = power * 24, DAY
        made[FIRST + day] = Tiles(
            np.array([0]), np.array([FIRST + day]), sums, np.zeros((1, HOURS), np.int64), np.array([0])
        )
    return made


def after(days: dict[int, float], *cuts: int) -> tuple[np.ndarray, np.ndarray]:
    """Return week and ring after the days up to the last cut, folded in as many parts as there are cuts."""
    week, weeks = np.zeros((1, 2)), np.full((1, WEEKS), UNKNOWN, np.uint16)
    for begin, end in zip((0, *cuts), cuts, strict=False):
        week, weeks = absorbed_weeks(week, weeks, tiles(days), range(FIRST + begin, FIRST + end), DAILY)
    return week, weeks


def based(days: dict[int, float], length: int) -> float:
    return float(base(after(days, length)[1], FIRST + length - 1, DAILY)[0])


def test_a_code_keeps_a_power_to_a_tenth_of_a_percent() -> None:
    found = [powers(after(dict.fromkeys(range(7), power), 8)[1]) for power in (0.0, 3.0, 451.0, 8e7)]
    values = [float(ring[~np.isnan(ring)][0]) for ring in found]
    assert values == pytest.approx([0.0, 3.0, 451.0, 8e7], rel=2e-3, abs=1e-9)


def test_the_base_is_the_quarter_that_ended_four_weeks_ago() -> None:
    length = 7 * (BASE + GAP)
    days = {day: 100.0 if day < 7 * BASE else 900.0 for day in range(length)}
    assert based(days, length + 6) == pytest.approx(100.0, rel=1e-3)
    assert based(days | dict.fromkeys(range(length, length + 7), 900.0), length + 7) == pytest.approx(
        (12 * 100 + 900) / 13, rel=1e-3
    )


def test_weeks_without_a_reading_have_no_part_in_the_base_and_half_a_week_is_no_small_week() -> None:
    length = 7 * (BASE + GAP)
    assert based({day: 100.0 for day in range(length) if day not in range(7, 14) and day % 7 < 3}, length) == (
        pytest.approx(100.0, rel=1e-3)
    )
    assert np.isnan(based(dict.fromkeys(range(7 * BASE, length), 100.0), length))


def remained(days: dict[int, float], length: int) -> float:
    return float(stayed(after(days, length)[1], FIRST + length - 1, DAILY)[0])


def a_year_ago(before: float, after: float, length: int, present: float = 700.0) -> dict[int, float]:
    """Return days up to `length`, whose year before goes from one power to another, as the present week begins."""
    turned = length - length % 7 - 7 * YEAR
    then = {day: before if day < turned else after for day in range(turned + 7 * AHEAD)}
    return then | dict.fromkeys(range(turned + 7 * AHEAD, length), present)


@pytest.mark.parametrize("length", [7 * WEEKS, 7 * WEEKS + 3, 7 * WEEKS + 6, 7 * 2 * WEEKS + 7])
@pytest.mark.parametrize(("before", "after", "expected"), [(990.0, 490.0, 0.5), (490.0, 990.0, 1.0), (0.0, 0.0, 1.0)])
def test_what_stayed_is_what_the_weeks_after_these_had_of_them_a_year_ago(
    before: float, after: float, expected: float, length: int
) -> None:
    assert remained(a_year_ago(before, after, length), length) == pytest.approx(expected, rel=2e-3)


def test_only_the_fortnight_and_the_eight_weeks_after_it_a_year_ago_count() -> None:
    length = 7 * (WEEKS + 3)
    days, turned = a_year_ago(990.0, 490.0, length), length - 7 * YEAR
    far = {day: 9e6 for day in range(length) if day < turned - 7 * SAME or day >= turned + 7 * AHEAD}
    assert remained(days | far, length) == remained(days, length)


@pytest.mark.parametrize("missing", [-2, -1, 0, AHEAD - 1])
def test_a_year_that_is_not_known_in_full_takes_nothing_away(missing: int) -> None:
    length = 7 * WEEKS
    days, begin = a_year_ago(990.0, 490.0, length), length - 7 * YEAR + 7 * missing
    assert remained({day: power for day, power in days.items() if not begin <= day < begin + 7}, length) == 1.0
    assert remained({day: power for day, power in days.items() if day % 7 or not begin <= day < begin + 7}, length) < 1


@pytest.mark.parametrize("cuts", [(130,), (1, 6, 7, 8, 130), tuple(range(1, 131))])
def test_any_cut_gives_the_same_bits(cuts: tuple[int, ...]) -> None:
    days = {day: float(day * 37 % 911) for day in range(130) if day % 5}
    whole, parts = after(days, 130), after(days, *cuts)
    assert (whole[0].tobytes(), whole[1].tobytes()) == (parts[0].tobytes(), parts[1].tobytes())


def test_a_ring_of_hourly_epochs_holds_the_same_weeks() -> None:
    hourly = replace(DAILY, epoch_s=3_600)
    made = {}
    for hour in range(7 * 24):
        sums = np.zeros((1, WIDTH), np.int64)
        sums[0, [COLUMN["wh"], COLUMN["seconds"]]] = 250, 3_600
        made[hour] = Tiles(np.array([0]), np.array([hour]), sums, np.zeros((1, HOURS), np.int64), np.array([0]))
    empty = np.zeros((1, 2)), np.full((1, WEEKS), UNKNOWN, np.uint16)
    _, weeks = absorbed_weeks(*empty, made, range(7 * 24 + 1), hourly)
    assert np.nanmax(powers(weeks)) == pytest.approx(250.0, rel=1e-3)
