"""CRITIC weights: a feature counts by its contrast and by how little the others say the same."""

import numpy as np

from clustering.arrays import Floats

_ROUNDING = 1e-12


def critic_weights(values: Floats, mass: Floats) -> Floats:
    """Return sigma_j times the sum over k of (1 - r_jk), on columns brought to [0, 1] by their range.

    sigma is the standard deviation, r the correlation; both are taken over all rows, a missing value counts as its
    column's mean. A column that is constant or missing is no criterion: its weight is 0 and nobody conflicts with it.

    Parameters
    ----------
    values : (n, d)
        NaN = missing [unit of each column]; untouched.
    mass : (n,)
        Above 0, counts as that many copies; untouched.

    Returns
    -------
    (d,)
        Weights [1], not negative. One column, or columns that all rise together, conflict with nothing: all 0.
        Cost: O(n d^2).

    References
    ----------
    D. Diakoulaki, G. Mavrotas, L. Papayannakis, Determining objective weights in multiple criteria problems: the
    CRITIC method, Computers & Operations Research 22 (1995).

    Examples
    --------
    >>> critic_weights(np.array([[0.0, 9.0], [1.0, 7.0], [2.0, 5.0]]), np.ones(3)).round(4)
    array([0.8165, 0.8165])
    """
    away = np.stack([_centred(column, mass) for column in values.T])
    # no matrix product: its rounding would depend on the number of threads
    covariance = np.einsum("in,jn->ij", away * (mass / mass.sum()), away)
    deviation = np.sqrt(np.diag(covariance))
    varies = deviation > 0
    scale = np.where(varies, deviation, 1.0)
    conflict = 1.0 - covariance / np.outer(scale, scale)
    # what rounding leaves of an exact 0 must not be blown up when the weights are normalised
    counts = np.outer(varies, varies) & (conflict > _ROUNDING)
    weights: Floats = deviation * np.where(counts, conflict, 0.0).sum(axis=1)
    return weights


def _centred(column: Floats, mass: Floats) -> Floats:
    """Return a column over its range, about its mean; 0 where it is missing, and everywhere if it is constant."""
    present = ~np.isnan(column)
    if not present.any() or np.ptp(column[present]) == 0:
        return np.zeros(len(column))
    unit = (column - column[present].min()) / np.ptp(column[present])
    mean = (mass * unit)[present].sum() / mass[present].sum()
    return np.where(present, unit - mean, 0.0)
