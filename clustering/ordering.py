"""An order of integer rows that depends on their content alone."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from clustering.arrays import Flags, Longs

Order = npt.NDArray[np.intp]


def lexicographic(keys: Sequence[npt.NDArray[np.integer]]) -> Order:
    """Return the order that sorts by the first key, ties by the second, and so on; equal rows keep their order.

    Parameters
    ----------
    keys : d arrays (n,)
        At least two; untouched.

    Returns
    -------
    (n,)
        Cost: two sorts where the first two keys tell the rows apart; the others only order the ties.
    """
    order = np.lexsort((keys[1], keys[0]))
    fresh = starts(keys[:2], order)
    alone = fresh & np.append(fresh[1:], True)
    tied = np.flatnonzero(~alone)
    if len(keys) > 2 and len(tied):  # noqa: PLR2004 - keys
        rows = order[tied]
        run = np.cumsum(fresh)[tied]
        order[tied] = rows[np.lexsort((*(key[rows] for key in reversed(keys[2:])), run))]
    return order


def starts(keys: Sequence[npt.NDArray[np.integer]], order: Order) -> Flags:
    """Return, along ``order``, which rows differ from the row before, (n,); the first one does."""
    fresh = np.zeros(len(order), dtype=np.bool_)
    fresh[:1] = True
    for key in keys:
        ordered = key[order]
        fresh[1:] |= ordered[1:] != ordered[:-1]
    return fresh


def run_sums(values: Longs, fresh: Flags) -> Longs:
    """Return the integer sums of the runs that begin where ``fresh``; ``values`` (n,) or (n, d) lies in order."""
    return np.add.reduceat(values, np.flatnonzero(fresh), axis=0)
