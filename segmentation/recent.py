"""Recent moves: what each customer's last confirmed move was, for as long as it may have to be undone or corrected."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.event import Cause, Event
from segmentation.customers import Customers
from segmentation.parameters import Parameters


class Before(msgspec.Struct, frozen=True, array_like=True):
    """A customer just before the close that moved it; `anchor` and `traits` are its rows in `Customers`, as bytes."""

    challenger: int
    challenged: int
    anchor: bytes
    anchor_version: int
    traits: bytes


class Recent(msgspec.Struct, frozen=True, array_like=True):
    """A customer's last confirmed move: its event, and all that it takes to undo it.

    `from_` and `to` are cluster ids; `since` is the epoch since which the customer had been in `from_`, `moved` that of
    its move before this one (NEVER where there was none). `provisional`: whether it rests mostly on estimates;
    `before` is what it takes to judge it again, None once no correction can reach it any more.
    """

    event_id: str
    epoch: int
    from_: int
    to: int
    cause: Cause
    version_from: int
    version_to: int
    newly_potential: bool
    since: int
    moved: int
    provisional: bool
    before: Before | None


def lasting(parameters: Parameters) -> int:
    """Return for how many epochs [1] a move is remembered: until it can be neither corrected nor blocks the next."""
    return max(parameters.epochs(parameters.cool_down_s), parameters.window)


def renewed(recent: Mapping[str, Recent], confirmed: Sequence[Event], before: Customers, rows: NDArray[np.int64],
            closed: int, parameters: Parameters) -> dict[str, Recent]:  # fmt: skip
    """Return the recent moves after a close: with those that it confirmed, without those that are too old.

    `rows` (m,) are the numbers of the customers of `confirmed`, in its order, among those `before` the close.
    """
    oldest, final = closed - lasting(parameters), closed - parameters.window
    kept = {
        customer: move if move.epoch > final or move.before is None else msgspec.structs.replace(move, before=None)
        for customer, move in recent.items() if move.epoch >= oldest
    }  # fmt: skip
    for event, row in zip(confirmed, rows.tolist(), strict=True):
        kept[event.customer_id] = Recent(
            event.event_id, closed, event.from_.cluster, event.to.cluster, event.cause, event.model_version_from,
            event.model_version_to, event.newly_potential, int(before.since[row]), int(before.moved[row]),
            event.quality.provisional, _before(before, row),
        )  # fmt: skip
    return kept


def _before(customers: Customers, row: int) -> Before:
    return Before(
        int(customers.challenger[row]), int(customers.challenged[row]), customers.anchor[row].tobytes(),
        int(customers.anchor_version[row]), customers.traits[row].tobytes(),
    )  # fmt: skip
