"""A second scan's sample: rows that stand for all rows, the more likely drawn the farther they lie from any centre.

A row is drawn with a chance in proportion to 1/2 + 1/2 D² / mean D², where D² is its squared distance to the nearest
of some first centres: half of the rows come uniformly, half by D², and no row far from all others is left out. A row
drawn with chance p stands for 1/p rows.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from clustering import coins, sketch
from clustering.arrays import Floats
from clustering.assignment import nearest
from clustering.blocks import Block
from clustering.coins import Words
from clustering.masses import STEPS, counted
from clustering.metric import Metric
from clustering.screening import Screen, screen
from clustering.sketch import Drawn, Sketch

# above the rounding of a sum of squares in up to 10^6 columns
_SLACK = 1 + 1e-9
# rows that may wait for their distances: for few at a time, calls would cost more than what they do
_PATIENCE = 2_048


@dataclass(frozen=True, eq=False)
class Draft:
    """A sketch, and ``waiting`` rows, ``count`` in all, with their coins where their keys belong: see `Drawing`."""

    sketch: Sketch
    waiting: tuple[Drawn, ...] = ()
    count: int = 0


@dataclass(frozen=True, eq=False)
class Drawing:
    """The scan that draws ``size`` distinct rows; `drawn` returns them.

    Attributes
    ----------
    metric : Metric
    centres : (k, d)
        First centres, stretched [1].
    mean : float
        Mean squared distance to them, above 0 [1].
    size : int
    random_state : int
    limit : float
        A key that more than ``size`` rows do not pass.
    """

    metric: Metric
    centres: Floats
    mean: float
    size: int
    random_state: int
    limit: float = np.inf

    def knowing(self, rows: Drawn) -> "Drawing":
        """Return the scan that finds the same, sooner: it will meet these ``rows``, more than ``size``, untouched."""
        keys = self._keys(replace(rows, keys=self._number(rows.hashes)))
        return replace(self, limit=float(np.partition(keys, self.size)[self.size]))

    def empty(self) -> Draft:
        """Return a draft of nothing."""
        return Draft(sketch.empty(self.size, self.centres.shape[1]))

    def fold(self, partial: Draft, block: Block) -> Draft:
        """Return the draft with the rows of the block."""
        if block.weights is not None:
            block = block.take(np.flatnonzero(block.weights))
        if not len(block.rows):
            return partial
        hashes = coins.of_values(block.columns) if block.hashes is None else block.hashes
        number, limit = self._number(hashes), min(self.limit, partial.sketch.limit)
        points = self.metric.stretched(self.metric.places(block.columns))
        near = np.flatnonzero(number <= limit * self.chance(self._far(points)))
        if len(near):
            near = near[number[near] <= limit * self.chance(self._look.at_most(points.take(near, axis=1).T))]
        if not len(near):
            return partial
        mass = np.full(len(near), STEPS) if block.weights is None else counted(block.weights[near])
        some = Drawn(number[near], hashes[near], mass, block.columns.take(near, axis=1))
        grown = Draft(partial.sketch, (*partial.waiting, some), partial.count + len(near))
        return self._measured(grown) if grown.count > _PATIENCE else grown

    def merge(self, one: Draft, other: Draft) -> Draft:
        """Return the draft of the rows of both."""
        return Draft(sketch.merge(self._measured(one).sketch, self._measured(other).sketch))

    def drawn(self, draft: Draft) -> Drawn:
        """Return the rows of the ``size`` smallest keys, by rising key, and the next one."""
        return sketch.settled(self._measured(draft).sketch).kept

    def _measured(self, draft: Draft) -> Draft:
        """Return the same with the waiting rows in the sketch."""
        if not draft.waiting:
            return draft
        rows = sketch.together(draft.waiting)
        return Draft(sketch.add(draft.sketch, replace(rows, keys=self._keys(rows))))

    def _keys(self, rows: Drawn) -> Floats:
        """Return the keys (n,) of rows that have their coins in their place."""
        points = self.metric.stretched(self.metric.places(rows.columns)).T
        return rows.keys / self.chance(nearest(points, self.centres, self._look)[1])

    def _number(self, hashes: Words) -> Floats:
        return coins.uniform(coins.coins(hashes, self.random_state))

    def _far(self, points: Floats) -> Floats:
        """Return numbers (n,) a little above the squared distance of ``points`` (d, n) to one of the centres."""
        away = points - self._middle[:, None]
        square: Floats = np.einsum("ij,ij->j", away, away)
        return square * _SLACK

    @cached_property
    def _middle(self) -> Floats:
        """Return the centre nearest to the mean of all."""
        away = self.centres - self.centres.mean(axis=0)
        middle: Floats = self.centres[(away * away).sum(axis=1).argmin()]
        return middle

    @cached_property
    def _look(self) -> Screen:
        return screen(self.centres)

    def chance(self, distance: Floats) -> Floats:
        """Return what a row's chance is in proportion to, (n,), from squared distances (n,)."""
        return 0.5 + 0.5 * distance / self.mean


def represented(drawn: Drawn, limit: float, random_state: int) -> Floats:
    """Return how many distinct rows each of those drawn, keys below ``limit``, stands for, (n,); inputs untouched.

    A row with chance p has a key below the limit with probability min(1, limit x p).
    """
    return np.maximum(1.0, drawn.keys / (coins.uniform(coins.coins(drawn.hashes, random_state)) * limit))
