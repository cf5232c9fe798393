"""Sums per cluster, added one row after the other.

The sequential order makes a row of weight 0 change no bit, which a pairwise sum would not keep, and it does not
depend on the number of threads as a matrix product would.
"""

import numpy as np
import numpy.typing as npt

from clustering.arrays import Floats

Groups = npt.NDArray[np.intp]
# values up to which one call for all columns costs less than one for each
SMALL = 65_536


def group_totals(values: Floats, groups: Groups, count: int) -> Floats:
    """Return the sum of ``values`` (n,) in each of ``count`` groups, (count,); inputs untouched."""
    return np.bincount(groups, weights=values, minlength=count).astype(np.float64, copy=False)


def one_by_one(terms: Floats) -> Floats:
    """Return the sum of ``terms`` over their first axis, added in its order; the first is used up."""
    total: Floats = terms[0]
    for term in terms[1:]:
        total += term
    return total


def group_sums(columns: Floats, weights: Floats, groups: Groups, count: int) -> Floats:
    """Return the weighted sum of the rows of each group.

    Parameters
    ----------
    columns : (d, n)
        One feature per row; untouched.
    weights, groups : (n,)
        Weight and group of each point; untouched.
    count : int
        Number of groups.

    Returns
    -------
    (count, d)
        0 for an empty group. Cost: O(n d).
    """
    if columns.size > SMALL:
        return np.stack([group_totals(weights * column, groups, count) for column in columns], axis=1)
    # one call for all columns: the same additions in the same order
    d = len(columns)
    places = (groups + count * np.arange(d)[:, None]).reshape(-1)
    return group_totals((columns * weights).reshape(-1), places, count * d).reshape(d, count).T
