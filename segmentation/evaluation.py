"""Is a flag worth a call? What flagged customers took afterwards, beside chance and a rule for a spreadsheet.

Nothing here is read by a fold: it measures what the folds said. On day t the best flags known by day t - 1 are called,
nobody twice within a pause; a flag is kept if the mean of the days ahead is clearly above that of a base before it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a list is tried: days [d], calls of a day [1], and the `factor` [1] from which a flag is kept."""

    every: int = 7
    calls: int = 10
    pause: int = 60
    ahead: int = 60
    base_from: int = 120
    base_to: int = 30
    factor: float = 1.25


DEFAULT = Rules()


@dataclass(frozen=True)
class Consumption:
    """Energy `kwh` (days, n) [kWh] of n customers, day by day; what is unknown is 0."""

    kwh: Floats

    @cached_property
    def _sums(self) -> Floats:
        return np.vstack([np.zeros((1, self.kwh.shape[1])), np.cumsum(self.kwh, axis=0)])

    @property
    def days(self) -> int:
        """Return the number of days."""
        return len(self.kwh)

    def mean(self, begin: int, end: int) -> Floats:
        """Return the mean (n,) of the days from `begin` up to but not `end` [kWh/d]; only of those that there are."""
        begin = max(begin, 0)
        return np.asarray((self._sums[end] - self._sums[begin]) / (end - begin))

    def base(self, day: int, rules: Rules) -> Floats:
        """Return the mean (n,) before `day` that a flag has to beat [kWh/d]."""
        return self.mean(day - rules.base_from, day - rules.base_to)

    def kept(self, day: int, rules: Rules) -> Flags:
        """Whether a flag of `day` on each customer (n,) is kept."""
        return (self.mean(day, day + rules.ahead) + 1) >= rules.factor * (self.base(day, rules) + 1)


Ranking = Callable[[int], Floats]
"""Scores (n,) of all customers as known before a day, the greatest called first; -inf for who is not on the list."""


@dataclass(frozen=True)
class Kept:
    """Share of the flags that were kept [1], the mean over the days on which calling may begin, and flags per begin."""

    share: float
    flags: float


def called(rank: Ranking, begin: int, last: int, eligible: Flags, rules: Rules,
           most: Mapping[int, int] | None = None) -> Iterable[tuple[int, int]]:  # fmt: skip
    """Yield (day, customer's number) of every call from `begin` to `last`; ties go to the smaller number.

    `most` are the calls of each day, where it is not as the rules say.
    """
    rested = np.full(len(eligible), begin)
    for day in range(begin, last + 1, rules.every):
        scores = np.where(eligible & (rested <= day), rank(day), -np.inf)
        best = np.argsort(-scores, kind="stable")[: rules.calls if most is None else most.get(day, 0)]
        best = best[scores[best] > -np.inf]
        rested[best] = day + rules.pause
        yield from ((day, int(number)) for number in best)


def kept(rank: Ranking, consumption: Consumption, begin: int, eligible: Flags, rules: Rules = DEFAULT,
         as_often: Ranking | None = None) -> Kept:  # fmt: skip
    """Return how many of a list's flags were kept, over all beginnings of the week from day `begin` on.

    Only flags with all the days ahead. A list that calls `as_often` as another makes as many calls on each day as that
    one does. O(days n log n); inputs untouched.
    """
    last = consumption.days - rules.ahead
    shares, counts = [], []
    for start in range(begin, begin + rules.every):
        often = as_often and Counter(day for day, _ in called(as_often, start, last, eligible, rules))
        calls = called(rank, start, last, eligible, rules, often)
        found = [consumption.kept(day, rules)[who] for day, who in calls]
        counts.append(len(found))
        shares += [float(np.mean(found))] if found else []
    return Kept(float(np.mean(shares)) if shares else float("nan"), float(np.mean(counts)))


def chance(consumption: Consumption, begin: int, eligible: Flags, rules: Rules = DEFAULT) -> float:
    """Return the share [1] of all eligible customers and days that would be kept: what blind calls find."""
    days = range(begin, consumption.days - rules.ahead + 1)
    return float(np.mean([consumption.kept(day, rules)[eligible].mean() for day in days]))


def spreadsheet(consumption: Consumption, rules: Rules = DEFAULT) -> Ranking:
    """Return the best rule found for a spreadsheet: the smaller of the last two weekly means over the base."""

    def rank(day: int) -> Floats:
        recent = np.minimum(consumption.mean(day - WEEK, day), consumption.mean(day - 2 * WEEK, day - WEEK))
        return np.asarray((recent + 1) / (consumption.base(day, rules) + 1))

    return rank


def listed(scores: Mapping[int, Mapping[int, float]], count: int) -> Ranking:
    """Return the ranking of lists by day: customer's number to score; a day without a list calls nobody."""

    def rank(day: int) -> Floats:
        found = np.full(count, -np.inf)
        for number, score in scores.get(day, {}).items():
            found[number] = score
        return found

    return rank
