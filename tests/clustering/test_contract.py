"""The laws that every algorithm on weighted points keeps."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.density_maxmin import density_maxmin
from clustering.kmeans_parallel import kmeans_parallel
from clustering.lloyd import lloyd
from clustering.quality import sse
from clustering.seeding import kmeans_plus_plus, local_search, random_rows, seed
from clustering.starts import STARTS, solve
from clustering.swaps import removal_costs, removal_gain_swaps, split_gains
from clustering.weighting import half_eta_squared

Algorithm = Callable[[Floats, Floats], Floats]
K = 4


def starts(points: Floats) -> Floats:
    """Return centres that depend on the columns, not on the rows."""
    return np.outer(np.linspace(-3, 3, K), np.ones(points.shape[1]))


def by_sum(centres: Floats) -> Floats:
    """Return centres in an order of their own: of two swaps that gain the same, rounding says which comes first."""
    ordered: Floats = centres[np.argsort(centres.sum(axis=1))]
    return ordered


ALGORITHMS: dict[str, Algorithm] = {
    "lloyd": lambda x, w: lloyd(x, w, starts(x)).centres,
    "masses": lambda x, w: lloyd(x, w, starts(x)).masses,
    "sse": lambda x, w: np.array(lloyd(x, w, starts(x)).sse),
    "quality": lambda x, w: np.array(sse(x, w, starts(x))),
    "kmeans++": lambda x, w: kmeans_plus_plus(x, w, K, random_state=3),
    "local search": lambda x, w: local_search(x, w, starts(x), steps=6, random_state=3),
    "kmeans-parallel": lambda x, w: kmeans_parallel(x, w, K, random_state=3),
    "density-maxmin": lambda x, w: density_maxmin(x, w, K, random_state=3),
    "random": lambda x, w: random_rows(x, w, K, random_state=3),
    "solve": lambda x, w: solve("kmeans-parallel", x, w, K, random_state=3).centres,
    "seed": lambda x, w: seed(x, w, K, random_state=3).centres,
    "swaps": lambda x, w: by_sum(removal_gain_swaps(x, w, lloyd(x, w, starts(x))).centres),
    "removal costs": lambda x, w: removal_costs(x, w, starts(x)),
    "split gains": lambda x, w: split_gains(x, w, lloyd(x, w, starts(x))).gain,
    "factor weights": lambda x, w: half_eta_squared(x, w, K, random_state=3),
}
BY_COLUMN = {*STARTS, "solve", "lloyd", "local search", "seed", "swaps", "factor weights"}

every_algorithm = pytest.mark.parametrize("name", ALGORITHMS)
laws = settings(max_examples=15, deadline=None)
states = st.integers(0, 2**32)


def problem(state: int) -> tuple[Floats, Floats]:
    source = np.random.default_rng(state)
    around = source.normal(0, 4, (K, 3))
    points = around[source.integers(K, size=60)] + source.normal(0, 1, (60, 3))
    return points, source.integers(1, 4, 60).astype(np.float64)


@every_algorithm
@given(states)
@laws
def test_inputs_stay_untouched(name: str, state: int) -> None:
    points, weights = problem(state)
    for order in ("C", "F"):
        given_points, given_weights = points.copy(order=order), weights.copy()
        given_points.flags.writeable = given_weights.flags.writeable = False
        ALGORITHMS[name](given_points, given_weights)
        np.testing.assert_array_equal(given_points, points)


@every_algorithm
@given(states)
@laws
def test_a_weight_counts_as_that_many_copies(name: str, state: int) -> None:
    points, weights = problem(state)
    copies = np.repeat(points, weights.astype(int), axis=0)
    weighted, copied = ALGORITHMS[name](points, weights), ALGORITHMS[name](copies, np.ones(len(copies)))
    np.testing.assert_allclose(weighted, copied, rtol=1e-9, atol=1e-9)


@every_algorithm
@given(states)
@laws
def test_a_row_of_weight_zero_changes_no_bit(name: str, state: int) -> None:
    points, weights = problem(state)
    places = np.random.default_rng(state).integers(0, 61, 40)
    more = np.insert(points, places, 100.0 + np.arange(40)[:, None], axis=0)
    with_zeros = ALGORITHMS[name](more, np.insert(weights, places, 0.0))
    assert with_zeros.tobytes() == ALGORITHMS[name](points, weights).tobytes()


@every_algorithm
@given(states)
@laws
def test_the_layout_in_memory_and_a_second_run_change_no_bit(name: str, state: int) -> None:
    points, weights = problem(state)
    first = ALGORITHMS[name](points, weights)
    assert ALGORITHMS[name](np.asfortranarray(points), weights).tobytes() == first.tobytes()


@every_algorithm
@given(states)
@laws
def test_the_order_of_the_columns_permutes_the_result(name: str, state: int) -> None:
    points, weights = problem(state)
    result = ALGORITHMS[name](points, weights)
    turned = ALGORITHMS[name](points[:, [2, 0, 1]], weights)
    expected = result[..., [2, 0, 1]] if name in BY_COLUMN else result
    np.testing.assert_allclose(turned, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["lloyd", "masses", "sse", "removal costs", "split gains", "swaps"])
@example(70_388)
@given(states)
@laws
def test_the_order_of_the_rows_changes_rounding_only(name: str, state: int) -> None:
    points, weights = problem(state)
    order = np.random.default_rng(state).permutation(len(points))
    turned, result = ALGORITHMS[name](points[order], weights[order]), ALGORITHMS[name](points, weights)
    if name == "swaps":  # two swaps that gain the same give the same centres other numbers
        turned, result = (found[found[:, 0].argsort()] for found in (turned, result))
    np.testing.assert_allclose(turned, result, rtol=1e-9, atol=1e-9)
