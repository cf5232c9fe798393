"""Random draws: an integer state in, the same rows out, on any machine."""

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats, check_count

Rows = npt.NDArray[np.intp]


def generator(random_state: int, stream: int) -> np.random.Generator:
    """Return a PCG64 generator; ``stream`` keeps two algorithms with the same state from drawing the same numbers."""
    state = check_count(random_state, "random_state", least=0)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([state, stream])))


def draw(source: np.random.Generator, shares: Floats) -> int:
    """Return a row drawn with probability proportional to ``shares``; see `draws`."""
    return int(draws(source, shares, 1)[0])


def draws(source: np.random.Generator, shares: Floats, count: int) -> Rows:
    """Return rows drawn one after the other, each with probability proportional to ``shares``, repeats included.

    Law: r adjacent copies of a row behave as one row with r times the share, and a share of 0 is never drawn.

    Parameters
    ----------
    source : numpy.random.Generator
        Moves on by ``count`` numbers.
    shares : (n,)
        Not negative, not all 0; untouched.
    count : int
        Rows drawn.

    Returns
    -------
    (count,)
        Cost: O(n + count log n).
    """
    cumulative = np.cumsum(shares)
    total = cumulative[-1]
    rows = np.searchsorted(cumulative, source.random(count) * total, side="right")
    # u * total may round up to total: the last row with a share, not the last row, is then meant
    last = int(np.searchsorted(cumulative, total, side="left"))
    drawn: Rows = np.minimum(rows, last)
    return drawn


def even_rows(mass: Floats, count: int) -> Rows:
    """Return ``count`` rows, (count,), at even steps of the running sum of ``mass`` (n,), untouched; none of mass 0.

    A row comes as often as its share of the mass says, up to one time more or less. Cost: O(n).
    """
    running = np.cumsum(mass)
    steps = (np.arange(count) + 0.5) / count * running[-1]
    rows: Rows = np.minimum(np.searchsorted(running, steps), np.searchsorted(running, running[-1]))
    return rows
