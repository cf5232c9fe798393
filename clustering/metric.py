"""How far apart two rows are: scaling, a fixed-point grid, factor weights.

A row's place is its scaled values, each rounded to a multiple of its column's step, a power of two. Sums of places
times whole masses are then sums of whole numbers. The squared distance of two places is the sum of factor weight times
squared difference, which is the plain one where every column is stretched by the root of its factor weight.
"""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, Longs
from clustering.errors import SumWouldOverflow
from clustering.scaling import Scaling

MOST_BITS = 40
"""Of a coordinate: sums over a block stay exact in float64."""
LEAST_BITS = 20
"""Of a coordinate: below, rounding would be felt."""
_WORD = 63
_DIGITS = 52
# powers of two beyond leave float64
_FARTHEST = 1000


@dataclass(frozen=True, eq=False)
class Metric:
    """A fitted space.

    Attributes
    ----------
    scaling : Scaling
    factors : (d,)
        Weights on squared differences [1], not negative.
    grid : (d,) int64
        Steps are 2^-grid [1].
    """

    scaling: Scaling
    factors: Floats
    grid: Longs

    def places(self, columns: Floats) -> Floats:
        """Return where rows lie.

        Parameters
        ----------
        columns : (d, n)
            Raw values [unit of each column], NaN = missing; untouched.

        Returns
        -------
        (d, n)
            On the grid [1]; bit for bit `Scaling.apply` and rounding to the step. Cost: O(n d).
        """
        spread = self.scaling.spread
        usable = spread > 0
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = columns - self.scaling.centre[:, None]
            if (spread != 1).any():
                scaled /= np.where(usable, spread, 1.0)[:, None]
        if np.isfinite(self.scaling.clip):
            np.clip(scaled, -self.scaling.clip, self.scaling.clip, out=scaled)
        if not usable.all():
            scaled[~usable] = 0.0
        # beside so large a number float64 has no finer digits than the step
        large = np.ldexp(1.5, _DIGITS - self.grid)[:, None]
        scaled += large
        scaled -= large
        # the smallest of numbers of which one is NaN is NaN
        if np.isnan(scaled.min(initial=np.inf)):
            scaled[np.isnan(columns)] = 0.0
        return scaled

    def stretched(self, places: Floats) -> Floats:
        """Return ``places`` (d, n), untouched, times the roots of the factor weights: there distances are plain."""
        if (self.factors == 1).all():
            return places
        return places * np.sqrt(self.factors)[:, None]

    def relaxed(self, stretched: Floats) -> Floats:
        """Return places (d, n) from `stretched` ones, untouched; 0 in a column of weight 0."""
        root = np.sqrt(self.factors)[:, None]
        return np.where(root > 0, stretched / np.where(root > 0, root, 1.0), 0.0)

    def reach(self, extremes: Floats) -> float:
        """Return a power of two that the squared distance from the origin of no row passes."""
        places = self.places(extremes.T)
        farthest = float((self.factors[:, None] * places**2).max(axis=1).sum())
        return float(2.0 ** (np.frexp(farthest)[1] + 1))


def grid(ends: Floats, mass: int) -> Longs:
    """Return the finest grid on which no sum can pass 2^63.

    Parameters
    ----------
    ends : (2, d)
        Smallest and largest scaled value of each column; untouched [1].
    mass : int
        Sum of the masses of all rows.

    Returns
    -------
    (d,) int64
        For `Metric.grid`: the largest place of a column has 40 bits, fewer where ``mass`` is above 2^22.
    """
    bits = min(MOST_BITS, _WORD - 1 - mass.bit_length())
    if bits < LEAST_BITS:
        raise SumWouldOverflow(
            expected=f"a sum of weights below 2^{_WORD - 1 - LEAST_BITS} of their common step",
            found=f"2^{mass.bit_length() - 1} or more",
            todo="use smaller weights, or whole numbers: fractions count in steps of 2^-20",
        )
    exponents: Longs = np.frexp(np.abs(ends).max(axis=0))[1].astype(np.int64)
    return np.minimum(np.maximum(bits - exponents, -_FARTHEST), _FARTHEST)
