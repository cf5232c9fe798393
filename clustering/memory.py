"""The engine over rows in this process's memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from clustering import coins
from clustering.arrays import Floats, Longs
from clustering.blocks import Batch, Block, Place, Scan, blocks, folded, some_blocks
from clustering.bounds import Bounds, step
from clustering.totals import Groups, Summing, Totals

P = TypeVar("P")

# what is remembered of a row, 9 bytes and more, is a small share of so many [bytes of a row]
_WIDE = 64
# or of little weight for this many rows
_FEW = 2**18
# rows that are looked through at once
_ROWS = 2**16


@dataclass(frozen=True, eq=False)
class _Known:
    """What the last scan found: it, its sums, and the bounds of all rows, which the next one writes over."""

    scan: Summing
    totals: Totals
    bounds: Bounds


class Memory:
    """The engine over ``batches`` in this process's memory."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        """Hold views of the rows, untouched."""
        self._batches = batches
        self._known: _Known | None = None
        self._hashes: coins.Words | None = None

    def run(self, scan: Scan[P]) -> P:
        """Return the result of a scan over all rows; hashes of their values are kept from the first to the second."""
        if self._is_long or self._batches[0].hashes is not None:
            return folded(scan, self._batches)
        partial = scan.empty()
        for block in self._hashed():
            partial = scan.fold(partial, block)
        return partial

    def totals(self, scan: Summing) -> Totals:
        """Return the result of a scan; where it follows on the last, only rows that may change their centre are read.

        The sums are whole numbers: taking a row out of one and adding it to another leaves what a whole scan finds.
        """
        if self._is_long:
            return self.run(scan)
        if self._known is None or scan.order is None:
            self._known = self._noted(scan)
        else:
            self._known = self._followed(self._known, scan, scan.order)
        return self._known.totals

    def name(self, place: Place) -> str:
        """Return what to call a row in an error."""
        return f"row {place.row}"

    @property
    def _is_long(self) -> bool:
        """Return whether the rows are too many and too narrow to remember anything of each."""
        return sum(map(len, self._batches)) > _FEW and _width(self._batches[0]) < _WIDE

    def _hashed(self) -> Iterator[Block]:
        """Yield all rows, a block at a time, with the hashes of their values."""
        known, first = self._hashes, 0
        hashes = np.empty(sum(map(len, self._batches)), np.uint64) if known is None else known
        for batch in self._batches:
            for block in blocks(batch):
                own = hashes[first : first + len(block.rows)]
                if known is None:
                    own[:] = coins.of_values(block.columns)
                yield replace(block, hashes=own)
                first += len(block.rows)
        self._hashes = hashes if known is None else None

    def _noted(self, scan: Summing) -> _Known:
        """Return what is to know after a scan of all rows."""
        totals, first = scan.empty(), 0
        every = _unknown(sum(map(len, self._batches)), len(scan.centres))
        for batch in self._batches:
            for block in blocks(batch):
                rows = slice(first, first + len(block.rows))
                places = scan.metric.places(block.columns)
                label = _look(scan, places, every, rows)
                totals = scan.merge(totals, scan.added(places, block, label))
                first = rows.stop
        return _Known(scan, totals, every)

    def _followed(self, known: _Known, scan: Summing, order: Longs) -> _Known:
        """Return what is to know of centres that are ``order`` of those before, moved."""
        move, name = step(known.scan.seats[order], scan.seats), np.argsort(order)
        totals = Totals(known.totals.masses[order], known.totals.sums[:, order], scan.empty().squares)
        every, first = known.bounds, 0
        for batch in self._batches:
            for start in range(0, len(batch), _ROWS):
                part = slice(first + start, first + min(start + _ROWS, len(batch)))
                every.labels[part] = name[every.labels[part]]
                after = move.after(Bounds(every.labels[part], every.gaps[part], every.lengths[part]))
                every.gaps[part], every.lengths[part] = after.gaps, after.lengths
                for block in some_blocks(batch, np.flatnonzero(after.gaps <= 0) + start):
                    rows = block.rows - batch.first + first
                    totals = _exchanged(totals, scan, block, every, rows)
            first += len(batch)
        return _Known(scan, totals, every)


def _unknown(rows: int, k: int) -> Bounds:
    labels = np.empty(rows, np.min_scalar_type(k - 1))
    return Bounds(labels, np.empty(rows, np.float32), np.empty(rows, np.float32))


def _look(scan: Summing, places: Floats, every: Bounds, rows: Longs | slice) -> Groups:
    """Write what is to know of some rows into the bounds of all, and return their labels."""
    found = scan.bounds(places)
    every.labels[rows], every.gaps[rows], every.lengths[rows] = found.labels, found.gaps, found.lengths
    return found.labels.astype(np.intp)


def _exchanged(totals: Totals, scan: Summing, block: Block, every: Bounds, rows: Longs) -> Totals:
    """Return the sums with the rows of a block where they belong now; write what is known of them."""
    places = scan.metric.places(block.columns)
    before = every.labels[rows].astype(np.intp)
    after = _look(scan, places, every, rows)
    moved = np.flatnonzero(after != before)
    places, block = places.take(moved, axis=1), block.take(moved)
    gone = scan.added(places, block, before[moved])
    come = scan.merge(totals, scan.added(places, block, after[moved]))
    return Totals(come.masses - gone.masses, come.sums - gone.sums, totals.squares)


def _width(batch: Batch) -> int:
    """Return the size of a row [bytes]."""
    return sum(column.dtype.itemsize for column in batch.columns)
