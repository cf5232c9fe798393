"""Scaling: every index on one scale, whatever its unit, and by default whatever its outliers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Flags, Floats, check_table, check_weights
from clustering.errors import BadSetting, NotFinite

# the median absolute deviation of a normal variable times this is its standard deviation
_MAD_TO_DEVIATION = 1.4826
# where robust scaling cuts [1]
_CLIP = 4.0

Fit = Callable[[Floats, Floats], tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Scaling:
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


def fit_robust(values: Floats, *, clip: float = 5.0) -> Scaling:
    """Fit centre = median and spread = 1.4826 MAD of the values present in each column.

    Where the MAD is 0 the spread is the standard deviation about the median. Values, shapes, laws and cost as for
    `fit_scaling`, every row counted once.

    Parameters
    ----------
    values : (n, d)
    clip : float
        Largest scaled value in either direction [1].

    References
    ----------
    P. J. Rousseeuw, C. Croux, Alternatives to the median absolute deviation, J. Am. Stat. Assoc. 88 (1993).
    """
    if not 0 < clip < np.inf:
        raise BadSetting(expected="clip above 0 and finite", found=repr(clip), todo="correct clip")
    values = _check(values)
    return _fit(_mad, values, np.ones(len(values)), float(clip))


def fit_scaling(name: str, values: Floats, mass: Floats | None = None) -> Scaling:
    """Fit centre and spread of each column to the values present in it.

    ========  ========  ================================================================================
    name      centre    spread
    ========  ========  ================================================================================
    none      median    1
    minmax    median    largest - smallest value
    zscore    mean      standard deviation
    robust    median    the one at which the scaled values, cut at -4 and 4, have a mean square of 1
    ========  ========  ================================================================================

    Only ``robust`` cuts. What 1 row in 16 or fewer do cannot widen its spread; what more rows do is no outlier. Where
    so few differ from the median at all, the spread is the standard deviation about it.

    The centre is where a missing value is put, so it lies in the middle whatever the scaling; a shift changes no
    distance. Where all present values are equal, or none is present, the spread is 0, and with none present the
    centre is 0 too. Law: a mass counts as that many copies, 0 as none (up to rounding); the order of the rows changes
    no bit.

    Parameters
    ----------
    name : str
        One of the four.
    values : (n, d)
        NaN = missing, infinity refused [unit of each column]; untouched.
    mass : (n,), optional
        Untouched; 1 for every row when not given.

    Returns
    -------
    Scaling
        Cost: O(n log n) per column.

    References
    ----------
    robust: P. J. Huber, Robust estimation of a location parameter, Ann. Math. Stat. 35 (1964), proposal 2, with the
    median for the location and nothing corrected for the normal distribution (0.1 % at 4).

    Examples
    --------
    >>> fit_scaling("robust", np.array([[1.0], [2.0], [np.nan], [9.0]])).centre
    array([2.])
    """
    values = _check(values)
    if name not in _FITS:
        known = ", ".join(_FITS)
        raise BadSetting(expected=f"a scaling among {known}", found=repr(name), todo="choose one of them")
    mass = np.ones(len(values)) if mass is None else check_weights(mass, len(values))
    return _fit(_FITS[name], values, mass, _CLIP if name == "robust" else np.inf)


def _fit(fit: Fit, values: Floats, mass: Floats, clip: float) -> Scaling:
    # two huge values may differ by infinity, which is refused below
    with np.errstate(over="ignore", invalid="ignore"):
        fitted = np.array([_fit_column(fit, column, mass) for column in values.T])
    _check_span(np.isfinite(fitted).all(axis=1))
    centre, spread = fitted.T.copy()
    return Scaling(centre, spread, clip)


def _fit_column(fit: Fit, column: Floats, mass: Floats) -> tuple[float, float]:
    """Return centre and spread of the present values of one column."""
    counts = ~np.isnan(column) & (mass > 0)
    present, mass = _sorted(column[counts] + 0.0, mass[counts])
    if len(present) == 0:
        return 0.0, 0.0
    if present[0] == present[-1]:
        return float(present[0]), 0.0
    return fit(present, mass)


def _none(present: Floats, mass: Floats) -> tuple[float, float]:
    return _median(present, mass), 1.0


def _minmax(present: Floats, mass: Floats) -> tuple[float, float]:
    return _median(present, mass), float(present[-1] - present[0])


def _zscore(present: Floats, mass: Floats) -> tuple[float, float]:
    centre = float((mass * present).sum() / mass.sum())
    return centre, _deviation(present, mass, centre)


def _robust(present: Floats, mass: Floats) -> tuple[float, float]:
    centre = _median(present, mass)
    away, mass = _sorted(np.abs(present - centre), mass)
    differs = away > 0
    widest = away[-1]
    away, share = away[differs] / widest, mass[differs] / mass.sum()
    outside = share.sum() - np.cumsum(share)
    if share.sum() * _CLIP**2 <= 1:
        return centre, _deviation(present, mass, centre)
    inside = np.cumsum(share * away**2)
    # cut at each value in turn, the mean square falls: the last above 1 begins the stretch in which it is 1
    last = np.count_nonzero((inside / away**2 + outside) * _CLIP**2 > 1) - 1
    return centre, float(np.sqrt(inside[last] / (1 - outside[last] * _CLIP**2)) * widest)


def _mad(present: Floats, mass: Floats) -> tuple[float, float]:
    centre = _median(present, mass)
    spread = _MAD_TO_DEVIATION * _median(*_sorted(np.abs(present - centre), mass))
    return centre, spread if spread > 0 else _deviation(present, mass, centre)


_FITS: dict[str, Fit] = {"none": _none, "zscore": _zscore, "minmax": _minmax, "robust": _robust}


def _median(ordered: Floats, mass: Floats) -> float:
    """Return the middle of the copies, the mean of the two middle ones where they are two."""
    running = np.cumsum(mass)
    half = running[-1] / 2
    low, high = np.searchsorted(running, half, side="left"), np.searchsorted(running, half, side="right")
    return float((ordered[low] + ordered[high]) / 2)


def _deviation(present: Floats, mass: Floats, centre: float) -> float:
    """Return the root of the mean square about ``centre``."""
    away, mass = _sorted(np.abs(present - centre), mass)
    return float(np.sqrt((mass * away**2).sum() / mass.sum()))


def _sorted(values: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Return both in rising order of value, then mass: the rounding of a sum then depends on no order of the rows."""
    if (mass == mass[:1]).all():
        return np.sort(values), mass
    order = np.lexsort((mass, values))
    return values[order], mass[order]


def _check_span(fits: Flags) -> None:
    if not fits.all():
        raise NotFinite(
            expected="columns whose values differ by less than 1e154",
            found=f"more in column {int(np.argmin(fits))}",
            todo="give the column another unit, or leave it out",
        )


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
