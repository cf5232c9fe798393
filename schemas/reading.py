"""A meter reading on the wire: energy over a half-open interval, in the words of IEC 61968-9 and OBIS."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
Instant = Annotated[datetime, Meta(tz=True)]

ENERGY_READING_TYPE = "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
"""CIM reading type of interval energy, forward, secondary metered, kWh: what a reading without one is."""

STATUSES = ("missing", "estimated", "measured", "edited")
"""Quality in rising rank: of several readings of one interval the greatest wins."""

LARGEST_KWH = 1e9
LARGEST_KW = 3e6
"""More than a smelter takes; the square of its watts still fits into 64 bits."""
LONGEST_INTERVAL_S = 31 * 86_400


Energy = Annotated[float, Meta(ge=0, le=LARGEST_KWH)]


class Interval(msgspec.Struct, frozen=True):
    """Half-open interval [start, start + duration)."""

    start: Instant
    duration: Annotated[str, Meta(extra_json_schema={"format": "duration"})]


class Quality(msgspec.Struct, frozen=True):
    """Quality of a reading: status, and the code of IEC 61968-9 where the source gives one."""

    status: Literal["missing", "estimated", "measured", "edited"]
    code: str | None = None


class Reading(msgspec.Struct, frozen=True, rename="camel"):
    """Energy `value` [kWh] that a usage point took (forward) or fed in (reverse) in `interval`."""

    customer_id: Identifier
    interval: Interval
    value: Energy
    unit: Literal["kWh"]
    quality: Quality
    usage_point_id: Identifier | None = None
    meter_id: Identifier | None = None
    reading_type: Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+){17}$")] = ENERGY_READING_TYPE
    obis: str | None = None
    flow_direction: Literal["forward", "reverse"] = "forward"
    received_at: Instant | None = None


class Clock(msgspec.Struct, frozen=True):
    """A clock record, with a null key: every row of this partition before `clock` stands before it."""

    clock: Instant
