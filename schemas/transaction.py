"""An energy-service transaction on the wire: what a customer bought, paid, asked for or was offered."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from schemas.reading import Identifier, Instant

Kind = Literal["purchase", "payment", "enquiry", "offer", "contract_change", "refund", "complaint"]
Service = Literal["heat_pump", "pv", "storage", "ev_charging", "efficiency", "managed_load", "energy", "other"]

KINDS: tuple[str, ...] = get_args(Kind)
SERVICES: tuple[str, ...] = get_args(Service)


class Transaction(msgspec.Struct, frozen=True, rename="camel"):
    """A transaction of `customer_id`; a payment after its `due` is late; the same id counts once."""

    transaction_id: Identifier
    customer_id: Identifier
    time: Instant
    kind: Kind
    service: Service | None = None
    amount: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    due: Instant | None = None
