"""Seeding again: the new model's clusters are those of the old one that they share their customers with.

They keep id, name, quadrant and pin; the others get ids that were never used, and the lineage tells. Where the new
definition alone would move no more customers than the blast radius allows, everybody begins in the class in force, and
whoever moves then has an event of cause `definition_changed`; else classes are told as state, and nobody is flooded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from clustering.identity import identify, shared_mass
from schemas.model import Cluster, Lineage, Model
from segmentation.decision import NEVER, Standing, judge
from segmentation.history import Portrait, Stood
from segmentation.learning import LINEAGE
from segmentation.parameters import Parameters
from segmentation.space import centres_of, distances, ids_of, off_grid, space_of

replaced = msgspec.structs.replace


@dataclass(frozen=True)
class Before:
    """What a seeding finds: the model in force, and where customers stood under it.

    No id from `next_id` on was ever given to a cluster, and no version after `version` to a model.
    """

    model: Model
    next_id: int
    version: int
    stood: Mapping[str, Stood] = field(default_factory=dict)


@dataclass(frozen=True)
class Reseeded:
    """The new model, what it moves of the `of` customers looked at, and the old one as the new one sees it.

    `before` is None where it moves more than the blast radius: then nobody keeps its class.
    """

    model: Model
    moved: int
    of: int
    before: Model | None


def identified(model: Model, before: Before, seen: Portrait, parameters: Parameters) -> Reseeded:
    """Return `model`, fitted anew, with the identities of the one `before`, by the customers of `seen`.

    The order of the customers does not matter. Inputs untouched. O(n k d).
    """
    old, rows = before.model, [at for at, who in enumerate(seen.ids) if who in before.stood]
    own = np.array([before.stood[seen.ids[at]].cluster for at in rows], np.int64)
    points = off_grid(space_of(model).place(seen.values[rows]))
    known = ids_of(old)
    at = np.minimum(np.searchsorted(known, own), len(known) - 1)
    there, new = known[at] == own, distances(points, centres_of(model))
    labels = new.argmin(axis=1) if rows else np.zeros(0, np.int64)
    shared = shared_mass(
        there.astype(np.float64), at.astype(np.int32), labels.astype(np.int32), (len(known), len(model.clusters))
    )
    pinned = [cluster.id for cluster in old.clusters if cluster.pinned]
    found = identify(shared, known, max(before.next_id, int(known.max()) + 1), pinned=pinned)
    named = _named(model, old, before.version + 1, found.ids.tolist())
    lineage = tuple(
        Lineage(named.version, named.epoch, change.kind, change.cluster, *_said(named, old, change.cluster),
                change.other, change.share)
        for change in found.changes
    )  # fmt: skip
    made = replaced(named, next_id=found.next_id, lineage=(*old.lineage, *lineage)[-LINEAGE:])
    moved = _moved(made, points, own, parameters)
    inside = moved <= parameters.blast_radius * len(rows)
    return Reseeded(made, moved, len(rows), restated(old, made) if inside and rows else None)


def _named(model: Model, old: Model, version: int, ids: list[int]) -> Model:
    """Return the model with these identities, by rising id: known ones with what people know them by."""
    known = {cluster.id: cluster for cluster in old.clusters}
    taken = {known[one].name for one in ids if one in known}
    clusters: list[Cluster] = []
    for cluster, one in sorted(zip(model.clusters, ids, strict=True), key=lambda pair: pair[1]):
        if (past := known.get(one)) is not None:
            told = replaced(cluster, id=one, name=past.name, quadrant=past.quadrant, pinned=past.pinned)
        else:
            told = replaced(cluster, id=one, name=_free(cluster.name, one, taken))
        taken.add(told.name)
        clusters.append(told)
    return replaced(
        model, version=version, definition=old.definition + 1, clusters=tuple(clusters)
    )  # fmt: skip


def _free(name: str, cluster: int, taken: set[str]) -> str:
    return f"{name} {cluster}" if name in taken else name


def _said(model: Model, old: Model, cluster: int) -> tuple[str, str]:
    one = next(one for one in (*model.clusters, *old.clusters) if one.id == cluster)
    return one.name, one.quadrant


def _moved(model: Model, points: np.ndarray, own: np.ndarray, parameters: Parameters) -> int:
    """Count the customers that the model takes from their classes, dwell and cool-down left out, as a dry run does."""
    known, count = ids_of(model), len(own)
    at = np.minimum(np.searchsorted(known, own), len(known) - 1)
    stays = np.where(known[at] == own, at, -1)
    standing = Standing(stays, np.full(count, NEVER), np.full(count, -1), np.full(count, NEVER))
    verdict = judge(points, centres_of(model), standing, model.epoch, parameters)
    return int((verdict.contested | (stays < 0)).sum())


def restated(old: Model, model: Model) -> Model:
    """Return the `old` model with its centres where the definition of `model` has them; its clusters are as they were.

    What the old one gave no weight lies in its middle, and what the new one clips at its border.
    """
    space = space_of(old)
    values = space.scaled(centres_of(old)) * space.scaling.spread + space.scaling.centre
    centres = off_grid(space_of(model).place(values)).tolist()
    clusters = tuple(
        replaced(cluster, centre=tuple(centre)) for cluster, centre in zip(old.clusters, centres, strict=True)
    )
    return replaced(
        old, clusters=clusters, scale_centre=model.scale_centre, scale_spread=model.scale_spread, clip=model.clip,
        factor_weights=model.factor_weights, indices=model.indices,
    )  # fmt: skip
