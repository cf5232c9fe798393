"""Quadrants of a fitted table: which of its columns speak for current value, and which for potential value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kwadrant.cells import MissingColumnError
from schemas.fitted import Fitted
from segmentation.indices import REGISTRY, Half
from segmentation.quadrants import quadrant


@dataclass(frozen=True)
class Axes:
    """Columns of a table by axis, each with +1 where more of it is more value, else -1."""

    current: dict[str, int]
    potential: dict[str, int]

    def __bool__(self) -> bool:
        """Whether there is a quadrant to tell: both axes have a column."""
        return bool(self.current and self.potential)


def axes(current: str | None, potential: str | None, columns: Sequence[str]) -> Axes:
    """Return what was typed, ``a,-b``: less of b is more; by default the columns that are named as our indices.

    Raises
    ------
    MissingColumnError
        Where a column is none of those clustered.
    """
    return Axes(_axis("current", current, columns), _axis("potential", potential, columns))


def _axis(half: Half, typed: str | None, columns: Sequence[str]) -> dict[str, int]:
    if typed is None:
        return {one.name: one.direction for one in REGISTRY if one.half == half and one.name in columns}
    names = [name.strip() for name in typed.split(",") if name.strip()]
    found = {name.removeprefix("-"): -1 if name.startswith("-") else 1 for name in names}
    for name in found:
        if name not in columns:
            message = f"--{half}: {name!r} is no column that is clustered; there are {', '.join(columns)}"
            raise MissingColumnError(message)
    return found


def quadrants(model: Fitted, of: Axes) -> list[str]:
    """Return the quadrant of each cluster: `high` where its score lies above that of the mean row.

    The score is the mean of an axis' scaled columns by their factor weights, each times its sign.
    """
    masses, centres = np.array(model.masses), np.array(model.scaled_centres)
    scores = []
    for axis in (of.current, of.potential):
        sign = np.array([axis.get(name, 0) for name in model.columns]) * np.array(model.factor_weights)
        score = centres @ sign
        scores.append(score - masses @ score / masses.sum())
    return [quadrant(float(current), float(potential), (0.0, 0.0)) for current, potential in zip(*scores, strict=True)]
