"""Exact distances and the two nearest centres, with bits that depend on the row and the centres alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Floats, Labels, check_points, check_table
from clustering.errors import NotFinite

# distances of one block, 128 KiB: two such blocks and the rows stay in a second-level cache
_BLOCK_VALUES = 16_384
_LEAST_BLOCK_ROWS = 256


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest and second nearest centre of each row.

    Attributes
    ----------
    label, second_label : (n,) int32
        Index of the centre; ties go to the smaller index. With one centre ``second_label`` is -1.
    squared_distance, second_squared_distance : (n,) float64
        [squared unit of the points]; with one centre the second is infinite.
    """

    label: Labels
    squared_distance: Floats
    second_label: Labels
    second_squared_distance: Floats


def squared_distances(points: Floats, centres: Floats) -> Floats:
    """Return the squared Euclidean distance of every row to every centre.

    The squares are added column by column, in the order of the columns, each operation rounded once: the bits of a
    row's distances depend on that row and the centres, not on the other rows, their number or the row's position.

    Parameters
    ----------
    points : (n, d)
        Finite; untouched. Columns contiguous in memory (Fortran order) save a copy of each block.
    centres : (k, d)
        Finite; untouched.

    Returns
    -------
    (n, k) float64
        [squared unit of the points]. Cost: O(n k d), no temporary larger than a block.

    Examples
    --------
    >>> squared_distances(np.array([[0.0, 3.0]]), np.array([[0.0, 0.0], [4.0, 3.0]]))
    array([[ 9., 16.]])
    """
    points, centres = _check(points, centres)
    result = np.empty((len(centres), len(points)))
    for rows, block in _blocks(points, centres):
        result[:, rows] = block
    _check_found(result.max(axis=0))
    return result.T


def nearest(points: Floats, centres: Floats) -> tuple[Labels, Floats]:
    """Return ``label`` (n,) int32 and ``squared_distance`` (n,) as `two_nearest` does, without the second; cheaper."""
    points, centres = _check(points, centres)
    label = np.zeros(len(points), dtype=np.int32)
    best = np.full(len(points), np.inf)
    for rows, block in _blocks(points, centres):
        for centre, distance in enumerate(block):
            np.copyto(label[rows], centre, where=distance < best[rows])
            np.minimum(best[rows], distance, out=best[rows])
    _check_found(best)
    return label, best


def two_nearest(points: Floats, centres: Floats) -> Nearest:
    """Return the nearest and the second nearest centre of every row.

    Ties go to the smaller index, for the second place too. The bits of a row depend on that row and the centres alone.

    Parameters
    ----------
    points : (n, d)
        Finite; untouched.
    centres : (k, d)
        Finite; untouched. Equal centres are allowed.

    Returns
    -------
    Nearest
        Cost: O(n k d).
    """
    points, centres = _check(points, centres)
    n = len(points)
    found = Nearest(np.zeros(n, dtype=np.int32), np.full(n, np.inf), np.full(n, -1, dtype=np.int32), np.full(n, np.inf))
    for rows, block in _blocks(points, centres):
        part = Nearest(
            found.label[rows],
            found.squared_distance[rows],
            found.second_label[rows],
            found.second_squared_distance[rows],
        )
        _scan(block, part)
    _check_found(found.squared_distance)
    return found


def _scan(block: Floats, part: Nearest) -> None:
    """Fill ``part`` (views of the result) from the distances ``block`` (k, rows), centre by centre."""
    best, second = part.squared_distance, part.second_squared_distance
    best[:] = block[0]
    for centre, distance in enumerate(block[1:], start=1):
        closer = distance < best
        np.copyto(part.second_label, centre, where=distance < second)
        np.copyto(part.second_label, part.label, where=closer)
        np.copyto(part.label, centre, where=closer)
        np.minimum(second, np.maximum(best, distance), out=second)
        np.minimum(best, distance, out=best)


def _blocks(points: Floats, centres: Floats) -> Iterator[tuple[slice, Floats]]:
    """Yield row slices and their distances (k, rows); the array is used again for the next block."""
    k = len(centres)
    size = min(len(points), max(_LEAST_BLOCK_ROWS, _BLOCK_VALUES // k))
    total, term = np.empty((k, size)), np.empty((k, size))
    for start in range(0, len(points), size):
        rows = slice(start, min(start + size, len(points)))
        columns = points[rows].T
        if not points.flags.f_contiguous:
            columns = np.ascontiguousarray(columns)
        width = rows.stop - start
        yield rows, _accumulate(columns, centres, total[:, :width], term[:, :width])


def _accumulate(columns: Floats, centres: Floats, total: Floats, term: Floats) -> Floats:
    """Write the distances of ``columns`` (d, rows) to ``centres`` (k, d) into ``total`` (k, rows) and return it."""
    np.subtract(columns[0], centres[:, 0, None], out=total)
    np.multiply(total, total, out=total)
    for column, coordinates in zip(columns[1:], centres.T[1:], strict=True):
        np.subtract(column, coordinates[:, None], out=term)
        np.multiply(term, term, out=term)
        np.add(total, term, out=total)
    return total


def _check(points: Floats, centres: Floats) -> tuple[Floats, Floats]:
    centres = check_points(centres, "centres")
    return check_table(points, "points", columns=centres.shape[1]), centres


def _check_found(distance: Floats) -> None:
    """Refuse rows without a finite distance: looking at n distances is cheaper than at n d coordinates."""
    if not np.isfinite(distance).all():
        first = int(np.argmin(np.isfinite(distance)))
        raise NotFinite(
            expected="points without NaN or infinity and distances below 1e308",
            found=f"no finite distance at row {first}",
            todo="scale first (a missing value becomes 0) or set these rows aside",
        )
