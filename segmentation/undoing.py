"""Undoing moves after a rollback: those that later models made alone, of customers who would stand as before."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.event import Event
from schemas.model import Model
from segmentation.attribution import MODEL_MOVED
from segmentation.customers import Customers
from segmentation.decision import NONE, Verdict, judge
from segmentation.moves import event_id
from segmentation.parameters import Parameters
from segmentation.potential import Turn
from segmentation.recent import Recent
from segmentation.risen import Risen
from segmentation.rows import names, pc
from segmentation.space import centres_of, distances, ids_of, off_grid

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Undoing:
    """Moves to undo, by customer: the customers' numbers `rows` (m,), rising, and the positions `back` (m,) they take.

    `version` is the last one that is not undone.
    """

    version: int
    rows: Ints
    back: Ints
    moves: Mapping[str, Recent]


def to_undo(recent: Mapping[str, Recent], version: int | None, customers: Customers, points: Ints, model: Model,
            *, epoch: int, parameters: Parameters) -> Undoing | None:  # fmt: skip
    """Return whose last move is undone: made after `version` by a model alone, out of a class that `model` would keep.

    `points` (n, d) is where all `customers` lie; dwell and cool-down do not count. None without a `version`.
    """
    if version is None:
        return None
    made = {who: move for who, move in recent.items() if move.cause == MODEL_MOVED and move.version_to > version}
    found = pc.is_in(customers.ids, value_set=pa.array(list(made), pa.string()))
    rows = np.flatnonzero(found.to_numpy(zero_copy_only=False))
    there = customers.some(rows)
    moves = {who: made[who] for who in names(there.ids)}
    before = replace(there, cluster=np.array([move.from_ for move in moves.values()], np.int64))
    standing = before.standing(ids_of(model))
    calm = ~judge(off_grid(points[rows]), centres_of(model), standing, epoch, parameters).contested
    kept = np.flatnonzero(calm & (standing.own != NONE))
    return Undoing(version, rows[kept], standing.own[kept], {who: moves[who] for who in names(there.some(kept).ids)})


def with_undone(verdict: Verdict, undoing: Undoing | None, points: Ints, model: Model) -> Verdict:
    """Return the verdict in which these customers go back, whatever it says of them; untouched."""
    if undoing is None:
        return verdict
    rows, back = undoing.rows, undoing.back
    away = distances(off_grid(points[rows]), centres_of(model))
    move, best, best_distance = verdict.move.copy(), verdict.best.copy(), verdict.best_distance.copy()
    move[rows], best[rows], best_distance[rows] = True, back, away[np.arange(len(rows)), back]
    return replace(verdict, move=move, best=best, best_distance=best_distance)


def own_doing(undoing: Undoing | None, risen: Mapping[str, Risen], turn: Turn) -> frozenset[str]:
    """Return whose potential has become high at this close, or at that of the move that is undone, and still is.

    No rollback undoes that. `risen` are the rises before the close, `turn` (n,) what it makes of all customers.
    """
    if undoing is None:
        return frozenset()
    found = set()
    for row, (who, move) in zip(undoing.rows.tolist(), undoing.moves.items(), strict=True):
        rise = risen.get(who)
        told = rise is not None and rise.event_id == move.event_id and rise.newly_potential
        if turn.risen[row] or (told and turn.high[row]):
            found.add(who)
    return frozenset(found)


def compensated(confirmed: Iterable[Event], undoing: Undoing | None, own: AbstractSet[str] = frozenset()
                ) -> list[Event]:  # fmt: skip
    """Return confirmed events, those that undo a move as such: they supersede it.

    Nobody is newly potential by them but those whose `own` doing that is.
    """
    if undoing is None:
        return list(confirmed)
    return [
        event if (move := undoing.moves.get(event.customer_id)) is None else
        msgspec.structs.replace(
            event, event_id=event_id(event.event_id, "undoes", move.event_id), cause=MODEL_MOVED,
            newly_potential=event.customer_id in own, confidence=max(event.confidence, 0.0), supersedes=move.event_id,
            because=f"rolled back to version {undoing.version}",
        )
        for event in confirmed
    ]  # fmt: skip


def as_before(customers: Customers, undoing: Undoing | None) -> Customers:
    """Return customers after their classes changed, those who went back as if they had never moved; untouched."""
    if undoing is None:
        return customers
    since, moved = customers.since.copy(), customers.moved.copy()
    since[undoing.rows] = [move.since for move in undoing.moves.values()]
    moved[undoing.rows] = [move.moved for move in undoing.moves.values()]
    return replace(customers, since=since, moved=moved)


def forgotten(recent: Mapping[str, Recent], undoing: Undoing | None) -> Mapping[str, Recent]:
    """Return recent moves without those undone."""
    return recent if undoing is None else {who: move for who, move in recent.items() if who not in undoing.moves}
