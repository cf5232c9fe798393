"""Distances and nearest centres."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.assignment import nearest, squared_distances, two_nearest

laws = settings(max_examples=25, deadline=None)
states = st.integers(0, 2**32)


@given(states, st.integers(1, 40), st.integers(1, 20))
@laws
def test_distances_are_those_of_the_definition(state: int, k: int, d: int) -> None:
    source = np.random.default_rng(state)
    points, centres = source.normal(size=(700, d)), source.normal(size=(k, d))
    expected = ((points[:, None, :] - centres) ** 2).sum(axis=2)
    np.testing.assert_allclose(squared_distances(points, centres), expected, rtol=1e-12)


@given(states, st.integers(0, 8_999), st.integers(1, 4_000))
@laws
def test_the_bits_of_a_row_do_not_depend_on_its_block(state: int, start: int, length: int) -> None:
    source = np.random.default_rng(state)
    points, centres = source.normal(size=(9_000, 5)), source.normal(size=(7, 5))
    part = slice(start, start + length)
    whole, alone = squared_distances(points, centres)[part], squared_distances(points[part], centres)
    assert whole.tobytes() == alone.tobytes()
    assert two_nearest(points, centres).second_squared_distance[part].tobytes() == np.sort(alone)[:, 1].tobytes()


@given(states, st.integers(2, 40))
@laws
def test_two_nearest_are_the_two_smallest_and_ties_go_to_the_smaller_index(state: int, k: int) -> None:
    source = np.random.default_rng(state)
    # whole numbers: ties are common and exact
    points, centres = source.integers(0, 4, (900, 2)).astype(float), source.integers(0, 4, (k, 2)).astype(float)
    distances = squared_distances(points, centres)
    order = np.argsort(distances, axis=1, kind="stable")
    found = two_nearest(points, centres)
    np.testing.assert_array_equal(found.label, order[:, 0])
    np.testing.assert_array_equal(found.second_label, order[:, 1])
    np.testing.assert_array_equal(found.squared_distance, np.sort(distances)[:, 0])
    np.testing.assert_array_equal(found.second_squared_distance, np.sort(distances)[:, 1])


@given(states, st.integers(1, 40))
@laws
def test_nearest_is_the_first_of_the_two_nearest(state: int, k: int) -> None:
    source = np.random.default_rng(state)
    points, centres = source.integers(0, 4, (900, 3)).astype(float), source.integers(0, 4, (k, 3)).astype(float)
    label, distance = nearest(points, centres)
    found = two_nearest(points, centres)
    assert label.tobytes() == found.label.tobytes()
    assert distance.tobytes() == found.squared_distance.tobytes()


def test_one_centre_has_no_second() -> None:
    found = two_nearest(np.zeros((3, 2)), np.ones((1, 2)))
    np.testing.assert_array_equal(found.second_label, [-1, -1, -1])
    assert np.isinf(found.second_squared_distance).all()
    assert found.label.dtype == found.second_label.dtype == np.int32


def test_far_from_the_origin_nothing_is_lost() -> None:
    points = np.array([[1e8, 0.0], [1e8 + 3, 4.0]])
    np.testing.assert_array_equal(squared_distances(points, points), [[0, 25], [25, 0]])
