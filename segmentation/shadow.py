"""A shadow model: judged beside the live one at every close, and only counted."""

from collections.abc import Sequence

import numpy as np

from schemas.model import Model
from schemas.trial import Census, Shadowed
from segmentation.customers import Customers
from segmentation.decision import NONE
from segmentation.indices import View, vectors
from segmentation.quadrants import is_newly_potential
from segmentation.space import centres_of, distances, ids_of, off_grid, space_of


def shadowed(shadow: Model, view: View, live: Model, customers: Customers, epoch: int) -> Shadowed:
    """Return who would stand where under `shadow`, in its own space, beside the classes under `live`.

    Everybody stands with the nearest centre. Clusters of two seedings have nothing in common but their quadrants, so
    these are compared. Inputs untouched; O(n k d).
    """
    space, own = space_of(shadow), customers.standing(ids_of(live)).own
    points = off_grid(space.place(vectors(view, space.indices)))
    nearest = distances(points, centres_of(shadow)).argmin(axis=1)[own != NONE]
    pairs, counts = np.unique(np.column_stack([own[own != NONE], nearest]), axis=0, return_counts=True)
    quadrants = [
        (live.clusters[old].quadrant, shadow.clusters[new].quadrant, count)
        for (old, new), count in zip(pairs.tolist(), counts.tolist(), strict=True)
    ]
    members = np.bincount(nearest, minlength=len(shadow.clusters)).tolist()
    return Shadowed(
        epoch=epoch, customers=len(nearest),
        members=tuple(Census(c.id, c.name, c.quadrant, n) for c, n in zip(shadow.clusters, members, strict=True)),
        elsewhere=sum(count for old, new, count in quadrants if old != new),
        newly_potential=sum(count for old, new, count in quadrants if is_newly_potential(old, new)),
    )  # fmt: skip


def together(parts: Sequence[Shadowed]) -> Shadowed | None:
    """Return what all buckets counted, None where none has a shadow."""
    if not parts:
        return None
    members = tuple(
        Census(one[0].cluster, one[0].name, one[0].quadrant, sum(part.customers for part in one))
        for one in zip(*(part.members for part in parts), strict=True)
    )
    return Shadowed(
        parts[0].epoch, sum(part.customers for part in parts), members,
        sum(part.elsewhere for part in parts), sum(part.newly_potential for part in parts),
    )  # fmt: skip
