"""RGS: take away the centre whose removal costs least, put it where a split gains most."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Flags, Floats, check_count, check_points, check_weights
from clustering.assignment import two_nearest
from clustering.lloyd import Clustering, descend, lloyd, loss
from clustering.placing import Placed, placed, placed_again
from clustering.sums import SMALL, Groups, group_sums, group_totals, one_by_one

# a split is worth trying above this share of the removal cost: Lloyd often gains the rest
_LEAST_RATIO = 0.35
_WIDTH = 8
_LOCAL_STEPS = 4
_TRIAL_STEPS = 2
# an SSE that fell by less than this share did not fall: rounding must not keep the search alive
_LEAST_FALL = 1e-9
# more than rounding can make of a scatter and a cost
_ROOM = 1e-3


@dataclass(frozen=True, eq=False)
class Splits:
    """The best local split found of every cluster.

    Attributes
    ----------
    gain : (k,)
        Fall of the SSE when the cluster's centre, its mean, gives way to the two means; 0 where it cannot be split.
    first, second : (k, d)
        The two means.
    """

    gain: Floats
    first: Floats
    second: Floats


def removal_gain_swaps(points: Floats, weights: Floats, clustering: Clustering, *, swaps: int = 100, steps: int = 100,
                       held: Floats | None = None) -> Clustering:  # fmt: skip
    """Swap centres from where they are wasted to where they are missing, then run Lloyd to its end.

    Every round computes the exact cost of removing each centre and the gain of splitting each cluster, tries pairs in
    falling gain - cost (the 8 best splits, the 8 cheapest removals, gain above 0.35 cost), and keeps the first whose
    SSE after two Lloyd steps is lower. It stops when no pair helps. Deterministic; the SSE never rises.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched. A weight counts as that many copies; a row of weight 0 changes no bit of the centres.
    clustering : Clustering
        Only its centres are read (labels and sse are computed again for these weights); untouched. Best after Lloyd.
    swaps : int
        Most swaps kept.
    steps : int
        Most moves of the last run of Lloyd.
    held : (k,), optional
        What else it costs to give each centre up [weight × squared unit], not negative; infinite: it is never given up.
        A swapped centre keeps its entry; untouched.

    Returns
    -------
    Clustering
        Cost: per round O(n k d), and O(n k d) per pair tried, at most 64 of them.
    """
    points = np.asfortranarray(check_points(points))
    weights = check_weights(weights, len(points))
    check_count(swaps, "swaps", least=0)
    current = placed(points, check_points(clustering.centres, "centres", columns=points.shape[1]))
    held = np.zeros(len(current.centres)) if held is None else np.asarray(held, dtype=np.float64)
    for _ in range(swaps):
        better = _first_helping_swap(points, weights, current, held)
        if better is None:
            break
        current = better
    return lloyd(points, weights, current.centres, steps=steps)


def removal_costs(points: Floats, weights: Floats, centres: Floats) -> Floats:
    """Return by how much the SSE rises when each centre is dropped, exactly, (k,); infinite with one centre."""
    near = two_nearest(points, centres)
    rise = np.where(weights > 0, near.second_squared_distance - near.squared_distance, 0.0)
    return group_totals(weights * rise, near.label.astype(np.intp), len(centres))


def hopeless(points: Floats, weights: Floats, labels: Groups, centres: Floats, *, worth: float) -> bool:
    """Return True only where no split of a cluster gains more than ``worth`` times what removing another centre costs.

    No split gains more than the scatter along the principal direction, so few are looked at. Rounding is of no account:
    the answer is True only with room to spare.

    Parameters
    ----------
    points, weights, labels : (n, d), (n,), (n,)
        Rows, and the nearest of the centres; untouched.
    centres : (k, d)
        Untouched.
    worth : float
        [1].

    Returns
    -------
    bool
        Cost: O(n d (k + d)).
    """
    most, costs = _bounds(points, weights, labels, centres)
    others = np.where(np.eye(len(centres), dtype=np.bool_), np.inf, costs).min(axis=1)
    least = (1 - _ROOM) * worth * others
    wide = most >= least
    if not wide.any():
        return True
    rows = np.flatnonzero(wide[labels])
    part = Placed(centres, labels[rows].astype(np.int32), np.zeros(len(centres), np.bool_))
    return bool((split_gains(points.T.take(rows, axis=1).T, weights[rows], part).gain < least).all())


def _bounds(points: Floats, weights: Floats, labels: Groups, centres: Floats) -> tuple[Floats, Floats]:
    """Return the scatter of each cluster (k,) along its principal direction, and its removal cost, but for rounding."""
    k = len(centres)
    order = np.argsort(labels, kind="stable")
    columns, weights, labels, every = points.T.take(order, axis=1), weights[order], labels[order], np.arange(len(order))
    farther = (centres**2).sum(axis=1)[:, None] - (2 * centres) @ columns
    own = farther[labels, every]
    farther[labels, every] = np.inf
    costs = group_totals(np.maximum(farther.min(axis=0) - own, 0.0) * weights, labels, k)
    away = columns - centres.T.take(labels, axis=1)
    weighted, ends = away * weights, np.searchsorted(labels, np.arange(k + 1))
    scatters = np.zeros((k, len(away), len(away)))
    for cluster in np.flatnonzero(np.diff(ends)):
        rows = slice(ends[cluster], ends[cluster + 1])
        scatters[cluster] = weighted[:, rows] @ away[:, rows].T
    most: Floats = np.linalg.eigvalsh(scatters)[:, -1].astype(np.float64, copy=False)
    return most, costs


def split_gains(points: Floats, weights: Floats, clustering: Clustering | Placed) -> Splits:
    """Return a two-means of every cluster, all clusters at once: the better of two starts.

    One start cuts along the principal direction, the other parts the row farthest from the centre and those nearer to
    it: few rows far off in many columns hardly turn the principal direction. Ties go to the first.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Untouched.
    clustering : Clustering or Placed
        Its labels and centres; untouched.

    Returns
    -------
    Splits
        The gain is exact for the two means returned. Cost: O(n d), whatever k.
    """
    groups = clustering.labels.astype(np.intp)
    columns = zip(points.T, clustering.centres.T, strict=True)
    residuals = np.stack([column - centre[groups] for column, centre in columns])
    inside = _Inside(residuals, weights, groups, len(clustering.centres))
    along, means_along = inside.two_means(inside.project(inside.principal()) > 0)
    far = inside.farthest()
    apart, means_apart = inside.two_means(inside.project(far) > (far**2).sum(axis=1)[groups] / 2)
    better = apart > along * (1 + _LEAST_FALL)
    means = np.where(better[:, None, None], means_apart, means_along)
    gain = np.where(better, apart, along)
    return Splits(gain, clustering.centres + means[:, 0], clustering.centres + means[:, 1])


@dataclass(frozen=True, eq=False)
class _Inside:
    """Every row seen from its own centre: residuals (d, n), weights (n,), groups (n,), k clusters."""

    residuals: Floats
    weights: Floats
    groups: Groups
    k: int

    def project(self, directions: Floats) -> Floats:
        """Return the product of each residual with its own cluster's direction, (n,), column by column."""
        if self.residuals.size <= SMALL:
            return one_by_one(self.residuals * directions.T.take(self.groups, axis=1))
        total = np.zeros(len(self.groups))
        for column, direction in zip(self.residuals, directions.T, strict=True):
            total += column * direction[self.groups]
        return total

    def principal(self) -> Floats:
        """Return the direction of largest scatter of each cluster, (k, d), by power steps from its widest column."""
        scatter = group_sums(self.residuals**2, self.weights, self.groups, self.k)
        direction = np.zeros_like(scatter)
        direction[np.arange(self.k), scatter.argmax(axis=1)] = 1.0
        for _ in range(_LOCAL_STEPS):
            direction = group_sums(self.residuals, self.weights * self.project(direction), self.groups, self.k)
            longest = np.abs(direction).max(axis=1, keepdims=True)
            direction /= np.where(longest > 0, longest, 1.0)
        return direction

    def farthest(self) -> Floats:
        """Return the residual of the row with weight farthest from each centre, (k, d); the first of several, or 0."""
        distance = np.where(self.weights > 0, sum(column**2 for column in self.residuals), 0.0)
        # the last of a cluster in this order is its farthest row
        order = np.lexsort((-np.arange(len(distance)), distance, self.groups))
        ends = np.flatnonzero(np.diff(self.groups[order], append=self.k))
        rows = order[ends][distance[order[ends]] > 0]
        far = np.zeros((self.k, len(self.residuals)))
        far[self.groups[rows]] = self.residuals[:, rows].T
        return far

    def two_means(self, side: Flags) -> tuple[Floats, Floats]:
        """Return gains (k,) and means (k, 2, d) of a few local steps from the halves given by ``side`` (n,)."""
        for _ in range(_LOCAL_STEPS):
            _, means = self.halves(side)
            across = means[:, 1] - means[:, 0]
            middle = (across * (means[:, 0] + means[:, 1])).sum(axis=1) / 2
            side = self.project(across) > middle[self.groups]
        masses, means = self.halves(side)
        whole = np.maximum(masses.sum(axis=1), np.finfo(np.float64).tiny)
        return masses[:, 0] / whole * masses[:, 1] * ((means[:, 1] - means[:, 0]) ** 2).sum(axis=1), means

    def halves(self, side: Flags) -> tuple[Floats, Floats]:
        """Return masses (k, 2) and means (k, 2, d) of the two halves of each cluster; 0 for an empty half."""
        groups = np.where(side, 2 * self.groups + 1, 2 * self.groups)
        masses = group_totals(self.weights, groups, 2 * self.k)
        sums = group_sums(self.residuals, self.weights, groups, 2 * self.k)
        means = sums / np.where(masses > 0, masses, 1.0)[:, None]
        return masses.reshape(self.k, 2), means.reshape(self.k, 2, -1)


def _first_helping_swap(points: Floats, weights: Floats, current: Placed, held: Floats) -> Placed | None:
    costs = removal_costs(points, weights, current.centres) + held
    splits = split_gains(points, weights, current)
    goal = loss(points, weights, current) * (1 - _LEAST_FALL)
    for split, removed in _pairs(splits.gain, costs):
        centres, settled = current.centres.copy(), current.settled.copy()
        centres[split], centres[removed] = splits.first[split], splits.second[split]
        settled[[split, removed]] = False
        swapped = placed_again(points, current, centres, settled)
        trial, _ = descend(points, weights, swapped, steps=_TRIAL_STEPS)
        if loss(points, weights, trial) + held[removed] < goal:
            return trial
    return None


def _pairs(gains: Floats, costs: Floats) -> Iterator[tuple[int, int]]:
    """Yield (cluster to split, centre to remove) in falling gain - cost, ties by index."""
    split = np.argsort(-gains, kind="stable")[:_WIDTH]
    removed = np.argsort(costs, kind="stable")[:_WIDTH]
    pairs = [
        (float(costs[j] - gains[s]), int(s), int(j))
        for s in split
        for j in removed
        if s != j and gains[s] > _LEAST_RATIO * costs[j]
    ]
    return ((s, j) for _, s, j in sorted(pairs))
