"""Lloyd for runs that begin at the same centres: a row is looked at again only where its nearest centre may be another.

How much nearer a row is to its centre than to any other shrinks by no more than the centres move; until that is used
up its label stands. Rows and weights are whole numbers of small steps, so no sum is ever rounded: a row that changes
its cluster is taken out of one sum and added to another, and nothing depends on an order.
"""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats
from clustering.assignment import squared_distances
from clustering.cells import CLIP, GRID
from clustering.sums import Groups, group_sums, group_totals

# above the rounding of the bound itself
_SLACK = 1 + 2.0**-20
# what is left of a gap before rounding could turn the order of two distances [unit of the points]
_LEAST_GAP = 2.0**-24
# more than the rounding of a product in thousands of columns, in parts of the squared lengths
_DOUBT = 2.0**-40
# of all rows together: with coordinates of 25 bits no sum passes 53
_WEIGHT_BITS = 28


@dataclass(frozen=True, eq=False)
class Followed:
    """Centres (k, d), the nearest of them for some rows (m,), and how much nearer it is than any other, at least.

    `rows` (m,) are the numbers of these rows, rising.
    """

    centres: Floats
    rows: Groups
    labels: Groups
    gaps: Floats


def stepped(points: Floats) -> Floats:
    """Return points (n, d) within ±16 as multiples of 1 / GRID; columns contiguous."""
    return np.asfortranarray(np.rint(np.clip(points, -CLIP, CLIP) * GRID) / GRID)


def whole(weights: Floats) -> Floats:
    """Return weights (n,), not negative, as multiples of a power of two of which all of them have at most 2^28."""
    step = 2.0 ** (np.frexp(weights.sum())[1] - _WEIGHT_BITS)
    return np.asarray(np.rint(weights / step) * step)


def followed(points: Floats, centres: Floats) -> Followed:
    """Return the nearest of ``centres`` (k, d) for every row of ``points`` (n, d), both untouched; O(n k d)."""
    rows = np.arange(len(points))
    return Followed(centres, rows, *nearest_of(points.T, centres[None], np.zeros_like(rows)))


def follow(points: Floats, weights: Floats, now: Followed, *, steps: int) -> list[Followed]:
    """Move every centre to the weighted mean of its rows until no label changes; as `lloyd`, without its rounding.

    Once for each of several weightings: their moves are made together, for calls cost more than what they do.

    Parameters
    ----------
    points, weights : (n, d), (h, n)
        As `stepped` and `whole` make them; untouched.
    now : Followed
        Of all rows; untouched.
    steps : int
        Most moves.

    Returns
    -------
    list of Followed
        For each weighting, of the rows that have a weight. A cluster without mass keeps its centre. Cost: O(h n d), and
        O(h n + r k d) for each move; r rows have used up their gap.
    """
    (h, _), (k, d) = weights.shape, now.centres.shape
    runs, rows = np.nonzero(weights)
    # clusters of all weightings, one after the other
    columns, weights, own = points.T.take(rows, axis=1), weights[runs, rows], k * runs
    labels, gaps, centres = now.labels[rows] + own, now.gaps[rows], np.tile(now.centres, (h, 1))
    masses, sums = _totals(columns, weights, labels, h * k)
    for _ in range(steps):
        held = masses > 0
        before, centres = centres, np.where(held[:, None], sums / np.where(held, masses, 1.0)[:, None], centres)
        gaps -= _allowance((centres - before).reshape(h, k, d))[labels]
        near = np.flatnonzero(gaps <= _LEAST_GAP)
        found, gaps[near] = nearest_of(columns.take(near, axis=1), centres.reshape(h, k, d), runs[near])
        found += own[near]
        changed = found != labels[near]
        moved, found = near[changed], found[changed]
        if len(moved) == 0:
            break
        both, mass = np.concatenate([moved, moved]), weights[moved]
        groups, signed = np.concatenate([labels[moved], found]), np.concatenate([-mass, mass])
        change = _totals(columns.take(both, axis=1), signed, groups, h * k)
        labels[moved] = found
        masses, sums = masses + change[0], sums + change[1]
    ends = np.searchsorted(runs, np.arange(h + 1))
    parts = [slice(*ends[run : run + 2]) for run in range(h)]
    return [
        Followed(centres[k * run : k * run + k], rows[part], labels[part] - k * run, gaps[part])
        for run, part in enumerate(parts)
    ]


def _totals(columns: Floats, weights: Floats, labels: Groups, k: int) -> tuple[Floats, Floats]:
    """Return masses (k,) and weighted sums (k, d) of the clusters, exactly."""
    return group_totals(weights, labels, k), group_sums(columns, weights, labels, k)


def _allowance(moves: Floats) -> Floats:
    """Return by how much at most the gap of a row shrinks, by its label (h k,), when centres move by (h, k, d)."""
    far = np.sqrt((moves * moves).sum(axis=2))
    if far.shape[1] == 1:
        return np.asarray(far[:, 0] * _SLACK)
    others = np.partition(far, -2, axis=1)[:, -2:]
    others = np.where(far == others[:, 1:], others[:, :1], others[:, 1:])
    return np.asarray(((far + others) * _SLACK).reshape(-1))


def nearest_of(columns: Floats, centres: Floats, runs: Groups) -> tuple[Groups, Floats]:
    """Return the nearest centre for every row of ``columns`` (d, n), and by how much it is nearer, at least.

    Row i has the centres of number ``runs`` (n,), rising, of ``centres`` (h, k, d). A matrix product tells almost all
    rows apart; what it cannot tell is left to the exact distances.
    """
    (_, k, _), n = centres.shape, columns.shape[1]
    squares, ends = (centres * centres).sum(axis=2), np.searchsorted(runs, np.arange(len(centres) + 1))
    scores, every = np.empty((k, n)), np.arange(n)
    for own, lengths, begin, end in zip(centres, squares, ends[:-1], ends[1:], strict=True):
        scores[:, begin:end] = lengths[:, None] - (2 * own) @ columns[:, begin:end]
    best = scores.min(axis=0)
    # the last of equal ones, which are unsure; `argmin` over a first axis takes three times as long
    codes = np.arange(k, dtype=np.min_scalar_type(k - 1))[:, None]
    labels = ((scores <= best).view(np.uint8) * codes).max(axis=0).astype(np.intp)
    scores[labels, every] = np.inf
    square = np.einsum("ij,ij->j", columns, columns)
    doubt = _DOUBT * (square + squares.max())
    near = np.sqrt(np.maximum(best + square + doubt, 0.0))
    gaps = np.sqrt(np.maximum(scores.min(axis=0) + square - doubt, 0.0)) - near
    for unsure in np.flatnonzero(gaps <= _LEAST_GAP):
        labels[unsure] = squared_distances(columns[:, unsure][None], centres[runs[unsure]]).argmin()
        gaps[unsure] = 0.0
    return labels, gaps
