"""Array types and the checks at the door of every public function."""

import operator

import numpy as np
import numpy.typing as npt

from clustering.errors import BadSetting, BadShape, BadWeight, NotFinite

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


def check_table(values: npt.ArrayLike, name: str, *, columns: int | None = None) -> Floats:
    """Return ``values`` as a float64 table with at least one row and one column; NaN passes.

    Parameters
    ----------
    values : (n, d)
        Untouched; copied only where it is not float64 yet.
    name : str
        What to call it in the error.
    columns : int, optional
        The number of columns it must have.
    """
    table = np.asarray(values, dtype=np.float64)
    wanted = "d" if columns is None else str(columns)
    if table.ndim != 2 or 0 in table.shape or table.shape[1] != (columns or table.shape[1]):  # noqa: PLR2004 - axes
        raise BadShape(
            expected=f"{name} of shape (n, {wanted}) with at least one row and one column",
            found=f"shape {table.shape}",
            todo="pass one row per point and one column per feature, the same features everywhere",
        )
    return table


def check_points(values: npt.ArrayLike, name: str = "points", *, columns: int | None = None) -> Floats:
    """Return ``values`` as a finite float64 table (n, d); untouched, copied only where it is not float64 yet."""
    table = check_table(values, name, columns=columns)
    if not np.isfinite(table).all():
        broken = ~np.isfinite(table).all(axis=1)
        raise NotFinite(
            expected=f"{name} without NaN or infinity",
            found=f"{int(broken.sum())} of {len(table)} rows with one, the first at row {int(np.argmax(broken))}",
            todo="scale first (a missing value becomes 0) or set these rows aside",
        )
    return table


def check_weights(values: npt.ArrayLike, rows: int) -> Floats:
    """Return ``values`` as float64 weights (rows,), finite, not negative, not all zero; untouched."""
    weights = np.asarray(values, dtype=np.float64)
    if weights.shape != (rows,):
        raise BadShape(
            expected=f"one weight per row, shape ({rows},)",
            found=f"shape {weights.shape}",
            todo="pass as many weights as points",
        )
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise BadWeight(
            expected="weights that are finite and not negative",
            found=f"{int(wrong.sum())} other, the first {weights[first]} at row {first}",
            todo="a weight counts as that many copies: use 0 to leave a row out",
        )
    if not weights.any():
        raise BadWeight(
            expected="at least one weight above 0",
            found=f"{rows} weights of 0",
            todo="skip an empty block instead of clustering it",
        )
    return weights


def check_count(value: int, name: str, *, least: int) -> int:
    """Return ``value`` as a plain int that is not below ``least``."""
    try:
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if count < least:
        raise BadSetting(
            expected=f"{name} as a whole number of at least {least}",
            found=repr(value),
            todo=f"correct {name}",
        )
    return count
