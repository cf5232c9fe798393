"""Density and max-min: the first centre where the rows are densest, each next one far from those before."""

import numpy as np

from clustering.arrays import Flags, Floats, check_count, check_points, check_weights
from clustering.assignment import squared_distances
from clustering.drawing import Rows, generator
from clustering.errors import TooFewDistinctRows
from clustering.sums import group_totals

_STREAM = 5
_MOST_ROWS = 8_192
_BLOCK = 256
# of the mean distance of two rows; this and the next are the best of nine settings tried on 18 sets
_RADIUS = 1 / 16
# of the mean density
_DENSE = 0.5


def density_maxmin(points: Floats, weights: Floats, k: int, *, random_state: int) -> Floats:
    """Take the densest row first, then again and again the dense row farthest from the centres taken.

    A row's density is the weight within a sixteenth of the mean distance of two rows; dense rows are those with at
    least half the mean density, or the k densest where these are fewer. Ties go to the first row.
    Law: a weight counts as that many copies of its row; a row of weight 0 changes no bit.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched.
    k : int
        Number of centres; there must be as many distinct rows with weight.
    random_state : int
        Of the 8,192 rows looked at where more are distinct; it changes nothing where all of them are.

    Returns
    -------
    (k, d)
        Distinct rows of ``points``. Cost: O(n log n) to merge equal rows, O(m² d) for the m rows looked at.

    References
    ----------
    T. F. Gonzalez, Clustering to minimize the maximum intercluster distance, Theor. Comput. Sci. 38 (1985).
    I. Katsavounidis, C.-C. J. Kuo, Z. Zhang, A new initialization technique for generalized Lloyd iteration, IEEE
    Signal Process. Lett. 1 (1994).
    """
    points = check_points(points)
    weights = check_weights(weights, len(points))
    check_count(k, "k", least=1)
    points, weights = _distinct(points, weights)
    if len(points) < k:
        raise TooFewDistinctRows(
            expected=f"at least k = {k} distinct rows with weight",
            found=f"{len(points)}",
            todo="ask for fewer clusters or wait for more customers",
        )
    most = max(_MOST_ROWS, k)
    if len(points) > most:
        looked = np.sort(generator(random_state, _STREAM).choice(len(points), most, replace=False))
        points, weights = points[looked], weights[looked]
    density = _densities(points, weights)
    return points[_spread(points, density, _dense(density, weights, k), k)]


def _distinct(points: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the distinct rows with weight in the order of their first appearance, and their summed weights."""
    points, weights = points[weights > 0], weights[weights > 0]
    _, first, group = np.unique(points, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return points[first[order]], group_totals(weights, group.reshape(-1), len(first))[order]


def _densities(points: Floats, weights: Floats) -> Floats:
    """Return the weight within the radius of each row, (n,), its own included; O(n² d)."""
    blocks = [points[start : start + _BLOCK] for start in range(0, len(points), _BLOCK)]
    reach = np.concatenate([(weights * np.sqrt(squared_distances(points, block).T)).sum(axis=1) for block in blocks])
    radius = _RADIUS * (weights * reach).sum() / weights.sum() ** 2
    close = (radius**2 >= squared_distances(points, block).T for block in blocks)
    return np.concatenate([np.where(near, weights, 0.0).sum(axis=1) for near in close])


def _dense(density: Floats, weights: Floats, k: int) -> Flags:
    """Return which rows are dense: at least k of them."""
    mean = (weights * density).sum() / weights.sum()
    flags: Flags = density >= min(_DENSE * mean, np.sort(density)[-k])
    return flags


def _spread(points: Floats, density: Floats, dense: Flags, k: int) -> Rows:
    chosen = [int(np.argmax(density))]
    distance = np.where(dense, np.inf, 0.0)
    while len(chosen) < k:
        distance = np.minimum(distance, squared_distances(points, points[chosen[-1:]])[:, 0])
        chosen.append(int(np.argmax(distance)))
    return np.array(chosen, dtype=np.intp)
