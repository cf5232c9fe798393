"""Hysteresis: when a customer leaves its class. Pure, vectorised, in event time.

A customer leaves only if (1 + margin) d²(nearest) < d²(own), against the same challenger for at least `dwell`, and not
within `cool_down` of its last move. Evidence beyond `decisive` need not dwell: a fleet of chargers bought is not noise.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segmentation.parameters import Parameters
from segmentation.space import distances

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NONE = -1
NEVER = -(1 << 30)
"""An epoch long before all others."""


@dataclass(frozen=True)
class Standing:
    """Where n customers stand: class (index of its centre, or NONE), last move, challenger and since when [epochs]."""

    own: Ints
    moved: Ints
    challenger: Ints
    challenged: Ints


@dataclass(frozen=True)
class Verdict:
    """What a look at the present says: the new standing of the challengers, and who moves.

    `best` (n,) is the nearest centre; `own_distance` and `best_distance` (n,) are squared [1].
    """

    move: Flags
    contested: Flags
    best: Ints
    own_distance: Floats
    best_distance: Floats
    challenger: Ints
    challenged: Ints


def rehoused(verdict: Verdict, classed: Flags, standing: Standing) -> Verdict:
    """Return the verdict in which whoever is `classed` (n,) in a cluster that is no more goes to the nearest one.

    Neither dwell nor cool-down keeps a customer where there is nothing.
    """
    homeless = classed & (standing.own == NONE)
    return replace(verdict, move=verdict.move | homeless)


def judge(points: Floats, centres: Floats, standing: Standing, epoch: int, parameters: Parameters) -> Verdict:
    """Return the verdict on customers at `points` (n, d) as of the end of `epoch`. O(n k d); inputs untouched."""
    return weighed(distances(points, centres), standing, epoch, parameters)


def weighed(away: Floats, standing: Standing, epoch: int, parameters: Parameters) -> Verdict:
    """Return the verdict on customers whose squared distances to the centres are `away` (n, k). O(n k); untouched."""
    best = away.argmin(axis=1)
    rows, known = np.arange(len(away)), standing.own != NONE
    best_distance = away[rows, best]
    own_distance = np.where(known, away[rows, standing.own], best_distance)
    contested = known & (best != standing.own) & ((1 + parameters.margin) * best_distance < own_distance)
    same = contested & (standing.challenger == best)
    challenged = np.where(same, standing.challenged, epoch)
    ripe = epoch - challenged >= parameters.epochs(parameters.dwell_s)
    ripe |= (1 + parameters.decisive) * best_distance < own_distance
    rested = epoch - standing.moved >= parameters.epochs(parameters.cool_down_s)
    return Verdict(
        move=contested & ripe & rested, contested=contested, best=best, own_distance=own_distance,
        best_distance=best_distance, challenger=np.where(contested, best, NONE), challenged=challenged,
    )  # fmt: skip
