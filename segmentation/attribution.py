"""Cause and reasons of a move, exact: how much the customer's own data did, and how much the centres' motion.

The margin of a customer at x among centres C is g(x, C) = d²(x, old) - d²(x, new). From the last evaluation that
confirmed the old class (x0, C0) to now (x1, C1) it changes by g(x1, C1) - g(x0, C0). The players' Shapley values are

    customer = [g(x1, C0) - g(x0, C0) + g(x1, C1) - g(x0, C1)] / 2,    model = the same with the roles swapped,

and both split per index, because g is a sum over indices (Shapley 1953, for two players).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from schemas.event import Cause

Floats = NDArray[np.float64]
_CAUSES: tuple[Cause, ...] = get_args(Cause)
CUSTOMER_MOVED, MODEL_MOVED, BOTH, DEFINITION_CHANGED, LATE_CORRECTION, BACKFILL = _CAUSES
CLEAR_SHARE = 2 / 3
"""From this part of the whole change on one side alone is the cause [1]."""


@dataclass(frozen=True)
class Attribution:
    """Parts of the margin's change, per index (d,) [squared scaled units]; their sum is the whole change."""

    customer: Floats
    model: Floats

    @cached_property
    def total(self) -> float:
        """The margin's change g(x1, C1) - g(x0, C0)."""
        return float(np.sum(self.customer) + np.sum(self.model))

    @property
    def cause(self) -> Cause:
        """Who moved, by share."""
        share = float(np.sum(self.customer)) / self.total if self.total else 0.5
        if share >= CLEAR_SHARE:
            return CUSTOMER_MOVED
        return MODEL_MOVED if share <= 1 - CLEAR_SHARE else BOTH


def margins(point: Floats, old: Floats, new: Floats) -> Floats:
    """Return g per index (d,): how much nearer `new` is than `old`."""
    return np.asarray((point - old) ** 2 - (point - new) ** 2)


def attribute(before: Floats, now: Floats, centres_before: Floats, centres_now: Floats) -> Attribution:
    """Split the change of margin; `before`, `now` (d,) are points, the centres (2, d) each old class and new class."""
    g00, g10 = margins(before, *centres_before), margins(now, *centres_before)
    g01, g11 = margins(before, *centres_now), margins(now, *centres_now)
    return Attribution((g10 - g00 + g11 - g01) / 2, (g01 - g00 + g11 - g10) / 2)
