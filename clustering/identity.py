"""Identity: which of the new clusters is which of the old ones, and what became of those that are neither."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from clustering.arrays import Floats, Labels, Longs
from clustering.hungarian import NOBODY, best_assignment
from clustering.sums import Groups, group_totals

LEAST_OVERLAP = 0.15
"""Below this Jaccard index a cluster is not the one that it was [1]."""
_MOST = 0.5

Kind = Literal["birth", "split", "death", "merge"]


@dataclass(frozen=True)
class Change:
    """What befell one identity.

    Attributes
    ----------
    kind : str
        ``birth``: a new cluster out of several; ``split``: a new one, most of it counted to ``other`` before;
        ``death``: a cluster ended, its mass gone or scattered; ``merge``: one ended, most of it now in ``other``.
    cluster : int
        The identity that began or ended.
    other : int or None
        Out of which, or into which, most of the mass came or went.
    share : float
        How much of the mass [1]; the largest share where ``other`` is None.
    """

    kind: Kind
    cluster: int
    other: int | None
    share: float


@dataclass(frozen=True, eq=False)
class Identities:
    """Identities of the new clusters, (k,) int64 in their order; the next free one; what began and ended, by id."""

    ids: Longs
    next_id: int
    changes: tuple[Change, ...]


def identify(shared: Floats, ids: Longs, next_id: int, *, recent: Floats | None = None, pinned: Collection[int] = ()
             ) -> Identities:  # fmt: skip
    """Give every new cluster the identity of the old one that it overlaps most, or one never used before.

    The assignment makes the Jaccard indices add up to the most; a pair below `LEAST_OVERLAP` is not the same cluster
    unless it is pinned. Law: the order of the old and of the new clusters changes no cluster's identity (but for ties).

    Parameters
    ----------
    shared : (n, k)
        Mass of the rows that lie in each old and each new cluster [mass]; untouched.
    ids : (n,)
        Identities of the old clusters, all below ``next_id``; untouched.
    next_id : int
        The counter: no identity from it on was ever used.
    recent : (n, k), optional
        The same mass of the newest epoch alone, if ``shared`` remembers older ones: what an identity rests on may be
        old, where its customers went is not; untouched.
    pinned : collection of int
        Identities that go on in whatever is most alike.

    Returns
    -------
    Identities
        Cost: O(n² k).
    """
    overlap = _jaccard(shared)
    bonus = np.isin(ids, list(pinned))
    given = best_assignment(overlap + 2.0 * len(ids) * bonus[:, None])
    rows = np.flatnonzero(given != NOBODY)
    rows = rows[(overlap[rows, given[rows]] >= LEAST_OVERLAP) | bonus[rows]]
    found = np.full(shared.shape[1], NOBODY, dtype=np.int64)
    found[given[rows]] = ids[rows]
    fresh = np.flatnonzero(found == NOBODY)
    found[fresh] = next_id + np.arange(len(fresh))
    ended = np.setdiff1d(np.arange(len(ids)), rows)
    recent = shared if recent is None else recent
    begun = [_begun(int(found[new]), recent[:, new], ids) for new in fresh]
    over = [_ended(int(ids[old]), recent[old], found) for old in ended]
    changes = sorted([*begun, *over], key=lambda change: change.cluster)
    return Identities(found, next_id + len(fresh), tuple(changes))


def shared_mass(weights: Floats, old: Labels | Groups, new: Labels | Groups, shape: tuple[int, int]) -> Floats:
    """Return the mass of the rows in each old and each new cluster, ``shape``; inputs (n,) untouched. O(n)."""
    return group_totals(weights, old.astype(np.intp) * shape[1] + new, shape[0] * shape[1]).reshape(shape)


def _jaccard(shared: Floats) -> Floats:
    either = shared.sum(axis=1)[:, None] + shared.sum(axis=0) - shared
    overlap: Floats = shared / np.where(either > 0, either, 1.0)
    return overlap


def _begun(cluster: int, sources: Floats, ids: Longs) -> Change:
    share, source = _largest(sources)
    return Change("split", cluster, int(ids[source]), share) if share > _MOST else Change("birth", cluster, None, share)


def _ended(cluster: int, targets: Floats, found: Longs) -> Change:
    share, target = _largest(targets)
    if share > _MOST:
        return Change("merge", cluster, int(found[target]), share)
    return Change("death", cluster, None, share)


def _largest(masses: Floats) -> tuple[float, int]:
    """Return the largest share of all mass, 0 if there is none, and whose it is."""
    at, total = int(masses.argmax()), float(masses.sum())
    return (float(masses[at]) / total if total > 0 else 0.0), at
