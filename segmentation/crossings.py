"""Crossings: the first offsets at which a partition's event time has passed an epoch and the allowed lateness.

An offset counts once `witnesses` different customers have passed, or a clock record has: one wrong clock closes
no year.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

CLOCK = ""
"""The customer of a clock record."""


class Crossing(msgspec.Struct, frozen=True, array_like=True, order=True):
    """At `offset` of `lane`, `customer` had passed the end of `epoch`, and of all before it, by the lateness."""

    lane: int
    offset: int
    epoch: int
    customer: str


def first_crossings(
    lanes: Ints, offsets: Ints, epochs: Ints, customers: NDArray[np.object_], *, witnesses: int
) -> list[Crossing]:
    """Return the crossings of a block that can matter: for every lane and epoch the first `witnesses` customers'.

    All arrays are (n,); `epochs` is the last epoch that each row has passed. O(n log n + levels).
    """
    found: set[Crossing] = set()
    for lane in np.unique(lanes):
        mine = np.flatnonzero(lanes == lane)
        mine = mine[np.argsort(offsets[mine], kind="stable")]
        for level in np.unique(epochs[mine]):
            passed = mine[epochs[mine] >= level]
            rows = _first_of_each(passed, customers, witnesses)
            found.update(Crossing(int(lane), int(offsets[n]), int(epochs[n]), str(customers[n])) for n in rows)
    return sorted(found)


def _first_of_each(rows: Ints, customers: NDArray[np.object_], limit: int) -> list[int]:
    seen: dict[str, int] = {}
    for row in rows:
        seen.setdefault(customers[row], int(row))
        if len(seen) == limit or CLOCK in seen:
            break
    return list(seen.values())


def kept(crossings: Iterable[Crossing], closed: int, witnesses: int) -> tuple[Crossing, ...]:
    """Those that can still decide an epoch after `closed`: no others need to be remembered."""
    left: dict[int, list[Crossing]] = {}
    for crossing in sorted(crossings):
        before = left.setdefault(crossing.lane, [])
        if crossing.epoch > closed and not _dominated(crossing, before, witnesses):
            before.append(crossing)
    return tuple(crossing for lane in left.values() for crossing in lane)


def _dominated(crossing: Crossing, before: list[Crossing], witnesses: int) -> bool:
    higher = {other.customer for other in before if other.epoch >= crossing.epoch}
    return CLOCK in higher or crossing.customer in higher or len(higher) >= witnesses


def upto(crossings: Iterable[Crossing], lane: int, epoch: int, witnesses: int) -> int | None:
    """Offset below which `epoch` is complete in `lane`, None while that is not known."""
    seen: set[str] = set()
    for crossing in sorted(crossings):
        if crossing.lane != lane or crossing.epoch < epoch:
            continue
        seen.add(crossing.customer)
        if len(seen) >= witnesses or crossing.customer == CLOCK:
            return crossing.offset
    return None
