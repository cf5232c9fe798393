"""From index values to the space in which customers are compared: scaled, weighted, on a fixed-point grid."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from clustering.assignment import squared_distances
from clustering.cells import GRID, to_grid
from clustering.scaling import Scaling
from schemas.model import Model
from segmentation.indices import Index, chosen

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Traces = NDArray[np.int32]
MISSING = -(1 << 31)
"""A trace's coordinate of an index that the data did not support [GRID]."""
_FARTHEST = (1 << 31) - 1
_BEYOND = 1e9
"""Farther than any trace reaches [robust standard deviations]; keeps a weight of 0 from meeting infinity."""


@dataclass(frozen=True)
class Space:
    """The space of one model: `root_weights` (d,) are the square roots of its factor weights."""

    indices: tuple[Index, ...]
    scaling: Scaling
    root_weights: Floats

    def trace(self, values: Floats) -> Traces:
        """Traces (n, d) [GRID] of transformed index values (n, d): coordinates before any clipping, MISSING kept.

        A trace is all that has to be kept of a customer to place it again, and to say what its values were.
        """
        if len(values) == 0:  # a bucket without customers
            return np.zeros(values.shape, np.int32)
        scaled = np.clip(Scaling(self.scaling.centre, self.scaling.spread, np.inf).apply(values), -_BEYOND, _BEYOND)
        steps = np.rint(np.clip(scaled * self.root_weights * GRID, -_FARTHEST, _FARTHEST))
        return np.where(np.isnan(values), MISSING, steps).astype(np.int32)

    def point(self, trace: Traces) -> Ints:
        """Grid coordinates (n, d) at which customers of these traces (n, d) are compared; a missing value lies at 0."""
        limit = self._limit
        return np.where(trace == MISSING, 0, np.clip(trace.astype(np.int64), -limit, limit))

    @cached_property
    def _limit(self) -> Ints:
        """Greatest coordinates (d,) [GRID]."""
        return np.asarray(to_grid(np.abs(self.scaling.clip * self.root_weights)[None, :])[0])

    def place(self, values: Floats) -> Ints:
        """Grid coordinates (n, d) of transformed index values (n, d)."""
        return self.point(self.trace(values))

    def scaled(self, coordinates: Floats) -> Floats:
        """Coordinates back to robust standard deviations [1]; 0 where an index has no weight."""
        weights = np.where(self.root_weights > 0, self.root_weights, 1.0)
        return np.where(self.root_weights > 0, coordinates / weights, 0.0)

    def values(self, traces: Traces) -> list[list[float | None]]:
        """Return traces (n, d) as values in the indices' own units, None where there is none to tell."""
        transformed = self.scaled(off_grid(traces)) * self.scaling.spread + self.scaling.centre
        known = (traces > -_FARTHEST) & (traces < _FARTHEST) & (self.root_weights > 0)
        columns = np.ascontiguousarray(np.where(known, transformed, np.nan).T)
        own = np.array([index.originals(column) for index, column in zip(self.indices, columns, strict=True)])
        return [
            [value if told else None for value, told in zip(*row, strict=True)]
            for row in zip(own.T.tolist(), known.tolist(), strict=True)
        ]


@lru_cache(maxsize=8)
def space_of(model: Model) -> Space:
    """Return the space of `model`; the same for all its versions until a re-seed."""
    scaling = Scaling(np.array(model.scale_centre), np.array(model.scale_spread), model.clip)
    return Space(chosen(model.indices), scaling, np.sqrt(np.array(model.factor_weights)))


@lru_cache(maxsize=64)
def centres_of(model: Model) -> Floats:
    """Centres (k, d) of the model's clusters, read-only, in order of their ids."""
    centres = np.array([cluster.centre for cluster in model.clusters])
    centres.flags.writeable = False
    return centres


@lru_cache(maxsize=64)
def ids_of(model: Model) -> Ints:
    """Identities (k,) of the model's clusters, rising."""
    ids = np.array([cluster.id for cluster in model.clusters], np.int64)
    ids.flags.writeable = False
    return ids


def distances(points: Floats, centres: Floats) -> Floats:
    """Return squared distances (n, k) [1] of points (n, d) to centres (k, d); a bucket without customers has none."""
    if len(points) == 0:
        return np.zeros((0, len(centres)))
    # indices of which nothing is known lie at 0 for all, and add nothing
    told = np.asarray(points.any(axis=0) | centres.any(axis=0))
    told[0] = True
    return squared_distances(points.compress(told, axis=1), centres.compress(told, axis=1))


def off_grid(coordinates: Ints | Traces) -> Floats:
    """Grid coordinates as numbers in the space, exactly."""
    return coordinates.astype(np.float64) / GRID
