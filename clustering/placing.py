"""The nearest centre of every row, found again after some centres moved by looking only where it may have changed."""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Flags, Floats, Labels
from clustering.assignment import nearest
from clustering.sums import group_sums, group_totals


@dataclass(frozen=True, eq=False)
class Placed:
    """Centres with the nearest of them for every row.

    Attributes
    ----------
    centres : (k, d)
    labels : (n,) int32
        Nearest centre; ties go to the smaller index.
    distance : (n,)
        Squared distance to it.
    settled : (k,)
        Which centres are known to be the weighted mean of their rows.
    """

    centres: Floats
    labels: Labels
    distance: Floats
    settled: Flags


def placed(points: Floats, centres: Floats) -> Placed:
    """Return the nearest of ``centres`` (k, d) for every row of ``points`` (n, d), both untouched; O(n k d)."""
    labels, distance = nearest(points, centres)
    return Placed(centres, labels, distance, np.zeros(len(centres), dtype=np.bool_))


def placed_again(points: Floats, before: Placed, centres: Floats, settled: Flags) -> Placed:
    """Return the same bits as `placed`, at less cost where most centres stayed.

    A row whose own centre stayed, or came nearer, can only have been taken over by a centre that moved. All other rows
    are compared with every centre.

    Parameters
    ----------
    points : (n, d)
        Untouched.
    before : Placed
        Of the same rows; untouched.
    centres : (k, d)
        Where they are now; untouched.
    settled : (k,)
        Which of them are the means of the rows they had ``before``; untouched.

    Returns
    -------
    Placed
        A centre whose rows changed is not settled any more. Cost: O(n m d) for m centres that moved, and O(r k d) for
        r rows whose own centre went away.

    References
    ----------
    T. Kaukoranta, P. Fränti, O. Nevalainen, A fast exact GLA based on code vector activity detection, IEEE Trans.
    Image Process. 9 (2000).
    """
    active = (centres != before.centres).any(axis=1)
    if 2 * np.count_nonzero(active) > len(centres):
        labels, distance = nearest(points, centres)
    else:
        labels, distance = _among_active(points, before, centres, active)
    changed = np.flatnonzero(labels != before.labels)
    settled = settled.copy()
    settled[before.labels[changed]] = settled[labels[changed]] = False
    return Placed(centres, labels, distance, settled)


def means(points: Floats, weights: Floats, now: Placed) -> Floats:
    """Return the weighted means of the clusters (k, d), and the old centre where there is no mass; O(n d)."""
    loose = ~now.settled
    rows = np.flatnonzero(loose[now.labels])
    columns, mass = points.T, weights
    groups = now.labels.astype(np.intp)
    if 2 * len(rows) < len(groups):
        columns, mass, groups = columns.take(rows, axis=1), mass[rows], groups[rows]
    masses = group_totals(mass, groups, len(loose))[:, None]
    sums = group_sums(columns, mass, groups, len(loose))
    return np.where(loose[:, None] & (masses > 0), sums / np.where(masses > 0, masses, 1.0), now.centres)


def _among_active(points: Floats, before: Placed, centres: Floats, active: Flags) -> tuple[Labels, Floats]:
    """Return label and squared distance of every row where only the ``active`` centres moved."""
    numbers = np.flatnonzero(active).astype(np.int32)
    if not len(numbers):
        return before.labels, before.distance
    label, distance = nearest(points, centres[numbers])
    label = numbers[label]
    mine = active[before.labels]
    taken = mine | (distance < before.distance) | ((distance == before.distance) & (label < before.labels))
    labels, distances = np.where(taken, label, before.labels), np.where(taken, distance, before.distance)
    left = np.flatnonzero(mine & (distance >= before.distance))
    if len(left):
        labels[left], distances[left] = nearest(points.T.take(left, axis=1).T, centres)
    return labels, distances
