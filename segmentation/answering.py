"""The answer to a close: micro-clusters of a bucket's customers, and how many stand where."""

import numpy as np
from numpy.typing import NDArray

from clustering.cells import summarise
from schemas.model import Model
from segmentation.calendar import Calendar
from segmentation.decision import NONE
from segmentation.local_state import LocalState
from segmentation.output import Answer
from segmentation.parameters import Parameters
from segmentation.sums import COLUMN

POOL_CELLS = 4_096
CELLS_PER_CLUSTER = 2.5
FULL_QUALITY = 16
"""Mass of a customer whose epoch is measured throughout; estimates count half."""


def answer(state: LocalState, points: NDArray[np.int64], model: Model, parameters: Parameters) -> Answer:
    """Return the micro-clusters of all customers of `state`, who lie at `points` (n, d) on the grid, and their number.

    The cells of a bucket come from its own customers alone. Inputs untouched. Cost: as `clustering.cells.summarise`.
    """
    customers = state.customers
    limit = max(int(np.ceil(CELLS_PER_CLUSTER * len(model.clusters))), POOL_CELLS // parameters.buckets)
    mass = _qualities(state, parameters)
    cells, _ = summarise(points, mass, customers.bucket, limit)
    found, counts = np.unique(customers.cluster[customers.cluster != NONE], return_counts=True)
    members = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return Answer(
        epoch=state.closed, shape=(len(cells.mass), points.shape[1]), mass=cells.mass.tobytes(),
        sums=cells.sums.tobytes(), squares=cells.squares.tobytes(),
        quadrants=_by_quadrant(members, model), clusters=members, silent=_silent(customers.cluster, mass),
    )  # fmt: skip


def _silent(cluster: NDArray[np.int64], mass: NDArray[np.int64]) -> dict[int, int]:
    """Return by cluster what the masses (n,) of its customers fall short of full quality."""
    known = cluster != NONE
    kinds, which = np.unique(cluster[known], return_inverse=True)
    short = np.zeros(len(kinds), np.int64)
    np.add.at(short, which, FULL_QUALITY - mass[known])
    return dict(zip(kinds.tolist(), short.tolist(), strict=True))


def _by_quadrant(members: dict[int, int], model: Model) -> dict[str, int]:
    counts = dict.fromkeys((cluster.quadrant for cluster in model.clusters), 0)
    for cluster in model.clusters:
        counts[cluster.quadrant] += members.get(cluster.id, 0)
    return counts


def _qualities(state: LocalState, parameters: Parameters) -> NDArray[np.int64]:
    """Mass (n,) of each customer in the closed epoch: 0 to FULL_QUALITY by the share of it that is measured."""
    mass = np.zeros(len(state.customers), np.int64)
    tiles = state.tiles.get(state.closed)
    if tiles is not None:
        calendar = Calendar(parameters.time_zone, parameters.epoch_s)
        length = max(calendar.end(state.closed) - calendar.end(state.closed - 1), 1)
        measured = 2 * tiles.sums[:, COLUMN["seconds"]] - tiles.sums[:, COLUMN["estimated_s"]]
        mass[tiles.customer] = np.minimum(FULL_QUALITY * measured // (2 * length), FULL_QUALITY)
    return np.where(state.customers.cluster == NONE, 0, mass)
