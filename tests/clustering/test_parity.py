"""With given centres our Lloyd is that of scikit-learn, to 1e-9."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from clustering.arrays import Floats
from clustering.lloyd import Clustering, lloyd

STEPS = 500


def theirs(points: Floats, weights: Floats, centres: Floats) -> KMeans:
    """Return scikit-learn's, run to where no label changes."""
    peer = KMeans(len(centres), init=centres, n_init=1, tol=0, max_iter=STEPS, algorithm="lloyd")
    return peer.fit(points, sample_weight=weights)


def agree(ours: Clustering, peer: KMeans, unit: float) -> None:
    np.testing.assert_allclose(ours.centres, peer.cluster_centers_, rtol=1e-9, atol=1e-9 * unit)
    np.testing.assert_array_equal(ours.labels, peer.labels_)
    assert ours.sse == pytest.approx(peer.inertia_, rel=1e-9)


@given(st.integers(0, 2**31), st.integers(1, 20), st.integers(1, 12), st.sampled_from([0.0, 50.0]))
@settings(max_examples=15, deadline=None)
def test_weighted_rows_in_any_number_of_columns(state: int, d: int, k: int, offset: float) -> None:
    source = np.random.default_rng(state)
    points, weights = source.normal(offset, 1, (400, d)), source.uniform(0.1, 3, 400)
    agree(lloyd(points, weights, points[:k], steps=STEPS), theirs(points, weights, points[:k]), 1 + offset)


@given(st.integers(0, 2**31))
@settings(max_examples=15, deadline=None)
def test_factor_weights_are_columns_stretched_by_their_roots(state: int) -> None:
    source = np.random.default_rng(state)
    points, weights, factors = source.normal(size=(400, 5)), np.ones(400), source.uniform(0, 3, 5)
    stretched = points * np.sqrt(factors)
    ours = lloyd(stretched, weights, stretched[:6], steps=STEPS)
    peer = theirs(stretched, weights, stretched[:6])
    agree(ours, peer, 1)
    away = points[:, None] - ours.centres / np.sqrt(factors)
    np.testing.assert_array_equal((factors * away**2).sum(axis=2).argmin(axis=1), peer.labels_)
