"""Expected to become potential soon: from how far a customer is from it, and how fast it comes nearer.

What is missing is the logarithm of the potential x confidence asked for over the customer's own; how fast it shrinks is
a robust slope over the customer's last whole weeks, which its state holds (see `weeks`). A logistic curve makes a
probability of the two. Its coefficients were fixed on simulated towns that no figure is shown for
(`benchmarks/expected.py --fit`); where customers change more often, or seldom, it is off by that much. Whose purchases
are told rises by them, at once and unforeseen: for these customers the curve is another, nearly flat one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from schemas.expectation import Expectation, Expectations
from schemas.model import Model
from schemas.times import iso
from segmentation.calendar import Calendar
from segmentation.customers import Customers
from segmentation.decision import NONE
from segmentation.local_state import LocalState
from segmentation.moves import SECOND_US, place_of
from segmentation.parameters import Parameters
from segmentation.potential import Outlook
from segmentation.rows import names, pc
from segmentation.sight import present
from segmentation.sums import IDLE_W, Flags, Floats
from segmentation.weeks import WEEK_S, WEEKS, powers

AHEAD = 28
"""Days within which somebody is expected [d]."""
LEAST = 0.05
"""Below this probability nobody is told of [1]."""
MOST = 200
"""Customers whom a bucket tells of [1]: a list of calls, not of everybody."""
RECENT = 4
"""Whole weeks of which the slope is told [1]."""
LEAST_KNOWN = 3
"""Known weeks below which there is no slope [1]."""
SILENT_CURVE = (5.07, -21.17, 1.59)
TOLD_CURVE = (-1.29, -4.45, 4.35)
"""Logit at nothing, and of each column of `signs`: of whom no transaction was ever seen, and of all others [1]."""
_STEEPEST, _FARTHEST = 0.5, 2.0
"""From here on slope [1/week] and what is missing [1] count no more."""


@dataclass(frozen=True)
class Expected:
    """Of n customers: `potential`, `confidence`, what is `missing` (n,) [1], `slope` [1/week], `probability` [1].

    The probability is NaN for who is a potential customer already, rests after having been one, was dismissed, or
    has no class yet.
    """

    potential: Floats
    confidence: Floats
    missing: Floats
    slope: Floats
    probability: Floats


def expected(ahead: Outlook, customers: Customers, settled: int, epoch: int, parameters: Parameters,
             dismissed: Collection[str] = ()) -> Expected:  # fmt: skip
    """Return who is expected within AHEAD days of the end of `epoch`, by the outlook on `customers` as of then.

    Their weeks are settled up to `settled`; who has too few known ones for a slope is taken to have none. O(n); inputs
    untouched.
    """
    with np.errstate(divide="ignore"):
        missing = np.log(parameters.potential) - np.log(ahead.lasting)
    slope = slopes(customers, settled, parameters)
    curve = np.where(ahead.told[:, None], TOLD_CURVE, SILENT_CURVE)
    logit = curve[:, 0] + np.sum(curve[:, 1:] * signs(missing, slope), axis=1)
    probability = np.where(_may_rise(customers, epoch, parameters, dismissed), 1 / (1 + np.exp(-logit)), np.nan)
    return Expected(ahead.potential, ahead.confidence, missing, slope, probability)


def awaited(state: LocalState, parameters: Parameters, ahead: Outlook | None = None) -> Expected:
    """Return who is expected as of the last close of `state`; `ahead` is its outlook, if at hand. O(n); untouched."""
    ahead = ahead or present(state, parameters)
    return expected(ahead, state.customers, state.settled, state.closed, parameters, state.dismissed.keys())


def told(state: LocalState, model: Model, bucket: int, parameters: Parameters, ahead: Outlook | None = None
         ) -> Expectations:  # fmt: skip
    """Return whom a bucket expects as of the last close of `state`, in whose classes of `model` they are. O(n).

    `ahead` is the outlook of the close, where it is at hand.
    """
    as_of = Calendar(parameters.time_zone, parameters.epoch_s).end(state.closed) * SECOND_US
    customers = chosen(awaited(state, parameters, ahead), state.customers, model)
    return Expectations(state.passport.stream, state.passport.generation, bucket, iso(as_of), customers)


def chosen(found: Expected, customers: Customers, model: Model) -> tuple[Expectation, ...]:
    """Return who is worth telling of, by potential times probability; ties go to the smaller customer id."""
    rows = np.flatnonzero(found.probability >= LEAST)
    rows = rows[np.argsort(-found.potential[rows] * found.probability[rows], kind="stable")][:MOST]
    places = {cluster: place_of(model, cluster, None) for cluster in np.unique(customers.cluster[rows]).tolist()}
    told = (customers.cluster, found.probability, found.potential, found.confidence, found.slope)
    return tuple(
        Expectation(who, places[cluster], probability, potential, confidence, None if np.isnan(slope) else slope)
        for who, cluster, probability, potential, confidence, slope
        in zip(names(customers.ids.take(rows)), *(column[rows].tolist() for column in told), strict=True)
    )  # fmt: skip


def signs(missing: Floats, slope: Floats) -> Floats:
    """Return what the logit is made of (n, 2): what is missing, and the slope."""
    return np.column_stack([
        np.clip(missing, -_FARTHEST, _FARTHEST), np.clip(np.nan_to_num(slope), -_STEEPEST, _STEEPEST),
    ])  # fmt: skip


def slopes(customers: Customers, settled: int, parameters: Parameters) -> Floats:
    """Return the median of the slopes between any two of the RECENT known weeks (n,) [1/week], NaN where unknown.

    Of the logarithm of mean power, as in growth: a base that stays adds nothing to it. Untouched.
    """
    last = (settled + 1) // parameters.epochs(WEEK_S) - 1
    weeks = [last - RECENT + 1 + n for n in range(RECENT)]
    levels = [np.log(powers(customers.weeks[:, week % WEEKS]) + IDLE_W) for week in weeks]
    steps = np.column_stack([(levels[b] - levels[a]) / (b - a) for a, b in combinations(range(RECENT), 2)])
    known = np.sum([~np.isnan(level) for level in levels], axis=0)
    # what is unknown stands last; of an even number the mean of the two in the middle
    steps.sort(axis=1)
    count, every = known * (known - 1) // 2, np.arange(len(customers))
    median = (steps[every, np.maximum(count - 1, 0) // 2] + steps[every, count // 2]) / 2
    return np.where(known >= LEAST_KNOWN, median, np.nan)


def _may_rise(customers: Customers, epoch: int, parameters: Parameters, dismissed: Collection[str]) -> Flags:
    rested = epoch - customers.rose >= parameters.epochs(parameters.cool_down_s)
    may = (customers.cluster != NONE) & ~customers.high & rested
    if not dismissed:
        return np.asarray(may)
    free = ~pc.is_in(customers.ids, value_set=pa.array(sorted(dismissed), pa.string())).to_numpy(zero_copy_only=False)
    return np.asarray(may & free)
