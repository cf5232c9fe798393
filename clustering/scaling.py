"""Scaling: every index on one scale, whatever its unit, and by default whatever its outliers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Flags, Floats, check_table, check_weights
from clustering.errors import BadSetting, NotFinite

# the median absolute deviation of a normal variable times this is its standard deviation
_MAD_TO_DEVIATION = 1.4826
_ROBUST_CLIP = 5.0

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
    """Return `fit_scaling` by median and MAD with every row counted once, clipped at ``clip`` [1]."""
    return fit_scaling("robust", values, clip=clip)


def fit_scaling(name: str, values: Floats, mass: Floats | None = None, *, clip: float | None = None) -> Scaling:
    """Fit centre and spread of each column to the values present in it.

    ========  ========  ==========================================
    name      centre    spread
    ========  ========  ==========================================
    none      median    1
    minmax    median    largest - smallest value
    zscore    mean      standard deviation
    robust    median    1.4826 MAD; where that is 0, the standard deviation about the median
    ========  ========  ==========================================

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
    clip : float, optional
        Largest scaled value in either direction [1]; 5 for robust and none for the others when not given.

    Returns
    -------
    Scaling
        Cost: O(n log n) per column.

    References
    ----------
    P. J. Rousseeuw, C. Croux, Alternatives to the median absolute deviation, J. Am. Stat. Assoc. 88 (1993).

    Examples
    --------
    >>> fit_scaling("robust", np.array([[1.0], [2.0], [np.nan], [9.0]])).centre
    array([2.])
    """
    values = _check(values)
    if name not in _SPREADS:
        known = ", ".join(_SPREADS)
        raise BadSetting(expected=f"a scaling among {known}", found=repr(name), todo="choose one of them")
    if clip is None:
        clip = _ROBUST_CLIP if name == "robust" else np.inf
    elif not 0 < clip < np.inf:
        raise BadSetting(expected="clip above 0 and finite", found=repr(clip), todo="correct clip")
    mass = np.ones(len(values)) if mass is None else check_weights(mass, len(values))
    # two huge values may differ by infinity, which is refused below
    with np.errstate(over="ignore", invalid="ignore"):
        fitted = np.array([_fit_column(_SPREADS[name], column, mass) for column in values.T])
    _check_span(np.isfinite(fitted).all(axis=1))
    centre, spread = fitted.T.copy()
    return Scaling(centre, spread, float(clip))


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
    spread = _MAD_TO_DEVIATION * _median(*_sorted(np.abs(present - centre), mass))
    return centre, spread if spread > 0 else _deviation(present, mass, centre)


_SPREADS: dict[str, Fit] = {"none": _none, "zscore": _zscore, "minmax": _minmax, "robust": _robust}


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
