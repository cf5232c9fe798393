"""The engine over a Spark table: every scan is one pass, from which only sums and samples come back."""

import pickle
from collections.abc import Iterator
from math import isqrt
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame

from batch_init.batches import Layout, batches
from batch_init.errors import BadColumnError
from clustering.blocks import Place, Scan, folded
from clustering.totals import Summing, Totals

P = TypeVar("P")

# more results than this are merged by several tasks before one merges theirs
_MANY = 16
_PARTIAL = "partial binary"


class Distributed:
    """The engine over ``table``, best cached; ``passes`` counts how often it was read.

    A partition is folded in a Python worker from Arrow batches. Results are merged on the executors, in whatever order
    they come; the driver gets one.
    """

    def __init__(self, table: DataFrame, layout: Layout) -> None:
        """Take the columns that the layout names."""
        self._table = table.select(*(table[f"`{name}`"] for name in layout.needed))
        self._layout = layout
        self.passes = 0

    def run(self, scan: Scan[P]) -> P:
        """Return the result of a scan over all rows, in one pass."""
        self.passes += 1
        layout = self._layout

        def fold(records: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            context = TaskContext.get()
            part = 0 if context is None else context.partitionId()
            try:
                yield _packed(folded(scan, batches(records, layout, part)))
            except BadColumnError as error:
                yield _packed(BadColumnError(f"partition {part}: {error}"))

        def merge(records: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            merged = None
            for partial in _unpacked(records):
                merged = partial if merged is None else _first_refused(merged, partial) or scan.merge(merged, partial)
            if merged is not None:
                yield _packed(merged)

        partials = self._table.mapInArrow(fold, _PARTIAL)
        parts = self._table.rdd.getNumPartitions()
        if parts > _MANY:
            partials = partials.repartition(isqrt(parts)).mapInArrow(merge, _PARTIAL)
        found = partials.repartition(1).mapInArrow(merge, _PARTIAL).collect()
        # what our own code wrote a moment ago
        result: P = pickle.loads(found[0][0]) if found else scan.empty()  # noqa: S301
        if isinstance(result, BadColumnError):
            raise result
        return result

    def totals(self, scan: Summing) -> Totals:
        """Return the result of a scan over all rows."""
        return self.run(scan)

    def name(self, place: Place) -> str:
        """Return what to call a row in an error."""
        return f"row {place.row} of partition {place.part}"


def _first_refused(one: object, other: object) -> BadColumnError | None:
    """Return what is wrong with a column in one of two results, always the same one where it is both."""
    return min((each for each in (one, other) if isinstance(each, BadColumnError)), key=str, default=None)


def _packed(partial: object) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([pickle.dumps(partial)], pa.binary())], names=["partial"])


def _unpacked(records: Iterator[pa.RecordBatch]) -> Iterator[Any]:
    for record in records:
        for cell in record.column(0):
            yield pickle.loads(np.asarray(cell.as_buffer()).tobytes())  # noqa: S301 - what our own code wrote
