"""Each method of weighting by itself: hand calculations, what it finds, and the danger of entropy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.critic import critic_weights
from clustering.entropy import entropy_weights
from clustering.factors import METHODS, Sample, factors
from clustering.left_out import confirmed, half_left_out
from clustering.quality import adjusted_rand_index
from clustering.scaling import fit_scaling
from clustering.seeding import seed
from clustering.sparse import bounded, sparse_weights
from clustering.weighting import half_eta_squared

laws = settings(max_examples=20, deadline=None)
states = st.integers(0, 2**32)
NAN = np.nan


def test_entropy_is_what_the_formula_gives_by_hand() -> None:
    values = np.array([[5.0, 1.0], [6.0, 1.0], [8.0, 4.0]])
    # above the smallest: 0, 1, 3, so S = 4, T = 3 ln 3; and 0, 0, 3, so all of it in one row
    evenness = (np.log(4) - 3 * np.log(3) / 4) / np.log(3)
    expected = [1 - evenness, 1.0]
    np.testing.assert_allclose(entropy_weights(values, np.ones(3)) / np.log(3), expected)


@given(states)
@laws
def test_entropy_knows_neither_unit_nor_origin_and_leaves_out_what_is_missing(state: int) -> None:
    values = np.random.default_rng(state).lognormal(0, 1, (30, 2))
    mass = np.random.default_rng(state).integers(1, 4, 30).astype(np.float64)
    found = entropy_weights(values, mass)
    np.testing.assert_allclose(entropy_weights(values * [3, 1e4] + [7, -9], mass), found, rtol=1e-9)
    longer = np.vstack([values, [[NAN, NAN]] * 3])
    np.testing.assert_allclose(entropy_weights(longer, np.append(mass, [1, 5, 2])), found, rtol=1e-12)


def test_critic_is_what_the_formula_gives_by_hand() -> None:
    values = np.array([[0.0, 10.0, 5.0], [2.0, 30.0, 5.0], [4.0, 20.0, 5.0]])
    # by their ranges 0, 1/2, 1 and 0, 1, 1/2: both of deviation 1/sqrt 6, and of correlation 1/2
    np.testing.assert_allclose(critic_weights(values, np.ones(3)), [0.5 / np.sqrt(6), 0.5 / np.sqrt(6), 0.0])


def test_a_missing_value_is_no_contrast_to_critic() -> None:
    values = np.array([[0.0, 1.0], [4.0, 3.0], [NAN, 7.0]])
    filled = np.array([[0.0, 1.0], [4.0, 3.0], [2.0, 7.0]])
    np.testing.assert_allclose(critic_weights(values, np.ones(3)), critic_weights(filled, np.ones(3)))


def test_columns_that_rise_together_conflict_with_nothing() -> None:
    rising = np.arange(9.0)[:, None] * [1.0, 7.0, 0.1]
    np.testing.assert_array_equal(critic_weights(rising, np.ones(9)), 0)


def groups_and_noise(state: int, *, informative: int, noise: int, rows: int = 240) -> tuple[Floats, Floats]:
    """Return scaled values and labels: three groups, 2.4 apart in some columns and alike in the others."""
    source = np.random.default_rng(state)
    label = np.arange(rows) % 3
    values = source.normal(size=(rows, informative + noise))
    values[:, :informative] += 2.4 * (label[:, None] - 1)
    return values, label.astype(np.float64)


@given(states)
@laws
def test_what_the_other_columns_confirm_counts_more_than_noise(state: int) -> None:
    values, _ = groups_and_noise(state, informative=3, noise=5)
    found = half_left_out(values, np.ones(240), 3, random_state=state)
    assert found[:3].min() > 1.2
    assert found[3:].max() < 1.1
    assert found.min() >= 0.5
    assert found.mean() == pytest.approx(1)


@pytest.mark.parametrize("state", [1, 2, 5])
def test_a_tail_that_draws_the_clusters_does_not_confirm_itself(state: int) -> None:
    values, _ = groups_and_noise(state, informative=3, noise=3)
    values[:, 5] = np.random.default_rng(state).lognormal(0, 1.3, 240)
    scaled, ones = fit_scaling("robust", values).apply(values), np.ones(240)
    plain, left_out = (f(scaled, ones, 3, random_state=0) for f in (half_eta_squared, half_left_out))
    assert plain[5] > plain[:3].max()
    assert left_out[5] < 0.6
    assert left_out[:3].min() > 1.4


def test_more_columns_than_groups_are_left_out_together() -> None:
    values, _ = groups_and_noise(1, informative=6, noise=14)
    found = half_left_out(values, np.ones(240), 3, random_state=0)
    assert found[:6].min() > 1.9
    assert found[6:].max() < 0.95


@pytest.mark.parametrize("state", range(3))
def test_where_every_column_is_confirmed_all_count_equally(state: int) -> None:
    values, _ = groups_and_noise(state, informative=6, noise=0)
    values[:, 0] += np.random.default_rng(state).normal(0, 2, 240)
    said = confirmed(values, np.ones(240), 3, random_state=0)
    assert 0.25 < said.min() < said.max() - 0.02
    np.testing.assert_array_equal(half_left_out(values, np.ones(240), 3, random_state=0), 1)
    noisy = np.column_stack([values, np.random.default_rng(state).normal(size=240)])
    assert np.ptp(half_left_out(noisy, np.ones(240), 3, random_state=0)[:6]) > 0.02


@pytest.mark.parametrize("k", [1, 3])
def test_where_nothing_is_confirmed_all_count_equally(k: int) -> None:
    alone, noise = (np.random.default_rng(3).normal(size=shape) for shape in ((50, 1), (2_000, 4)))
    np.testing.assert_array_equal(half_left_out(alone, np.ones(50), k, random_state=0), 1)
    np.testing.assert_allclose(half_left_out(noise, np.ones(2_000), k, random_state=0), 1, atol=0.01)


@pytest.mark.parametrize("state", range(3))
def test_sparse_weights_find_the_columns_that_inform(state: int) -> None:
    values, _ = groups_and_noise(state, informative=5, noise=45)
    found = sparse_weights(values, np.ones(240), 3, random_state=state)
    assert found[:5].min() > 8 * found[5:].max()


@given(states, st.floats(1.1, 3))
@laws
def test_bounded_weights_keep_their_bounds_and_nothing_feasible_gives_more(state: int, bound: float) -> None:
    source = np.random.default_rng(state)
    between = source.exponential(size=9)
    found = bounded(between, bound)
    assert np.sqrt((found**2).sum()) == pytest.approx(1)
    assert found.sum() <= bound * (1 + 1e-6)
    others = source.exponential(size=(200, 9)) ** 2
    others /= np.maximum(np.sqrt((others**2).sum(axis=1)), others.sum(axis=1) / bound)[:, None]
    assert (others @ between <= found @ between * (1 + 1e-6)).all()


def test_a_narrow_bound_leaves_columns_out() -> None:
    np.testing.assert_allclose(bounded(np.array([3.0, 2.0, 0.1]), 1.0), [1, 0, 0], atol=1e-6)
    assert (bounded(np.array([3.0, 2.0, 0.1]), 1.3) > 0).tolist() == [True, True, False]


def test_many_rows_are_searched_on_some_of_them_and_the_same_columns_found() -> None:
    values, _ = groups_and_noise(7, informative=4, noise=12, rows=4_000)
    found = sparse_weights(values, np.ones(4_000), 3, random_state=0)
    assert found[:4].min() > 5 * found[4:].max()


def consumers(state: int) -> tuple[Floats, Floats]:
    """Return three groups by load shape, beside consumption and spend with long tails that say nothing of them."""
    source = np.random.default_rng(state)
    label = np.arange(600) % 3
    shapes = 0.25 + 0.05 * (label[:, None] == np.arange(3)) + source.normal(0, 0.012, (600, 3))
    return np.column_stack([shapes, source.lognormal(6, 1.2, (600, 2))]), label.astype(np.float64)


def agreement(method: str, state: int) -> float:
    """Return the adjusted Rand index of robustly scaled clusters under a method and the true groups."""
    values, label = consumers(state)
    scaled, ones = fit_scaling("robust", values).apply(values), np.ones(600)
    found = factors(method, Sample(values, scaled, ones), 3, random_state=state)
    return adjusted_rand_index(seed(scaled * np.sqrt(found), ones, 3, random_state=state).labels, label)


def test_the_danger_of_entropy_a_long_tail_outweighs_everything_that_tells_customers_apart() -> None:
    values, _ = consumers(0)
    weights = entropy_weights(values, np.ones(600))
    assert weights[3:].sum() > 0.8 * weights.sum()
    found = {method: np.mean([agreement(method, state) for state in range(3)]) for method in METHODS}
    assert found["entropy"] < 0.2
    assert min(found["equal"], found["eta2"]) > 0.8
