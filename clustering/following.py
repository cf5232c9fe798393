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
    """Centres (k, d), for each row (n,) the nearest of them, and how much nearer that is than any other, at least."""

    centres: Floats
    labels: Groups
    gaps: Floats

    def later(self, first: int) -> "Followed":
        """Return the rows from `first` on."""
        return Followed(self.centres, self.labels[first:], self.gaps[first:])


def stepped(points: Floats) -> Floats:
    """Return points (n, d) within ±16 as multiples of 1 / GRID; columns contiguous."""
    return np.asfortranarray(np.rint(np.clip(points, -CLIP, CLIP) * GRID) / GRID)


def whole(weights: Floats) -> Floats:
    """Return weights (n,), not negative, as multiples of a power of two of which all of them have at most 2^28."""
    step = 2.0 ** (np.frexp(weights.sum())[1] - _WEIGHT_BITS)
    return np.asarray(np.rint(weights / step) * step)


def followed(points: Floats, centres: Floats) -> Followed:
    """Return the nearest of ``centres`` (k, d) for every row of ``points`` (n, d), both untouched; O(n k d)."""
    labels, gaps = _look(points.T, centres)
    return Followed(centres, labels, gaps)


def follow(points: Floats, weights: Floats, now: Followed, *, steps: int) -> Followed:
    """Move every centre to the weighted mean of its rows until no label changes; as `lloyd`, without its rounding.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        As `stepped` and `whole` make them; untouched.
    now : Followed
        Of the same rows; untouched.
    steps : int
        Most moves.

    Returns
    -------
    Followed
        A cluster without mass keeps its centre. Cost: O(n d), and O(n + r k d) for each move; r rows have used up their
        gap.
    """
    columns, labels, gaps, centres = points.T, now.labels.copy(), now.gaps.copy(), now.centres
    masses, sums = _totals(columns, weights, labels, len(centres))
    for _ in range(steps):
        held = masses > 0
        before, centres = centres, np.where(held[:, None], sums / np.where(held, masses, 1.0)[:, None], centres)
        gaps -= _allowance(before, centres)[labels]
        rows = np.flatnonzero(gaps <= _LEAST_GAP)
        found, gaps[rows] = _look(columns[:, rows], centres)
        changed = (found != labels[rows]) & (weights[rows] > 0)
        was, labels[rows] = labels[rows[changed]], found
        moved = rows[changed]
        if len(moved) == 0 or (centres == before).all():
            break
        both, mass = np.concatenate([moved, moved]), weights[moved]
        change = _totals(columns[:, both], np.r_[-mass, mass], np.r_[was, labels[moved]], len(centres))
        masses, sums = masses + change[0], sums + change[1]
    return Followed(centres, labels, gaps)


def _totals(columns: Floats, weights: Floats, labels: Groups, k: int) -> tuple[Floats, Floats]:
    """Return masses (k,) and weighted sums (k, d) of the clusters, exactly."""
    return group_totals(weights, labels, k), group_sums(columns, weights, labels, k)


def _allowance(before: Floats, after: Floats) -> Floats:
    """Return by how much at most the gap of a row shrinks, by its label, when the centres (k, d) move."""
    moves = np.sqrt(((after - before) ** 2).sum(axis=1))
    if len(moves) == 1:
        return np.asarray(moves * _SLACK)
    farthest = int(moves.argmax())
    others = np.full(len(moves), moves[farthest])
    others[farthest] = np.partition(moves, -2)[-2]
    return np.asarray((moves + others) * _SLACK)


def _look(columns: Floats, centres: Floats) -> tuple[Groups, Floats]:
    """Return the nearest of the centres for every row of ``columns`` (d, n), and by how much it is nearer, at least.

    A matrix product tells almost all rows apart; what it cannot tell is left to the exact distances.
    """
    squares = (centres * centres).sum(axis=1)
    scores = squares[:, None] - 2 * (centres @ columns)
    labels, every = scores.argmin(axis=0), np.arange(columns.shape[1])
    best = scores[labels, every]
    scores[labels, every] = np.inf
    square = np.einsum("ij,ij->j", columns, columns)
    doubt = _DOUBT * (square + squares.max())
    near = np.sqrt(np.maximum(best + square + doubt, 0.0))
    gaps = np.sqrt(np.maximum(scores.min(axis=0) + square - doubt, 0.0)) - near
    unsure = np.flatnonzero(gaps <= _LEAST_GAP)
    if len(unsure):
        labels[unsure] = squared_distances(columns[:, unsure].T, centres).argmin(axis=1)
        gaps[unsure] = 0.0
    return labels, gaps
