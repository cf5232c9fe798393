"""Which rows of a group go into one cell: binary splits of the cell with the largest scatter."""

import heapq

import numpy as np
import numpy.typing as npt

from clustering.arrays import Longs

Ids = npt.NDArray[np.intp]


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
    tree = _Tree(rows, masses)
    tree.grow(limit - 1)
    heap = [(-tree.scatter[0], 0, 0)]
    for serial in range(1, limit):
        low, high = tree.halves(heapq.heappop(heap)[2])
        heapq.heappush(heap, (-tree.scatter[low], 2 * serial, low))
        heapq.heappush(heap, (-tree.scatter[high], 2 * serial + 1, high))
    cells = np.empty(len(rows), dtype=np.intp)
    for number, (_, _, cell) in enumerate(heap):
        cells[tree.members[cell]] = number
    return cells


class _Tree:
    """Cells and the two that each is cut into, many cuts at once.

    ``members`` are the rows of each cell, rising, ``scatter`` its weighted scatter; 0 of a single row.
    """

    def __init__(self, rows: Longs, masses: Longs) -> None:
        """Begin with one cell of all rows."""
        self._rows, self._masses = rows, masses
        weights = masses.astype(np.float64)
        # near the middle a sum of squares less a square of sums keeps its digits
        away = (rows - rows.sum(axis=0) // len(rows)).T.astype(np.float64)
        self._moments = np.concatenate([weights[None, :], away * weights, away * away * weights])
        self.members: list[Ids] = []
        self.scatter: list[float] = []
        self._column: list[int] = []
        self._halves: dict[int, tuple[int, int]] = {}
        self._measure(np.arange(len(rows), dtype=np.intp), np.array([len(rows)]))

    def halves(self, cell: int) -> tuple[int, int]:
        """Return the two cells into which one of several rows is cut."""
        if cell not in self._halves:
            self._cut([cell])
        return self._halves[cell]

    def grow(self, cuts: int) -> None:
        """Make the first ``cuts`` cuts, level by level, and few that are none of them: no half has more scatter."""
        cells = [0] if cuts else []
        while cells:
            known = len(self.scatter)
            self._cut(cells)
            least = sorted(self.scatter, reverse=True)[:cuts][-1]
            cells = [n for n, each in enumerate(self.scatter[known:], known) if each > 0 and each >= least]

    def _cut(self, cells: list[int]) -> None:
        members = [self.members[cell] for cell in cells]
        rows = np.concatenate(members)
        sizes = np.array([len(each) for each in members])
        first, cell = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(cells)), sizes)
        values, masses = self._rows[rows, np.array([self._column[one] for one in cells])[cell]], self._masses[rows]
        # value > mean, exactly; true for at least the largest value unless all are equal
        total, whole = np.add.reduceat(values * masses, first), np.add.reduceat(masses, first)
        half = 2 * cell + (values * whole[cell] > total[cell])
        self._halves.update((one, (len(self.members) + 2 * n, len(self.members) + 2 * n + 1))
                            for n, one in enumerate(cells))  # fmt: skip
        self._measure(rows[np.argsort(half, kind="stable")], np.bincount(half, minlength=2 * len(cells)))

    def _measure(self, rows: Ids, sizes: Longs) -> None:
        """Add cells of these sizes (m,), whose rows stand one after the other."""
        first: Longs = np.cumsum(sizes) - sizes
        moments = np.add.reduceat(self._moments.take(rows, axis=1), first, axis=1)
        d = len(moments) // 2
        scatter = np.maximum(moments[d + 1 :] - moments[1 : d + 1] ** 2 / moments[0], 0.0)
        scatter[:, sizes == 1] = 0.0
        self.members += [rows[start : start + size] for start, size in zip(first.tolist(), sizes.tolist(), strict=True)]
        self.scatter += scatter.sum(axis=0).tolist()
        self._column += scatter.argmax(axis=0).tolist()
