"""Lloyd."""

import numpy as np
import pytest

from clustering.assignment import two_nearest
from clustering.lloyd import lloyd


@pytest.mark.parametrize("steps", [0, 1, 3, 100])
def test_labels_masses_and_sse_belong_to_the_centres(steps: int) -> None:
    points, weights = np.random.default_rng(1).normal(size=(400, 3)), np.arange(400.0)
    found = lloyd(points, weights, points[:6], steps=steps)
    near = two_nearest(points, found.centres)
    np.testing.assert_array_equal(found.labels, near.label)
    np.testing.assert_allclose(found.masses, [weights[near.label == j].sum() for j in range(6)])
    assert found.sse == pytest.approx(weights @ near.squared_distance)
    assert found.steps <= steps


def test_no_steps_move_nothing() -> None:
    points = np.random.default_rng(1).normal(size=(40, 3))
    found = lloyd(points, np.ones(40), points[:6], steps=0)
    np.testing.assert_array_equal(found.centres, points[:6])
    assert found.steps == 0


def test_an_empty_cluster_keeps_its_centre() -> None:
    found = lloyd(np.array([[0.0], [1.0], [50.0]]), np.array([1.0, 1.0, 0.0]), np.array([[0.0], [50.0], [99.0]]))
    np.testing.assert_array_equal(found.centres, [[0.5], [50.0], [99.0]])
    np.testing.assert_array_equal(found.masses, [2, 0, 0])
    np.testing.assert_array_equal(found.labels, [0, 0, 1])


def test_it_stops_when_no_label_changes() -> None:
    points = np.array([[0.0], [1.0], [9.0], [10.0]])
    assert lloyd(points, np.ones(4), np.array([[0.0], [10.0]])).steps == 1


def test_tolerance_stops_it_earlier() -> None:
    points = np.random.default_rng(2).normal(size=(2_000, 2))
    loose = lloyd(points, np.ones(2_000), points[:8], tolerance=0.1)
    assert 0 < loose.steps < lloyd(points, np.ones(2_000), points[:8]).steps


def test_the_sse_never_rises() -> None:
    points = np.random.default_rng(2).normal(size=(500, 2))
    losses = [lloyd(points, np.ones(500), points[:8], steps=steps).sse for steps in range(12)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
