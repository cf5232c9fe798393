"""Entropy weights: a feature counts by how unevenly its sum is spread over the rows."""

import numpy as np

from clustering.arrays import Floats


def entropy_weights(values: Floats, mass: Floats) -> Floats:
    """Return 1 - E_j of every column times ln n, E_j = (ln S - T/S) / ln n, S = sum of x, T = sum of x ln x.

    x is the column minus its smallest value, so that a shift and a change of unit change nothing. The ln n, n the
    whole mass, is the same for all columns and is left out: weights are compared, not read. What remains is Theil's
    index. It rewards skewness whatever it means: on consumption-like data one heavy tail outweighs all the rest.

    Parameters
    ----------
    values : (n, d)
        NaN = missing, left out of its column [unit of each column]; untouched.
    mass : (n,)
        Above 0, counts as that many copies; untouched.

    Returns
    -------
    (d,)
        Weights [1], not negative; 0 for a column that is constant or missing. Cost: O(n d), in one pass once the
        smallest values are known.

    References
    ----------
    C. E. Shannon, A mathematical theory of communication (1948); H. Theil, Economics and Information Theory (1967).

    Examples
    --------
    >>> entropy_weights(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), np.ones(3)).round(4)
    array([0.4621, 0.    ])
    """
    return np.array([_theil(column, mass) for column in values.T])


def _theil(column: Floats, mass: Floats) -> float:
    present = ~np.isnan(column)
    mass = mass[present]
    above = column[present] - column[present].min(initial=np.inf)
    total, whole = (mass * above).sum(), mass.sum()
    if total <= 0:
        return 0.0
    share = above * (whole / total)
    logarithm = np.log(share, where=share > 0, out=np.zeros_like(share))
    return max(0.0, float((mass * share * logarithm).sum() / whole))
