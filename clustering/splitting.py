"""Which rows of a group go into one cell: binary splits of the cell with the largest scatter."""

import heapq

import numpy as np
import numpy.typing as npt

from clustering.arrays import Longs

Ids = npt.NDArray[np.intp]
# negative scatter, serial number, members, column of largest scatter: the heap gives the widest cell, the oldest first
Cell = tuple[float, int, Ids, int]


def partition(rows: Longs, masses: Longs, groups: npt.NDArray[np.int32], limit: int) -> Ids:
    """Return the cell of every row: its own in a group of at most ``limit`` rows, else one of ``limit`` cells.

    The result depends on the order of the rows: sort them by content first.

    Parameters
    ----------
    rows : (n, d)
        Distinct within their group, groups together [grid]; untouched.
    masses : (n,)
        Above 0; untouched.
    groups : (n,)
        Untouched.
    limit : int
        Most cells of a group.

    Returns
    -------
    (n,)
        Cell numbers, not consecutive. Cost: O(n) where all groups are small, else O(n d log limit).
    """
    _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    cells = np.arange(len(rows), dtype=np.intp)
    for large in np.flatnonzero(sizes > limit):
        span = slice(first[large], first[large] + sizes[large])
        cells[span] = first[large] + split(rows[span], masses[span], limit)
    return cells


def split(rows: Longs, masses: Longs, limit: int) -> Ids:
    """Return the cell, 0 to ``limit`` - 1, of each of n >= ``limit`` distinct rows.

    Again and again the cell with the largest weighted scatter is cut at its mean along its column of largest scatter.
    The cut is compared in integers, so rounding cannot make an empty side.

    Parameters
    ----------
    rows, masses : (n, d), (n,)
        As for `partition`; untouched.
    limit : int
        Number of cells made.
    """
    coordinates, weights = rows.astype(np.float64), masses.astype(np.float64)[:, None]

    def measured(members: Ids, serial: int) -> Cell:
        if len(members) == 1:
            return 0.0, serial, members, 0
        inside, weight = coordinates[members], weights[members]
        away = inside - (inside * weight).sum(axis=0) / weight.sum()
        scatter = (away * away * weight).sum(axis=0)
        return -float(scatter.sum()), serial, members, int(scatter.argmax())

    heap = [measured(np.arange(len(rows), dtype=np.intp), 0)]
    for serial in range(1, limit):
        _, _, members, column = heapq.heappop(heap)
        low = _below_mean(rows[members, column], masses[members])
        heapq.heappush(heap, measured(members[low], 2 * serial))
        heapq.heappush(heap, measured(members[~low], 2 * serial + 1))
    cells = np.empty(len(rows), dtype=np.intp)
    for number, (_, _, members, _) in enumerate(heap):
        cells[members] = number
    return cells


def _below_mean(values: Longs, masses: Longs) -> npt.NDArray[np.bool_]:
    """Return value <= mean, exactly; false for at least the largest value unless all are equal."""
    below: npt.NDArray[np.bool_] = values * masses.sum() <= (values * masses).sum()
    return below
