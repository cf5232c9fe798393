"""Readings of one local day, for the whole town at once."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from simulator.kinds import KINDS, shapes
from simulator.plan import DAY, HOUR

if TYPE_CHECKING:
    from simulator.plan import Plan
    from simulator.population import Floats, Ints, Population

INSTANT: pa.DataType = pa.timestamp("us", tz="UTC")
READINGS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("start", INSTANT),
        ("duration_s", pa.int32()),
        ("kwh", pa.float64()),
        ("usage_point_id", pa.string()),
        ("meter_id", pa.string()),
        ("status", pa.string()),
        ("received_at", INSTANT),
    ]
)
ESTIMATED = 0.005
"""Share of the readings that are estimated [1]."""

MONTH = 28
"""Days between two levels towards which a restless customer wanders [d]."""
WANDER, ODD_DAY, RESTLESS = 0.45, 0.16, 0.7
"""Standard deviations of the logarithm of those levels and of a day's load, and of the logarithm of how restless a
customer is [1], where the unrest is 1."""
FARTHEST = 4.0
"""Largest logarithm of what unrest makes of a load [1]."""

_MICRO = 1_000_000


def names(prefix: str, count: int) -> "pa.Array[Any]":
    """Return `count` names: the prefix and ten digits."""
    return pa.array([f"{prefix}-{i:010d}" for i in range(count)], pa.string())


def day_of_readings(plan: "Plan", people: "Population", day: int) -> pa.Table:
    """Return the readings of local day number `day`, by interval end, then customer.

    Depends on the plan's random state, the customer and the day only. Rows: customers × intervals of that day; memory
    about 300 bytes a row.
    """
    starts, durations = _intervals(plan, day)
    kwh = np.round(_power(plan, people, day) * _hours_per_step(plan), 3)
    if plan.step == DAY:
        kwh = np.round(kwh.sum(axis=1, keepdims=True), 3)
    luck = plan.generator("quality", day).random((len(people), len(starts), 2))
    estimated = luck[..., 0] < ESTIMATED
    ends = starts + durations
    # meters answer within half an hour; what was estimated was completed up to an hour later
    received = ends + 30 + np.floor(luck[..., 1] * 1770).astype(np.int64) + 3600 * estimated
    points = _identities(len(people), len(starts))
    columns: dict[str, pa.Array[Any]] = {
        "customer_id": points["customer_id"],
        "start": _instants(np.repeat(starts, len(people))),
        "duration_s": pa.array(np.repeat(durations, len(people)), pa.int32()),
        "kwh": pa.array(kwh.T.ravel()),
        "usage_point_id": points["usage_point_id"],
        "meter_id": points["meter_id"],
        "status": pa.array(["measured", "estimated"]).take(estimated.T.ravel().astype(np.int8)),
        "received_at": _instants(received.T.ravel()),
    }
    return pa.table(columns, schema=READINGS)


def _intervals(plan: "Plan", day: int) -> "tuple[Ints, Ints]":
    """Return (m,) starts [s since 1970] and (m,) lengths [s] of the readings of a local day."""
    first, after = plan.midnight(day), plan.midnight(day + 1)
    if plan.step == DAY:
        return np.array([first]), np.array([after - first])
    starts = np.arange(first, after, plan.step, dtype=np.int64)
    return starts, np.full(len(starts), plan.step, np.int64)


def _hours_per_step(plan: "Plan") -> float:
    return min(plan.step, HOUR) / HOUR


def _power(plan: "Plan", people: "Population", day: int) -> "Floats":
    """Return (n, steps of the day) the mean load of each step, never negative [kW]."""
    place = _places(plan, day)
    shape = _day_shapes(plan.shape_steps)[:, :, (plan.start.weekday() + day) % 7][:, :, place]
    wobble = plan.generator("hours", day).standard_normal((len(people), len(place)))
    luck = plan.generator("days", day).standard_normal(len(people))
    blend = people.blend(day)[:, None]
    unrest = _unrest(plan, len(people), day)
    old = unrest * _as_kind(people, people.born, shape) * _noise(people.born, wobble, luck)
    if not blend.any():
        return old * _season(plan, people.born, day)
    new = unrest * _as_kind(people, people.after, shape) * _noise(people.after, wobble, luck)
    return (1 - blend) * old * _season(plan, people.born, day) + blend * new * _season(plan, people.after, day)


def _places(plan: "Plan", day: int) -> "Ints":
    """Return (steps of the day,) where each step lies in the 24-hour shape; the clock change repeats or skips some.

    The clocks change between 2 and 3 o'clock in most zones: an hour too many or too few is one of the third hour.
    """
    step = min(plan.step, HOUR)
    wanted = (plan.midnight(day + 1) - plan.midnight(day)) // step
    normal = np.arange(plan.shape_steps)
    extra = wanted - len(normal)
    third = 3 * HOUR // step
    if extra >= 0:
        return np.concatenate([normal[:third], normal[third - extra : third], normal[third:]])
    return np.concatenate([normal[: third + extra], normal[third:]])


def _as_kind(people: "Population", kind: "Ints", shape: "Floats") -> "Floats":
    load: Floats = people.level(kind)[:, None] * shape[people.variant, kind]
    return load


def _noise(kind: "Ints", wobble: "Floats", luck: "Floats") -> "Floats":
    """Return (n, steps) the factor of chance, with mean 1 [1]."""
    hourly = np.array([k.noise for k in KINDS])[kind][:, None]
    daily = np.array([k.daily for k in KINDS])[kind][:, None]
    factor: Floats = np.exp(hourly * wobble + daily * luck[:, None] - (hourly**2 + daily**2) / 2)
    return factor


def _unrest(plan: "Plan", customers: int, day: int) -> "Floats | float":
    """Return (n, 1) the factor of days that are out of the ordinary, and of months that are [1].

    Every customer wanders between levels that change monthly and come back, each by its own measure.
    """
    if plan.unrest == 0:
        return 1.0
    own = plan.unrest * np.exp(RESTLESS * plan.generator("unrest").standard_normal(customers))
    month, part = divmod(day, MONTH)
    knots = [plan.generator("months", number).standard_normal(customers) for number in (month, month + 1)]
    wander = (knots[0] * (MONTH - part) + knots[1] * part) / MONTH
    today = plan.generator("odd days", day).standard_normal(customers)
    factor: Floats = np.exp(np.clip(own * (WANDER * wander + ODD_DAY * today), -FARTHEST, FARTHEST))[:, None]
    return factor


@lru_cache(maxsize=4)
def _day_shapes(steps: int) -> "Floats":
    return shapes(steps)


def _season(plan: "Plan", kind: "Ints", day: int) -> "Floats":
    """Return (n, 1) the factor of the season, highest in the middle of January [1]."""
    swing = np.array([k.season for k in KINDS])[kind][:, None]
    year_day = plan.start.timetuple().tm_yday + day
    factor: Floats = 1 + swing * np.cos(2 * np.pi * (year_day - 15) / 365.25)
    return factor


@lru_cache(maxsize=4)
def _identities(customers: int, intervals: int) -> "dict[str, pa.Array[Any]]":
    """Return the three identifying columns of a day; days of equal length share them."""
    rows = np.tile(np.arange(customers), intervals)
    prefixes = {"customer_id": "C", "usage_point_id": "UP", "meter_id": "MTR"}
    return {column: names(prefix, customers).take(rows) for column, prefix in prefixes.items()}


def _instants(seconds: "Ints") -> "pa.Array[Any]":
    return pa.array(seconds * _MICRO).cast(INSTANT)
