"""Memories as of a close, and what the formulas see of them."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.customers import Customers
from segmentation.indices import DAY_S, View
from segmentation.parameters import Parameters
from segmentation.sums import COLUMN, Floats, Tiles, absorb, absorb_hours, tile
from segmentation.weeks import base, stayed

NO_TILES = tile(kinds.NONE, pa.array([], pa.string()), Calendar("UTC"))
"""The tiles of an epoch without a row."""


def decays(parameters: Parameters) -> Floats:
    """Return the decay (2,) [1] of the short and the long memory in one epoch."""
    return np.array([parameters.decay(half) for half in (parameters.short_memory_s, parameters.long_memory_s)])


def absorbed(memories: Floats, tiles: Mapping[int, Tiles], epochs: range, parameters: Parameters) -> Floats:
    """Return memories (n, 2, WIDTH) after these epochs, in their order; untouched. O(n) for each epoch."""
    for epoch in epochs:
        memories = absorb(memories, tiles.get(epoch) or NO_TILES, decays(parameters))
    return memories


def absorbed_hours(hours: Floats, tiles: Mapping[int, Tiles], epochs: range, parameters: Parameters) -> Floats:
    """Return load-shape sums (n, 24) [Wh] after these epochs, in their order; untouched."""
    for epoch in epochs:
        hours = absorb_hours(hours, tiles.get(epoch) or NO_TILES, parameters.decay(parameters.long_memory_s))
    return hours


def view_of(customers: Customers, memories: Floats, epoch: int, parameters: Parameters) -> View:
    """Return the formulas' view of n customers with `memories` (n, 2, WIDTH) as of the end of `epoch`."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    age = np.maximum(epoch - customers.first.astype(np.int64) + 1, 1).astype(np.float64)
    factors = decays(parameters)
    days = (1 - factors[None, :] ** age[:, None]) / (1 - factors[None, :]) * (parameters.epoch_s / DAY_S)
    return View(
        memories, customers.traits, days, calendar.end(epoch), base(customers.weeks, epoch, parameters),
        stayed(customers.weeks, epoch, parameters),
    )  # fmt: skip


def share_estimated(memories: Floats) -> NDArray[np.float64]:
    """Return the share (n,) [1] of estimated seconds in the short memory, 0 where nothing was metered."""
    seconds, estimated = memories[:, 0, COLUMN["seconds"]], memories[:, 0, COLUMN["estimated_s"]]
    return np.divide(estimated, seconds, out=np.zeros(len(seconds)), where=seconds > 0)
