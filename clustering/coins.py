"""Coins: a random number for every row that depends on its identity and the random state alone.

Equal rows have equal coins, wherever they stand. 0.0 and -0.0 are equal, and so are all NaN.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats, Longs, check_count

Words = npt.NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def of_values(columns: Floats) -> Words:
    """Return a hash of every row of ``columns`` (d, n), untouched; O(n d)."""
    # the smallest of numbers of which one is NaN is NaN
    missing = np.isnan(columns.min(initial=np.inf))
    canonical = np.where(np.isnan(columns), np.nan, columns) if missing else columns
    total = np.zeros(columns.shape[1], np.uint64)
    for column, multiplier in zip(canonical, _multipliers(len(columns)), strict=True):
        bits = (column + 0.0).view(np.uint64)
        # whole numbers differ in their upper bits alone
        bits ^= bits >> np.uint64(32)
        bits *= multiplier
        total += bits
    return _mixed(total)


def of_texts(letters: npt.NDArray[np.uint8], offsets: Longs) -> Words:
    """Return a hash of every text.

    Parameters
    ----------
    letters : (bytes,)
        The texts in UTF-8, one after the other; untouched.
    offsets : (n + 1,)
        Where each begins, and where the last ends; untouched.

    Returns
    -------
    (n,)
        Cost: O(bytes).
    """
    lengths = np.diff(offsets)
    place = np.arange(offsets[0], offsets[-1]) - np.repeat(offsets[:-1], lengths)
    terms = (letters[offsets[0] : offsets[-1]] + np.uint64(1)) * _multipliers(int(lengths.max(initial=0)))[place]
    running = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(terms, dtype=np.uint64)])
    ends = offsets - offsets[0]
    return _mixed(running[ends[1:]] - running[ends[:-1]] + lengths.astype(np.uint64))


def coins(hashes: Words, random_state: int) -> Words:
    """Return a number from 0 to 2^64 - 1 for every hash (n,), untouched, another one for every random state."""
    return _mixed(hashes ^ _salt(check_count(random_state, "random_state", least=0)))


def uniform(coin: Words) -> Floats:
    """Return the coins (n,) as float64 above 0 and not above 1; equal coins give equal numbers."""
    return ((coin >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


@lru_cache(maxsize=16)
def _salt(state: int) -> np.uint64:
    salt: np.uint64 = np.random.SeedSequence(state).generate_state(1, np.uint64)[0]
    return salt


@lru_cache(maxsize=16)
def _multipliers(count: int) -> Words:
    steps = np.array([(number * _GOLDEN) & _MASK for number in range(1, count + 1)], dtype=np.uint64)
    return _mixed(steps) | np.uint64(1)


def _mixed(words: Words) -> Words:
    """Return the words with every bit depending on every bit.

    References
    ----------
    G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
