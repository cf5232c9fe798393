"""The index system of potential customers: one registry, two halves.

An index is a formula over a customer's sums. Where the data cannot support it, it is NaN: missing, never zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segmentation.errors import UnknownIndex
from segmentation.sums import ASSETS, COLUMN, IDLE_W, LOG_STEPS

Floats = NDArray[np.float64]
Half = Literal["current", "potential"]
SHORT, LONG = 0, 1
MONTH_DAYS = 30.0
DAY_S = 86_400
TRAITS = ("capacity_kw", "intensity", "contract_start_s", "assets", "protected")
"""Numbers from the archive, per customer: contracted capacity [kW], industry energy intensity [1], contract start
[s since 1970], services held as a set of bits [1], whether no model alone may move it [1]."""


@dataclass(frozen=True)
class View:
    """What the formulas see of n customers as of the end of an epoch.

    `memories` (n, 2, WIDTH): short and long forgetting sums; `traits` (n, 5) as `TRAITS`, NaN where unknown; `days`
    (n, 2): forgetting length [d] of each customer's history; `now` [s since 1970] is the epoch's end; `base` (n,) [W]
    is the mean power of the quarter that ended four weeks ago, NaN where unknown, and `stayed` (n,) [1] the part of its
    level that was kept a year ago after the same weeks (see `weeks`). Read only.
    """

    memories: Floats
    traits: Floats
    days: Floats
    now: int
    base: Floats
    stayed: Floats

    def short(self, name: str) -> Floats:
        """Short-memory sum (n,) of a tile's column."""
        return self.memories[:, SHORT, COLUMN[name]]

    def long(self, name: str) -> Floats:
        """Long-memory sum (n,) of a tile's column."""
        return self.memories[:, LONG, COLUMN[name]]

    def trait(self, name: str) -> Floats:
        """Archive number (n,)."""
        return self.traits[:, TRAITS.index(name)]

    @cached_property
    def power(self) -> Floats:
        """Mean power (n,) [W] in the short memory."""
        return ratio(self.short("wh") * 3_600, self.short("seconds"))

    @cached_property
    def growth(self) -> Floats:
        """Recent mean power over the base (n,) [1]; next to nothing more in both keeps an empty site finite.

        Who is not known for long enough to have a base is compared with what the long memory holds beyond the short.
        """
        older, covered = (self.long(name) - self.short(name) for name in ("wh", "seconds"))
        past = np.where(np.isnan(self.base), ratio(older * 3_600, covered), self.base)
        return np.asarray((self.power + IDLE_W) / (past + IDLE_W))

    def monthly(self, name: str, memory: int) -> Floats:
        """Return a column per 30 days (n,), missing for customers of whom no transaction was ever seen."""
        rate = ratio(self.memories[:, memory, COLUMN[name]] * MONTH_DAYS, self.days[:, memory])
        return np.where(self.long("transactions") > 0, rate, np.nan)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return `part` / `whole` (n,), NaN where `whole` is not positive."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _level(view: View, part: str) -> Floats:
    """Mean power in some hours against the mean power of all of them [1]; a whole day of nothing has no shape."""
    inside = ratio(view.short(f"{part}_wh"), view.short(f"{part}_s"))
    return ratio(inside, ratio(view.short("fine_wh"), view.short("fine_s")))


def _weekend(view: View) -> Floats:
    """Mean power at weekends against the mean power [1]; in the long memory, two weekends are no habit."""
    inside = ratio(view.long("weekend_wh"), view.long("weekend_s"))
    return ratio(inside, ratio(view.long("wh"), view.long("seconds")))


def unsteadiness(view: View, memory: int) -> Floats:
    """Natural log of the arithmetic over the geometric mean power of the days from Monday to Friday [1].

    0 for a load that is the same every day, 0.6 where one day of five takes ten times as much as the others.
    """
    sums = view.memories[:, memory]
    energy, seconds = (sums[:, COLUMN[all_]] - sums[:, COLUMN[free]] for all_, free in _WORKING)
    mean = ratio(energy * 3_600, seconds)
    logs = ratio(sums[:, COLUMN["log_power"]], sums[:, COLUMN["workdays"]]) / LOG_STEPS
    return np.maximum(np.log1p(mean / IDLE_W) - logs, 0.0)


_WORKING = (("wh", "weekend_wh"), ("seconds", "weekend_s"))


def _mean_peak(view: View) -> Floats:
    return ratio(view.short("peak"), view.short("fine_active"))


def _tenure(view: View) -> Floats:
    return np.maximum(view.now - view.trait("contract_start_s"), 0.0) / DAY_S


def _assets(view: View) -> Floats:
    """How many kinds of asset a customer bought; the trait holds one bit for each, and more of other services."""
    owned = view.trait("assets")
    bits = np.nan_to_num(owned).astype(np.int64) & (1 << len(ASSETS)) - 1
    return np.where(np.isnan(owned), np.nan, np.bitwise_count(bits).astype(np.float64))


def _reliability(view: View) -> Floats:
    return 1.0 - ratio(view.long("late_payments"), view.long("payments"))


@dataclass(frozen=True)
class Index:
    """One index: `formula` gives its value (n,) [unit]; `direction` is +1 where more of it is better, else -1.

    `unit` is said after a value; "1" is not said, and a "part" [1] of a whole is said in per cent.

    `least` is the smallest difference worth telling apart, on the transformed scale: the scaling is never finer,
    however alike the customers were at the seeding. `prior` [1] is the factor weight before the data speak: what
    hardly changes, and what merely says *that* something changed, must not draw the classes. `pull` [1] is what a unit
    of the transformed index adds to the logarithm of a customer's potential (see `potential`). `high` and `low` are
    words for names.
    """

    name: str
    half: Half
    unit: str
    formula: Callable[[View], Floats]
    transform: Literal["log", "log1p", "none"]
    direction: int
    high: str
    low: str
    least: float
    prior: float
    pull: float = 0.0

    def transformed(self, view: View) -> Floats:
        """Value (n,) on the scale that is standardised."""
        forward, _ = _TRANSFORMS[self.transform]
        return forward(self.formula(view))

    def originals(self, transformed: Floats) -> Floats:
        """Return transformed values (n,) back in the index's own unit."""
        _, back = _TRANSFORMS[self.transform]
        return back(transformed)

    def original(self, transformed: float) -> float:
        """Return a transformed value back in the index's own unit."""
        return float(self.originals(np.array(transformed)))


Elementwise = Callable[[Floats], Floats]
_TRANSFORMS: dict[str, tuple[Elementwise, Elementwise]] = {
    "log": (np.log, np.exp), "log1p": (np.log1p, np.expm1), "none": (np.positive, np.positive),
}  # fmt: skip
"""There and back."""


REGISTRY = (
    Index("consumption", "current", "W", lambda v: v.power, "log1p", 1, "large", "small", 0.25, 1.0),
    Index("capacity use", "current", "part", lambda v: ratio(_mean_peak(v) / 1_000, v.trait("capacity_kw")), "log1p", 1,
          "tightly connected", "amply connected", 0.1, 0.5),
    Index("service spend", "current", "a month", lambda v: v.monthly("purchase_cents", LONG) / 100, "log1p", 1,
          "well-spending", "thrifty", 1.0, 0.25),
    Index("payment reliability", "current", "part", _reliability, "none", 1, "punctual", "late-paying", 0.2, 0.25),
    Index("tenure", "current", "d", _tenure, "log1p", 1, "long-standing", "newer", 0.5, 0.1),
    Index("growth", "potential", "× a quarter ago", lambda v: v.growth, "log", 1, "growing", "shrinking", 0.15, 0.5,
          pull=1.0),
    Index("load factor", "potential", "part", lambda v: ratio(v.power, _mean_peak(v)), "none", -1,
          "round-the-clock", "peaky", 0.05, 1.0),
    Index("evening share", "potential", "× its mean load", lambda v: _level(v, "evening"), "log1p", 1,
          "evening", "daytime", 0.1, 1.0),
    Index("night share", "potential", "× its mean load", lambda v: _level(v, "night"), "log1p", 1,
          "night-active", "day-active", 0.1, 1.0),
    Index("weekend share", "potential", "× its mean load", _weekend, "log1p", 1, "weekend", "weekday",
          0.1, 1.0),
    Index("volatility", "potential", "1", lambda v: unsteadiness(v, LONG), "none", 1, "irregular", "regular",
          0.1, 0.25),
    Index("enquiries", "potential", "a month", lambda v: v.monthly("enquiries", SHORT), "log1p", 1, "enquiring",
          "quiet", 0.7, 0.25, pull=0.25),
    Index("services bought", "potential", "a month", lambda v: v.monthly("purchases", SHORT), "log1p", 1, "buying",
          "not buying", 0.7, 0.25, pull=0.6),
    Index("energy intensity", "potential", "1", lambda v: v.trait("intensity"), "none", 1, "energy-intensive",
          "light-industry", 0.5, 0.1),
    Index("assets", "potential", "1", _assets, "none", 1, "equipped", "unequipped", 1.0, 0.25),
)  # fmt: skip
"""All indices. Adding one is one entry here and one test."""

NAMES = tuple(index.name for index in REGISTRY)


def chosen(names: tuple[str, ...]) -> tuple[Index, ...]:
    """Return the registry's entries of these names, in their order; an unknown one is an error."""
    by_name = {index.name: index for index in REGISTRY}
    missing = [name for name in names if name not in by_name]
    if missing:
        message = (
            f"the model names the indices {missing}, this version has {sorted(by_name)}; seed again with this version"
        )
        raise UnknownIndex(message)
    return tuple(by_name[name] for name in names)


def vectors(view: View, indices: tuple[Index, ...] = REGISTRY) -> Floats:
    """Return transformed index values (n, d), NaN where missing; what is beyond all numbers is missing too. O(n d)."""
    with np.errstate(over="ignore"):
        values = np.column_stack([index.transformed(view) for index in indices])
    values[~np.isfinite(values)] = np.nan
    return values
