"""Recent moves: what each customer's last confirmed move was, for as long as it may have to be undone or corrected."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.event import Cause, Event
from segmentation.customers import Customers
from segmentation.parameters import Parameters


class Recent(msgspec.Struct, frozen=True, array_like=True):
    """A customer's last confirmed move: its event, and all that it takes to undo it.

    `from_` and `to` are cluster ids; `since` is the epoch since which the customer had been in `from_`, `moved` that of
    its move before this one (NEVER where there was none).
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


def lasting(parameters: Parameters) -> int:
    """Return for how many epochs [1] a move is remembered: until it can be neither corrected nor blocks the next."""
    return max(parameters.epochs(parameters.cool_down_s), parameters.window)


def renewed(recent: Mapping[str, Recent], confirmed: Sequence[Event], before: Customers, rows: NDArray[np.int64],
            closed: int, parameters: Parameters) -> dict[str, Recent]:  # fmt: skip
    """Return the recent moves after a close: with those that it confirmed, without those that are too old.

    `rows` (m,) are the numbers of the customers of `confirmed`, in its order, among those `before` the close.
    """
    oldest = closed - lasting(parameters)
    kept = {customer: move for customer, move in recent.items() if move.epoch >= oldest}
    for event, row in zip(confirmed, rows.tolist(), strict=True):
        kept[event.customer_id] = Recent(
            event.event_id, closed, event.from_.cluster, event.to.cluster, event.cause, event.model_version_from,
            event.model_version_to, event.newly_potential, int(before.since[row]), int(before.moved[row]),
        )  # fmt: skip
    return kept
