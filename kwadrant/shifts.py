"""How far the centres of one model lie from those of another, in the indices' own units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kwadrant.quantities import change
from schemas.event import Reason
from schemas.model import Cluster, Model
from segmentation.space import Space, centres_of, space_of

VISIBLE = 0.05
"""From this change on an index is named [robust standard deviations]."""


@dataclass(frozen=True)
class Shift:
    """A cluster in both models: its way in their space [1], what changed, biggest first, and its mass before and after.

    `mass` is in customers of one epoch, each up to 16, with forgetting.
    """

    cluster: Cluster
    length: float
    changes: tuple[str, ...]
    mass: tuple[float, float]


def shifts(before: Model, after: Model) -> list[Shift]:
    """Return the clusters that both models have, the one that moved most first.

    Raises
    ------
    ValueError
        Where the two are of different spaces, as after a new seeding.
    """
    frames = [(m.indices, m.scale_centre, m.scale_spread, m.factor_weights) for m in (before, after)]
    if frames[0] != frames[1]:
        raise ValueError(
            f"versions {before.version} and {after.version} have different scales: seeded anew between them"
        )
    return sorted(_shifts(before, after), key=lambda shift: -shift.length)


def _shifts(before: Model, after: Model) -> Iterator[Shift]:
    space = space_of(after)
    old = {cluster.id: row for row, cluster in enumerate(before.clusters)}
    for row, cluster in enumerate(after.clusters):
        if cluster.id not in old:
            continue
        place, was = centres_of(after)[row], centres_of(before)[old[cluster.id]]
        scaled, scaled_was = space.scaled(place), space.scaled(was)
        moved = scaled - scaled_was
        named = [j for j in np.argsort(-np.abs(moved), kind="stable").tolist() if abs(moved[j]) >= VISIBLE]
        changes = tuple(_change(space, j, scaled_was[j], scaled[j]) for j in named)
        mass = (before.clusters[old[cluster.id]].mass, cluster.mass)
        yield Shift(cluster, float(np.linalg.norm(place - was)), changes, mass)


def _change(space: Space, number: int, before: float, after: float) -> str:
    index, scaling = space.indices[number], space.scaling
    previous, value = (
        index.original(float(scaled * scaling.spread[number] + scaling.centre[number])) for scaled in (before, after)
    )
    return change(Reason(index.name, value, previous, after - before, 0.0, 0.0))


def gone_and_new(before: Model, after: Model) -> tuple[list[Cluster], list[Cluster]]:
    """Return the clusters that only one of the models has."""
    old, new = ({cluster.id for cluster in model.clusters} for model in (before, after))
    return [c for c in before.clusters if c.id not in new], [c for c in after.clusters if c.id not in old]


def lines(before: Model, after: Model) -> Iterator[str]:
    """Yield the difference of two models as lines, the cluster that moved most first.

    Raises
    ------
    ValueError
        As `shifts` does.
    """
    for shift in shifts(before, after):
        mass = f"mass {shift.mass[0]:,.0f} → {shift.mass[1]:,.0f}"
        yield f"{shift.cluster.id}: {shift.cluster.name}: {shift.length:.3f}; {mass}"
        yield from (f"   {text}" for text in shift.changes)
    gone, new = gone_and_new(before, after)
    yield from (f"{cluster.id}: {cluster.name}: gone" for cluster in gone)
    yield from (f"{cluster.id}: {cluster.name}: new" for cluster in new)
