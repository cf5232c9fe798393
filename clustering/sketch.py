"""A bottom-m sketch: the rows with the m smallest keys, whatever order and parts they come in.

Equal rows are one row: they have one key, and their masses are added. So a key may depend on the row, never on its
mass. A row among the m smallest of all is among them in every part it occurs in, which makes its mass whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats, Longs
from clustering.coins import Words
from clustering.ordering import lexicographic, run_sums, starts

# so many times its size may wait before a sketch is sorted
_PATIENCE = 2


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some rows, each once: ``keys``, ``hashes``, ``masses`` (n,) and ``columns`` (d, n)."""

    keys: Floats
    hashes: Words
    masses: Longs
    columns: Floats

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, which: npt.NDArray[np.intp] | slice) -> "Drawn":
        """Return some of the rows."""
        # `take` is several times faster along the last axis than an index
        columns = self.columns[:, which] if isinstance(which, slice) else self.columns.take(which, axis=1)
        return Drawn(self.keys[which], self.hashes[which], self.masses[which], columns)


@dataclass(frozen=True, eq=False)
class Sketch:
    """The rows of the ``size`` smallest keys, the next one, and what may still turn out to be among them.

    Attributes
    ----------
    size : int
        Rows wanted, at least 1.
    kept : Drawn
        Distinct rows by rising key, ties by content; at most ``size`` + 1.
    waiting : tuple of Drawn
        Rows not compared yet, all with keys not above that of the last one kept.
    count : int
        Number of rows waiting.
    """

    size: int
    kept: Drawn
    waiting: tuple[Drawn, ...] = ()
    count: int = 0

    @property
    def limit(self) -> float:
        """Return a key above which no row can be among the smallest; infinite while there are too few."""
        return float(self.kept.keys[self.size]) if len(self.kept) > self.size else np.inf


def empty(size: int, columns: int) -> Sketch:
    """Return a sketch of nothing."""
    nothing = Drawn(np.empty(0), np.empty(0, np.uint64), np.empty(0, np.int64), np.empty((columns, 0)))
    return Sketch(size, nothing)


def add(sketch: Sketch, drawn: Drawn) -> Sketch:
    """Return the sketch of the rows so far and of ``drawn``, both untouched; amortised O(n d) for n rows."""
    near = np.flatnonzero(drawn.keys <= sketch.limit)
    waiting = (*sketch.waiting, drawn if len(near) == len(drawn) else drawn.take(near))
    grown = Sketch(sketch.size, sketch.kept, waiting, sketch.count + len(near))
    return settled(grown) if grown.count > _PATIENCE * sketch.size else grown


def merge(one: Sketch, other: Sketch) -> Sketch:
    """Return the sketch of the rows of both; the order of merges changes nothing in what `settled` returns."""
    return settled(Sketch(one.size, one.kept, (*one.waiting, other.kept, *other.waiting)))


def settled(sketch: Sketch) -> Sketch:
    """Return the same sketch with nothing waiting."""
    if not sketch.waiting:
        return sketch
    rows = _distinct([sketch.kept, *sketch.waiting], sketch.size)
    return Sketch(sketch.size, rows.take(_order(rows)[: sketch.size + 1]))


def _order(rows: Drawn) -> npt.NDArray[np.intp]:
    """Return the order of rising keys, ties by hash."""
    order = np.argsort(rows.keys)
    keys = rows.keys[order]
    return order if (keys[1:] > keys[:-1]).all() else np.lexsort((rows.hashes, rows.keys))


def together(parts: Sequence[Drawn]) -> Drawn:
    """Return the rows of all parts."""
    return Drawn(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.masses for part in parts]),
        np.concatenate([part.columns for part in parts], axis=1),
    )


def _distinct(parts: Sequence[Drawn], size: int) -> Drawn:
    """Return every row once that may be among the ``size`` + 1 smallest, with the masses of equal ones added.

    Those of one hash are sorted by content.
    """
    keys, hashes = (np.concatenate(each) for each in zip(*((part.keys, part.hashes) for part in parts), strict=True))
    hashes.sort()
    if (hashes[1:] != hashes[:-1]).all():
        limit = _limit(keys, size)
        return together([part.take(np.flatnonzero(part.keys <= limit)) for part in parts])
    rows = together(parts)
    content = (np.where(np.isnan(rows.columns), np.nan, rows.columns) + 0.0).view(np.int64)
    order = lexicographic([rows.hashes, *content])
    fresh = starts([rows.hashes, *content], order)
    first = rows.take(order[fresh])
    once = Drawn(first.keys, first.hashes, run_sums(rows.masses[order], fresh), first.columns)
    return once.take(np.flatnonzero(once.keys <= _limit(once.keys, size)))


def _limit(keys: Floats, size: int) -> float:
    """Return the key of number ``size``, counted from 0, or infinity where there are not as many."""
    return float(np.partition(keys, size)[size]) if len(keys) > size else np.inf
