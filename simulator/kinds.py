"""The kinds of customers in the town, and what one kind can turn into.

A kind is a natural group: customers of one kind share a load shape and lie, with a log-normal spread, about one level.
Shop and office are the closest pair on purpose: nothing ever changes between these two, so a model with one cluster
fewer than the town has kinds still sees every change.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Service: TypeAlias = Literal["heat_pump", "pv", "storage", "ev_charging", "efficiency", "managed_load"]
Hours: TypeAlias = tuple[float, ...]


def _hours(base: float, *blocks: tuple[int, int, float]) -> Hours:
    """Return 24 hourly values [1]: `base`, overwritten by each block (first hour, hour after the last, value)."""
    values = [base] * 24
    for first, after, value in blocks:
        values[first:after] = [value] * (after - first)
    return tuple(values)


@dataclass(frozen=True)
class Kind:
    """One natural group of customers.

    Attributes
    ----------
    name : its name in the truth table.
    share : share of the town's customers born as this kind [1].
    level : mean load of the typical customer [kW].
    spread : standard deviation of the logarithm of a customer's level [1].
    days : load shapes of a working day, a Saturday and a Sunday, 24 hours each, in any common unit [1].
    noise : standard deviation of the logarithm of an hour's load [1]: what makes peaks.
    daily : standard deviation of the logarithm of a day's load [1].
    season : half the swing of the load over a year, winter up [1].
    peak : contracted capacity over the mean load [1].
    """

    name: str
    share: float
    level: float
    spread: float
    days: tuple[Hours, Hours, Hours]
    noise: float
    daily: float
    season: float
    peak: float
    customer_class: str
    voltage_level: str
    tariff: str
    industries: tuple[str, ...]
    holds: tuple[Service, ...] = ()


@dataclass(frozen=True)
class Change:
    """What one kind can become, and how often among those of that kind that change [1]."""

    name: str
    before: str
    after: str
    weight: float
    sells: tuple[Service, ...] = ()


_HOME = ("residential",)
_TRADE = ("retail", "food_retail", "hospitality")
_DESK = ("public_administration", "finance", "consulting")
_MAKING = ("metalworking", "furniture", "printing")

_HOUSEHOLD = (
    _hours(0.55, (0, 6, 0.35), (6, 9, 1.3), (17, 22, 2.3), (22, 24, 0.8)),
    _hours(1.15, (0, 7, 0.35), (17, 22, 2.1), (22, 24, 0.9)),
    _hours(1.25, (0, 8, 0.35), (11, 14, 1.7), (17, 22, 2.0), (22, 24, 0.8)),
)
_HEAT_PUMP = (
    _hours(0.65, (0, 6, 1.85), (6, 9, 1.2), (17, 21, 0.9), (21, 22, 1.2), (22, 24, 1.65)),
    _hours(0.75, (0, 6, 1.85), (6, 9, 1.2), (17, 21, 0.9), (21, 22, 1.2), (22, 24, 1.65)),
    _hours(0.75, (0, 6, 1.85), (6, 9, 1.2), (17, 21, 0.9), (21, 22, 1.2), (22, 24, 1.65)),
)
_SOLAR = (
    _hours(0.06, (0, 6, 1.9), (6, 9, 1.6), (18, 22, 0.35), (22, 24, 1.5)),
    _hours(0.06, (0, 6, 1.9), (6, 9, 1.5), (18, 22, 0.4), (22, 24, 1.5)),
    _hours(0.06, (0, 6, 1.9), (6, 9, 1.5), (18, 22, 0.4), (22, 24, 1.5)),
)
_SHOP = (
    _hours(0.35, (7, 9, 0.9), (9, 18, 2.1), (18, 20, 1.3)),
    _hours(0.35, (7, 9, 0.8), (9, 17, 1.9)),
    _hours(0.3),
)
_OFFICE = (_hours(0.25, (6, 8, 1.2), (8, 17, 2.4), (17, 19, 1.1)), _hours(0.25, (8, 14, 0.65)), _hours(0.25))
_EV_FLEET = (
    _hours(0.5, (0, 5, 2.4), (8, 18, 0.8), (20, 22, 1.8), (22, 24, 2.6)),
    _hours(0.3, (0, 5, 2.2), (9, 18, 0.6), (20, 24, 1.2)),
    _hours(0.25, (0, 5, 0.9), (20, 22, 1.2), (22, 24, 2.0)),
)
_WORKSHOP = (_hours(0.1, (5, 6, 0.8), (6, 15, 3.0), (15, 17, 0.8)), _hours(0.1), _hours(0.1))
_TWO_SHIFT = (
    _hours(0.5, (0, 2, 1.4), (5, 14, 1.2), (14, 22, 2.2), (22, 24, 2.0)),
    _hours(0.15, (0, 2, 1.4), (5, 14, 0.9)),
    _hours(0.15, (22, 24, 0.9)),
)
_VACANT = (_hours(1.0), _hours(1.0), _hours(1.0))

KINDS: tuple[Kind, ...] = (
    Kind("household", 0.26, 0.45, 0.20, _HOUSEHOLD, 0.35, 0.10, 0.10, 14.0, "household", "low", "H1", _HOME),
    Kind("heat_pump", 0.10, 0.90, 0.18, _HEAT_PUMP, 0.35, 0.10, 0.15, 12.0, "household", "low", "HP", _HOME,
         ("heat_pump",)),
    Kind("solar_storage", 0.07, 0.16, 0.20, _SOLAR, 0.30, 0.12, 0.10, 40.0, "household", "low", "PV", _HOME,
         ("pv", "storage")),
    Kind("shop", 0.15, 3.5, 0.20, _SHOP, 0.15, 0.07, 0.05, 4.0, "commercial", "low", "G1", _TRADE),
    Kind("office", 0.11, 5.0, 0.20, _OFFICE, 0.12, 0.06, 0.05, 5.0, "commercial", "low", "G2", _DESK),
    Kind("ev_fleet", 0.07, 11.0, 0.18, _EV_FLEET, 0.25, 0.08, 0.05, 6.0, "commercial", "low", "EV", _TRADE + _DESK,
         ("ev_charging", "managed_load")),
    Kind("workshop", 0.12, 22.0, 0.20, _WORKSHOP, 0.25, 0.08, 0.04, 6.0, "industrial", "medium", "M1", _MAKING),
    Kind("two_shift", 0.07, 39.6, 0.18, _TWO_SHIFT, 0.20, 0.08, 0.04, 4.0, "industrial", "medium", "M2", _MAKING,
         ("efficiency",)),
    Kind("vacant", 0.05, 0.175, 0.22, _VACANT, 0.05, 0.04, 0.03, 80.0, "commercial", "low", "G0", _TRADE),
)  # fmt: skip

CHANGES: tuple[Change, ...] = (
    Change("heat_pump", "household", "heat_pump", 0.6, ("heat_pump",)),
    Change("pv_storage", "household", "solar_storage", 0.4, ("pv", "storage")),
    Change("ev_fleet", "shop", "ev_fleet", 0.65, ("ev_charging", "managed_load")),
    Change("closure", "shop", "vacant", 0.35),
    Change("ev_fleet", "office", "ev_fleet", 1.0, ("ev_charging", "managed_load")),
    Change("second_shift", "workshop", "two_shift", 1.0, ("efficiency",)),
    Change("shift_dropped", "two_shift", "workshop", 1.0),
    Change("new_tenant", "vacant", "shop", 1.0),
)

NUMBER = {kind.name: i for i, kind in enumerate(KINDS)}


VARIANTS = tuple((contrast, shift) for contrast in (0.85, 1.0, 1.15) for shift in (-1, 0, 1))
"""How customers of one kind differ in shape: exponent of the load [1] and how much later they live [h]."""


def shapes(steps: int) -> npt.NDArray[np.float64]:
    """Return all load shapes, (variants, kinds, 7 weekdays, `steps` per 24 hours), each with a weekly mean of 1 [1].

    Between the middles of two hours the load goes straight from one to the other when a step is shorter than an hour.
    """
    hourly = np.array([[*[kind.days[0]] * 5, kind.days[1], kind.days[2]] for kind in KINDS])
    # a little structure in the week: businesses start slowly on Monday and stop early on Friday
    hourly = hourly * np.array([0.97, 1.0, 1.02, 1.02, 0.97, 1.0, 1.0])[None, :, None]
    middles = (np.arange(steps) + 0.5) * 24 / steps
    at = (np.arange(7)[:, None] * 24 + middles).ravel()
    weeks = [np.roll(row, shift) ** contrast for contrast, shift in VARIANTS for row in hourly.reshape(len(KINDS), -1)]
    fine = np.stack([np.interp(at, np.arange(168) + 0.5, week, period=168) for week in weeks])
    scaled: npt.NDArray[np.float64] = fine / fine.mean(axis=1, keepdims=True)
    return scaled.reshape(len(VARIANTS), len(KINDS), 7, steps)
