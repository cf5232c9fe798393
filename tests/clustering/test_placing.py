"""Rows find their centre again after some centres moved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import placing
from clustering.arrays import Floats, Labels
from clustering.assignment import labels_and_gaps, nearest
from clustering.lloyd import descend, lloyd, loss
from clustering.placing import means, placed, placed_again
from clustering.quality import sse
from clustering.screening import Screen, Singles

laws = settings(max_examples=60, deadline=None)
states = st.integers(0, 2**32)
K = 9
# of the larger ones bounds are remembered
sizes = st.sampled_from([300, 1_000])


def problem(state: int, rows: int = 1_000) -> tuple[Floats, Floats, Floats]:
    """Return rows, weights with zeros, and centres; in odd states whole numbers, where ties are common and exact."""
    source = np.random.default_rng(state)
    points, centres = source.normal(0, 3, (rows, 2)), source.normal(0, 3, (K, 2))
    if state % 2:
        points, centres = np.rint(points), np.rint(centres)
    return np.asfortranarray(points), source.integers(0, 3, rows).astype(np.float64), centres


@given(states, sizes, st.integers(0, K), st.sampled_from([1.0, 1e-2, 1e-30, 1e30, 1e100]))
@laws
def test_rows_placed_again_have_the_labels_of_rows_placed_anew(state: int, rows: int, moving: int, unit: float) -> None:
    points, _, centres = problem(state, rows)
    source = np.random.default_rng(state)
    now = placed(points * unit, centres * unit)
    for _ in range(3):
        centres = centres.copy()
        centres[source.permutation(K)[:moving]] += np.rint(source.normal(0, 2, (moving, 2))) * source.choice([1, 0.1])
        now = placed_again(points * unit, now, centres * unit, np.ones(K, dtype=np.bool_))
        np.testing.assert_array_equal(now.labels, nearest(points * unit, centres * unit)[0])


def test_centres_that_hardly_move_let_nearly_all_rows_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    points, _, centres = problem(4)
    now, looked = placed(points, centres), []

    def counted(rows: Floats, centres: Floats, screen: Screen) -> tuple[Labels, Singles, Singles]:
        looked.append(len(rows))
        return labels_and_gaps(rows, centres, screen)

    monkeypatch.setattr(placing, "labels_and_gaps", counted)
    placed_again(points, now, centres + 1e-4, np.ones(K, dtype=np.bool_))
    assert sum(looked) < 10


@given(states, sizes, st.integers(1, 6))
@laws
def test_a_settled_centre_is_the_mean_of_its_rows(state: int, rows: int, steps: int) -> None:
    points, weights, centres = problem(state, rows)
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
