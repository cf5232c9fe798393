"""A fast first look in float32: the nearest centre of almost every row, and which rows have to be looked at again.

A matrix product in float32 gives all distances of a block at once, but its last bits depend on the block, the machine
and the number of threads. They do not matter where the best centre leads by more than the largest error that any
order of the operations can make; all other rows are left to the exact distances.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from clustering.arrays import Flags, Floats

Singles = npt.NDArray[np.float32]
Codes = npt.NDArray[Any]

# scores of one block, 512 KiB: they stay near, and the calls cost little beside them
_BLOCK_VALUES = 131_072
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
# scales beyond which a gap could leave them, too
_SMALLEST, _LARGEST = 2.0**-60, 2.0**30
# times their extent, the centres may lie away from the origin
_NOT_FAR = 4
_BYTE = 256


@dataclass(frozen=True, eq=False)
class Screen:
    """Centres made ready for looking at many rows.

    Rows are moved by ``shift`` and multiplied by ``scale``, a power of two, so that the farthest centre lies between
    1/2 and 1 and far-off origins cost no digits. A row so placed, a, has half its squared distance to a centre b less
    half of |a|², |b|²/2 - ab, in float32 within ``doubt`` (|a| |b| + |b|²/2): that is the score. ``product``
    (k, d + 2) times (a, 1, |a|) is the score less its doubt.
    """

    shift: Floats
    scale: float
    product: Singles
    doubt: np.float32
    square: np.float32

    def nearest(self, points: Floats) -> tuple[Codes, Flags]:
        """Return the nearest centre (n,) of every row of ``points`` (n, d), untouched, and where that is certain."""
        found = [_leader(scores, self._most(scores, length)) for scores, length in self._scores(points)]
        return np.concatenate([label for label, _ in found]), np.concatenate([certain for _, certain in found])

    def two_nearest(self, points: Floats) -> tuple[Codes, Codes, Flags]:
        """Return the nearest and the second nearest centre of at least two, (n,) each, and where both are certain."""
        found = []
        for scores, length in self._scores(points):
            first, certain = _leader(scores, self._most(scores, length))
            scores[first, np.arange(len(first))] = np.inf
            second, also = _leader(scores, self._most(scores, length))
            found.append((first, second, certain & also))
        first, second, certain = (np.concatenate(part) for part in zip(*found, strict=True))
        return first, second, certain

    def gaps(self, points: Floats) -> tuple[Codes, Flags, Singles, Singles]:
        """Return `nearest`, by how much at least any other centre is farther (n,), and at most the distance (n,)."""
        found = []
        for scores, length in self._scores(points):
            most = self._most(scores, length)
            label, certain = _leader(scores, most)
            scores[label, np.arange(len(label))] = np.inf
            found.append((label, certain, *self._distances(most, scores.min(axis=0), length)))
        labels, certain, gaps, lengths = (np.concatenate(part) for part in zip(*found, strict=True))
        return labels, certain, gaps, lengths

    def _distances(self, most: Singles, second: Singles, length: Singles) -> tuple[Singles, Singles]:
        """Return how much longer a distance is, at least, from the best score at most and the second at least.

        And the shorter distance, at most.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            square = length * length
            doubt = 2 * self.doubt * square
            far = np.sqrt(np.maximum(second + second + square - doubt, 0))
            near = np.sqrt(np.maximum(most + most + square + doubt, 0))
            # NaN says nothing: `fmax` and `fmin` take the other one
            gap = np.fmax(far - near - np.float32(4 * _ROUND_32) * far, 0) * np.float32(1 / _SLACK / self.scale)
            near = np.fmin(near * np.float32(_SLACK / self.scale), np.float32(np.inf))
        if not _SMALLEST < self.scale < _LARGEST:
            return np.zeros_like(gap), np.full_like(near, np.inf)
        # with one centre, no other is ever nearer
        return gap if len(self.product) > 1 else np.full_like(gap, np.inf), near

    def at_most(self, points: Floats) -> Floats:
        """Return numbers (n,) a little above the squared distance of each row to its nearest centre."""
        found = [2 * self._most(scores, length) + length * length for scores, length in self._scores(points)]
        most = np.concatenate(found).astype(np.float64) * (_SLACK / self.scale) / self.scale
        return np.where(np.isnan(most), np.inf, most)

    def _most(self, scores: Singles, length: Singles) -> Singles:
        """Return a number (n,) that the best score of a row of this length does not pass, from scores less doubts.

        The best centre lies no farther from the origin than the row and its distance together.
        """
        low = scores.min(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):
            square = length * length
            away = length + np.sqrt(np.maximum(low + low + np.float32(_SLACK) * square, 0))
            most: Singles = low + self.doubt * away * (length + length + away) + self.square * square
        return most

    def _scores(self, points: Floats) -> Iterator[tuple[Singles, Singles]]:
        """Yield scores less doubts (k, b) of a block of rows, and their lengths (b,).

        The arrays are used again for the next block.
        """
        k, terms = self.product.shape
        size = min(len(points), max(_BLOCK_ROWS[0], min(_BLOCK_ROWS[1], _BLOCK_VALUES // k)))
        moved, rows = np.empty((terms - 2, size)), np.ones((terms, size), dtype=np.float32)
        scores = np.empty((k, size), dtype=np.float32)
        for start in range(0, len(points), size):
            block = points[start : start + size].T
            if block.shape[1] < size:
                moved, rows, scores = (array[:, : block.shape[1]].copy() for array in (moved, rows, scores))
            # infinity and NaN end up as uncertain rows
            with np.errstate(over="ignore", invalid="ignore"):
                if self.shift.any():
                    block = np.subtract(block, self.shift[:, None], out=moved)
                np.multiply(block, self.scale, out=rows[:-2], casting="same_kind")
                np.sqrt(np.einsum("ij,ij->j", rows[:-2], rows[:-2]), out=rows[-1])
                np.matmul(self.product, rows, out=scores)
            yield scores, rows[-1]


def screen(centres: Floats) -> Screen:
    """Return finite centres (k, d) made ready; untouched."""
    terms = centres.shape[1] + 6
    doubt = _SLACK * terms * _ROUND_32
    # sums that pass 1e308 end up as uncertain rows
    with np.errstate(over="ignore", invalid="ignore"):
        shift = _middle(centres)
        away = centres - shift
        reach = float(np.sqrt((away * away).sum(axis=1).max()))
        scale = float(2.0 ** -np.frexp(reach)[1]) if _SHORTEST < reach < np.inf else 1.0
        away *= scale
        length = np.sqrt((away * away).sum(axis=1, keepdims=True))
        product = np.hstack([-away, length**2 * ((1 - doubt) / 2) - _FLOOR, -doubt * length]).astype(np.float32)
    return Screen(shift, scale, product, np.float32(doubt), np.float32(_SLACK * 8 * terms * _ROUND_64))


def _middle(centres: Floats) -> Floats:
    """Return a point among the centres, or the origin where that is not far from them."""
    low, high = centres.min(axis=0), centres.max(axis=0)
    if np.maximum(-low, high).max() <= _NOT_FAR * (high - low).max():
        return np.zeros(centres.shape[1])
    return np.median(centres, axis=0)


def _leader(scores: Singles, most: Singles) -> tuple[Codes, Flags]:
    """Return which centre has the smallest score, and where no other can have a score up to ``most``."""
    k = len(scores)
    close = (scores <= most).view(np.uint8)
    codes: Codes = np.arange(k, dtype=np.uint8 if k <= _BYTE else np.uint32)[:, None]
    last = (close * codes).max(axis=0)
    first = codes[-1] - (close * codes[::-1]).max(axis=0)
    return last, first == last
