"""What goes wrong elsewhere, shown there, and that it does not here."""

import warnings

import numpy as np
import pytest
from sklearn.cluster import KMeans, MiniBatchKMeans

from clustering.arrays import Floats, Longs
from clustering.cells import Cells, means, merge, summarise, to_grid
from clustering.errors import NotFinite
from clustering.lloyd import lloyd
from clustering.quality import sse
from clustering.seeding import seed

TWO = np.array([[0.0, 0.0], [10.0, 0.0]])


def cells_of(points: Floats, masses: Longs, limit: int = 40) -> Cells:
    """Return micro-clusters of rows that are one group."""
    return summarise(to_grid(points), masses, np.zeros(len(points), dtype=np.int32), limit)[0]


def rare_group() -> tuple[Floats, Floats]:
    """Return 2,000 rows of two large groups and of one with 0.35 % of them, and the three centres."""
    source = np.random.default_rng(0)
    true = np.array([[0.0, 0.0], [6.0, 0.0], [3.0, 9.0]])
    return np.repeat(true, [1_000, 993, 7], axis=0) + source.normal(0, 0.5, (2_000, 2)), true


def test_a_rare_group_keeps_its_centre() -> None:
    points, true = rare_group()
    peer = MiniBatchKMeans(3, init=true, n_init=1, random_state=0, batch_size=200)
    for _ in range(50):
        peer.partial_fit(np.random.default_rng(1).permutation(points))
    assert np.linalg.norm(peer.cluster_centers_ - true[2], axis=1).min() > 3
    found = lloyd(points, np.ones(2_000), true).centres
    assert np.linalg.norm(found - true, axis=1).max() < 0.5


def test_a_seed_carries_its_mass() -> None:
    batch = TWO + 1.0
    peer = MiniBatchKMeans(2, init=TWO, n_init=1).partial_fit(batch)
    np.testing.assert_allclose(peer.cluster_centers_, batch)
    history = cells_of(TWO, np.array([99, 99]))
    now = merge([history, cells_of(batch, np.array([1, 1]))])
    found = lloyd(means(now), now.mass.astype(np.float64), TWO).centres
    np.testing.assert_allclose(found, TWO + 0.01, atol=1e-6)


def test_an_empty_batch_changes_nothing() -> None:
    peer = MiniBatchKMeans(2, init=TWO, n_init=1).partial_fit(TWO)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        peer.partial_fit(TWO[:0])
    history = cells_of(TWO, np.array([5, 9]))
    nobody = cells_of(np.ones((3, 2)), np.zeros(3, dtype=np.int64))
    both = merge([history, nobody])
    assert [part.tobytes() for part in (both.mass, both.sums, both.squares)] == [
        part.tobytes() for part in (history.mass, history.sums, history.squares)
    ]


def test_clustering_micro_clusters_counts_their_weights() -> None:
    source = np.random.default_rng(2)
    points = np.concatenate([source.normal(0, 1, (4_000, 2)), source.normal(0, 8, (60, 2))])
    pool = cells_of(points, np.ones(len(points), dtype=np.int64), 300)
    everyone = np.ones(len(points))
    blind = KMeans(5, n_init=10, random_state=0).fit(means(pool)).cluster_centers_
    found = seed(means(pool), pool.mass.astype(np.float64), 5, random_state=0).centres
    assert sse(points, everyone, blind) > 1.2 * sse(points, everyone, found)
    assert sse(points, everyone, found) < 1.05 * seed(points, everyone, 5, random_state=0).sse


def test_an_empty_cluster_neither_goes_to_the_origin_nor_takes_rows_of_another() -> None:
    points, lost = np.array([[4.0], [5.0], [9.0], [9.5]]), np.array([[4.5], [9.2], [99.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = KMeans(3, init=lost, n_init=1).fit(points).cluster_centers_
    assert 99 not in peer
    found = lloyd(points, np.ones(4), lost)
    np.testing.assert_array_equal(found.centres, [[4.5], [9.25], [99.0]])
    np.testing.assert_array_equal(found.masses, [2, 2, 0])


def test_one_value_that_is_no_number_is_named_and_the_next_batch_goes_on() -> None:
    good, bad = np.arange(8.0).reshape(4, 2), np.arange(8.0).reshape(4, 2)
    bad[2, 1] = np.nan
    with pytest.raises(NotFinite, match="1 of 4 rows with one, the first at row 2"):
        lloyd(bad, np.ones(4), good[:2])
    assert np.isfinite(lloyd(good, np.ones(4), good[:2]).centres).all()


def test_centres_of_stationary_rows_keep_their_numbers() -> None:
    source = np.random.default_rng(4)
    true = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    centres = true
    for _ in range(30):
        block = true[source.integers(4, size=200)] + source.normal(0, 1, (200, 2))
        centres = lloyd(block, np.ones(200), centres).centres
    np.testing.assert_allclose(centres, true, atol=1)
