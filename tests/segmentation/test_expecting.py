"""Who is expected: a robust slope, what is missing, and a probability that follows both."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from segmentation.customers import Customers, newcomers
from segmentation.decision import NEVER
from segmentation.expecting import LEAST, MOST, RECENT, chosen, expected, slopes
from segmentation.memories import view_of
from segmentation.parameters import DAY_S, Parameters
from segmentation.potential import outlook
from segmentation.sums import COLUMN
from segmentation.weeks import BASE, GAP, UNKNOWN, WEEKS, _coded
from tests.segmentation.runs import first_model

PARAMETERS = Parameters()
EPOCH = 9_006
"""Four days after the end of a week, which is settled."""
LAST = (EPOCH + 1) // 7 - 1


def customers(*recent: Sequence[float | None]) -> Customers:
    """Return customers of whom the last weeks' mean power is known [W], and 1 kW in all weeks before."""
    n = len(recent)
    weeks = np.full((n, WEEKS), UNKNOWN, np.uint16)
    for row, levels in enumerate(recent):
        whole = [*[1_000.0] * (GAP + BASE - len(levels)), *levels]
        for back, level in enumerate(reversed(whole)):
            if level is not None:
                weeks[row, (LAST - back) % WEEKS] = _coded(np.array([[level * 168, 7.0 * DAY_S]]))[0]
    known = replace(newcomers([f"C-{row}" for row in range(n)], 1), weeks=weeks, cluster=np.zeros(n, np.int64))
    memories = known.memories.copy()
    for row, levels in enumerate(recent):
        power = next((level for level in reversed(levels) if level is not None), 1_000.0)
        memories[row, :, COLUMN["wh"]] = power * 480
        memories[row, :, COLUMN["seconds"]] = 480 * 3_600
    return replace(known, memories=memories, first=np.full(n, EPOCH - 200, np.int32))


def probability(known: Customers, *dismissed: str) -> list[float]:
    ahead = outlook(view_of(known, known.memories, EPOCH, PARAMETERS))
    return list(expected(ahead, known, EPOCH - 3, EPOCH, PARAMETERS, dismissed).probability)


def test_a_steady_growth_is_its_slope_and_one_wild_week_changes_nothing() -> None:
    growing = [1_000.0 * 1.05**n for n in range(RECENT)]
    wild = [*growing[:1], 9_000.0, *growing[2:]]
    found = slopes(customers(growing, wild, [1_000.0] * RECENT), EPOCH - 3, PARAMETERS)
    assert found[0] == pytest.approx(np.log(1.05), abs=0.002)
    assert found[1] == pytest.approx(found[0], abs=0.002)
    assert found[2] == 0.0


def test_weeks_that_are_not_known_are_left_out_and_too_few_make_no_slope() -> None:
    sparse: list[float | None] = [1_000.0, None, 1_000.0 * 1.1**2, 1_000.0 * 1.1**3]
    unknown: list[float | None] = [None, None, 1_000.0, 2_000.0]
    found = slopes(customers(sparse, unknown), EPOCH - 3, PARAMETERS)
    assert found[0] == pytest.approx(np.log(1.1), abs=0.002)
    assert np.isnan(found[1])


def test_the_nearer_and_the_steeper_the_more_probable() -> None:
    levels = [[1_000.0 * factor ** (n - RECENT + 1) * end for n in range(RECENT)]
              for factor, end in ((1.0, 1.1), (1.0, 1.4), (1.06, 1.4))]  # fmt: skip
    flat, near, rising = probability(customers(*levels))
    assert 0 < flat < near < rising < 1


def test_who_is_a_potential_customer_or_rests_or_has_no_class_is_not_expected() -> None:
    levels = [[1_000.0] * RECENT] * 4
    known = customers(*levels)
    known = replace(
        known,
        high=np.array([False, True, False, False]),
        rose=np.array([NEVER, NEVER, EPOCH - 5, NEVER]),
        cluster=np.array([0, 0, 0, -1]),
    )
    assert np.isnan(probability(known)).tolist() == [False, True, True, True]


def test_a_new_customer_without_weeks_counts_as_one_that_stays() -> None:
    flat: list[float | None] = [1_000.0] * RECENT
    known = customers(flat, flat)
    weeks = known.weeks.copy()
    weeks[1, [(LAST - back) % WEEKS for back in range(RECENT)]] = UNKNOWN
    first, new = probability(replace(known, weeks=weeks))
    assert new == pytest.approx(first, abs=0.05)


def test_of_whom_transactions_are_told_less_is_foreseen() -> None:
    levels = [[1_400.0] * RECENT] * 2
    known = customers(*levels)
    memories = known.memories.copy()
    memories[1, :, COLUMN["transactions"]] = 3.0
    silent, told = probability(replace(known, memories=memories))
    assert told < silent


def test_who_was_dismissed_is_not_expected() -> None:
    known = customers(*[[1_400.0] * RECENT] * 3)
    assert np.isnan(probability(known, "C-1", "C-9")).tolist() == [False, True, False]


def test_the_most_promising_are_told_and_nobody_without_a_chance() -> None:
    rising = [[1_000.0] * (RECENT - 1) + [1_000.0 + 400.0 * part] for part in (0.0, 1.0, 0.5, 1.0)]
    known = customers(*rising)
    found = expected(outlook(view_of(known, known.memories, EPOCH, PARAMETERS)), known, EPOCH - 3, EPOCH, PARAMETERS)
    said = chosen(found, known, first_model(0))
    assert [one.customer_id for one in said] == ["C-1", "C-3", "C-2"]
    assert found.probability[0] < LEAST <= said[-1].probability
    assert said[0].potential * said[0].confidence == pytest.approx(1.5 / np.exp(found.missing[1]))
    assert said[0].place.name == first_model(0).clusters[0].name
    many = customers(*[[1_400.0] * RECENT] * (MOST + 5))
    crowd = expected(outlook(view_of(many, many.memories, EPOCH, PARAMETERS)), many, EPOCH - 3, EPOCH, PARAMETERS)
    assert len(chosen(crowd, many, first_model(0))) == MOST
