"""Rows are looked at again only where they may have another centre: the clusters of Lloyd, whatever the order."""

import numpy as np
import pytest

from clustering.arrays import Floats
from clustering.cells import GRID
from clustering.following import Followed, follow, followed, stepped, whole
from clustering.lloyd import lloyd

N, D, K = 600, 5, 7


def rows(state: int) -> tuple[Floats, Floats]:
    """Return points that overlap and weights of all sizes, some of them 0."""
    source = np.random.default_rng(state)
    points = source.normal(size=(N, D)) + source.integers(0, 3, size=(N, 1))
    weights = source.exponential(size=N) * 10.0 ** source.integers(-3, 2, size=N)
    return stepped(points), whole(np.where(source.random(N) < 0.1, 0.0, weights))


@pytest.mark.parametrize("state", range(5))
@pytest.mark.parametrize("steps", [1, 3, 100])
def test_the_centres_are_those_of_lloyd(state: int, steps: int) -> None:
    points, weights = rows(state)
    several = np.stack([weights, weights[::-1], np.where(np.arange(N) < N // 2, 0.0, weights)])
    found = follow(points, several, followed(points, points[:K]), steps=steps)
    for one, own in zip(found, several, strict=True):
        expected = lloyd(points, own, points[:K], steps=steps)
        np.testing.assert_allclose(one.centres, expected.centres, atol=1e-12)
        np.testing.assert_array_equal(one.rows, np.flatnonzero(own))
        np.testing.assert_array_equal(one.labels, expected.labels[one.rows])


def test_no_weighting_knows_of_another() -> None:
    points, weights = rows(6)
    several, now = np.stack([weights, weights**2]), followed(points, points[:K])
    alone = [follow(points, each[None], now, steps=5)[0] for each in several]
    for one, other in zip(follow(points, several, now, steps=5), alone, strict=True):
        assert one.centres.tobytes() == other.centres.tobytes()


@pytest.mark.parametrize("state", range(5))
def test_the_order_of_the_rows_changes_no_bit(state: int) -> None:
    points, weights = rows(state)
    order = np.random.default_rng(state).permutation(N)
    one, other = (
        follow(x, w[None], followed(x, points[:K]), steps=9)[0]
        for x, w in ((points, weights), (points[order], weights[order]))
    )
    assert one.centres.tobytes() == other.centres.tobytes()


def test_a_gap_is_no_more_than_what_a_row_is_nearer() -> None:
    points, weights = rows(1)
    (found,) = follow(points, weights[None], followed(points, points[:K]), steps=4)
    away = np.sort(np.sqrt(((points[found.rows, None] - found.centres) ** 2).sum(axis=2)), axis=1)
    assert (found.gaps <= away[:, 1] - away[:, 0] + 1e-9).all()
    assert (found.gaps > 0).mean() > 1 / 2


def test_two_centres_in_one_place_give_all_rows_to_the_first() -> None:
    points, _ = rows(2)
    found: Followed = followed(points, np.zeros((3, D)))
    assert (found.labels == 0).all()
    assert (found.gaps <= 0).all()


def test_a_cluster_without_mass_stays() -> None:
    points, weights = rows(3)
    away = np.vstack([points[:K], np.full((1, D), 15.0)])
    (found,) = follow(points, weights[None], followed(points, away), steps=100)
    assert (found.centres[K] == 15).all()


def test_weights_keep_their_sum_and_points_their_place() -> None:
    source = np.random.default_rng(4)
    weights, points = source.exponential(size=N), source.normal(size=(N, D))
    np.testing.assert_allclose(whole(weights), weights, atol=weights.sum() * 2.0**-28)
    np.testing.assert_allclose(stepped(points), points, atol=1 / GRID)
