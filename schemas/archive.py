"""Archive data of the relational systems on the wire: attributes of a customer, valid from a date."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.reading import Identifier, Instant

RELATIVES = ("successors", "predecessors")
"""Fields that name other customers; in a table, all of them in one cell with spaces between."""
MOST_RELATIVES = 100
"""Customers that one may be merged of, or split into [1]."""
Relatives = Annotated[tuple[Identifier, ...], Meta(max_length=MOST_RELATIVES)]
Name = Annotated[str, Meta(max_length=64)]


class Archive(msgspec.Struct, frozen=True, rename="camel"):
    """Attributes of `customer_id` from `valid_from` on; the latest `valid_from` that has begun is in force.

    `valid_from` may lie ahead: the record takes effect when event time reaches it.

    A `closed` customer is one no more: it has been merged into its one `successors`, split into several of them, or
    just left. It is opened again by a later record that does not say so. A customer that names `predecessors` begins
    anew: out of several that were merged, or out of one that was split; it may be one of them itself.

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
    closed: bool | None = None
    successors: Relatives = ()
    predecessors: Relatives = ()
