"""k-means||: a few rounds of many draws at once, then k-means++ on what was drawn."""

import numpy as np

from clustering.arrays import Floats, check_count, check_points, check_weights
from clustering.assignment import nearest
from clustering.drawing import Rows, draws, generator
from clustering.lloyd import lloyd
from clustering.seeding import kmeans_plus_plus
from clustering.sums import group_totals

_STREAM = 4
# as Spark MLlib has them by default
_ROUNDS = 2
_OVERSAMPLING = 2
_LOCAL_STEPS = 30


def kmeans_parallel(points: Floats, weights: Floats, k: int, *, random_state: int) -> Floats:
    """Draw one row by weight, 2k in each of two rounds by weight times D², and cluster the rows drawn by their masses.

    A round draws exactly 2k times with repeats, the paper's variant of a fixed number; where the rounds end with fewer
    than k distinct rows, more follow. Law: r adjacent copies of a row behave as one row of weight r; a row of weight 0
    is never drawn and changes no bit.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched.
    k : int
        Number of centres; there must be as many distinct rows with weight.
    random_state : int
        Of the draws and of the k-means++ on the rows drawn; the same state gives the same bytes.

    Returns
    -------
    (k, d)
        Means of the rows drawn. Cost: O(n k d) per round, and O(k² d) per step of Lloyd on the rows drawn.

    References
    ----------
    B. Bahmani, B. Moseley, A. Vattani, R. Kumar, S. Vassilvitskii, Scalable k-means++, PVLDB 5 (2012).
    """
    points = np.asfortranarray(check_points(points))
    weights = check_weights(weights, len(points))
    check_count(k, "k", least=1)
    candidates = _candidates(points, weights, k, generator(random_state, _STREAM))
    label, _ = nearest(points, candidates)
    masses = group_totals(weights, label.astype(np.intp), len(candidates))
    first = kmeans_plus_plus(candidates, masses, k, random_state=random_state)
    return lloyd(candidates, masses, first, steps=_LOCAL_STEPS).centres


def _candidates(points: Floats, weights: Floats, k: int, source: np.random.Generator) -> Floats:
    """Return the distinct rows drawn, in the order in which they were drawn."""
    chosen = draws(source, weights, 1)
    distance = nearest(points, points[chosen])[1]
    rounds = 0
    while (rounds < _ROUNDS or len(chosen) < k) and (shares := weights * distance).any():
        fresh = _distinct(points, draws(source, shares, _OVERSAMPLING * k))
        distance = np.minimum(distance, nearest(points, points[fresh])[1])
        chosen, rounds = np.append(chosen, fresh), rounds + 1
    return points[chosen]


def _distinct(points: Floats, rows: Rows) -> Rows:
    """Return the first of each set of ``rows`` that hold the same values, in their order."""
    _, first = np.unique(points[rows], axis=0, return_index=True)
    return rows[np.sort(first)]
