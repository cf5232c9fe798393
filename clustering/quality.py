"""How good a clustering is: the loss, the clusters found, the agreement of two labellings."""

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats, check_weights
from clustering.assignment import nearest
from clustering.errors import BadShape


def sse(points: Floats, weights: Floats, centres: Floats) -> float:
    """Return the sum of weight times squared distance to the nearest centre.

    Parameters
    ----------
    points, weights, centres : (n, d), (n,), (k, d)
        Untouched. A weight counts as that many copies.

    Returns
    -------
    float
        [unit of the weights x squared unit of the points]. Cost: O(n k d).
    """
    _, distance = nearest(points, centres)
    # one row after the other: a row of weight 0 changes no bit
    return float(np.cumsum(check_weights(weights, len(distance)) * distance)[-1])


def centroid_index(found: Floats, true: Floats) -> int:
    """Return the number of clusters missed: 0 means every cluster was found, whatever the places inside them.

    Parameters
    ----------
    found, true : (k, d), (m, d)
        Two sets of centres; untouched. Symmetric in the two.

    Returns
    -------
    int
        The centres that are nearest to no centre of the other set, in the direction with more of them. Cost: O(k m d).

    References
    ----------
    P. Fränti, M. Rezaei, Q. Zhao, Centroid index: cluster level similarity measure, Pattern Recognition 47 (2014).
    """
    return max(_orphans(found, true), _orphans(true, found))


def _orphans(source: Floats, target: Floats) -> int:
    label, _ = nearest(source, target)
    return len(target) - len(np.unique(label))


def adjusted_rand_index(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the agreement of two labellings of the same rows, 1 when equal up to names, 0 expected by chance.

    Parameters
    ----------
    a, b : (n,)
        Integer labels; untouched.

    Returns
    -------
    float
        [1]; 1 where both put all rows in one cluster or each row in its own. Cost: O(n log n).

    References
    ----------
    L. Hubert, P. Arabie, Comparing partitions, J. Classification 2 (1985).
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 1 or a.shape != b.shape or len(a) == 0:
        raise BadShape(
            expected="two labellings of the same rows, shape (n,) with n > 0",
            found=f"shapes {a.shape} and {b.shape}",
            todo="label the same rows twice",
        )
    (_, of_a), (_, of_b) = np.unique(a, return_inverse=True), np.unique(b, return_inverse=True)
    both = np.unique(of_a.astype(np.int64) * (int(of_b.max()) + 1) + of_b, return_counts=True)[1]
    together, in_a, in_b = _pairs(both), _pairs(np.bincount(of_a)), _pairs(np.bincount(of_b))
    chance = in_a * in_b / max(1, len(a) * (len(a) - 1) // 2)
    most = (in_a + in_b) / 2
    return 1.0 if most == chance else (together - chance) / (most - chance)


def _pairs(counts: npt.NDArray[np.intp]) -> int:
    return int((counts * (counts - 1) // 2).sum())
