"""A table as a stream of blocks of rows, and the passes that run over it.

A pass is a `Scan`: it folds one block after the other into a partial result, and merges partial results. Whatever the
rows' order, blocks and parts, the merged result is the same to the bit: it consists of integers, of smallest and
largest values and of sets.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats, Longs
from clustering.coins import Words

Column = npt.NDArray[Any]
P = TypeVar("P")

# a block's columns, 1 MiB, and no more rows than sums of float64 keep exact
_BLOCK_VALUES = 131_072
_BLOCK_ROWS = (256, 8_192)
_NEAR_ROWS = 1_024


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows as they lie in memory: views, whatever their number.

    Attributes
    ----------
    columns : d arrays (n,), or one (d, n)
        Numbers of any type, NaN = missing [unit of each column].
    weights : (n,), optional
        How often each row counts; 1 when not given.
    hashes : (n,), optional
        A hash of each row's id; that of its values when not given.
    first : int
        Number of its first row in the table, or in its part of the table.
    part : int
        Number of that part of the table.
    """

    columns: Sequence[Column] | Column
    weights: Column | None = None
    hashes: Words | None = None
    first: int = 0
    part: int = 0

    def __len__(self) -> int:
        return len(self.columns[0])

    def block(self, which: Longs | slice, numbers: Longs) -> "Block":
        """Return some of the rows, copied, which have these ``numbers`` in the batch."""
        columns = np.empty((len(self.columns), len(numbers)))
        if isinstance(self.columns, np.ndarray):
            # one array has a row's values side by side: some rows at a time, they stay near
            rows = self.columns.T[which]
            for start in range(0, len(rows), _NEAR_ROWS):
                columns[:, start : start + _NEAR_ROWS] = rows[start : start + _NEAR_ROWS].T
        else:
            for row, column in zip(columns, self.columns, strict=True):
                row[:] = column[which]
        weights = None if self.weights is None else np.asarray(self.weights[which], dtype=np.float64)
        hashes = None if self.hashes is None else self.hashes[which]
        return Block(columns, weights, hashes, numbers + self.first, self.part)


@dataclass(frozen=True, eq=False)
class Block:
    """A few thousand rows: ``columns`` (d, b) contiguous, ``rows`` (b,) their numbers; the rest as in `Batch`."""

    columns: Floats
    weights: Floats | None
    hashes: Words | None
    rows: Longs
    part: int

    def take(self, which: Longs) -> "Block":
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[which]
        hashes = None if self.hashes is None else self.hashes[which]
        return Block(self.columns.take(which, axis=1), weights, hashes, self.rows[which], self.part)

    def place(self, row: int) -> "Place":
        """Return where a row of the block stands in the table."""
        return Place(self.part, int(self.rows[row]))


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stands: ``part`` of the table, and number of the ``row`` in it."""

    part: int
    row: int


class Scan(Protocol[P]):
    """A pass over a table."""

    def empty(self) -> P:
        """Return the result over no rows."""

    def fold(self, partial: P, block: Block) -> P:
        """Return the result over the rows so far and those of the block; both untouched."""

    def merge(self, one: P, other: P) -> P:
        """Return the result over the rows of both; both untouched."""


def blocks(batch: Batch) -> Iterator[Block]:
    """Yield the rows of a batch, a block at a time, copied."""
    for part in _parts(len(batch), batch):
        yield batch.block(part, np.arange(part.start, part.stop))


def some_blocks(batch: Batch, rows: Longs) -> Iterator[Block]:
    """Yield the rows of a batch with these rising numbers, a block at a time, copied."""
    for part in _parts(len(rows), batch):
        yield batch.block(rows[part], rows[part])


def _parts(rows: int, batch: Batch) -> Iterator[slice]:
    size = max(_BLOCK_ROWS[0], min(_BLOCK_ROWS[1], _BLOCK_VALUES // len(batch.columns)))
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


def folded(scan: Scan[P], batches: Iterable[Batch]) -> P:
    """Return the result of a scan over batches, one after the other."""
    partial = scan.empty()
    for batch in batches:
        for block in blocks(batch):
            partial = scan.fold(partial, block)
    return partial
