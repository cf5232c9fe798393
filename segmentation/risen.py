"""Rises: what each customer's last one was, for as long as it may have to be withdrawn or corrected."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from schemas.event import Cause, Event
from segmentation.customers import Customers
from segmentation.parameters import Parameters
from segmentation.potential import Turn
from segmentation.recent import lasting
from segmentation.rises import falls
from segmentation.rows import names


class Risen(msgspec.Struct, frozen=True, array_like=True):
    """A customer's last rise: the confirmed event that says so last, and all that it takes to judge it again.

    `epoch` is the one at whose end it rose, `before` that of its rise before this one (NEVER where there was none),
    `version` that of the model in force. `provisional`: whether it rests mostly on estimates; `newly_potential` is
    False where an operator's word stands against it, or the customer has fallen.
    """

    event_id: str
    epoch: int
    before: int
    version: int
    cause: Cause
    provisional: bool
    newly_potential: bool


def renewed(risen: Mapping[str, Risen], confirmed: Sequence[Event], before: Customers, turn: Turn, closed: int,
            parameters: Parameters) -> dict[str, Risen]:  # fmt: skip
    """Return the rises after a close: with those that it confirmed, without the old ones of who does not stand high.

    Who stands high may be taken off the list however long ago it rose. `before` are the customers before the close. An
    event that supersedes one that told of a rise takes its place.
    """
    rows, high = np.flatnonzero(turn.risen), set(names(before.ids.take(np.flatnonzero(turn.high))))
    kept = lately(risen, closed, parameters) | {who: rise for who, rise in risen.items() if who in high}
    fresh = dict(zip(names(before.ids.take(rows)), before.rose[rows].tolist(), strict=True))
    for event in confirmed:
        known = kept.get(event.customer_id)
        if event.customer_id in fresh:
            kept[event.customer_id] = Risen(
                event.event_id, closed, fresh[event.customer_id], event.model_version_to, event.cause,
                event.quality.provisional, event.newly_potential,
            )  # fmt: skip
        elif known is not None and falls(event):
            kept[event.customer_id] = msgspec.structs.replace(known, newly_potential=False)
        elif known is not None and event.supersedes == known.event_id:
            kept[event.customer_id] = followed(known, event)
    return kept


def lately(risen: Mapping[str, Risen], closed: int, parameters: Parameters) -> dict[str, Risen]:
    """Return the rises that, after the close of `closed`, are not too old to be corrected."""
    oldest = closed - lasting(parameters)
    return {customer: rise for customer, rise in risen.items() if rise.epoch >= oldest}


def followed(rise: Risen, event: Event) -> Risen:
    """Return a rise of which `event` speaks now."""
    return msgspec.structs.replace(
        rise, event_id=event.event_id, provisional=event.quality.provisional, newly_potential=event.newly_potential
    )
