"""From index values to the space in which customers are compared: scaled, weighted, on a fixed-point grid."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clustering.assignment import squared_distances
from clustering.cells import GRID, to_grid
from clustering.scaling import Scaling
from schemas.model import Model
from segmentation.indices import Index, chosen

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """The space of one model: `root_weights` (d,) are the square roots of its factor weights."""

    indices: tuple[Index, ...]
    scaling: Scaling
    root_weights: Floats

    def place(self, values: Floats) -> Ints:
        """Grid coordinates (n, d) of transformed index values (n, d); a missing value lies at 0."""
        if len(values) == 0:  # a bucket without customers
            return np.zeros(values.shape, np.int64)
        return to_grid(self.scaling.apply(values) * self.root_weights)

    def scaled(self, coordinates: Floats) -> Floats:
        """Coordinates back to robust standard deviations [1]; 0 where an index has no weight."""
        weights = np.where(self.root_weights > 0, self.root_weights, 1.0)
        return np.where(self.root_weights > 0, coordinates / weights, 0.0)

    def value(self, number: int, scaled: float) -> float:
        """Return a scaled coordinate of index `number` in the index's own unit (clipped values come back clipped)."""
        transformed = scaled * self.scaling.spread[number] + self.scaling.centre[number]
        return self.indices[number].original(float(transformed))


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
    return squared_distances(points, centres) if len(points) > 0 else np.zeros((0, len(centres)))


def off_grid(coordinates: Ints) -> Floats:
    """Grid coordinates as numbers in the space, exactly."""
    return coordinates.astype(np.float64) / GRID
