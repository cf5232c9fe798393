"""Rows with the clusters and distances that a model gives them: what an export has to give them too."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from clustering.arrays import Floats, Labels
from schemas.fitted import Fitted

ROWS = 1_000
BEYOND = 1.5
"""How far the rows go between two centres and past them [distance of the two]."""
MISSING = 0.05
"""Share of the values that are missing."""
SAMPLE = 7


@dataclass(frozen=True, eq=False)
class Parity:
    """Rows (n, d) [unit of each column], NaN = missing; their clusters (n,) and distances (n,) to the centre [1]."""

    rows: Floats
    labels: Labels
    distances: Floats

    def write(self, path: Path) -> None:
        """Write as JSON: `rows` with null for missing, `labels`, `distances`."""
        content = {"rows": self.rows.tolist(), "labels": self.labels.tolist(), "distances": self.distances.tolist()}
        # msgspec writes NaN as null
        path.write_bytes(msgspec.json.encode(content) + b"\n")


def place(model: Fitted, rows: Floats) -> tuple[Labels, Floats]:
    """Return the clusters (n,) of raw rows (n, d) and the distances to their centres (n,), as `schemas.fitted` says."""
    scaling, spread = model.scaling, np.array(model.scaling.spread)
    scaled = (rows - np.array(scaling.centre)) / np.where(spread > 0, spread, 1.0)
    scaled = scaled if scaling.clip is None else np.clip(scaled, -scaling.clip, scaling.clip)
    scaled[np.isnan(rows) | (spread == 0)] = 0.0
    step = 2.0 ** -np.array(model.grid)
    away = np.rint(scaled / step)[:, None] * step - np.array(model.scaled_centres)
    squared = (np.array(model.factor_weights) * away**2).sum(axis=2)
    return squared.argmin(axis=1).astype(np.int32), np.sqrt(squared.min(axis=1))


def parity(model: Fitted) -> Parity:
    """Return rows between and beyond the centres, every twentieth value missing; the same for the same model."""
    source = np.random.default_rng(SAMPLE)
    centres = np.array(model.scaled_centres)
    one, other = centres[source.integers(model.k, size=(2, ROWS))]
    between = one + source.uniform(-BEYOND, BEYOND, one.shape) * (other - one) + source.normal(size=one.shape)
    spread, centre = np.array(model.scaling.spread), np.array(model.scaling.centre)
    rows = between * spread + centre
    rows[source.random(rows.shape) < MISSING] = np.nan
    return Parity(rows, *place(model, rows))
