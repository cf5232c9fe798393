"""Potential: what a customer's own data say about what can be sold to it now, and for how sure.

A class says what a customer is, its potential what is happening to it: by how much more it takes than in the base, and
what it asks and buys. Potential is a factor, 1 where nothing happens; confidence is the part of it that is steady and
does not pass with the season. Their product, the lasting potential, makes a customer a potential one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segmentation.customers import Customers
from segmentation.decision import NEVER, NONE
from segmentation.indices import REGISTRY, SHORT, View, ratio, unsteadiness
from segmentation.parameters import LEAST_POTENTIAL, Parameters
from segmentation.sums import Flags, Floats

PULLING = tuple(index for index in REGISTRY if index.pull > 0)
"""The indices that make a potential."""
DOUBT = 0.5
"""Part of the confidence that estimates cannot give [1]."""


@dataclass(frozen=True)
class Outlook:
    """Potential and confidence of n customers: `parts` (n, p) are the indices' parts of the potential's logarithm [1].

    `confidence` (n,) [1]; `told` (n,) whether a transaction of them was ever seen.
    """

    parts: Floats
    confidence: Floats
    told: Flags

    @cached_property
    def potential(self) -> Floats:
        """Factor (n,) by which a customer is worth more than it was [1], at least 1."""
        return np.asarray(np.exp(sum(self.parts.T)))

    @cached_property
    def lasting(self) -> Floats:
        """Potential times confidence (n,) [1]."""
        return np.asarray(self.potential * self.confidence)


def outlook(view: View) -> Outlook:
    """Return the outlook of the view's customers; what is missing, or shrinks, adds nothing. O(n); untouched."""
    parts = [index.pull * np.fmax(index.transformed(view), 0.0) for index in PULLING]
    estimated = np.nan_to_num(ratio(view.short("estimated_s"), view.short("seconds")))
    steady = np.exp(-np.nan_to_num(unsteadiness(view, SHORT)))
    confidence = steady * _beyond_season(view) * (1.0 - DOUBT * estimated)
    return Outlook(np.column_stack(parts), confidence, view.long("transactions") > 0)


def _beyond_season(view: View) -> Floats:
    """Return the part (n,) of the growth [1] that stays if this season ends as it ended a year ago; 1 of no growth."""
    grown = np.fmax(view.growth, 1.0)
    return np.asarray(np.fmax(grown * view.stayed, 1.0) / grown)


@dataclass(frozen=True)
class Turn:
    """Whose potential is `high` (n,) after a close, who has just `risen` or `fallen`, when each last rose [epoch]."""

    high: Flags
    risen: Flags
    fallen: Flags
    rose: NDArray[np.int64]


def turn(lasting: Floats, customers: Customers, epoch: int, parameters: Parameters) -> Turn:
    """Return who is a potential customer as of the end of `epoch`; inputs untouched.

    A customer rises when its lasting potential (n,) reaches `parameters.potential`; not within the cool-down of its
    last rise. It stays high down to LEAST_POTENTIAL. Below it falls, which only those do who rose: nobody heard of the
    others. Who has no class yet does not rise: it just stands high.
    """
    enough = lasting >= parameters.potential
    known = customers.cluster != NONE
    rested = epoch - customers.rose >= parameters.epochs(parameters.cool_down_s)
    risen = known & ~customers.high & enough & rested
    stays = customers.high & (lasting >= LEAST_POTENTIAL)
    high = np.where(known, stays | risen, enough)
    fallen = known & customers.high & ~stays & (customers.rose != NEVER)
    return Turn(high, risen, fallen, np.where(risen, epoch, customers.rose))
