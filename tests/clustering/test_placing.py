"""Rows find their centre again after some centres moved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.assignment import nearest
from clustering.lloyd import descend, lloyd, loss
from clustering.placing import means, placed, placed_again
from clustering.quality import sse

laws = settings(max_examples=60, deadline=None)
states = st.integers(0, 2**32)
K = 9


def problem(state: int) -> tuple[Floats, Floats, Floats]:
    """Return rows, weights with zeros, and centres; in odd states whole numbers, where ties are common and exact."""
    source = np.random.default_rng(state)
    points, centres = source.normal(0, 3, (300, 2)), source.normal(0, 3, (K, 2))
    if state % 2:
        points, centres = np.rint(points), np.rint(centres)
    return np.asfortranarray(points), source.integers(0, 3, 300).astype(np.float64), centres


@given(states, st.integers(0, K))
@laws
def test_rows_placed_again_have_the_bits_of_rows_placed_anew(state: int, moving: int) -> None:
    points, _, centres = problem(state)
    source = np.random.default_rng(state)
    moved = centres.copy()
    moved[source.permutation(K)[:moving]] += np.rint(source.normal(0, 2, (moving, 2)))
    again = placed_again(points, placed(points, centres), moved, np.ones(K, dtype=np.bool_))
    np.testing.assert_array_equal(again.labels, nearest(points, moved)[0])


@given(states, st.integers(1, 6))
@laws
def test_a_settled_centre_is_the_mean_of_its_rows(state: int, steps: int) -> None:
    points, weights, centres = problem(state)
    now, _ = descend(points, weights, placed(points, centres), steps=steps)
    everything_loose = placed_again(points, now, now.centres, np.zeros(K, dtype=np.bool_))
    anew = means(points, weights, everything_loose)
    assert means(points, weights, now).tobytes() == anew.tobytes()
    np.testing.assert_array_equal(now.centres[now.settled], anew[now.settled])


@given(states)
@laws
def test_means_are_weighted_and_a_cluster_without_mass_keeps_its_centre(state: int) -> None:
    points, weights, centres = problem(state)
    now = placed(points, centres)
    found = means(points, weights, now)
    for j in range(K):
        rows = (now.labels == j) & (weights > 0)
        expected = np.average(points[rows], axis=0, weights=weights[rows]) if rows.any() else centres[j]
        np.testing.assert_allclose(found[j], expected, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 5, 50])
def test_descending_in_parts_is_descending_at_once(steps: int) -> None:
    points, weights, centres = problem(2)
    now = placed(points, centres)
    for _ in range(steps):
        now, _ = descend(points, weights, now, steps=1)
    assert now.centres.tobytes() == lloyd(points, weights, centres, steps=steps).centres.tobytes()
    assert loss(points, weights, now) == pytest.approx(sse(points, weights, now.centres))


def test_a_row_left_by_its_centre_goes_to_the_smaller_index_of_two_equally_near() -> None:
    points, centres = np.array([[0.0]]), np.array([[1.0], [-1.0], [60.0], [99.0]])
    moved = np.array([[50.0], [-1.0], [1.0], [99.0]])
    again = placed_again(points, placed(points, centres), moved, np.zeros(4, dtype=np.bool_))
    assert again.labels.tolist() == [1]
