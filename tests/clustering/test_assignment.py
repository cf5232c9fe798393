"""Distances and nearest centres."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.assignment import nearest, nearest_labels, squared_distances, two_nearest
from clustering.screening import screen

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


HARD: dict[str, Callable[[Floats], Floats]] = {
    "plain": lambda x: x,
    "whole numbers": lambda x: np.round(2 * x),
    "far from the origin": lambda x: x + 1e8,
    "heavy tails": lambda x: x**9,
    "tiny": lambda x: x * 1e-160,
    "huge": lambda x: x * 1e100,
    "one wide column": lambda x: x * np.array([1e12, 1.0, 1.0]),
    "pairs one bit apart": lambda x: np.nextafter(np.round(x), np.where(x > 0, np.inf, -np.inf)),
}


@pytest.mark.parametrize("kind", HARD)
@given(states, st.sampled_from([1, 2, 9, 300]))
@laws
def test_what_float32_cannot_tell_is_told_by_the_exact_distances(kind: str, state: int, k: int) -> None:
    source = np.random.default_rng(state)
    points, centres = HARD[kind](source.normal(size=(400, 3))), HARD[kind](source.normal(size=(k, 3)))
    exact = squared_distances(points, centres)
    order = np.argsort(exact, axis=1, kind="stable")
    found = two_nearest(points, centres)
    assert nearest_labels(points, centres).tolist() == found.label.tolist() == order[:, 0].tolist()
    assert found.squared_distance.tobytes() == exact[np.arange(400), order[:, 0]].tobytes()
    assert found.second_label.tolist() == (order[:, 1].tolist() if k > 1 else [-1] * 400)


def test_the_first_look_leaves_few_rows_to_the_second() -> None:
    source = np.random.default_rng(0)
    points, centres = source.normal(1e6, 3, (20_000, 16)), source.normal(1e6, 3, (32, 16))
    assert np.count_nonzero(~screen(centres).nearest(points)[1]) < 20
