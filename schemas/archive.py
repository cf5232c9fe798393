"""Archive data of the relational systems on the wire: attributes of a customer, valid from a date."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.reading import Identifier, Instant

Name = Annotated[str, Meta(max_length=64)]


class Archive(msgspec.Struct, frozen=True, rename="camel"):
    """Attributes of `customer_id` from `valid_from` on; the latest `valid_from` that has begun is in force.

    A `protected` customer is moved by no model alone unless an operator promotes it.
    """

    customer_id: Identifier
    valid_from: Instant
    industry: Name | None = None
    voltage_level: Name | None = None
    customer_class: Name | None = None
    capacity_kw: Annotated[float, Meta(ge=0, le=1e7)] | None = None
    contract_start: Instant | None = None
    transformer: Name | None = None
    feeder: Name | None = None
    zone: Name | None = None
    tariff: Name | None = None
    protected: bool | None = None
