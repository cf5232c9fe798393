"""Factor weights: how much each index counts in the distance."""

import numpy as np

from clustering.arrays import Floats, Labels, check_count, check_points, check_weights
from clustering.lloyd import Clustering, lloyd
from clustering.seeding import seed
from clustering.sums import group_sums, group_totals
from clustering.swaps import removal_gain_swaps

_ROUNDING = 1e-12


def half_eta_squared(scaled: Floats, weights: Floats, k: int, *, random_state: int, rounds: int = 3) -> Floats:
    """Weigh every feature half equally and half by the share of its variance that lies between clusters.

    Round by round: cluster with the present factors, take eta² of every feature, normalise to mean 1, average with
    equal weights. No factor falls below 1/2 but those of constant columns, which are 0. The factors stand on squared
    distances: plain k-means on sqrt(factor) times the features is the weighted one.

    Parameters
    ----------
    scaled : (n, d)
        Features [1]; untouched.
    weights : (n,)
        A weight counts as that many copies of the row; a row of weight 0 changes no bit; untouched.
    k : int
        Number of clusters.
    random_state : int
        Of the first clustering; each later round starts from the centres of the round before.
    rounds : int
        Clusterings made, at least 1.

    Returns
    -------
    (d,)
        Factors [1] with mean 1 over the columns that vary. Cost: one `seed`, ``rounds`` - 1 warm starts.

    References
    ----------
    eta² is the correlation ratio of R. A. Fisher, Statistical Methods for Research Workers (1925).
    """
    scaled = np.asfortranarray(check_points(scaled, "scaled features"))
    weights = check_weights(weights, len(scaled))
    check_count(rounds, "rounds", least=1)
    equal = (np.ptp(scaled[weights > 0], axis=0) > 0).astype(np.float64)
    factors = equal
    found = seed(scaled * equal, weights, k, random_state=random_state)
    for _ in range(rounds - 1):
        before, factors = factors, _half(_eta_squared(scaled, weights, found), equal)
        found = _again(scaled * np.sqrt(factors), weights, found.centres * _ratio(factors, before))
    return _half(_eta_squared(scaled, weights, found), equal)


def scatters(scaled: Floats, weights: Floats, labels: Labels, k: int) -> tuple[Floats, Floats]:
    """Return the weighted scatter of each column between the clusters, (d,), and in all, (d,); inputs untouched.

    Parameters
    ----------
    scaled, weights, labels : (n, d), (n,), (n,)
        Labels below ``k``.

    Returns
    -------
    (d,), (d,)
        [squared unit of the columns x unit of the weights]. Cost: O(n d).
    """
    groups, everyone = labels.astype(np.intp), np.zeros(len(scaled), dtype=np.intp)
    masses = group_totals(weights, groups, k)
    away = scaled - group_sums(scaled.T, weights, everyone, 1) / masses.sum()
    means = group_sums(away.T, weights, groups, k) / np.where(masses > 0, masses, 1.0)[:, None]
    between: Floats = (masses[:, None] * means**2).sum(axis=0)
    return between, group_sums(away.T**2, weights, everyone, 1)[0]


def _eta_squared(scaled: Floats, weights: Floats, found: Clustering) -> Floats:
    """Return the between-cluster share of each column's variance, (d,) in [0, 1]; 0 for a constant column."""
    between, total = scatters(scaled, weights, found.labels, len(found.centres))
    share: Floats = between / np.where(total > 0, total, 1.0)
    # what rounding leaves of an exact 0 must not be blown up to mean 1
    return np.where(share > _ROUNDING, np.minimum(share, 1.0), 0.0)


def _half(eta: Floats, equal: Floats) -> Floats:
    """Return the average of eta², normalised to mean 1 where ``equal`` is 1 and not 0, and of ``equal`` itself."""
    eta = eta * equal
    total = eta.sum()
    share = eta * (equal.sum() / total) if total > 0 else equal
    return (share + equal) / 2


def _ratio(after: Floats, before: Floats) -> Floats:
    """Return what the stretched coordinates are multiplied by when the factors change; 0 for a constant column."""
    ratio: Floats = np.sqrt(after / np.where(before > 0, before, 1.0))
    return ratio


def _again(stretched: Floats, weights: Floats, centres: Floats) -> Clustering:
    return removal_gain_swaps(stretched, weights, lloyd(stretched, weights, centres))
