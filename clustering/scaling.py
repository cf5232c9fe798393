"""Robust scaling: every index on one scale, whatever its unit and its outliers."""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, check_table
from clustering.errors import BadSetting, NotFinite

# the median absolute deviation of a normal variable times this is its standard deviation
_MAD_TO_DEVIATION = 1.4826


@dataclass(frozen=True, eq=False)
class RobustScaling:
    """A fitted scaling; a column of spread 0 is never scaled and always gives 0.

    Attributes
    ----------
    centre : (d,)
        What becomes 0 [unit of each column].
    spread : (d,)
        What becomes 1 [unit of each column], not negative.
    clip : float
        Largest scaled value in either direction [1], above 0.
    """

    centre: Floats
    spread: Floats
    clip: float

    def apply(self, values: Floats) -> Floats:
        """Return (values - centre) / spread, clipped; a missing value becomes exactly 0.

        Parameters
        ----------
        values : (n, d)
            NaN = missing, infinity refused [unit of each column]; untouched.

        Returns
        -------
        (n, d)
            Finite [1]. A row's result depends on that row alone. Cost: O(n d).
        """
        values = _check(values, columns=len(self.spread))
        usable = self.spread > 0
        # two huge values may differ by infinity, which the clip brings back
        with np.errstate(over="ignore"):
            scaled = (values - self.centre) / np.where(usable, self.spread, 1.0)
        scaled = np.clip(scaled, -self.clip, self.clip)
        scaled[np.isnan(values) | ~usable] = 0.0
        return scaled

    def invert(self, scaled: Floats) -> Floats:
        """Return scaled * spread + centre, (n, d) [unit of each column]; what was clipped or missing is not restored.

        Parameters
        ----------
        scaled : (n, d)
            Scaled values or centres [1]; untouched.
        """
        return check_table(scaled, "scaled values", columns=len(self.spread)) * self.spread + self.centre


def fit_robust(values: Floats, *, clip: float = 5.0) -> RobustScaling:
    """Fit centre = median and spread = 1.4826 MAD of the values present in each column.

    Where the MAD is 0 the spread is the standard deviation about the median; where all present values are equal, or
    none is present, it is 0, and with none present the centre is 0 too. The order of the rows changes no bit.

    Parameters
    ----------
    values : (n, d)
        NaN = missing, infinity refused [unit of each column]; untouched.
    clip : float
        Largest scaled value in either direction [1].

    Returns
    -------
    RobustScaling
        Cost: O(n d).

    References
    ----------
    P. J. Rousseeuw, C. Croux, Alternatives to the median absolute deviation, J. Am. Stat. Assoc. 88 (1993).

    Examples
    --------
    >>> fit_robust(np.array([[1.0], [2.0], [np.nan], [9.0]])).centre
    array([2.])
    """
    values = _check(values)
    if not 0 < clip < np.inf:
        raise BadSetting(expected="clip above 0 and finite", found=repr(clip), todo="correct clip")
    fitted = [_fit_column(column[~np.isnan(column)]) for column in values.T]
    centre, spread = np.array(fitted).T.copy()
    return RobustScaling(centre, spread, float(clip))


def _fit_column(present: Floats) -> tuple[float, float]:
    """Return centre and spread of the present values of one column."""
    if len(present) == 0:
        return 0.0, 0.0
    centre = float(np.median(present))
    away = np.abs(present - centre)
    spread = _MAD_TO_DEVIATION * float(np.median(away))
    if spread > 0:
        return centre, spread
    # sorted, so that the rounding of the sum does not depend on the order of the rows
    return centre, float(np.sqrt(np.mean(np.sort(away) ** 2)))


def _check(values: Floats, *, columns: int | None = None) -> Floats:
    values = check_table(values, "values", columns=columns)
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise NotFinite(
            expected="numbers, or NaN for a missing value",
            found=f"infinity at row {row}, column {column}",
            todo="correct the index that divides by 0, or give NaN",
        )
    return values
