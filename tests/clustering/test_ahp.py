"""AHP: published examples, laws, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.ahp import priorities, random_index
from clustering.arrays import Floats
from clustering.errors import BadComparisons, BadShape

laws = settings(max_examples=40, deadline=None)
states = st.integers(0, 2**32)
NAMES = [f"c{n}" for n in range(20)]

# T. L. Saaty (1977): how much wealthier one nation is than another, as judged; US, USSR, China, France, UK, Japan, WG
NATIONS = np.array([
    [1, 4, 9, 6, 6, 5, 5],
    [1 / 4, 1, 7, 5, 5, 3, 4],
    [1 / 9, 1 / 7, 1, 1 / 5, 1 / 5, 1 / 7, 1 / 5],
    [1 / 6, 1 / 5, 5, 1, 1, 1 / 3, 1 / 3],
    [1 / 6, 1 / 5, 5, 1, 1, 1 / 3, 1 / 3],
    [1 / 5, 1 / 3, 7, 3, 3, 1, 2],
    [1 / 5, 1 / 4, 5, 3, 3, 1 / 2, 1],
])  # fmt: skip


def consistent(state: int, d: int) -> tuple[Floats, Floats]:
    weights = np.random.default_rng(state).uniform(1, 9, d)
    return weights / weights.sum(), weights[:, None] / weights


def test_the_wealth_of_nations_is_what_saaty_published() -> None:
    found = priorities(NATIONS, NAMES[:7])
    np.testing.assert_allclose(found.weights, [0.427, 0.230, 0.021, 0.052, 0.052, 0.123, 0.094], atol=6e-4)
    largest = found.ratio * 1.32 * 6 + 7
    assert largest == pytest.approx(7.61, abs=5e-3)


@given(states, st.integers(1, 20))
@laws
def test_consistent_comparisons_give_back_their_weights(state: int, d: int) -> None:
    weights, matrix = consistent(state, d)
    found = priorities(matrix, NAMES[:d])
    np.testing.assert_allclose(found.weights, weights, rtol=1e-9)
    assert found.ratio == pytest.approx(0, abs=1e-9)


@given(states)
@laws
def test_the_order_of_the_criteria_permutes_the_weights(state: int) -> None:
    order = np.random.default_rng(state).permutation(7)
    turned = priorities(NATIONS[np.ix_(order, order)], NAMES[:7])
    np.testing.assert_allclose(turned.weights, priorities(NATIONS, NAMES[:7]).weights[order], rtol=1e-9)


def test_rounded_fractions_may_stand_for_their_mirror_image() -> None:
    found = priorities(np.array([[1, 3], [0.33, 1]]), NAMES[:2])
    assert found.weights[0] == pytest.approx(0.75, abs=1e-3)
    assert found.weights[0] / found.weights[1] == pytest.approx(np.sqrt(3 / 0.33))


def test_the_random_index_goes_on_where_the_table_ends() -> None:
    assert [random_index(d) for d in (3, 7, 15)] == [0.58, 1.32, 1.59]
    assert random_index(16) == pytest.approx(1.598, abs=1e-3)
    assert all(random_index(d) < random_index(d + 1) for d in range(15, 60))


CIRCLE = np.array([[1, 2, 1 / 2], [1 / 2, 1, 2], [2, 1 / 2, 1]])


def test_the_three_that_disagree_most_are_named() -> None:
    _, matrix = consistent(3, 6)
    matrix[1, 4], matrix[4, 1] = 60 * matrix[1, 4], matrix[4, 1] / 60
    with pytest.raises(BadComparisons) as caught:
        priorities(matrix, NAMES[:6])
    told = str(caught.value)
    assert "expected a consistency ratio below 0.1; found 0." in told
    assert "c1" in told
    assert "c4" in told


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (CIRCLE, r"found 0\.4.*: c0 to c1 is 2 and c1 to c2 is 2, so c0 to c2 would be 4, but is 0\.5; revise"),
        (np.array([[1.0, 3.0], [3.0, 1.0]]), "expected c1 to c0 to be 1 over c0 to c1; found 3 and 3"),
        (np.array([[2.0, 3.0], [1 / 3, 1.0]]), "expected c0 to c0 to be 1 over c0 to c0; found 2 and 2"),
        (np.array([[1.0, 0.0], [1 / 3, 1.0]]), "comparisons above 0 and finite; found 0.0 for c0 to c1"),
        (np.array([[1.0, np.nan], [1 / 3, 1.0]]), "found nan for c0 to c1"),
        (np.array([[1.0, np.inf], [1 / 3, 1.0]]), "found inf for c0 to c1"),
    ],
)
def test_a_matrix_is_refused_with_these_words(matrix: Floats, words: str) -> None:
    with pytest.raises(BadComparisons, match=words):
        priorities(matrix, NAMES[: len(matrix)])


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (4,)])
def test_a_matrix_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadShape):
        priorities(np.ones(shape), NAMES[:3])
