"""AHP: weights from pairwise comparisons, refused where the comparisons contradict each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, check_table
from clustering.errors import BadComparisons, BadShape

MOST_INCONSISTENT = 0.1
"""Consistency ratio from which comparisons are refused [1]."""

# mean consistency index of random matrices of 1 to 15 criteria
_RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
# its largest eigenvalue for more of them, as a line through their number
_SLOPE, _INTERCEPT = 2.7699, -4.3513
# 0.33 may stand for 1/3
_ROUNDED = 0.05
_STEPS = 10_000
_STILL = 1e-14


@dataclass(frozen=True, eq=False)
class Priorities:
    """What comparisons say: ``weights`` (d,) [1] with sum 1, and their consistency ``ratio`` [1], 0 without doubt."""

    weights: Floats
    ratio: float


def priorities(comparisons: Floats, names: Sequence[str]) -> Priorities:
    """Return the principal eigenvector of a comparison matrix, and its consistency ratio.

    Parameters
    ----------
    comparisons : (d, d)
        How many times more row i counts than column j [1]: positive, 1 on the diagonal, the mirror image 1 over it
        (to 5 %, so that 0.33 may stand for 1/3; the geometric mean of the two is used); untouched.
    names : d str
        What to call the rows in an error.

    Returns
    -------
    Priorities
        Cost: O(d^2) per step of the power method.

    Raises
    ------
    BadComparisons
        Where it is no such matrix, or the consistency ratio is 0.1 or more: names the three that disagree most.

    References
    ----------
    T. L. Saaty, A scaling method for priorities in hierarchical structures, J. Math. Psychology 15 (1977); random
    indices: T. L. Saaty, The Analytic Hierarchy Process (1980), beyond 15 criteria the line of J. A. Alonso, M. T.
    Lamata, Consistency in the analytic hierarchy process, Int. J. Uncertainty, Fuzziness 14 (2006).

    Examples
    --------
    >>> priorities(np.array([[1.0, 3.0], [1 / 3, 1.0]]), ["price", "size"]).weights
    array([0.75, 0.25])
    """
    matrix = _check(comparisons, names)
    weights = _principal(matrix)
    d = len(matrix)
    largest = float(((matrix @ weights) / weights).mean())
    ratio = max(0.0, (largest - d) / (d - 1) / random_index(d)) if d > 2 else 0.0  # noqa: PLR2004 - always consistent
    if ratio >= MOST_INCONSISTENT:
        raise BadComparisons(
            expected=f"a consistency ratio below {MOST_INCONSISTENT}",
            found=f"{ratio:.3f}; the comparisons that disagree most: {_worst(matrix, names)}",
            todo="revise one of these three, then ask again",
        )
    return Priorities(weights, ratio)


def random_index(criteria: int) -> float:
    """Return the mean consistency index of random matrices of so many criteria [1]."""
    if criteria <= len(_RANDOM_INDEX):
        return _RANDOM_INDEX[criteria - 1]
    return (_SLOPE * criteria + _INTERCEPT - criteria) / (criteria - 1)


def _principal(matrix: Floats) -> Floats:
    """Return the eigenvector of the largest eigenvalue, with sum 1; all numbers are positive, so it is the only one."""
    weights = np.full(len(matrix), 1.0 / len(matrix))
    for _ in range(_STEPS):
        before, weights = weights, matrix @ weights
        weights /= weights.sum()
        if np.abs(weights - before).max() <= _STILL:
            break
    return weights


def _worst(matrix: Floats, names: Sequence[str]) -> str:
    """Return the three comparisons i:j, j:k, i:k of the largest disagreement, in words."""
    log = np.log(matrix)
    apart = np.abs(log[:, :, None] + log[None, :, :] - log[:, None, :])
    i, j, k = (int(place) for place in np.unravel_index(int(apart.argmax()), apart.shape))
    said = " and ".join(f"{names[a]} to {names[b]} is {matrix[a, b]:.3g}" for a, b in ((i, j), (j, k)))
    follows = f"{matrix[i, j] * matrix[j, k]:.3g}"
    return f"{said}, so {names[i]} to {names[k]} would be {follows}, but is {matrix[i, k]:.3g}"


def _check(comparisons: Floats, names: Sequence[str]) -> Floats:
    matrix = check_table(comparisons, "comparisons", columns=len(names))
    if len(matrix) != len(names):
        raise BadShape(
            expected=f"one row of comparisons per name, {len(names)}",
            found=f"{len(matrix)}",
            todo="compare every one with every other",
        )
    usable = (matrix > 0) & np.isfinite(matrix)
    if not usable.all():
        i, j = np.argwhere(~usable)[0]
        raise BadComparisons(
            expected="comparisons above 0 and finite",
            found=f"{matrix[i, j]} for {names[i]} to {names[j]}",
            todo="write how many times more the row counts than the column, 1/3 where it counts less",
        )
    mirrored = np.abs(matrix * matrix.T - 1.0) <= _ROUNDED
    if not mirrored.all():
        i, j = np.argwhere(~mirrored)[0]
        raise BadComparisons(
            expected=f"{names[j]} to {names[i]} to be 1 over {names[i]} to {names[j]}",
            found=f"{matrix[j, i]:.4g} and {matrix[i, j]:.4g}",
            todo="correct one of the two; the diagonal is 1",
        )
    return np.sqrt(matrix / matrix.T)
