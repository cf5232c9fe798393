"""Quadrants: current value x potential value, and the names that follow from what stands out."""

from collections.abc import Collection
from itertools import count

import numpy as np
from numpy.typing import NDArray

from schemas.model import Model
from segmentation.indices import Half, Index
from segmentation.space import off_grid, space_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DIGITS = 4
"""Decimals of a place on the axes: finer than anybody looks."""
LOW, HIGH = "low", "high"
OUTSTANDING = 0.3
"""How far [robust standard deviations] an index must lie from the middle to be worth a word."""


def score(scaled: Floats, indices: tuple[Index, ...], weights: Floats, half: Half) -> Floats:
    """Return the score (n,) [1] of one axis: `weights`-mean (d,) of a half's scaled indices times their direction."""
    sign = np.array([index.direction if index.half == half else 0 for index in indices], np.float64)
    total = float(np.sum(np.abs(sign) * weights))
    return np.zeros(len(scaled)) if total == 0 else np.sum(scaled * (sign * weights), axis=1) / total


def axes(coordinates: Floats, model: Model) -> Floats:
    """Return current and potential value (n, 2) [1] of places (n, d) in the space of `model`; inputs untouched."""
    space = space_of(model)
    scaled, weights = space.scaled(coordinates), space.root_weights**2
    return np.column_stack([score(scaled, space.indices, weights, half) for half in ("current", "potential")])


def on_axes(points: Ints, model: Model) -> list[tuple[float, float]]:
    """Return current and potential value [1] of customers at grid coordinates `points` (n, d), as a state has them."""
    return [
        (round(current, DIGITS), round(potential, DIGITS))
        for current, potential in axes(off_grid(points), model).tolist()
    ]


def quadrant(current: float, potential: float, thresholds: tuple[float, float]) -> str:
    """`<current>-<potential>`: `high` lies above its threshold."""
    return f"{HIGH if current > thresholds[0] else LOW}-{HIGH if potential > thresholds[1] else LOW}"


def with_potential(found: str, potential: str) -> str:
    """Return the quadrant `found` with this potential."""
    return f"{found.partition('-')[0]}-{potential}"


def is_newly_potential(before: str, after: str) -> bool:
    """Whether a move leads from a low-potential to a high-potential quadrant."""
    return before.endswith(LOW) and after.endswith(HIGH)


def is_high(found: str) -> bool:
    """Whether the potential of a quadrant is high."""
    return found.endswith(HIGH)


def names(scaled: Floats, indices: tuple[Index, ...], nouns: list[str]) -> list[str]:
    """Return a name for each centre (k, d): its two most outstanding indices and its customers' noun, made unique."""
    proposed: list[str] = []
    for row, noun in zip(scaled, nouns, strict=True):
        proposed.append(named(row, indices, noun, proposed))
    return proposed


def named(scaled: Floats, indices: tuple[Index, ...], noun: str, taken: Collection[str]) -> str:
    """Return the name of one centre (d,), as `names` gives it, that is none of those `taken`."""
    order = [j for j in np.argsort(-np.abs(scaled), kind="stable") if abs(scaled[j]) > OUTSTANDING]
    words = [indices[j].high if scaled[j] > 0 else indices[j].low for j in order]
    return _first_free(words or ["average"], noun, taken)


def _first_free(words: list[str], noun: str, taken: Collection[str]) -> str:
    for number in range(min(2, len(words)), len(words) + 1):
        name = f"{', '.join(words[:number])} {noun}"
        if name not in taken:
            return name
    plain = f"{', '.join(words[:2])} {noun}"
    return next(name for name in (f"{plain} {number}" for number in count(len(taken) + 1)) if name not in taken)
