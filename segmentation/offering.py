"""Offering: which services fit a customer who has just become a potential one, and why, in words to say aloud.

A rule names a service, whom it is for, and the signs that have to show: how the customer's recent days differ from the
older ones that the long memory holds beyond them. Nobody is offered what is held already: bought, or paid for. The
table is `RULES`; `docs/services.md` is made of it.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
import numpy as np
import pyarrow as pa

from schemas.event import Event, Offer
from segmentation.customers import Customers
from segmentation.indices import LONG, SHORT, View, ratio
from segmentation.rows import pc
from segmentation.sums import OFFERED, PAID, Floats
from segmentation.traits import NOUNS

VERSION = 3
"""Of the rule table: a change of a rule is a change of the version."""
MOST = 3
"""Services that one event names [1]."""
HOME, TRADE = ("household",), ("business", "public site", "plant", "farm", "customer")
"""Whom a rule is for: what customers of their class are called; `customer` is one of whom no class is known."""
_WORTH_A_VISIT_W = 2_000.0
"""Mean power of a business from which an engineer's visit pays [W]: 17,500 kWh a year."""
Measure = Literal["consumption", "night share", "evening share", "daytime share", "load factor"]


@dataclass(frozen=True)
class Sign:
    """`measure` has changed by at least `least`: of a consumption a factor [1], of a share a difference [1].

    A `least` below 1, or below 0, asks for a fall. `consumption` is the mean power against the base that growth knows,
    a share is of the energy, and `load factor` is the mean over the peak power.
    """

    measure: Measure
    least: float

    def shown(self, change: float) -> bool:
        """Whether the measure has changed so much; what is not known shows nothing."""
        falls = self.least < (1 if self.measure == "consumption" else 0)
        return bool(change <= self.least if falls else change >= self.least)


@dataclass(frozen=True)
class Rule:
    """`service` fits customers called one of `who` who show all `signs` and hold all of `holds`; `pitch` is the offer.

    The first sign is the one that is said. A mean power below `least_w` [W] is too little for it to pay.
    """

    service: str
    who: tuple[str, ...]
    signs: tuple[Sign, ...]
    pitch: str
    holds: tuple[str, ...] = ()
    least_w: float = 0.0

    def fits(self, noun: str, found: "Measured", held: AbstractSet[str]) -> bool:
        """Whether it is for a customer called `noun`, who shows what it asks for and does not hold it."""
        asked = noun in self.who and self.service not in held and held >= set(self.holds)
        large = not found.now["consumption"] < self.least_w
        return asked and large and all(sign.shown(found.change(sign.measure)) for sign in self.signs)


RULES = (
    Rule("heat_pump", HOME, (Sign("night share", 0.08), Sign("consumption", 1.3)), "a contract for heat pumps"),
    Rule("pv", HOME, (Sign("daytime share", -0.1), Sign("consumption", 0.8)), "care and feed-in for its solar panels"),
    Rule("storage", HOME, (Sign("daytime share", -0.1), Sign("consumption", 0.8)), "a battery to keep its own power"),
    Rule("efficiency", ("plant",), (Sign("night share", 0.04), Sign("evening share", 0.04), Sign("consumption", 1.2)),
         "an efficiency audit of the added shift"),
    Rule("ev_charging", TRADE, (Sign("night share", 0.08), Sign("consumption", 1.3)), "EV charging on a night tariff"),
    Rule("managed_load", TRADE, (Sign("night share", 0.08), Sign("consumption", 1.3)),
         "load management for what runs by night"),
    Rule("ev_charging", HOME, (Sign("night share", 0.08),), "a wall box on a night tariff"),
    Rule("storage", HOME, (), "a battery beside them", ("pv",)),
    Rule("pv", HOME, (), "solar panels that power it", ("heat_pump",)),
    Rule("ev_charging", HOME, (), "a wall box that charges from its own power", ("pv",)),
    Rule("managed_load", TRADE, (), "load management for its charging", ("ev_charging",)),
    Rule("pv", TRADE, (), "solar panels that power it", ("ev_charging",)),
    Rule("managed_load", ("plant",), (), "load management after its audit", ("efficiency",)),
    Rule("managed_load", TRADE, (Sign("load factor", -0.05), Sign("consumption", 1.1)), "load management of its peaks",
         least_w=_WORTH_A_VISIT_W),
    Rule("pv", (*HOME, *TRADE), (Sign("daytime share", 0.05), Sign("consumption", 1.1)), "solar panels for its days"),
    Rule("storage", HOME, (Sign("evening share", 0.05), Sign("consumption", 1.1)), "a battery for its evenings"),
    Rule("efficiency", HOME, (Sign("consumption", 1.2),), "an efficiency audit"),
    Rule("efficiency", TRADE, (Sign("consumption", 1.2),), "an efficiency audit", least_w=_WORTH_A_VISIT_W),
)  # fmt: skip
"""What fits whom, the most telling first; events name services in this order, each once."""

NAMES = {
    "heat_pump": "heat pump", "pv": "solar panels", "storage": "battery storage", "ev_charging": "EV charging",
    "efficiency": "efficiency", "managed_load": "managed load",
}  # fmt: skip
"""What services are called."""
_HELD = {
    "heat_pump": "a heat pump", "pv": "solar panels", "storage": "a battery", "ev_charging": "EV charging",
    "efficiency": "an efficiency audit", "managed_load": "load management",
}  # fmt: skip
"""What who holds a service is said to have."""


@dataclass(frozen=True)
class Measured:
    """Measures of one customer, `was` and `now`, by name [W of consumption, else 1]; NaN where not known."""

    was: dict[str, float]
    now: dict[str, float]

    def change(self, measure: Measure) -> float:
        """Return by how much a measure has changed: a consumption as a factor, a share as a difference."""
        was, now = self.was[measure], self.now[measure]
        return now / was if measure == "consumption" else now - was


def offered(events: Iterable[Event], view: View, customers: Customers) -> list[Event]:
    """Return events, each that says newly potential with the services that fit; inputs untouched.

    `view` is of all `customers`, as of the close that says so. O(n) for some events, else nothing.
    """
    said = list(events)
    asked = [event.customer_id for event in said if event.newly_potential]
    if not asked:
        return said
    rows = pc.index_in(pa.array(asked, pa.string()), value_set=customers.ids).to_numpy().astype(np.int64)
    found = iter(fitting(_some(view, rows), [NOUNS[noun] for noun in customers.noun[rows].tolist()]))
    return [
        msgspec.structs.replace(event, services=next(found)) if event.newly_potential else event for event in said
    ]  # fmt: skip


def fitting(view: View, nouns: Sequence[str]) -> list[tuple[Offer, ...]]:
    """Return the services that fit each of the view's customers (n,), who are called `nouns`."""
    was, now = _measures(_past(view)), _measures(view)
    now["consumption"], was["consumption"] = view.power, ratio(view.power, view.growth)
    owned = np.nan_to_num(view.trait("assets")).astype(np.int64)
    held = (owned | (owned >> PAID)).tolist()
    return [
        _fits(Measured(*({name: float(part[at]) for name, part in parts.items()} for parts in (was, now))), noun,
              {service for bit, service in enumerate(OFFERED) if held[at] >> bit & 1})
        for at, noun in enumerate(nouns)
    ]  # fmt: skip


def _fits(found: Measured, noun: str, held: set[str]) -> tuple[Offer, ...]:
    named: dict[str, Offer] = {}
    for rule in RULES:
        if rule.service not in named and rule.fits(noun, found, held):
            named[rule.service] = Offer(rule.service, f"{_why(rule, found)}: {rule.pitch}")
    return tuple(named.values())[:MOST]


def _why(rule: Rule, found: Measured) -> str:
    if not rule.signs:
        return f"has {' and '.join(_HELD[service] for service in rule.holds)} already"
    measure = rule.signs[0].measure
    was, now = found.was[measure], found.now[measure]
    verb = "rose" if now > was else "fell"
    if measure == "consumption":
        return f"mean {measure} {verb} from {_power(was)} to {_power(now)}"
    return f"{measure} {verb} from {was:.0%} to {now:.0%}".replace("%", " %")


def _power(watts: float) -> str:
    return f"{watts / 1_000:.3g} kW" if watts >= 1_000 else f"{watts:.0f} W"  # noqa: PLR2004 - a kilowatt


def _measures(view: View) -> dict[str, Floats]:
    whole = view.short("fine_wh")
    night, evening = ratio(view.short("night_wh"), whole), ratio(view.short("evening_wh"), whole)
    peak = ratio(view.short("peak"), view.short("fine_active"))
    return {
        "night share": night, "evening share": evening, "daytime share": 1.0 - night - evening,
        "load factor": ratio(view.power, peak),
    }  # fmt: skip


def _past(view: View) -> View:
    """Return the view of what the long memory holds beyond the short one: the days before the recent ones."""
    older = view.memories[:, LONG] - view.memories[:, SHORT]
    return replace(view, memories=np.stack([older, view.memories[:, LONG]], axis=1))


def _some(view: View, rows: np.ndarray) -> View:
    parts = {name: getattr(view, name)[rows] for name in ("memories", "traits", "days", "base")}
    return replace(view, **parts)
