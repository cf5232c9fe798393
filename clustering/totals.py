"""Exact sums per cluster over a whole table, and what follows from them: means, masses, the SSE."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats, Longs
from clustering.assignment import labels_and_gaps, nearest_labels
from clustering.blocks import Block
from clustering.bounds import Bounds
from clustering.masses import STEPS, counted
from clustering.metric import MOST_BITS, Metric
from clustering.screening import Screen, screen
from clustering.sums import one_by_one

Groups = npt.NDArray[np.intp]

# up to this mass of a block, float64 adds coordinates exactly
_EXACT_MASS = 2 ** (53 - MOST_BITS)
# times a sum of masses, 2^42 at most, it stays below 2^63
_LIMB_BITS = 20
_LIMBS = 4


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over the rows of each cluster.

    Attributes
    ----------
    masses : (k,) int64
        [`Summing.unit`]
    sums : (d, k) int64
        Of mass times place [mass x step of the grid].
    squares : (4,) int64
        Of mass times squared distance from the origin, over all rows, in four numbers of falling importance [mass x
        2^-20, 2^-40, 2^-60, 2^-80 of `Summing.reach`]; 0 without one.
    """

    masses: Longs
    sums: Longs
    squares: Longs


@dataclass(frozen=True, eq=False)
class Summing:
    """The scan that gives every row to the nearest of ``centres`` and adds up `Totals`.

    Attributes
    ----------
    metric : Metric
    centres : (k, d)
        Places [1].
    unit : int
        Step of the masses, a power of two [2^-20 of a weight].
    reach : float
        A power of two that no squared distance from the origin passes; 0 where the squares need not be added.
    order : (k,), optional
        Which centre of the scan before each one was, where there was one.
    """

    metric: Metric
    centres: Floats
    unit: int
    reach: float
    order: Longs | None = None

    def empty(self) -> Totals:
        """Return sums of nothing."""
        k, d = self.centres.shape
        return Totals(np.zeros(k, np.int64), np.zeros((d, k), np.int64), np.zeros(_LIMBS, np.int64))

    def fold(self, partial: Totals, block: Block) -> Totals:
        """Return the sums with those of the block."""
        places = self.metric.places(block.columns)
        return self.merge(partial, self.added(places, block, self.labels(places)))

    def merge(self, one: Totals, other: Totals) -> Totals:
        """Return the sums over the rows of both."""
        return Totals(one.masses + other.masses, one.sums + other.sums, one.squares + other.squares)

    def labels(self, places: Floats) -> Groups:
        """Return the nearest centre (n,) of ``places`` (d, n), untouched; ties go to the smaller number."""
        return nearest_labels(self.metric.stretched(places).T, self.seats, self._look).astype(np.intp)

    def bounds(self, places: Floats) -> Bounds:
        """Return the `labels` (n,) of ``places`` (d, n), untouched, and how safe they are."""
        return Bounds(*labels_and_gaps(self.metric.stretched(places).T, self.seats, self._look))

    @cached_property
    def seats(self) -> Floats:
        """Return the centres (k, d), stretched."""
        return self.metric.stretched(self.centres.T).T

    @cached_property
    def _look(self) -> Screen:
        return screen(self.seats)

    def added(self, places: Floats, block: Block, groups: Groups) -> Totals:
        """Return the sums of a block by its ``places`` (d, b) and ``groups`` (b,), exactly."""
        mass = np.ones(len(block.rows), np.int64) if block.weights is None else counted(block.weights) // self.unit
        return Totals(*self._sums(places, mass, groups), self._squares(places, mass))

    def _sums(self, places: Floats, mass: Longs, groups: Groups) -> tuple[Longs, Longs]:
        k, grid = len(self.centres), self.metric.grid[:, None]
        if mass.sum() <= _EXACT_MASS:
            rows = places if (mass == 1).all() else places * mass
            found = [np.bincount(groups, weights=row, minlength=k) for row in (mass, *rows)]
            return found[0].astype(np.int64), np.ldexp(np.stack(found[1:]), grid).astype(np.int64)
        sums = np.zeros((len(places) + 1, k), np.int64)
        for total, row in zip(sums, (mass, *np.ldexp(places, grid).astype(np.int64) * mass), strict=True):
            np.add.at(total, groups, row)
        return sums[0], sums[1:]

    def _squares(self, places: Floats, mass: Longs) -> Longs:
        """Return the sum of mass times squared distance from the origin, in limbs."""
        limbs = np.zeros(_LIMBS, dtype=np.int64)
        if not self.reach:
            return limbs
        squares = places * places
        squares *= (self.metric.factors / self.reach)[:, None]
        share = one_by_one(squares)
        for number in range(_LIMBS):
            share *= 1 << _LIMB_BITS
            whole = np.floor(share)
            limbs[number] = whole.astype(np.int64) @ mass
            share -= whole
        return limbs


def means(totals: Totals, scan: Summing) -> Floats:
    """Return the mean place of each cluster (k, d), and the scan's centre where there is no mass."""
    mass = totals.masses[:, None]
    mean = np.ldexp(totals.sums.T / np.where(mass > 0, mass, 1), -scan.metric.grid)
    return np.where(mass > 0, mean, scan.centres)


def about_origin(totals: Totals, scan: Summing) -> Fraction:
    """Return the sum over all rows of mass times squared distance from the origin [mass], of a scan with a reach.

    Exact up to the rounding of the squares, 2^-50 of each row's.
    """
    limbs = enumerate(totals.squares.tolist(), start=1)
    return Fraction(scan.reach) * sum(Fraction(limb, 1 << _LIMB_BITS * number) for number, limb in limbs)


def sse(totals: Totals, scan: Summing, centres: Floats, origin: Fraction) -> float:
    """Return the sum over all rows of mass times squared distance to the centre that takes the place of their own.

    With the scan's own centres it is the SSE; with their successors, such as the means, it is an upper bound of
    theirs, since a row may now be nearer to another centre.

    Parameters
    ----------
    totals, scan
        The scan, and what it found.
    centres : (k, d)
        Places [1]; untouched.
    origin : Fraction
        As from `about_origin`.

    Returns
    -------
    float
        [weight]. No rounding but of the result; O(k d).
    """
    masses = totals.masses.tolist()
    columns = zip(centres.T.tolist(), totals.sums.tolist(), scan.metric.factors, scan.metric.grid.tolist(), strict=True)
    for own, sums, factor, grid in columns:
        ratios = [value.as_integer_ratio() for value in own]
        # a float's denominator is a power of two
        common = max(below for _, below in ratios)
        whole = [above * (common // below) for above, below in ratios]
        square = sum(mass * value * value for value, mass in zip(whole, masses, strict=True))
        product = sum(total * value for value, total in zip(whole, sums, strict=True))
        origin += Fraction(factor) * (Fraction(square, common**2) - Fraction(2 * product, common) / Fraction(2) ** grid)
    return max(0.0, float(origin * scan.unit / STEPS))
