"""Orders: what an operator may ask for, read out of a request's action and arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.control import Control, Request
from schemas.model import Model
from schemas.reading import Identifier
from segmentation.central_state import CentralState

Offset = Annotated[int, Meta(ge=0)]


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="action"):
    """An action with its arguments."""


class PromoteHeld(_Order, frozen=True, tag="promote"):
    """Put the held model in force, whatever its dry run says, and promote by budget again; `version` to be sure."""

    version: int | None = None


class HoldAll(_Order, frozen=True, tag="hold"):
    """Promote nothing until an operator promotes."""


class Rollback(_Order, frozen=True, tag="rollback"):
    """Put the centres of a `version` once in force in force again, as a new version, and hold."""

    version: int


class Pin(_Order, frozen=True, tag="pin"):
    """Never give up `cluster`."""

    cluster: int


class Unpin(_Order, frozen=True, tag="unpin"):
    """Treat `cluster` like the others again."""

    cluster: int


class Rename(_Order, frozen=True, tag="name"):
    """Call `cluster` by this name."""

    cluster: int
    name: Annotated[str, Meta(min_length=1, max_length=80)]


class Accompany(_Order, frozen=True, tag="shadow"):
    """Judge `model` beside the live one and count; None ends it."""

    model: Model | None


class DismissUntil(_Order, frozen=True, tag="dismiss"):
    """`customer` is not newly potential before the local day `until` begins."""

    customer: Identifier
    until: date


class Undismiss(_Order, frozen=True, tag="undismiss"):
    """Lift a dismissal."""

    customer: Identifier


class Idle(_Order, frozen=True, tag="idle"):
    """Do not wait for a partition: its rows from `offset` on count once it is busy again."""

    topic: str
    partition: int
    offset: Offset


class Busy(_Order, frozen=True, tag="busy"):
    """Wait for a partition again."""

    topic: str
    partition: int


class CloseNow(_Order, frozen=True, tag="close"):
    """Close `epoch`, by its name, without waiting: the rows below `upto` of their lane (in decimal text) are in it."""

    epoch: Annotated[str, Meta(max_length=40)]
    upto: Mapping[str, Offset]


ModelOrder = PromoteHeld | HoldAll | Rollback | Pin | Unpin | Rename | Accompany
LogOrder = DismissUntil | Undismiss | Idle | Busy | CloseNow
Order = ModelOrder | LogOrder


@dataclass(frozen=True)
class Done:
    """What an order leads to: the state, the answer, and the commands to the local nodes."""

    state: CentralState
    said: str
    controls: tuple[Control, ...] = ()


class BadOrder(ValueError):  # noqa: N818 - named after what is wrong
    """A request that is no order, or none that can be carried out: the message is the answer."""


def order_of(request: Request) -> Order:
    """Return the order of a request.

    Raises
    ------
    BadOrder
        Where there is no such action, or its arguments are not as they have to be.
    """
    try:
        order: Order = msgspec.convert({**request.arguments, "action": request.action}, Order)
    except msgspec.ValidationError as error:
        raise BadOrder(f"{request.action} cannot be read: {error}") from error
    return order
