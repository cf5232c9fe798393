"""Exact distances and the two nearest centres, with bits that depend on the row and the centres alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clustering.arrays import Flags, Floats, Labels, Longs, check_points, check_table
from clustering.errors import NotFinite
from clustering.screening import Screen, Singles, screen
from clustering.sums import Groups, one_by_one

# distances of one block, 128 KiB: two such blocks and the rows stay in a second-level cache
_BLOCK_VALUES = 16_384
_OWN_VALUES = 65_536
_LEAST_BLOCK_ROWS = 256
# up to so many distances computing all of them exactly costs less than the calls of a screening
_SMALL = 8_192


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
    for rows, columns in _blocks(points, max(_LEAST_BLOCK_ROWS, _BLOCK_VALUES // len(centres))):
        _accumulate(columns, centres, result[:, rows])
    _checked(result.max(axis=0))
    return result.T


def nearest_labels(points: Floats, centres: Floats, look: Screen | None = None) -> Labels:
    """Return ``label`` (n,) int32 of `two_nearest` alone; the cheapest, with ``look``, the centres' screen, at hand."""
    points, centres = _check(points, centres)
    if is_small(points, centres):
        label: Labels = squared_distances(points, centres).argmin(axis=1).astype(np.int32)
        return label
    found, certain = (look or screen(centres)).nearest(points)
    label = found.astype(np.int32)
    for rows, near in _exactly(points, centres, ~certain):
        label[rows] = near.label
    return label


def labels_and_gaps(points: Floats, centres: Floats, look: Screen) -> tuple[Labels, Singles, Singles]:
    """Return ``label`` (n,) of `two_nearest`, by how much at least any other centre is farther, and its distance.

    With ``look``, the centres' screen. The gap (n,) is a lower bound, 0 where there is any doubt; the distance to the
    nearest centre (n,) an upper one. The bits of both depend on the machine.
    """
    points, centres = _check(points, centres)
    found, certain, gap, length = look.gaps(points)
    label = found.astype(np.int32)
    for rows, near in _exactly(points, centres, ~certain):
        label[rows], gap[rows], length[rows] = near.label, 0.0, np.inf
    return label, gap, length


def nearest(points: Floats, centres: Floats, look: Screen | None = None) -> tuple[Labels, Floats]:
    """Return ``label`` (n,) int32 and ``squared_distance`` (n,) as `two_nearest` does, without the second; cheaper."""
    if is_small(points, centres):
        distances = squared_distances(points, centres)
        label = distances.argmin(axis=1).astype(np.int32)
        return label, distances[np.arange(len(label)), label]
    label = nearest_labels(points, centres, look)
    return label, own_distances(points, centres, label)


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
        Cost: O(n k d), in float32 for all rows but those that float32 cannot tell.
    """
    points, centres = _check(points, centres)
    n = len(points)
    if len(centres) == 1:
        label, distance = nearest(points, centres)
        return Nearest(label, distance, np.full(n, -1, dtype=np.int32), np.full(n, np.inf))
    if is_small(points, centres):
        return _two_smallest(squared_distances(points, centres).T, np.arange(n))
    *found, certain = screen(centres).two_nearest(points)
    first, second = (label.astype(np.int32) for label in found)
    for rows, near in _exactly(points, centres, ~certain):
        first[rows], second[rows] = near.label, near.second_label
    distance, other = (own_distances(points, centres, label) for label in (first, second))
    return Nearest(first, distance, second, other)


def is_small(points: Floats, centres: Floats) -> bool:
    """Return whether all distances of rows (n, d) to centres (k, d) cost less than a first look."""
    return 0 < len(points) * len(centres) <= _SMALL


def own_distances(points: Floats, centres: Floats, labels: Labels | Groups) -> Floats:
    """Return the squared distance of every row to the centre of its label (n,), the bits of `squared_distances`.

    Parameters
    ----------
    points, centres : (n, d), (k, d)
        Untouched.
    labels : (n,)
        From 0 to k - 1; untouched.
    """
    points, centres = _check(points, centres)
    distance, coordinates = np.empty(len(points)), np.ascontiguousarray(centres.T)
    size = max(_LEAST_BLOCK_ROWS, _OWN_VALUES // len(coordinates))
    for start in range(0, len(points), size):
        rows = slice(start, start + size)
        away = np.take(coordinates, labels[rows], axis=1)
        np.subtract(points[rows].T, away, out=away)
        np.multiply(away, away, out=away)
        distance[rows] = one_by_one(away)
    return _checked(distance)


def _blocks(points: Floats, size: int) -> Iterator[tuple[slice, Floats]]:
    """Yield row slices and their columns (d, rows), contiguous."""
    for start in range(0, len(points), size):
        rows = slice(start, min(start + size, len(points)))
        yield rows, np.ascontiguousarray(points[rows].T) if not points.flags.f_contiguous else points[rows].T


def _exactly(points: Floats, centres: Floats, unsure: Flags) -> Iterator[tuple[Longs, Nearest]]:
    """Yield row numbers and their two nearest, by exact distances, of the rows that are ``unsure``."""
    rows = np.flatnonzero(unsure)
    for block, columns in _blocks(points[rows], max(_LEAST_BLOCK_ROWS, _BLOCK_VALUES // len(centres))):
        distances = _accumulate(columns, centres, np.empty((len(centres), columns.shape[1])))
        yield rows[block], _two_smallest(distances, rows[block])


def _two_smallest(distances: Floats, rows: Longs) -> Nearest:
    """Return the two nearest from ``distances`` (k, rows), which are used up."""
    every = np.arange(len(rows))
    label = distances.argmin(axis=0)
    best = _checked(distances[label, every], rows)
    distances[label, every] = np.inf
    second = distances.argmin(axis=0)
    return Nearest(label.astype(np.int32), best, second.astype(np.int32), distances[second, every])


def _accumulate(columns: Floats, centres: Floats, total: Floats) -> Floats:
    """Write the distances of ``columns`` (d, rows) to ``centres`` (k, d) into ``total`` (k, rows) and return it."""
    if columns.size * len(centres) <= _BLOCK_VALUES:
        away = columns[:, None, :] - centres.T[:, :, None]
        total[:] = one_by_one(away * away)
        return total
    term = np.empty_like(total)
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


def _checked(distance: Floats, rows: Longs | None = None) -> Floats:
    """Refuse rows without a finite distance: looking at n distances is cheaper than at n d coordinates."""
    if not np.isfinite(distance).all():
        first = int(np.argmin(np.isfinite(distance)))
        raise NotFinite(
            expected="points without NaN or infinity and distances below 1e308",
            found=f"no finite distance at row {first if rows is None else rows[first]}",
            todo="scale first (a missing value becomes 0) or set these rows aside",
        )
    return distance
