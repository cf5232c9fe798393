"""Half-strength η², without the circle: a column is judged by clusters that were found without it."""

import math

import numpy as np

from clustering.arrays import Floats, check_count, check_points, check_weights
from clustering.lloyd import lloyd
from clustering.seeding import seed
from clustering.weighting import scatters

_GROUPS = 8
_STEPS = 8
# a column of which the others explain this share beyond chance counts half of one that they explain wholly
_HALF_SHARE = 0.05
# where every column is confirmed this much, none is taken for noise
_ALL_SPEAK = 0.25
_ROUNDING = 1e-12


def half_left_out(scaled: Floats, mass: Floats, k: int, *, random_state: int) -> Floats:
    """Weigh every column half equally and half by how far clusters found without it tell its values apart.

    What is `confirmed`, at mean 1, is averaged with equal weights: half and half where some column is wholly
    confirmed and another is not at all, the less of it the less the best one is, and the more the least one is. It
    guards against columns that say nothing: where every column is confirmed, 0.25 or more, all count alike.

    Parameters
    ----------
    scaled, mass, k, random_state
        As for `confirmed`.

    Returns
    -------
    (d,)
        Factors [1], mean 1 over the columns that vary, 0 for the others; equal ones where nothing is confirmed.
        Cost: that of `confirmed`.
    """
    found = confirmed(scaled, mass, k, random_state=random_state)
    equal: Floats = (np.ptp(scaled[mass > 0], axis=0) > 0).astype(np.float64)
    total = found.sum()
    if total == 0:
        return equal
    strength = found.max() / 2 * max(0.0, 1 - found[equal > 0].min() / _ALL_SPEAK)
    mixed: Floats = strength * found * (equal.sum() / total) + (1 - strength) * equal
    return mixed


def confirmed(scaled: Floats, mass: Floats, k: int, *, random_state: int) -> Floats:
    """Return how surely the other columns say something about each column, (d,), from 0 to 1.

    Plain η² runs in a circle: a long tail draws the clusters, they part along it, and its η² is high. So the columns
    are left out in turn (in 8 groups where there are more), the clusters follow what is left, and η² is taken of the
    columns they did not see. What chance leaves (mean and two standard deviations of η² without any dependence) is
    subtracted; e / (e + 0.05) of the rest makes columns that the others confirm count alike, much or very much.

    Parameters
    ----------
    scaled : (n, d)
        Columns [1]; untouched.
    mass : (n,)
        A mass counts as that many copies of the row; a row of mass 0 changes no bit; untouched.
    k : int
        Number of clusters.
    random_state : int
        Of the clustering.

    Returns
    -------
    (d,)
        [1]; 0 for a column that does not vary, and for one that varies alone.
        Cost: one `seed`, and 8 times 8 steps of Lloyd.

    References
    ----------
    η² is the correlation ratio of R. A. Fisher, Statistical Methods for Research Workers (1925).
    """
    scaled = np.asfortranarray(check_points(scaled, "scaled values"))
    mass = check_weights(mass, len(scaled))
    check_count(k, "k", least=1)
    columns = np.flatnonzero(np.ptp(scaled[mass > 0], axis=0) > 0)
    explained = np.zeros(scaled.shape[1])
    if len(columns) > 1:
        centres = seed(scaled[:, columns], mass, k, random_state=random_state).centres
        for group in range(min(_GROUPS, len(columns))):
            out = np.arange(len(columns)) % _GROUPS == group
            labels = lloyd(scaled[:, columns[~out]], mass, centres[:, ~out], steps=_STEPS).labels
            between, total = scatters(scaled[:, columns[out]], mass, labels, k)
            explained[columns[out]] = between / np.where(total > 0, total, 1.0)
    beyond = np.maximum(explained - _chance(mass, k) - _ROUNDING, 0.0)
    return beyond / (beyond + _HALF_SHARE)


def _chance(mass: Floats, k: int) -> float:
    """Return the η² that chance does not pass: mean and two standard deviations where nothing depends on anything."""
    # masses below 1 are shares, not copies: then the rows are counted
    rows = max(float(np.cumsum(mass)[-1]), float(np.count_nonzero(mass)), 2.0)
    return (k - 1 + 2 * math.sqrt(2 * (k - 1))) / (rows - 1)
