"""Tables to fit, and an engine that cuts them into parts as a cluster of machines would."""

from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import numpy as np

from clustering.arrays import Floats, Longs
from clustering.blocks import Batch, Place, Scan, folded
from clustering.memory import Memory
from clustering.totals import Summing, Totals

P = TypeVar("P")


def customers(state: int, rows: int, clusters: int = 4, columns: int = 3) -> Floats:
    """Return rows around some centres, with heavy tails."""
    source = np.random.default_rng(state)
    around = source.normal(0, 8, (clusters, columns))
    return around[source.integers(clusters, size=rows)] + source.standard_t(3, (rows, columns))


def memory(rows: Floats, weights: Floats | None = None, hashes: Longs | None = None) -> Memory:
    """Return the engine over a table in one piece."""
    words = None if hashes is None else hashes.astype(np.uint64)
    return Memory((Batch(rows.T, weights, words),))


@dataclass(frozen=True, eq=False)
class Cluster:
    """An engine over the same rows in any order, in parts, whose results are merged in any order."""

    rows: Floats
    weights: Floats | None
    state: int
    parts: int

    def run(self, scan: Scan[P]) -> P:
        """Return the result of a scan over all rows."""
        source = np.random.default_rng(self.state)
        partials = [folded(scan, self._batches(part)) for part in source.permutation(self.parts)]
        return reduce(scan.merge, partials)

    def totals(self, scan: Summing) -> Totals:
        """Return the result of a scan over all rows."""
        return self.run(scan)

    def name(self, place: Place) -> str:
        """Return what to call a row."""
        return f"row {place.row} of part {place.part}"

    def _batches(self, part: int) -> list[Batch]:
        order = np.random.default_rng(self.state + 1).permutation(len(self.rows))
        mine = np.array_split(order, self.parts)[part]
        cuts = np.array_split(mine, 1 + self.state % 3)
        return [self._batch(cut, int(part)) for cut in cuts if len(cut)]

    def _batch(self, rows: Longs, part: int) -> Batch:
        weights = None if self.weights is None else self.weights[rows]
        return Batch(tuple(self.rows[rows].T), weights, part=part)
