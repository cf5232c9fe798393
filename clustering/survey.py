"""The first scan: what a table is like, what is wrong with it, and a uniform sample of its rows."""

import sys
from dataclasses import dataclass, replace

import numpy as np

from clustering import coins, masses, sketch
from clustering.arrays import Flags, Floats, Longs
from clustering.blocks import Block, Place
from clustering.sketch import Drawn, Sketch

Holes = tuple[int, Place]
"""Number of missing values of a column, and the place of the first."""

WEIGHT = -1
"""The column of a fault that is a weight."""

_NOWHERE = Place(sys.maxsize, sys.maxsize)


@dataclass(frozen=True, order=True)
class Fault:
    """A value that cannot be used: in which row, in which column (or `WEIGHT`), and what was there."""

    place: Place
    column: int
    value: float


@dataclass(frozen=True, eq=False)
class Survey:
    """What all rows of weight above 0 have in common.

    Attributes
    ----------
    rows : int
    low, high : (d,)
        Smallest and largest value [unit of each column]; infinite the wrong way round where all are missing.
    missing : tuple of d
    mass, steps : int
        Sum of the weights, and all of them joined by a binary or [2^-20].
    fault : Fault, optional
        The first infinite value or unusable weight.
    sample : Sketch
        Distinct rows, each with the same chance.
    """

    rows: int
    low: Floats
    high: Floats
    missing: tuple[Holes, ...]
    mass: int
    steps: int
    fault: Fault | None
    sample: Sketch

    @property
    def unit(self) -> int:
        """Return the largest power of two, 2^20 at most, that all weights are multiples of [2^-20]."""
        return min(masses.STEPS, self.steps & -self.steps)

    @property
    def extremes(self) -> Floats:
        """Return low and high (2, d), NaN where all values are missing."""
        ends = np.stack([self.low, self.high])
        return np.where(np.isfinite(ends), ends, np.nan)


@dataclass(frozen=True)
class Surveying:
    """The scan that makes a `Survey` of ``columns`` columns, with ``size`` rows drawn by ``random_state``."""

    columns: int
    size: int
    random_state: int

    def empty(self) -> Survey:
        """Return the survey of no rows."""
        low = np.full(self.columns, np.inf)
        nowhere = tuple((0, _NOWHERE) for _ in range(self.columns))
        return Survey(0, low, -low, nowhere, 0, 0, None, sketch.empty(self.size, self.columns))

    def fold(self, partial: Survey, block: Block) -> Survey:
        """Return the survey with the rows of the block."""
        mass = np.full(len(block.rows), masses.STEPS)
        if block.weights is not None:
            if (unfit := masses.unfit(block.weights)).any():
                row = int(np.argmax(unfit))
                fault = Fault(block.place(row), WEIGHT, float(block.weights[row]))
                return replace(partial, fault=partial.fault or fault)
            mass = masses.counted(block.weights)
            block, mass = block.take(np.flatnonzero(mass)), mass[mass > 0]
        return self._grown(partial, block, mass) if len(mass) else partial

    def merge(self, one: Survey, other: Survey) -> Survey:
        """Return the survey of the rows of both."""
        missing = zip(one.missing, other.missing, strict=True)
        return Survey(
            one.rows + other.rows,
            np.minimum(one.low, other.low),
            np.maximum(one.high, other.high),
            tuple((a + b, min(first, second)) for (a, first), (b, second) in missing),
            one.mass + other.mass,
            one.steps | other.steps,
            min(filter(None, (one.fault, other.fault)), default=None),
            sketch.merge(one.sample, other.sample),
        )

    def _grown(self, partial: Survey, block: Block, mass: Longs) -> Survey:
        low, high = block.columns.min(axis=1), block.columns.max(axis=1)
        missing = partial.missing
        if np.isnan(low).any():
            holes = np.isnan(block.columns)
            low = np.where(holes, np.inf, block.columns).min(axis=1)
            high = np.where(holes, -np.inf, block.columns).max(axis=1)
            missing = tuple(_holes(before, row, block) for before, row in zip(missing, holes, strict=True))
        endless = (low == -np.inf).any() or (high == np.inf).any()
        return Survey(
            partial.rows + len(mass),
            np.minimum(partial.low, low),
            np.maximum(partial.high, high),
            missing,
            partial.mass + int(mass.sum()),
            partial.steps | int(np.bitwise_or.reduce(mass)),
            partial.fault or (_infinite(block) if endless else None),
            sketch.add(partial.sample, self._drawn(block, mass)),
        )

    def _drawn(self, block: Block, mass: Longs) -> Drawn:
        hashes = coins.of_values(block.columns) if block.hashes is None else block.hashes
        return Drawn(coins.uniform(coins.coins(hashes, self.random_state)), hashes, mass, block.columns)


def _infinite(block: Block) -> Fault:
    """Return the first infinite value of a block that has one."""
    row, column = np.argwhere(np.isinf(block.columns.T))[0]
    return Fault(block.place(row), int(column), float(block.columns[column, row]))


def _holes(before: Holes, missing: Flags, block: Block) -> Holes:
    """Return the missing values of a column with those of a block."""
    if not missing.any():
        return before
    first = block.place(int(np.argmax(missing)))
    return before[0] + int(np.count_nonzero(missing)), min(before[1], first)
