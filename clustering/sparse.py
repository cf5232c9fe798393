"""Sparse k-means: weights that leave columns out, as many as a comparison with shuffled columns says."""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, Labels, check_points, check_weights
from clustering.drawing import even_rows, generator
from clustering.lloyd import lloyd
from clustering.seeding import seed
from clustering.sums import group_sums, group_totals
from clustering.weighting import scatters

_STREAM_SHUFFLE = 3
# on more rows than these the search is done on some of them
_ROWS = 1_024
_ROWS_PER_CLUSTER = 32
_SHUFFLES = 5
_BOUNDS = 8
_LEAST_BOUND = 1.2
_ROUNDS = 6
_STEPS = 10
# weights that changed by less than this share did not change
_STILL = 1e-3
# finer than this, columns that differ by rounding alone would be told apart
_HALVINGS = 30


def sparse_weights(scaled: Floats, mass: Floats, k: int, *, random_state: int) -> Floats:
    """Return the weights of sparse k-means, its bound chosen by the permutation gap.

    For a bound s the weights maximise the weighted scatter between clusters under a length of 1 and a sum of at most
    s, in turn with the clusters that they make: a small s leaves columns out. Of 8 bounds up to where none is left
    out, the one is taken whose scatter exceeds most, on the log scale, the mean of what 5 tables with every column
    shuffled by itself reach.

    Parameters
    ----------
    scaled : (n, d)
        Columns [1]; untouched. The method takes scatter for importance: bring the columns to one spread first.
    mass : (n,)
        A mass counts as that many copies; a row of mass 0 changes no bit; untouched.
    k : int
        Number of clusters.
    random_state : int
        Of the first clustering and of the shuffles.

    Returns
    -------
    (d,)
        Weights [1] on squared differences, of length 1; 0 for a column that is left out, or constant. One cluster
        gives 0 to all. Cost: one `seed`, and 48 times up to 6 times 10 steps of Lloyd, on at most 1,024 rows, or
        32 per cluster, at even steps of the running mass.

    References
    ----------
    D. M. Witten, R. Tibshirani, A framework for feature selection in clustering, J. Am. Stat. Assoc. 105 (2010).
    """
    scaled, mass = check_points(scaled, "scaled values"), check_weights(mass, len(scaled))
    table = _Table(scaled[mass > 0], mass[mass > 0], k)
    limit = max(_ROWS, _ROWS_PER_CLUSTER * k)
    copies = min(limit, max(len(table.mass), round(table.mass.sum())))
    table = table if len(table.mass) <= limit else table.even(limit)
    labels = seed(table.points, table.mass, k, random_state=random_state).labels
    widest = float(_unit(table.between(labels)).sum())
    if widest == 0:
        return np.zeros(scaled.shape[1])
    bounds = np.geomspace(max(_LEAST_BOUND, widest), _LEAST_BOUND, _BOUNDS)
    weights, reached = _path(table, labels, bounds)
    source = generator(random_state, _STREAM_SHUFFLE)
    by_chance = []
    for _ in range(_SHUFFLES):
        shuffled = table.even(copies).shuffled(source)
        first = lloyd(shuffled.points, shuffled.mass, table.means(labels)).labels
        by_chance.append(np.log(_path(shuffled, first, bounds)[1]))
    gap = np.log(reached) - np.mean(by_chance, axis=0)
    best: Floats = weights[int(np.argmax(gap))]
    return best


def bounded(between: Floats, bound: float) -> Floats:
    """Return the weights of length 1, not negative and with a sum of at most ``bound``, that give ``between`` most.

    They are ``between`` less a threshold, cut at 0 and brought to length 1; the threshold is found by halving.

    Parameters
    ----------
    between : (d,)
        Not negative, not all 0; untouched.
    bound : float
        At least 1.
    """
    free = _unit(between)
    if free.sum() <= bound:
        return free
    low, high = 0.0, float(between.max())
    for _ in range(_HALVINGS):
        cut = (low + high) / 2
        low, high = (cut, high) if _unit(np.maximum(between - cut, 0.0)).sum() > bound else (low, cut)
    return _unit(np.maximum(between - low, 0.0))


@dataclass(frozen=True, eq=False)
class _Table:
    """Rows (n, d) of masses (n,) above 0 that are to fall into k clusters."""

    points: Floats
    mass: Floats
    k: int

    def means(self, labels: Labels) -> Floats:
        groups = labels.astype(np.intp)
        masses = group_totals(self.mass, groups, self.k)[:, None]
        return group_sums(self.points.T, self.mass, groups, self.k) / np.where(masses > 0, masses, 1.0)

    def between(self, labels: Labels) -> Floats:
        """Return the scatter of each column between the clusters, per unit of mass, (d,)."""
        between: Floats = scatters(self.points, self.mass, labels, self.k)[0] / self.mass.sum()
        return between

    def clustered(self, labels: Labels, weights: Floats) -> Labels:
        """Return the labels after some steps of Lloyd from the given ones, under the weights; the same without any."""
        on = weights > 0
        if not on.any():
            return labels
        root = np.sqrt(weights[on])
        return lloyd(self.points[:, on] * root, self.mass, self.means(labels)[:, on] * root, steps=_STEPS).labels

    def even(self, count: int) -> "_Table":
        """Return so many rows of equal mass, at even steps of the running mass."""
        return _Table(self.points[even_rows(self.mass, count)], np.full(count, self.mass.sum() / count), self.k)

    def shuffled(self, source: np.random.Generator) -> "_Table":
        """Return the table with every column in an order of its own."""
        return _Table(np.stack([source.permutation(column) for column in self.points.T], axis=1), self.mass, self.k)


def _path(table: _Table, labels: Labels, bounds: Floats) -> tuple[Floats, Floats]:
    """Return weights (bounds, d) and the scatter (bounds,) they reach; every bound starts from the one before."""
    weights, reached = [], []
    for bound in bounds:
        between = table.between(labels)
        found = bounded(between, bound)
        for _ in range(_ROUNDS):
            labels = table.clustered(labels, found)
            between = table.between(labels)
            before, found = found, bounded(between, bound)
            if np.abs(found - before).sum() <= _STILL * found.sum():
                break
        weights.append(found)
        reached.append(max(float((found * between).sum()), np.finfo(np.float64).tiny))
    return np.array(weights), np.array(reached)


def _unit(values: Floats) -> Floats:
    """Return the values brought to length 1; 0 stays 0."""
    length = np.sqrt((values**2).sum())
    unit: Floats = values / length if length > 0 else values
    return unit
