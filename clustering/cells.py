"""Micro-clusters in integers: mass, sum and sum of squares, added without rounding.

Integer sums are the same for any partitioning and row order, which sums of float64 are not. Three scales:

* coordinates and sums: ``GRID`` = 2^20 steps per unit, values clipped to ±16, so 2^31 rows of mass 1 stay below 2^63;
* squares: ``SQUARES_GRID`` = 2^16 steps per squared unit, summed over the columns and rounded up once per row, so
  2^31 rows of mass 1 stay below 2^63 in up to 255 columns, and a scatter is never too small;
* masses: the caller's own, whole numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats, Labels, Longs, check_count
from clustering.errors import BadShape, BadWeight, NotFinite, NotOnGrid, SumWouldOverflow
from clustering.ordering import lexicographic, run_sums, starts
from clustering.splitting import partition

GRID = 2**20
CLIP = 16
SQUARES_GRID = 2**16
# from squared grid steps (2^40 per squared unit) to SQUARES_GRID
_SQUARES_SHIFT = 24


@dataclass(frozen=True, eq=False)
class Cells:
    """Micro-clusters of m groups of rows.

    Attributes
    ----------
    mass : (m,) int64
        Sum of the masses, above 0.
    sums : (m, d) int64
        Sum of mass times coordinate [GRID].
    squares : (m,) int64
        Sum over rows and columns of mass times squared coordinate [SQUARES_GRID].
    """

    mass: Longs
    sums: Longs
    squares: Longs


def to_grid(values: Floats) -> Longs:
    """Return values (n, d) [1] as integers [GRID], rounded to the nearest, clipped to ±16; untouched, NaN refused."""
    table = np.asarray(values, dtype=np.float64)
    if np.isnan(table).any():
        raise NotFinite(
            expected="scaled values without NaN",
            found=f"{int(np.isnan(table).sum())} NaN",
            todo="scale first: a missing value becomes 0",
        )
    return np.rint(np.clip(table, -CLIP, CLIP) * GRID).astype(np.int64)


def from_grid(grid: Longs) -> Floats:
    """Return integers [GRID] as float64 [1], exactly."""
    return np.asarray(grid).astype(np.float64) / GRID


def summarise(points_grid: Longs, masses: Longs, groups: Labels, limit: int) -> tuple[Cells, Labels]:
    """Make at most ``limit`` cells of every group from the group's own rows.

    A group of at most ``limit`` distinct rows keeps each as a cell; a larger one is cut by binary splits, the cell of
    the largest scatter first, at its mean. Law: the order of the rows changes nothing; no mass is lost; a row of mass 0
    makes no cell. No rows give no cells.

    Parameters
    ----------
    points_grid : (n, d)
        Integers [GRID] within ±16; untouched.
    masses : (n,)
        Whole numbers, not negative; untouched. A mass counts as that many copies.
    groups : (n,)
        The group of each row; untouched.
    limit : int
        Most cells of a group, at least 1. Below 2.5 k the clustering of the cells is worthless.

    Returns
    -------
    Cells, (m,) int32
        Cells and the group of each, by group, then by content. Cost: a few sorts, and O(n d log limit) in large groups.
    """
    points = _check_grid(points_grid)
    groups = np.asarray(groups, dtype=np.int32)
    masses = _check_masses(masses, len(points))
    if groups.shape != masses.shape:
        raise BadShape(expected=f"one group per row, ({len(points)},)", found=f"{groups.shape}", todo="pass all groups")
    check_count(limit, "limit", least=1)
    points, groups, masses = points[masses > 0], groups[masses > 0], masses[masses > 0]
    squares = ((points * points).sum(axis=1) + (1 << _SQUARES_SHIFT) - 1) >> _SQUARES_SHIFT
    (total,) = _exact_sums(masses[:, None])
    _check_room(total * int(np.abs(points).max(initial=0)), "coordinates")
    _check_room(total * int(squares.max(initial=0)), "squares")
    rows = Cells(masses, points * masses[:, None], squares * masses)
    return _reduce(points, rows, groups, limit)


def condense(cells: Cells, limit: int) -> Cells:
    """Reduce cells to at most ``limit`` by the same splits, on their means; integers are added, nothing is lost.

    Law: the order of the cells changes nothing. Input untouched. Cost: as `summarise` with one group.
    """
    check_count(limit, "limit", least=1)
    for name, values in (("coordinates", np.abs(cells.sums)), ("squares", cells.squares[:, None])):
        _check_room(max(_exact_sums(values), default=0), name)
    means = cells.sums // cells.mass[:, None]
    return _reduce(means, cells, np.zeros(len(cells.mass), dtype=np.int32), limit)[0]


def merge(parts: Sequence[Cells]) -> Cells:
    """Put cells together, sorted by content, so that the order of the parts changes nothing; inputs untouched."""
    if len({part.sums.shape[1] for part in parts}) != 1:
        raise BadShape(
            expected="at least one set of cells, all with the same columns",
            found=f"{len(parts)} sets with columns {sorted({part.sums.shape[1] for part in parts})}",
            todo="merge cells of one definition of the features",
        )
    mass = np.concatenate([part.mass for part in parts])
    sums = np.concatenate([part.sums for part in parts])
    squares = np.concatenate([part.squares for part in parts])
    return _take(Cells(mass, sums, squares), lexicographic([*sums.T, mass, squares]))


def means(cells: Cells) -> Floats:
    """Return the mean of every cell, (m, d) [1]."""
    mean: Floats = cells.sums / cells.mass[:, None] / GRID
    return mean


def inner_scatter(cells: Cells) -> Floats:
    """Return the scatter of every cell about its own mean, (m,) [mass x squared unit].

    Never below the true one of the grid points, but for the rounding of float64, and above it by at most 2^-16 per
    unit of mass. Added to the weighted SSE of the cells' means it bounds the SSE of all rows from above.
    """
    about_zero = cells.squares / SQUARES_GRID
    about_mean: Floats = about_zero - ((cells.sums / GRID) ** 2).sum(axis=1) / cells.mass
    return np.maximum(about_mean, 0.0)


def _reduce(points: Longs, rows: Cells, groups: Labels, limit: int) -> tuple[Cells, Labels]:
    """Add equal points of a group, then the points of a cell, and sort what is left by content."""
    rows, groups, points = _add_equal([groups, *points.T], rows, groups, points)
    cell = partition(points, rows.mass, groups, limit)
    rows, groups, _ = _add_equal([cell, groups], rows, groups, points)
    order = lexicographic([groups, *rows.sums.T, rows.mass, rows.squares])
    return _take(rows, order), groups[order]


def _add_equal(
    keys: Sequence[npt.NDArray[np.integer]], rows: Cells, groups: Labels, points: Longs
) -> tuple[Cells, Labels, Longs]:
    """Sort by the keys and add the rows in which all of them are equal; group and point are those of the first."""
    order = lexicographic(keys)
    fresh = starts(keys, order)
    ordered, first = _take(rows, order), order[fresh]
    if not fresh.all():
        ordered = Cells(*(run_sums(values, fresh) for values in (ordered.mass, ordered.sums, ordered.squares)))
    return ordered, groups[first], points[first]


def _take(cells: Cells, order: npt.NDArray[np.intp]) -> Cells:
    return Cells(cells.mass[order], cells.sums.take(order, axis=0), cells.squares[order])


def _exact_sums(values: Longs) -> list[int]:
    """Return the sums of the columns of integers that are not negative, which may pass 2^63."""
    high, low = (values >> 32).sum(axis=0).tolist(), (values & 0xFFFFFFFF).sum(axis=0).tolist()
    return [(above << 32) + below for above, below in zip(high, low, strict=True)]


def _check_room(largest: int, what: str) -> None:
    if largest >= 2**63:
        raise SumWouldOverflow(
            expected=f"sums of {what} below 2^63",
            found=f"up to 2^{largest.bit_length() - 1} or more",
            todo="use smaller masses or fewer rows at once",
        )


def _check_grid(points_grid: Longs) -> Longs:
    points = np.asarray(points_grid)
    if points.ndim != 2 or points.shape[1] == 0:  # noqa: PLR2004 - axes
        raise BadShape(expected="points of shape (n, d), d > 0", found=f"{points.shape}", todo="one row per customer")
    outside = (points > CLIP * GRID) | (points < -CLIP * GRID)
    if not np.issubdtype(points.dtype, np.integer) or outside.any():
        raise NotOnGrid(
            expected=f"integer coordinates within ±{CLIP} x 2^20",
            found=f"{int(outside.sum())} outside, type {points.dtype}",
            todo="make them with to_grid",
        )
    return points.astype(np.int64, copy=False)


def _check_masses(masses: Longs, rows: int) -> Longs:
    masses = np.asarray(masses)
    if masses.shape != (rows,):
        raise BadShape(expected=f"one mass per row, ({rows},)", found=f"{masses.shape}", todo="pass all masses")
    if not np.issubdtype(masses.dtype, np.integer) or (masses < 0).any():
        raise BadWeight(
            expected="masses that are whole numbers and not negative",
            found=f"type {masses.dtype}, smallest {masses.min(initial=0)}",
            todo="a mass counts as that many copies: use 0 to leave a row out",
        )
    return masses.astype(np.int64, copy=False)
