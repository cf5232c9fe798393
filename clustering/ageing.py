"""The micro-clusters of the last epochs: fewer and wider blocks of them the older they are, and weights that forget."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from clustering.arrays import Floats
from clustering.cells import Cells, condense, means, merge

HALF_LIVES = (0, 2, 8, 32)
"""After how many epochs a cell counts half [epochs]; 0: only the newest epoch counts."""
KEPT = 5
"""Half-lives after which a cell no longer counts: 3 % are left."""
NEWEST_CELLS, YOUNG_CELLS, OLD_CELLS = 4_096, 128, 64
"""Most cells of the newest epoch, of one younger than `OLD`, and of a block of older ones."""
OLD = 8
"""From this age on epochs are put together: two of them, from twice the age four, and so on [epochs]."""
WIDEST = 16
_CELLS_PER_CLUSTER = 8


@dataclass(frozen=True, eq=False)
class Layer:
    """Micro-clusters of one or several epochs of event time, rising, at least one cell in each epoch."""

    epochs: tuple[int, ...]
    cells: Cells


def aged(layers: Sequence[Layer], newest: Layer, k: int) -> tuple[Layer, ...]:
    """Return the layers with the newest one, oldest first, each with no more cells than its age deserves.

    The newest epoch has at most `NEWEST_CELLS`, then it keeps `YOUNG_CELLS`; from age `OLD` on epochs are put together,
    and a block keeps `OLD_CELLS`, though nothing has less than 8 per cluster. Blocks begin at multiples of their width,
    so they depend on event time alone. Sums are integers, and none is lost while its epoch is kept, which is for `KEPT`
    of the longest half-life. Inputs untouched. Cost: as `condense`, for three layers if no epoch was left out.
    """
    now = newest.epochs[-1]
    found: list[Layer] = []
    for layer in (*layers, newest):
        if now - layer.epochs[-1] > KEPT * HALF_LIVES[-1]:
            continue
        if found and _one_block(found[-1], layer, now):
            last = found.pop()
            layer = Layer((*last.epochs, *layer.epochs), merge([last.cells, layer.cells]))  # noqa: PLW2901 - the block
        found.append(layer)
    return tuple(Layer(layer.epochs, _within(layer.cells, _limit(now - layer.epochs[-1], k))) for layer in found)


def points_of(layers: Sequence[Layer]) -> Floats:
    """Return the means (n, d) of all cells, oldest first; columns contiguous. O(n d)."""
    return np.asfortranarray(np.concatenate([means(layer.cells) for layer in layers]))


def weights_of(layers: Sequence[Layer], half_life: int, *, ever: bool = False) -> Floats:
    """Return the cells' masses times 2^(-age / half-life), divided by the sum of these factors, (n,).

    So the weights add up to the mass of a mean epoch for every half-life. The cells of a block count as the mean of its
    epochs; what is forgotten weighs 0, and lies before all that is not. With `ever` the oldest layer counts for all
    epochs before it too: a seeding's is what its history was like. Layers untouched, oldest first. O(n).
    """
    now = layers[-1].epochs[-1]
    known = _factors(half_life)
    factors = [sum([known[now - epoch] for epoch in layer.epochs if now - epoch < len(known)]) for layer in layers]
    if ever:
        factors[0] += _before(now - layers[0].epochs[0], half_life)
    total = sum(factors)
    shares = [factor / len(layer.epochs) / total for layer, factor in zip(layers, factors, strict=True)]
    masses = [layer.cells.mass for layer in layers]
    return np.asarray(np.concatenate(masses) * np.repeat(shares, [len(mass) for mass in masses]))


@cache
def _before(age: int, half_life: int) -> float:
    """Return the sum of the factors of all epochs that are older than `age`."""
    return float(2.0 ** (-(age + 1) / half_life) / (1 - 2.0 ** (-1 / half_life)))


@cache
def _factors(half_life: int) -> tuple[float, ...]:
    """Return the factor of an epoch of every age until it is forgotten."""
    return tuple(2.0 ** (-age / half_life) for age in range(KEPT * half_life + 1)) if half_life > 0 else (1.0,)


def _width(age: int) -> int:
    """Return how many epochs a block of this age spans [epochs]: a power of two."""
    return min(1 << max((age // OLD).bit_length(), 0), WIDEST) if age >= OLD else 1


def _one_block(older: Layer, younger: Layer, now: int) -> bool:
    width = _width(now - younger.epochs[-1])
    return older.epochs[0] // width == younger.epochs[-1] // width


def _limit(age: int, k: int) -> int:
    if age == 0:
        return NEWEST_CELLS
    return max(YOUNG_CELLS if age < OLD else OLD_CELLS, _CELLS_PER_CLUSTER * k)


def _within(cells: Cells, limit: int) -> Cells:
    return condense(cells, limit) if len(cells.mass) > limit else cells
