"""What is remembered of every row between two scans: whether some centre may now be nearer than its own.

The bounds are those of Hamerly and Elkan, in float32. They decide what is looked at again, never what is found.

References
----------
G. Hamerly, Making k-means even faster, SDM 2010. C. Elkan, Using the triangle inequality to accelerate k-means, ICML
2003.
"""

from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, Longs
from clustering.screening import Codes, Singles

# above the rounding of float32
_SLACK = np.float32(1 + 2.0**-20)
# centres that are looked at one by one: most tables have few that still move far
_FASTEST = 4


@dataclass(frozen=True, eq=False)
class Bounds:
    """What is known of some rows.

    Attributes
    ----------
    labels : (n,)
        Nearest centre.
    gaps : (n,) float32
        By how much, at least, any other centre is farther away; 0 or less where it has to be looked at.
    lengths : (n,) float32
        Distance to the nearest centre, at most.
    """

    labels: Codes
    gaps: Singles
    lengths: Singles


@dataclass(frozen=True, eq=False)
class Step:
    """A move of all centres.

    Attributes
    ----------
    moves : (k,) float32
        How far each one moved, at most.
    fastest : (m,)
        Those that moved farthest.
    others : (k,) float32
        How far any centre but this one moved, at most.
    slower : (k,) float32
        The same without the fastest.
    apart : (m, k) float32
        Distance of the fastest to all centres now, at least; infinite to themselves.
    """

    moves: Singles
    fastest: Longs
    others: Singles
    slower: Singles
    apart: Singles

    def after(self, known: Bounds) -> Bounds:
        """Return what is known of rows after the move, labels aside; ``known`` is untouched; O(n)."""
        own = self.moves[known.labels]
        lengths = (known.lengths + own) * _SLACK
        gaps = known.gaps / _SLACK - (own + self.others[known.labels]) * _SLACK
        doubtful = np.flatnonzero(gaps <= 0)
        if len(doubtful):
            some = Bounds(known.labels[doubtful], known.gaps[doubtful], lengths[doubtful])
            gaps[doubtful] = self._looked_at(some, own[doubtful])
        return Bounds(known.labels, gaps, lengths)

    def _looked_at(self, known: Bounds, own: Singles) -> Singles:
        """Return the gaps (n,) with the fastest centres taken one by one.

        A centre too far from the row's own one cannot be the nearest, wherever it came from.
        """
        gaps = known.gaps / _SLACK - (own + self.slower[known.labels]) * _SLACK
        for number, away in zip(self.fastest, self.apart, strict=True):
            moved = known.gaps / _SLACK - (own + self.moves[number]) * _SLACK
            # an infinite length says nothing
            with np.errstate(invalid="ignore"):
                distant = away[known.labels] - 2 * _SLACK * known.lengths
            np.minimum(gaps, np.fmax(moved, distant), out=gaps)
        return gaps


def step(before: Floats, after: Floats) -> Step:
    """Return the move of the centres (k, d), both untouched."""
    # an infinite move says that every row has to be looked at
    with np.errstate(over="ignore"):
        exact = np.sqrt(((after - before) ** 2).sum(axis=1))
        fastest = np.argsort(-exact, kind="stable")[:_FASTEST]
        moves = exact.astype(np.float32) * _SLACK
        apart = np.sqrt(((after[fastest, None] - after) ** 2).sum(axis=2)).astype(np.float32) / _SLACK
    apart[np.arange(len(fastest)), fastest] = np.inf
    slow = moves.copy()
    slow[fastest] = 0.0
    return Step(moves, fastest, _of_others(moves), _of_others(slow), apart)


def _of_others(moves: Singles) -> Singles:
    """Return the largest of the moves (k,) but each one's own."""
    farthest = int(moves.argmax())
    others = np.full(len(moves), moves[farthest])
    others[farthest] = np.delete(moves, farthest).max(initial=0.0)
    return others
