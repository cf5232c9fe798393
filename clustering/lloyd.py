"""Weighted Lloyd iterations."""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, Labels, check_count, check_points, check_weights
from clustering.assignment import own_distances
from clustering.errors import BadSetting
from clustering.placing import Placed, means, placed, placed_again
from clustering.sums import group_totals


@dataclass(frozen=True, eq=False)
class Clustering:
    """Centres and what they mean for the rows they were fitted to; labels, masses and sse belong to ``centres``.

    Attributes
    ----------
    centres : (k, d)
    labels : (n,) int32
        Nearest centre of each row, rows of weight 0 included; ties go to the smaller index.
    masses : (k,)
        Sum of the weights of each cluster [unit of the weights].
    sse : float
        Sum of weight times squared distance to the nearest centre.
    steps : int
        Moves of the centres made by the last run of Lloyd.
    """

    centres: Floats
    labels: Labels
    masses: Floats
    sse: float
    steps: int


def lloyd(points: Floats, weights: Floats, centres: Floats, *, steps: int = 100, tolerance: float = 0.0) -> Clustering:
    """Move every centre to the weighted mean of its rows until no label changes.

    Law: a weight counts as that many copies of its row; a row of weight 0 changes no bit of centres, masses and sse.
    A cluster without mass keeps its centre.

    Parameters
    ----------
    points : (n, d)
        Finite; untouched.
    weights : (n,)
        Finite, not negative, not all 0; untouched.
    centres : (k, d)
        Where to start; untouched.
    steps : int
        Most moves; 0 assigns the rows and moves nothing.
    tolerance : float
        Stop also when the squared moves of all centres add up to no more than this [squared unit of the points].

    Returns
    -------
    Clustering
        Measured at the centres returned. Cost: O(steps n k d).

    References
    ----------
    S. P. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982).

    Examples
    --------
    >>> lloyd(np.array([[0.0], [1.0], [9.0]]), np.array([3.0, 1.0, 1.0]), np.array([[0.0], [9.0]])).centres
    array([[0.25],
           [9.  ]])
    """
    centres = check_points(centres, "centres")
    points = np.asfortranarray(check_points(points, columns=centres.shape[1]))
    weights = check_weights(weights, len(points))
    check_count(steps, "steps", least=0)
    if not tolerance >= 0:
        raise BadSetting(expected="tolerance of at least 0", found=repr(tolerance), todo="correct tolerance")
    now, done = descend(points, weights, placed(points, centres.copy()), steps=steps, tolerance=tolerance)
    groups = now.labels.astype(np.intp)
    masses = group_totals(weights, groups, len(centres))
    return Clustering(now.centres, now.labels, masses, loss(points, weights, now), done)


def descend(points: Floats, weights: Floats, now: Placed, *, steps: int, tolerance: float = 0.0) -> tuple[Placed, int]:
    """Move the centres as `lloyd` does, from rows that have their centres already; nothing is checked.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched.
    now : Placed
        Of the same rows; untouched.
    steps, tolerance
        As for `lloyd`.

    Returns
    -------
    Placed, int
        And the moves made. Cost: O(n k d) per step, less where the centres move little.
    """
    done = 0
    while done < steps:
        before, done = now, done + 1
        centres = means(points, weights, before)
        now = placed_again(points, before, centres, np.ones(len(centres), dtype=np.bool_))
        change = float(((centres - before.centres) ** 2).sum())
        if change <= tolerance or not ((now.labels != before.labels) & (weights > 0)).any():
            break
    return now, done


def loss(points: Floats, weights: Floats, now: Placed) -> float:
    """Return the sum of weight times squared distance to the nearest centre; all untouched; O(n d)."""
    groups = now.labels.astype(np.intp)
    distance = own_distances(points, now.centres, groups)
    return float(group_totals(weights * distance, groups, len(now.centres)).sum())
