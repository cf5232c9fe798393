"""Measures of quality."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from clustering.quality import adjusted_rand_index, centroid_index, sse

labels = st.lists(st.tuples(st.integers(-2, 3), st.integers(0, 4)), min_size=1, max_size=60)


@given(labels)
@settings(max_examples=100, deadline=None)
def test_the_adjusted_rand_index_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs).T
    assert adjusted_rand_index(a, b) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)


def test_names_of_clusters_do_not_matter() -> None:
    assert adjusted_rand_index([0, 0, 1, 2], [5, 5, 9, -1]) == 1
    assert adjusted_rand_index([0, 0, 1, 1], [0, 1, 0, 1]) < 0


def test_the_centroid_index_counts_missed_clusters_in_either_direction() -> None:
    true = np.array([[0.0], [10.0], [20.0]])
    assert centroid_index(true[::-1] + 1, true) == 0
    assert centroid_index(np.array([[0.0], [0.5], [20.0]]), true) == 1
    assert centroid_index(np.array([[0.0], [0.5], [0.7]]), true) == 2
    assert centroid_index(true, true[:2]) == centroid_index(true[:2], true) == 1


def test_sse_is_weight_times_squared_distance() -> None:
    assert sse(np.array([[0.0], [3.0], [10.0]]), np.array([5.0, 2.0, 0.0]), np.array([[1.0], [4.0]])) == 7
