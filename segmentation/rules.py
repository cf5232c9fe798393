"""Rules for many readings at once: which one each breaks, in the words and the order of `intake`."""

import numpy as np
from numpy.typing import NDArray

from schemas.reading import LARGEST_KW, LARGEST_KWH, LONGEST_INTERVAL_S
from segmentation.intake import EARLIEST_US, LATEST_US, SECOND_US
from segmentation.parameters import Parameters

Ints = NDArray[np.int64]

REASONS = ("", "not_finite", "negative", "too_large", "duration_out_of_range", "implausible_time", "future")
"""Reason codes by the number that `broken` gives; 0 breaks none."""
SOUND, NOT_FINITE, NEGATIVE, TOO_LARGE, BAD_LENGTH, IMPLAUSIBLE, FUTURE = range(len(REASONS))


def latest(arrived: Ints, parameters: Parameters) -> Ints:
    """Return the latest moments (n,) [us] that messages may speak of which the broker took at `arrived` (n,) [us]."""
    return arrived + parameters.future_skew_s * SECOND_US


def broken(start: Ints, seconds: Ints, kwh: NDArray[np.float64], arrived: Ints, parameters: Parameters) -> Ints:
    """Return the rule (n,) that each reading breaks first; `start` and `arrived` (n,) are in [us]. O(n)."""
    end = start + np.clip(seconds, 0, LONGEST_INTERVAL_S) * SECOND_US
    rules = (
        (NOT_FINITE, ~np.isfinite(kwh)), (NEGATIVE, kwh < 0), (TOO_LARGE, kwh > LARGEST_KWH),
        (BAD_LENGTH, (seconds <= 0) | (seconds > LONGEST_INTERVAL_S)),
        (IMPLAUSIBLE, (start < EARLIEST_US) | (start >= LATEST_US)), (FUTURE, start > latest(arrived, parameters)),
        (IMPLAUSIBLE, (end < EARLIEST_US) | (end >= LATEST_US)), (FUTURE, end > latest(arrived, parameters)),
        (TOO_LARGE, kwh * 3_600 > LARGEST_KW * seconds),
    )  # fmt: skip
    found = np.zeros(len(start), np.int64)
    for number, breaks in reversed(rules):
        found[breaks] = number
    return found
