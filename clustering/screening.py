"""A fast first look in float32: the nearest centre of almost every row, and which rows have to be looked at again.

A matrix product in float32 gives all distances of a block at once, but its last bits depend on the block, the machine
and the number of threads. They do not matter where the best centre leads by more than the largest error that any
order of the operations can make; all other rows are left to the exact distances.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clustering.arrays import Flags, Floats

Singles = npt.NDArray[np.float32]
Codes = npt.NDArray[np.unsignedinteger]

# scores of one block, 256 KiB: they stay in a second-level cache
_BLOCK_VALUES = 65_536
_BLOCK_ROWS = (256, 4_096)
# half a unit in the last place of float32 and of float64
_ROUND_32 = 2.0**-24
_ROUND_64 = 2.0**-53
# above the rounding of the bound itself, and of its terms of second order in up to 10^6 columns
_SLACK = 1.1
# where products of float32 fall below the normal numbers
_FLOOR = 2.0**-100
# squares of shorter lengths leave the normal numbers of float64
_SHORTEST = 2.0**-500
_BYTE = 256


@dataclass(frozen=True, eq=False)
class Screen:
    """Centres made ready for looking at many rows.

    Rows are moved by ``shift`` and multiplied by ``scale``, a power of two, so that the farthest centre lies between
    1/2 and 1 and far-off origins cost no digits. ``product`` (k, d + 1) holds minus the centres so placed and, last,
    half their squared lengths: times a row and a 1 it is half the squared distance but for a term that all centres
    share. The error of a difference of two such scores is below ``linear`` (|row| + 1) + ``square`` |row|².
    """

    shift: Floats
    scale: float
    product: Singles
    linear: np.float32
    square: np.float32

    def nearest(self, points: Floats) -> tuple[Codes, Flags]:
        """Return the nearest centre (n,) of every row of ``points`` (n, d), untouched, and where that is certain."""
        found = [_leader(scores, error) for scores, error in self._scores(points)]
        return np.concatenate([label for label, _ in found]), np.concatenate([certain for _, certain in found])

    def two_nearest(self, points: Floats) -> tuple[Codes, Codes, Flags]:
        """Return the nearest and the second nearest centre of at least two, (n,) each, and where both are certain."""
        found = []
        for scores, error in self._scores(points):
            first, certain = _leader(scores, error)
            scores[first, np.arange(len(first))] = np.inf
            second, also = _leader(scores, error)
            found.append((first, second, certain & also))
        first, second, certain = (np.concatenate(part) for part in zip(*found, strict=True))
        return first, second, certain

    def _scores(self, points: Floats) -> Iterator[tuple[Singles, Singles]]:
        """Yield scores (k, b) of a block and how far two of a row may be apart in the wrong order (b,).

        The arrays are used again for the next block.
        """
        k, terms = self.product.shape
        size = min(len(points), max(_BLOCK_ROWS[0], min(_BLOCK_ROWS[1], _BLOCK_VALUES // k)))
        moved, rows = np.empty((terms - 1, size)), np.ones((terms, size), dtype=np.float32)
        scores = np.empty((k, size), dtype=np.float32)
        for start in range(0, len(points), size):
            block = points[start : start + size].T
            if block.shape[1] < size:
                moved, rows, scores = (array[:, : block.shape[1]].copy() for array in (moved, rows, scores))
            # infinity and NaN end up as uncertain rows
            with np.errstate(over="ignore", invalid="ignore"):
                np.subtract(block, self.shift[:, None], out=moved)
                np.multiply(moved, self.scale, out=rows[:-1], casting="same_kind")
                squared = np.einsum("ij,ij->j", rows[:-1], rows[:-1])
                np.matmul(self.product, rows, out=scores)
                yield scores, self.linear * (np.sqrt(squared) + np.float32(1.0)) + self.square * squared


def screen(centres: Floats) -> Screen:
    """Return finite centres (k, d) made ready; untouched."""
    # sums that pass 1e308 end up as uncertain rows
    with np.errstate(over="ignore", invalid="ignore"):
        shift = centres.mean(axis=0)
        away = centres - shift
        reach = float(np.sqrt((away * away).sum(axis=1).max()))
        scale = float(2.0 ** -np.frexp(reach)[1]) if _SHORTEST < reach < np.inf else 1.0
        away *= scale
        halves = (away * away).sum(axis=1, keepdims=True) / 2
        product = np.hstack([-away, halves]).astype(np.float32)
    terms = centres.shape[1] + 6
    linear, square = _SLACK * 2 * terms * _ROUND_32 + _FLOOR, _SLACK * 8 * terms * _ROUND_64
    return Screen(shift, scale, product, np.float32(linear), np.float32(square))


def _leader(scores: Singles, error: Singles) -> tuple[Codes, Flags]:
    """Return which centre has the smallest score, and where no other comes within ``error`` of it."""
    k = len(scores)
    with np.errstate(invalid="ignore"):
        close = (scores <= scores.min(axis=0) + error).view(np.uint8)
    codes = np.arange(k, dtype=np.uint8 if k <= _BYTE else np.uint32)[:, None]
    last = (close * codes).max(axis=0)
    first = codes[-1] - (close * codes[::-1]).max(axis=0)
    return last, first == last
