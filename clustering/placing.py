"""The nearest centre of every row, found again after the centres moved by looking only where it may have changed."""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Flags, Floats, Labels
from clustering.assignment import is_small, labels_and_gaps, nearest_labels
from clustering.bounds import Bounds, step
from clustering.screening import screen
from clustering.sums import group_sums, group_totals


@dataclass(frozen=True, eq=False)
class Placed:
    """Centres with the nearest of them for every row.

    Attributes
    ----------
    centres : (k, d)
    labels : (n,) int32
        Nearest centre; ties go to the smaller index.
    settled : (k,)
        Which centres are known to be the weighted mean of their rows.
    bounds : Bounds, optional
        How safe the labels are; not known where looking at all rows costs less.
    """

    centres: Floats
    labels: Labels
    settled: Flags
    bounds: Bounds | None = None


def placed(points: Floats, centres: Floats) -> Placed:
    """Return the nearest of ``centres`` (k, d) for every row of ``points`` (n, d), both untouched; O(n k d)."""
    loose = np.zeros(len(centres), dtype=np.bool_)
    if is_small(points, centres):
        return Placed(centres, nearest_labels(points, centres), loose)
    bounds = Bounds(*labels_and_gaps(points, centres, screen(centres)))
    return Placed(centres, bounds.labels.astype(np.int32, copy=False), loose, bounds)


def placed_again(points: Floats, before: Placed, centres: Floats, settled: Flags) -> Placed:
    """Return the labels of `placed`, bit for bit, looking only at rows to which some centre may have come nearer.

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
        A centre whose rows changed is not settled any more. Cost: O(n), and O(r k d) for r rows looked at.
    """
    now = placed(points, centres) if before.bounds is None else _moved(points, before.centres, before.bounds, centres)
    changed = np.flatnonzero(now.labels != before.labels)
    settled = settled.copy()
    settled[before.labels[changed]] = settled[now.labels[changed]] = False
    return Placed(centres, now.labels, settled, now.bounds)


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


def _moved(points: Floats, before: Floats, known: Bounds, centres: Floats) -> Placed:
    """Return the rows with the centres that have moved from where they were ``before``."""
    after = step(before, centres).after(known)
    labels = known.labels.astype(np.int32)
    near = np.flatnonzero(after.gaps <= 0)
    if len(near):
        rows = points.T.take(near, axis=1).T
        labels[near], after.gaps[near], after.lengths[near] = labels_and_gaps(rows, centres, screen(centres))
    return Placed(centres, labels, np.zeros(len(centres), np.bool_), Bounds(labels, after.gaps, after.lengths))
