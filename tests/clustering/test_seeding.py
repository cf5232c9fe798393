"""k-means++, the local search and the swaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.assignment import two_nearest
from clustering.drawing import draw, generator
from clustering.lloyd import Clustering, lloyd
from clustering.quality import centroid_index, sse
from clustering.seeding import _after_swap, _distances_to, kmeans_plus_plus, local_search, seed
from clustering.swaps import _pairs, hopeless, removal_costs, removal_gain_swaps, split_gains

laws = settings(max_examples=20, deadline=None)
states = st.integers(0, 2**32)


def grid_of_clusters(state: int) -> tuple[Floats, Floats]:
    """Return nine clusters of 30 rows far from each other, and their centres."""
    source = np.random.default_rng(state)
    centres = 20.0 * np.array([(x, y) for x in range(3) for y in range(3)])
    return np.repeat(centres, 30, axis=0) + source.normal(size=(270, 2)), centres


@given(states)
@laws
def test_kmeans_plus_plus_draws_distinct_rows(state: int) -> None:
    points = np.repeat(np.arange(6.0)[:, None], 5, axis=0)
    drawn = kmeans_plus_plus(points, np.ones(30), 6, random_state=state)
    np.testing.assert_array_equal(np.sort(drawn[:, 0]), np.arange(6))


def test_the_random_state_matters() -> None:
    points, _ = grid_of_clusters(0)
    drawn = {kmeans_plus_plus(points, np.ones(270), 3, random_state=state).tobytes() for state in range(10)}
    assert len(drawn) > 5


def test_rows_are_drawn_in_proportion_to_their_shares() -> None:
    source, shares = generator(1, 1), np.array([0.0, 1.0, 0.0, 3.0, 0.0])
    counts = np.bincount([draw(source, shares) for _ in range(4_000)], minlength=5)
    np.testing.assert_array_equal(counts[[0, 2, 4]], 0)
    assert counts[3] / 4_000 == pytest.approx(0.75, abs=0.03)


@given(states)
@laws
def test_the_local_search_never_raises_the_sse(state: int) -> None:
    points, _ = grid_of_clusters(state)
    weights = np.random.default_rng(state).uniform(0, 2, 270)
    start = points[:9]
    losses = [
        sse(points, weights, local_search(points, weights, start, steps=n, random_state=state)) for n in (0, 4, 20)
    ]
    assert losses[0] == sse(points, weights, start)
    assert losses[0] > losses[1] >= losses[2]


@given(states)
@laws
def test_after_a_swap_the_two_nearest_are_those_of_a_full_search(state: int) -> None:
    points = np.random.default_rng(state).normal(size=(200, 3))
    centres, row, lost = points[:6].copy(), 50, state % 6
    before = two_nearest(points, centres)
    centres[lost] = points[row]
    after, full = _after_swap(points, centres, before, lost, _distances_to(points, row)), two_nearest(points, centres)
    np.testing.assert_array_equal(after.label, full.label)
    np.testing.assert_array_equal(after.second_label, full.second_label)
    np.testing.assert_array_equal(after.squared_distance, full.squared_distance)
    np.testing.assert_array_equal(after.second_squared_distance, full.second_squared_distance)


@given(states)
@laws
def test_removal_costs_are_what_dropping_a_centre_costs(state: int) -> None:
    points, centres = grid_of_clusters(state)
    weights = np.random.default_rng(state).uniform(0, 2, 270)
    whole = sse(points, weights, centres)
    dropped = [sse(points, weights, np.delete(centres, j, axis=0)) - whole for j in range(9)]
    np.testing.assert_allclose(removal_costs(points, weights, centres), dropped, rtol=1e-9)


@given(states)
@laws
def test_a_split_gain_is_the_fall_of_the_sse_inside_the_cluster(state: int) -> None:
    points, weights = np.random.default_rng(state).normal(size=(80, 3)), np.ones(80)
    whole = lloyd(points, weights, points[:1])
    splits = split_gains(points, weights, whole)
    inside = lloyd(points, weights, np.array([splits.first[0], splits.second[0]]), steps=0).sse
    # the rows' nearest of the two means can only be better than the halves the means were taken from
    assert 0 < splits.gain[0] <= whole.sse - inside + 1e-9
    assert splits.gain[0] > 0.98 * (whole.sse - inside)


def test_the_split_finds_two_clusters_in_one() -> None:
    points, _ = grid_of_clusters(3)
    two = points[:60]
    splits = split_gains(two, np.ones(60), lloyd(two, np.ones(60), two[:1]))
    means = np.array([two[:30].mean(axis=0), two[30:].mean(axis=0)])
    found = np.array([splits.first[0], splits.second[0]])
    np.testing.assert_allclose(found[np.argsort(found[:, 1])], means)


@given(states)
@laws
def test_swaps_repair_a_start_inside_one_cluster(state: int) -> None:
    points, true = grid_of_clusters(state)
    stuck = lloyd(points, np.ones(270), points[:9])
    assert centroid_index(stuck.centres, true) > 0
    assert centroid_index(removal_gain_swaps(points, np.ones(270), stuck).centres, true) == 0


def test_no_more_swaps_than_allowed() -> None:
    points, true = grid_of_clusters(1)
    stuck = lloyd(points, np.ones(270), points[:9])
    losses = [removal_gain_swaps(points, np.ones(270), stuck, swaps=n).sse for n in (0, 1, 2, 20)]
    assert losses[0] == stuck.sse
    assert losses == sorted(set(losses), reverse=True)
    assert centroid_index(removal_gain_swaps(points, np.ones(270), stuck, swaps=1).centres, true) > 0


@given(states)
@laws
def test_swaps_end_where_lloyd_moves_nothing(state: int) -> None:
    points, _ = grid_of_clusters(state)
    found = removal_gain_swaps(points, np.ones(270), lloyd(points, np.ones(270), points[:4], steps=1))
    np.testing.assert_allclose(lloyd(points, np.ones(270), found.centres, steps=1).centres, found.centres)


def test_pairs_come_in_falling_gain_minus_cost_and_never_split_what_they_remove() -> None:
    gains, costs = np.array([9.0, 5.0, 1.0]), np.array([20.0, 2.0, 4.0])
    assert list(_pairs(gains, costs)) == [(0, 1), (0, 2), (1, 2), (2, 1)]


def test_of_the_given_clustering_only_the_centres_are_read() -> None:
    points, _ = grid_of_clusters(1)
    stuck = lloyd(points, np.ones(270), points[:9])
    stale = Clustering(stuck.centres, stuck.labels[::-1], stuck.masses * 7, 0.0, 0)
    fresh, repaired = (removal_gain_swaps(points, np.ones(270), given) for given in (stuck, stale))
    assert fresh.centres.tobytes() == repaired.centres.tobytes()


@pytest.mark.parametrize("k", [1, 270])
def test_one_cluster_and_as_many_as_rows(k: int) -> None:
    points, _ = grid_of_clusters(1)
    found = seed(points, np.ones(270), k, random_state=0)
    assert found.sse == pytest.approx(0 if k == 270 else 270 * points.var(axis=0).sum(), abs=1e-9)
    assert len(found.centres) == k


@given(states)
@laws
def test_seed_finds_every_cluster(state: int) -> None:
    points, true = grid_of_clusters(state)
    assert centroid_index(seed(points, np.ones(270), 9, random_state=state).centres, true) == 0


@given(states)
@laws
def test_the_split_finds_a_few_rows_far_off_in_many_columns(state: int) -> None:
    points = np.random.default_rng(state).normal(size=(92, 64))
    points[:4] += 12 / np.sqrt(64)
    splits = split_gains(points, np.ones(92), lloyd(points, np.ones(92), points[:1]))
    found = np.array([splits.first[0], splits.second[0]])
    means = np.array([points[4:].mean(axis=0), points[:4].mean(axis=0)])
    np.testing.assert_allclose(found[np.argsort(found.sum(axis=1))], means)


@pytest.mark.parametrize("worth", [0.7, 1.4])
def test_hope_is_given_up_only_where_no_split_is_worth_a_removal(worth: float) -> None:
    told = []
    for state in range(40):
        source = np.random.default_rng(state)
        points, weights = source.normal(size=(150, 3)) * source.exponential(size=3), source.exponential(size=150)
        found = lloyd(points, weights, points[:4], steps=3)
        gains = split_gains(points, weights, found).gain[:, None]
        costs = np.where(np.eye(4) > 0, np.inf, removal_costs(points, weights, found.centres))
        gone = hopeless(points, weights, found.labels.astype(np.intp), found.centres, worth=worth)
        told.append((gone, bool((gains > worth * costs).any())))
    assert (True, True) not in told
    # nearly all of those without hope are known as such
    assert sum(gone for gone, _ in told) >= sum(not tried for _, tried in told) - 2
    assert {tried for _, tried in told} == {True, False}
