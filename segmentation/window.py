"""The correction window: the distinct rows of closed epochs, packed, for as long as a later row may still change them.

Pieces of one reading lie in several epochs. Where a revision of another length replaces it, it has to go from all of
them, and which of two readings stays is decided once for all epochs that are still in the window.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from segmentation import rows as kinds
from segmentation.calendar import Calendar


def revised(rows: pa.Table, window: Mapping[int, bytes], calendar: Calendar) -> dict[int, pa.Table]:
    """Return the distinct rows of every epoch that fresh `rows` bring or change; `window` is left untouched.

    O(n log n) in the rows of those epochs.
    """
    before = touched(rows, window, calendar)
    together = kinds.distinct(pa.concat_tables([rows, *before.values()]))
    epochs = kinds.numbers(together, "epoch")
    return {epoch: kinds.where(together, epochs == epoch) for epoch in sorted(_own(rows) | before.keys())}


def touched(rows: pa.Table, window: Mapping[int, bytes], calendar: Calendar) -> dict[int, pa.Table]:
    """Return the unpacked rows of the closed epochs that `rows` may change.

    Those are the epochs of the rows, and those into which a reading reaches that may be replaced, or replace one.
    """
    found: dict[int, pa.Table] = {}
    reached = _own(rows) | _spanned(rows, calendar)
    while missing := (reached & window.keys()) - found.keys():
        for epoch in missing:
            found[epoch] = kinds.unpack(window[epoch])
            reached |= _spanned(found[epoch], calendar)
    return {epoch: found[epoch] for epoch in sorted(found)}


def _own(rows: pa.Table) -> set[int]:
    return set(np.unique(kinds.numbers(rows, "epoch")).tolist())


def _spanned(rows: pa.Table, calendar: Calendar) -> set[int]:
    """Return all epochs of the readings that are longer than their pieces."""
    cut = kinds.where(rows, kinds.numbers(rows, "length") > kinds.numbers(rows, "seconds"))
    if cut.num_rows == 0:
        return set()
    start = kinds.numbers(cut, "start")
    first, last = calendar.epoch_of(start), calendar.epoch_of(start + np.maximum(kinds.numbers(cut, "length"), 1) - 1)
    spans = np.unique(np.column_stack([first, last]), axis=0).tolist()
    return {epoch for begin, end in spans for epoch in range(begin, end + 1)}
