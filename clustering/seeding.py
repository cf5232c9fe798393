"""The first centres: k-means++, a local search, Lloyd, and swaps that repair what is left."""

from collections.abc import Callable

import numpy as np

from clustering.arrays import Floats, check_count, check_points, check_weights
from clustering.assignment import Nearest, squared_distances, two_nearest
from clustering.drawing import draw, generator
from clustering.errors import TooFewDistinctRows
from clustering.lloyd import Clustering, lloyd
from clustering.sums import group_totals
from clustering.swaps import removal_gain_swaps

_STREAM_PLUS_PLUS = 1
_STREAM_LOCAL_SEARCH = 2
_STREAM_RANDOM = 3

Appeal = Callable[[Floats], Floats]


def kmeans_plus_plus(points: Floats, weights: Floats, k: int, *, random_state: int) -> Floats:
    """Draw k rows as centres, each with probability proportional to weight times squared distance to those before.

    Law: r adjacent copies of a row behave as one row of weight r; a row of weight 0 is never drawn and changes no bit.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched.
    k : int
        Number of centres; there must be as many distinct rows with weight.
    random_state : int
        The same state gives the same bytes.

    Returns
    -------
    (k, d)
        Distinct rows of ``points``. Cost: O(n k d).

    References
    ----------
    D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007.
    """
    source = generator(random_state, _STREAM_PLUS_PLUS)
    return _drawn(points, weights, k, source, lambda distance: distance)


def random_rows(points: Floats, weights: Floats, k: int, *, random_state: int) -> Floats:
    """Draw k distinct rows as centres, each with probability proportional to its weight.

    Law: r adjacent copies of a row behave as one row of weight r; a row of weight 0 is never drawn and changes no bit.

    Parameters
    ----------
    points, weights, k, random_state
        As for `kmeans_plus_plus`.

    Returns
    -------
    (k, d)
        Distinct rows of ``points``. Cost: O(n k d).

    References
    ----------
    E. W. Forgy, Cluster analysis of multivariate data, Biometrics 21 (1965).
    """
    source = generator(random_state, _STREAM_RANDOM)
    return _drawn(points, weights, k, source, lambda distance: (distance > 0).astype(np.float64))


def local_search(points: Floats, weights: Floats, centres: Floats, *, steps: int, random_state: int) -> Floats:
    """Improve centres by single swaps: draw a row by D², put it in the place of the centre whose loss hurts least.

    A swap is kept where it lowers the weighted SSE; the SSE never rises. A row of weight 0 changes no bit.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched.
    centres : (k, d)
        Where to start; untouched.
    steps : int
        Rows drawn; stops early where the SSE is 0.
    random_state : int
        The same state gives the same bytes.

    Returns
    -------
    (k, d)
        Cost: O(n k d) once, then O(n d) per row drawn and O(m k d) per swap for the m rows near the lost centre.

    References
    ----------
    S. Lattanzi, C. Sohler, A better k-means++ algorithm via local search, ICML 2019.
    """
    centres = check_points(centres, "centres").copy()
    points = np.asfortranarray(check_points(points, columns=centres.shape[1]))
    weights = check_weights(weights, len(points))
    check_count(steps, "steps", least=0)
    source = generator(random_state, _STREAM_LOCAL_SEARCH)
    near = two_nearest(points, centres)
    for _ in range(steps):
        shares = weights * near.squared_distance
        if not shares.any():
            break
        row = draw(source, shares)
        distance = _distances_to(points, row)
        lost, gain = _best_loss(weights, near, distance, len(centres))
        if gain > 0:
            centres[lost] = points[row]
            near = _after_swap(points, centres, near, lost, distance)
    return centres


def seed(points: Floats, weights: Floats, k: int, *, random_state: int) -> Clustering:
    """Cluster from nothing: k-means++, 2k steps of local search, Lloyd, removal-gain swaps.

    Law: the same random state gives the same bytes; a row of weight 0 changes no bit of the centres.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched. A weight counts as that many copies.
    k : int
        Number of clusters; there must be as many distinct rows with weight.
    random_state : int
        Of both draws, which use streams of their own.

    Returns
    -------
    Clustering
        At a fixed point of Lloyd unless 100 steps did not reach one. Cost: about that of a few runs of Lloyd.
    """
    points = np.asfortranarray(check_points(points))
    drawn = kmeans_plus_plus(points, weights, k, random_state=random_state)
    better = local_search(points, weights, drawn, steps=2 * k, random_state=random_state)
    return removal_gain_swaps(points, weights, lloyd(points, weights, better))


def _drawn(points: Floats, weights: Floats, k: int, source: np.random.Generator, appeal: Appeal) -> Floats:
    """Draw k distinct rows: the first by weight, the others by weight times ``appeal`` of their D²."""
    points = np.asfortranarray(check_points(points))
    weights = check_weights(weights, len(points))
    check_count(k, "k", least=1)
    chosen = [draw(source, weights)]
    distance = _distances_to(points, chosen[0])
    while len(chosen) < k:
        shares = weights * appeal(distance)
        if not shares.any():
            raise TooFewDistinctRows(
                expected=f"at least k = {k} distinct rows with weight",
                found=f"{len(chosen)}",
                todo="ask for fewer clusters or wait for more customers",
            )
        chosen.append(draw(source, shares))
        distance = np.minimum(distance, _distances_to(points, chosen[-1]))
    return points[chosen].copy(order="C")


def _distances_to(points: Floats, row: int) -> Floats:
    return squared_distances(points, points[row : row + 1])[:, 0]


def _best_loss(weights: Floats, near: Nearest, distance: Floats, k: int) -> tuple[int, float]:
    """Return the centre to give up for the drawn row, and how much the SSE falls then; O(n)."""
    groups = near.label.astype(np.intp)
    kept = np.minimum(near.squared_distance, distance)
    without = np.minimum(near.second_squared_distance, distance)
    saved = group_totals(weights * (near.squared_distance - kept), groups, k).sum()
    paid = group_totals(weights * (without - kept), groups, k)
    lost = int(np.argmin(paid))
    return lost, float(saved - paid[lost])


def _after_swap(points: Floats, centres: Floats, near: Nearest, lost: int, distance: Floats) -> Nearest:
    """Return the two nearest after ``centres[lost]`` moved, looking at all centres only for rows that had it."""
    first = distance < near.squared_distance
    second = ~first & (distance < near.second_squared_distance)
    place = np.int32(lost)
    after = Nearest(
        np.where(first, place, near.label),
        np.where(first, distance, near.squared_distance),
        np.where(first, near.label, np.where(second, place, near.second_label)),
        np.where(first, near.squared_distance, np.where(second, distance, near.second_squared_distance)),
    )
    had = (near.label == lost) | (near.second_label == lost)
    if had.any():
        again = two_nearest(points[had], centres)
        after.label[had], after.second_label[had] = again.label, again.second_label
        after.squared_distance[had] = again.squared_distance
        after.second_squared_distance[had] = again.second_squared_distance
    return after
