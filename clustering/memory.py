"""The engine over rows in this process's memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import numpy as np

from clustering.arrays import Floats, Longs
from clustering.blocks import Batch, Block, Place, Scan, blocks, folded
from clustering.screening import Codes, Singles
from clustering.totals import Groups, Summing, Totals

P = TypeVar("P")

# what is remembered of a row, 5 bytes and more, is a small share of this many columns
_WIDE = 8
# or of little weight for this many rows
_FEW = 2**18
# above the rounding of float32
_SLACK = 1 + 2.0**-20


@dataclass(frozen=True, eq=False)
class _Known:
    """What the last scan found: it, its sums, and of every row the label and how safe it is.

    As long as a row's own centre and any other one together move by less than its ``gap``, the distance by which the
    second nearest centre is farther away than the nearest, it keeps its label.
    """

    scan: Summing
    totals: Totals
    labels: Codes
    gaps: Singles


class Memory:
    """The engine over ``batches`` in this process's memory."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        """Hold views of the rows, untouched."""
        self._batches = batches
        self._known: _Known | None = None

    def run(self, scan: Scan[P]) -> P:
        """Return the result of a scan over all rows."""
        return folded(scan, self._batches)

    def totals(self, scan: Summing) -> Totals:
        """Return the result of a scan; where it follows on the last, only rows that may change their centre are read.

        The sums are whole numbers: taking a row out of one and adding it to another leaves what a whole scan finds.
        """
        rows = sum(map(len, self._batches))
        if rows > _FEW and scan.centres.shape[1] < _WIDE:
            return self.run(scan)
        if self._known is None or scan.order is None:
            self._known = self._noted(scan)
        else:
            self._known = self._followed(self._known, scan, scan.order)
        return self._known.totals

    def name(self, place: Place) -> str:
        """Return what to call a row in an error."""
        return f"row {place.row}"

    def _noted(self, scan: Summing) -> _Known:
        """Return what is to know after a scan of all rows."""
        found = [_look(scan, block) for batch in self._batches for block in blocks(batch)]
        totals = reduce(scan.merge, (totals for totals, _, _ in found), scan.empty())
        kind = np.min_scalar_type(len(scan.centres) - 1)
        labels = np.concatenate([label.astype(kind) for _, label, _ in found])
        return _Known(scan, totals, labels, np.concatenate([gap for _, _, gap in found]))

    def _followed(self, known: _Known, scan: Summing, order: Longs) -> _Known:
        """Return what is to know of centres that are ``order`` of those before, moved."""
        labels = np.argsort(order).astype(known.labels.dtype)[known.labels]
        gaps = known.gaps - _allowance(known.scan.seats[order], scan.seats)[labels]
        totals = Totals(known.totals.masses[order], known.totals.sums[:, order], scan.empty().squares)
        for rows, block in self._some(np.flatnonzero(gaps <= 0)):
            places = scan.metric.places(block.columns)
            before, (after, gaps[rows]) = labels[rows].astype(np.intp), scan.labels_and_gaps(places)
            labels[rows] = after
            totals = scan.merge(totals, scan.added(places, block, after))
            totals = _without(totals, scan.added(places, block, before))
        return _Known(scan, totals, labels, gaps)

    def _some(self, rows: Longs) -> Iterator[tuple[Longs, Block]]:
        """Yield the numbers and the blocks of some rows, by rising number."""
        first = 0
        for batch in self._batches:
            mine = rows[np.searchsorted(rows, first) : np.searchsorted(rows, first + len(batch))]
            start = 0
            for block in blocks(batch.take(mine - first)):
                yield mine[start : start + len(block.rows)], block
                start += len(block.rows)
            first += len(batch)


def _look(scan: Summing, block: Block) -> tuple[Totals, Groups, Singles]:
    places = scan.metric.places(block.columns)
    label, gap = scan.labels_and_gaps(places)
    return scan.added(places, block, label), label, gap


def _without(totals: Totals, part: Totals) -> Totals:
    return Totals(totals.masses - part.masses, totals.sums - part.sums, totals.squares)


def _allowance(before: Floats, after: Floats) -> Singles:
    """Return by how much at most the gap of a row shrinks, by its label, when the centres (k, d) move."""
    moves = np.sqrt(((after - before) ** 2).sum(axis=1))
    farthest = int(moves.argmax())
    others = np.full(len(moves), moves[farthest])
    others[farthest] = np.delete(moves, farthest).max(initial=0.0)
    allowance: Singles = ((moves + others) * _SLACK).astype(np.float32)
    return allowance
