"""The micro-clusters of the last epochs: fewer cells the older they are, and weights that forget."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats
from clustering.cells import Cells, condense, means

HALF_LIVES = (0, 1, 2, 4, 8, 16, 32)
"""After how many epochs a cell counts half [epochs]; 0: only the newest epoch counts."""
KEPT = 5
"""Half-lives after which a cell no longer counts: 3 % are left."""
NEWEST_CELLS, YOUNG_CELLS, OLD_CELLS = 4_096, 512, 64
"""Most cells of the newest epoch, of one younger than `OLD`, and of an older one."""
OLD = 8
_CELLS_PER_CLUSTER = 8


@dataclass(frozen=True, eq=False)
class Layer:
    """Micro-clusters of one epoch of event time, at least one."""

    epoch: int
    cells: Cells


@dataclass(frozen=True, eq=False)
class Weighted:
    """Cells that a half-life still counts: means (n, d), columns contiguous, and weights (n,) [mass of an epoch]."""

    points: Floats
    weights: Floats


def aged(layers: Sequence[Layer], newest: Layer, k: int) -> tuple[Layer, ...]:
    """Return the layers with the newest one, oldest first, each with no more cells than its age deserves.

    The newest epoch has at most `NEWEST_CELLS`, then it keeps `YOUNG_CELLS`, and `OLD_CELLS` from age `OLD` on, though
    not less than 8 per cluster. Sums are integers, and none is lost while its epoch is kept, which is for `KEPT` of the
    longest half-life. Inputs untouched. Cost: as `condense`, for three layers if no epoch was left out.
    """
    after = (*layers, newest)
    young = (layer for layer in after if newest.epoch - layer.epoch <= KEPT * HALF_LIVES[-1])
    return tuple(Layer(layer.epoch, _within(layer.cells, _limit(newest.epoch - layer.epoch, k))) for layer in young)


def weighted(layers: Sequence[Layer], half_life: int) -> Weighted:
    """Return the cells with their masses times 2^(-age / half-life), divided by the sum of these factors.

    So the weights add up to the mass of a mean epoch for every half-life. Layers untouched, oldest first. O(n d).
    """
    ages = [layers[-1].epoch - layer.epoch for layer in layers]
    counted = [(layer, _factor(age, half_life)) for layer, age in zip(layers, ages, strict=True)]
    counted = [(layer, factor) for layer, factor in counted if factor > 0]
    total = sum(factor for _, factor in counted)
    points = np.concatenate([means(layer.cells) for layer, _ in counted])
    weights = np.concatenate([layer.cells.mass * (factor / total) for layer, factor in counted])
    return Weighted(np.asfortranarray(points), weights)


def _factor(age: int, half_life: int) -> float:
    if age > KEPT * half_life:
        return 0.0
    return 2.0 ** (-age / half_life) if half_life > 0 else 1.0


def _limit(age: int, k: int) -> int:
    if age == 0:
        return NEWEST_CELLS
    return max(YOUNG_CELLS if age < OLD else OLD_CELLS, _CELLS_PER_CLUSTER * k)


def _within(cells: Cells, limit: int) -> Cells:
    return condense(cells, limit) if len(cells.mass) > limit else cells
