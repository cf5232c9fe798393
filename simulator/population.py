"""Who lives in the town: each customer's kind, level, place, and the one change that may be ahead."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from simulator.kinds import CHANGES, KINDS, NUMBER, VARIANTS

if TYPE_CHECKING:
    from simulator.plan import Plan

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEVER = 1 << 40
"""The day on which a customer without a change changes [d]."""

# a two-dimensional low-discrepancy sequence: every beginning of the town has nearly the planned shares
_PLASTIC = np.array([0.7548776662466927, 0.5698402909980532])


@dataclass(frozen=True)
class Population:
    """The customers, one entry of each array per customer, in the order of their numbers.

    Attributes
    ----------
    born : (n,) number of the kind at the start.
    change : (n,) number of the change in `CHANGES`, -1 for those that never change.
    day : (n,) first day of the change, counted from the start [d]; `NEVER` without one.
    ramp : (n,) days until the change is complete [d], 0 to 3.
    z : (n,) standard normal place of the customer's level in its kind [1]; it keeps it through a change.
    habit : (n, 4) uniform numbers [1] for what a customer keeps for life: industry, tenure, late payer, variant of the
        load shape.
    """

    born: Ints
    change: Ints
    day: Ints
    ramp: Ints
    z: Floats
    habit: Floats

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.born)

    @property
    def after(self) -> Ints:
        """Return (n,) the kind each customer ends as, its own for those that never change."""
        ends = np.array([NUMBER[change.after] for change in CHANGES])
        return np.where(self.change >= 0, ends[self.change], self.born)

    @property
    def variant(self) -> Ints:
        """Return (n,) the number of the variant of load shape that each customer keeps through every change."""
        return np.floor(self.habit[:, 3] * len(VARIANTS)).astype(np.int64)

    def kind_on(self, day: Ints | int) -> Ints:
        """Return (n,) the kind of every customer on that day, the new one from the first day of its change."""
        return np.where(day >= self.day, self.after, self.born)

    def blend(self, day: int) -> Floats:
        """Return (n,) how much of the new kind is in a customer's load on that day, 0 to 1 [1]."""
        return np.clip((day - self.day + 1) / (self.ramp + 1), 0.0, 1.0)

    def level(self, kind: Ints) -> Floats:
        """Return (n,) the mean load of every customer as one of that kind [kW]."""
        typical = np.array([k.level for k in KINDS])[kind]
        spread = np.array([k.spread for k in KINDS])[kind]
        return typical * np.exp(spread * self.z)


def settle(plan: "Plan") -> Population:
    """Return the plan's customers. The first n of a larger town are the town of n."""
    n = plan.customers
    offset = plan.generator("offset").random(2)
    u = (offset + np.arange(1, n + 1)[:, None] * _PLASTIC) % 1.0
    born = np.searchsorted(np.cumsum([kind.share for kind in KINDS])[:-1], u[:, 0], side="right")
    draws = plan.generator("population").random((n, 7))
    change = _changes(born, u[:, 1] / plan.change_share, draws[:, 0])
    day = plan.history_days + np.floor(draws[:, 1] * plan.change_days).astype(np.int64)
    return Population(
        born=born.astype(np.int64),
        change=change,
        day=np.where(change >= 0, day, NEVER),
        ramp=np.floor(draws[:, 2] * 4).astype(np.int64),
        z=np.clip(plan.generator("level").standard_normal(n), -2.5, 2.5),
        habit=draws[:, 3:],
    )


def _changes(born: Ints, luck: Floats, which: Floats) -> Ints:
    """Return (n,) the number of each customer's change, -1 for none; `luck` below its kind's chance changes [1]."""
    change = np.full(len(born), -1, np.int64)
    able = sum(kind.share for kind in KINDS if any(c.before == kind.name for c in CHANGES))
    for number, kind in enumerate(KINDS):
        options = [i for i, c in enumerate(CHANGES) if c.before == kind.name]
        if options:
            rows = (born == number) & (luck < 1.0 / able)
            edges = np.cumsum([CHANGES[i].weight for i in options])[:-1]
            change[rows] = np.array(options)[np.searchsorted(edges, which[rows], side="right")]
    return change
