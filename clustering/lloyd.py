"""Weighted Lloyd iterations."""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, Labels, check_count, check_points, check_weights
from clustering.assignment import nearest
from clustering.errors import BadSetting
from clustering.sums import group_sums, group_totals


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
    heavy = weights > 0
    centres = centres.copy()
    labels, distance = nearest(points, centres)
    done = 0
    while done < steps:
        moved = _means(points, weights, labels, centres)
        change = float(((moved - centres) ** 2).sum())
        before, centres, done = labels, moved, done + 1
        labels, distance = nearest(points, centres)
        if change <= tolerance or not (heavy & (labels != before)).any():
            break
    groups = labels.astype(np.intp)
    masses = group_totals(weights, groups, len(centres))
    sse = float(group_totals(weights * distance, groups, len(centres)).sum())
    return Clustering(centres, labels, masses, sse, done)


def _means(points: Floats, weights: Floats, labels: Labels, centres: Floats) -> Floats:
    """Return the weighted means of the clusters, and the old centre where a cluster has no mass."""
    groups = labels.astype(np.intp)
    masses = group_totals(weights, groups, len(centres))[:, None]
    sums = group_sums(points.T, weights, groups, len(centres))
    return np.where(masses > 0, sums / np.where(masses > 0, masses, 1.0), centres)
