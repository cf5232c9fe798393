"""Factor weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.seeding import seed
from clustering.weighting import half_eta_squared

laws = settings(max_examples=10, deadline=None)
states = st.integers(0, 2**32)


def two_clusters_and_noise(state: int) -> Floats:
    """Return a column that tells two clusters apart, two of noise and one that is constant."""
    source = np.random.default_rng(state)
    apart = np.repeat([-3.0, 3.0], 60) + source.normal(0, 0.3, 120)
    return np.column_stack([apart, source.normal(0, 1, (120, 2)), np.full(120, 0.1)])


@given(states)
@laws
def test_the_column_that_tells_clusters_apart_weighs_most(state: int) -> None:
    factors = half_eta_squared(two_clusters_and_noise(state), np.ones(120), 2, random_state=state)
    assert factors[0] > 1.5
    assert factors[3] == 0
    assert (factors[1:3] >= 0.5).all()
    assert factors[:3].mean() == pytest.approx(1)


@given(states)
@laws
def test_one_round_is_half_the_share_between_clusters(state: int) -> None:
    points = two_clusters_and_noise(state)
    found = seed(points, np.ones(120), 2, random_state=5)
    inside = np.array([points[found.labels == j].var(axis=0) * (found.labels == j).mean() for j in (0, 1)]).sum(axis=0)
    eta = 1 - inside[:3] / points.var(axis=0)[:3]
    factors = half_eta_squared(points, np.ones(120), 2, random_state=5, rounds=1)
    np.testing.assert_allclose(factors[:3], (eta / eta.mean() + 1) / 2, rtol=1e-6)


def test_later_rounds_use_the_weights_found() -> None:
    points = np.random.default_rng(5).normal(size=(600, 5)) * np.linspace(1, 1.3, 5)
    rounds = [half_eta_squared(points, np.ones(600), 4, random_state=0, rounds=n) for n in (1, 2, 3)]
    assert not np.allclose(rounds[0], rounds[1])
    assert not np.allclose(rounds[1], rounds[2])


def test_one_cluster_gives_equal_weights() -> None:
    factors = half_eta_squared(two_clusters_and_noise(0), np.ones(120), 1, random_state=0)
    np.testing.assert_array_equal(factors, [1, 1, 1, 0])
