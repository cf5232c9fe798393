"""Weights as whole numbers, so that their sums are exact.

A weight counts in steps of 2^-20: whole numbers and their halves, quarters and so on exactly, others rounded to the
nearest step. A weight above 0 that would be rounded to 0 is refused, as is one that is negative or not finite.
"""

import numpy as np

from clustering.arrays import Flags, Floats, Longs

STEPS = 2**20
"""Of a weight of 1."""

LARGEST = 2.0**30
"""Weight: the masses of a block are then added without passing 2^63."""


def unfit(weights: Floats) -> Flags:
    """Return which weights (n,), untouched, cannot be counted."""
    with np.errstate(invalid="ignore"):
        fits: Flags = (weights == 0) | ((weights >= 1 / STEPS) & (weights <= LARGEST))
    return ~fits


def counted(weights: Floats) -> Longs:
    """Return weights (n,) that are not `unfit`, untouched, in whole steps."""
    return np.rint(weights * STEPS).astype(np.int64)
