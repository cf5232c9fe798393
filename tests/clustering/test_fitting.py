"""The fit of a table: laws that hold whether the table is small, moderate or large."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import asking, fitting
from clustering.arrays import Floats
from clustering.asking import Ask
from clustering.engine import Engine
from clustering.errors import BadSetting, BadWeight, NotFinite, SumWouldOverflow, TooFewDistinctRows
from clustering.fitting import Fit, fit
from clustering.quality import sse
from tests.clustering.tables import Cluster, customers, memory

laws = settings(max_examples=12, deadline=None)
states = st.integers(0, 2**32)
ROWS = {"small": 60, "moderate": 400, "large": 1_500}
sizes = pytest.mark.parametrize("size", ROWS)


@pytest.fixture(autouse=True, scope="module")
def _small_samples() -> Iterator[None]:
    """Let tables of some hundred rows count as moderate and large ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "LEAST_ROWS", 25)
        patch.setattr(asking, "ROWS_PER_CLUSTER", 1)
        patch.setattr(fitting, "NEAR", 800)
        yield


def fitted(engine: Engine, ask: Ask | None = None) -> Fit:
    """Return a fit of three columns."""
    return fit(engine, ["a", "b", "c"], ask or Ask(k=4), lambda _: None)


def content(found: Fit) -> bytes:
    numbers = np.array([found.rows, found.sse, found.bound])
    return b"".join(each.tobytes() for each in (found.centres, found.masses, found.metric.factors, numbers))


@sizes
@given(states, st.sampled_from([1, 2, 7, 64]))
@laws
def test_neither_the_order_of_the_rows_nor_the_parts_change_a_bit(size: str, state: int, parts: int) -> None:
    rows = customers(state, ROWS[size])
    assert content(fitted(Cluster(rows, None, state, parts))) == content(fitted(memory(rows)))


@sizes
@given(states)
@laws
def test_a_weight_counts_as_that_many_copies_to_the_bit(size: str, state: int) -> None:
    rows = customers(state, ROWS[size])
    weights = np.random.default_rng(state).integers(1, 4, len(rows))
    weighted = fitted(Cluster(rows, weights.astype(np.float64), state, 3))
    copied = fitted(memory(np.repeat(rows, weights, axis=0)))
    assert weighted.rows == len(rows)
    assert copied.rows == weights.sum()
    assert weighted.centres.tobytes() == copied.centres.tobytes()
    assert (weighted.sse, weighted.masses.tolist()) == (copied.sse, copied.masses.tolist())


@sizes
@given(states)
@laws
def test_a_row_of_weight_zero_is_no_row(size: str, state: int) -> None:
    rows, source = customers(state, ROWS[size]), np.random.default_rng(state)
    weights = source.choice([0.0, 0.25, 1.0, 3.5], len(rows))
    there = weights > 0
    spoilt = np.where(there[:, None], rows, source.choice([np.nan, np.inf, 1e300], rows.shape))
    assert content(fitted(memory(spoilt, weights))) == content(fitted(memory(rows[there], weights[there])))


@sizes
@given(states)
@laws
def test_the_sse_is_that_of_the_rows_and_its_bound_holds(size: str, state: int) -> None:
    rows = customers(state, ROWS[size])
    found = fitted(memory(rows), Ask(k=5, scale="zscore", weights="eta2"))
    stretched = found.metric.stretched(found.metric.places(np.ascontiguousarray(rows.T))).T
    true = sse(stretched, np.ones(len(rows)), found.metric.stretched(found.centres.T).T)
    assert found.sse == pytest.approx(true, rel=1e-12)
    assert true <= found.bound < 1.3 * true
    assert found.masses.sum() == len(rows)


@sizes
def test_the_same_state_gives_the_same_bytes_and_another_one_another_sample(size: str) -> None:
    rows = customers(0, ROWS[size], clusters=12)
    found = {content(fitted(memory(rows), Ask(k=6, random_state=state))) for state in (0, 1, 2, 0, 1, 2)}
    assert 1 < len(found) <= 3 or size == "small"
    assert len(found) <= 3


@sizes
def test_every_option_changes_something(size: str) -> None:
    rows = customers(2, ROWS[size], clusters=9) * [1.0, 5.0, 0.2]
    plain = Ask(k=4, scale="none", weights="equal", start="random")
    others = [
        *(Ask(k=4, scale=name, weights="equal", start="random") for name in ("zscore", "minmax", "robust")),
        *(Ask(k=4, scale="none", weights=name, start="random") for name in ("eta2", "entropy", "critic")),
        *(Ask(k=4, scale="none", weights="equal", start=name) for name in ("kmeans++", "kmeans-parallel")),
        Ask(k=5, scale="none", weights="equal", start="random"),
    ]
    assert len({fitted(memory(rows), ask).sse for ask in (plain, *others)}) >= len(others)


def test_inputs_stay_untouched() -> None:
    rows, weights = customers(1, 1_500), np.ones(1_500)
    before = rows.tobytes()
    rows.flags.writeable = weights.flags.writeable = False
    fitted(memory(rows, weights))
    assert rows.tobytes() == before


def test_with_ids_equal_rows_are_different_customers() -> None:
    rows = np.repeat(customers(1, 500), 3, axis=0)
    by_values, by_id = fitted(memory(rows)), fitted(memory(rows, hashes=np.arange(1_500)))
    assert by_values.sse != by_id.sse
    assert by_values.masses.sum() == by_id.masses.sum() == 1_500


def test_a_constant_and_a_missing_column_are_silent() -> None:
    rows = customers(1, 60)
    full = np.column_stack([rows, np.full(60, 7.0), np.full(60, np.nan)])
    found = fit(memory(full), list("abcde"), Ask(k=4, weights="equal"), lambda _: None)
    assert (found.constant, found.missing) == ((3,), (4,))
    assert found.metric.factors.tolist() == [1, 1, 1, 0, 0]
    assert found.centres[:, 3:].tolist() == [[0, 0]] * 4


def test_a_column_that_the_sample_sees_no_difference_in_still_counts() -> None:
    rows = customers(1, 1_500)
    rows[:, 2] = 0.0
    rows[7, 2] = 9.0
    assert fitted(memory(rows)).metric.factors[2] > 0
    assert fitted(memory(rows)).metric.scaling.spread[2] in (9.0, pytest.approx(9.0))


def hole(value: float) -> Floats:
    rows = customers(1, 300)
    rows[211, 1] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "weights", "error", "words"),
    [
        (hole(np.nan), None, NotFinite, "column 'b', or in none; found 1 missing, the first at row 211"),
        (hole(-np.inf), None, NotFinite, "numbers in column 'b'; found -inf at row 211"),
        (hole(1e200), None, NotFinite, "values of column 'b' that differ by less than 1e.150"),
        (hole(0), np.where(np.arange(300) == 5, -1.0, 1.0), BadWeight, "found -1.0 at row 5"),
        (hole(0), np.where(np.arange(300) == 5, np.nan, 1.0), BadWeight, "found nan at row 5"),
        (hole(0), np.where(np.arange(300) == 5, 1e-9, 1.0), BadWeight, "found 1e-09 at row 5"),
        (hole(0), np.full(300, 2.0**29) + 0.5**20, SumWouldOverflow, "a sum of weights below 2.42"),
        (hole(0)[:3], None, TooFewDistinctRows, "k = 4 distinct rows.*found 3"),
        (np.repeat(hole(0)[:3], 500, axis=0), None, TooFewDistinctRows, "found 3"),
    ],
)
def test_what_cannot_be_fitted_is_refused_by_name(
    rows: Floats, weights: Floats | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fitted(memory(rows, weights))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (Ask(k=0), "k as a whole number"), (Ask(k=3, scale="log"), "a scaling among"),
        (Ask(k=3, weights="many"), "a method among"), (Ask(k=3, start="lucky"), "a start out of"),
        (Ask(k=3, random_state=-1), "random_state"),
    ],
)  # fmt: skip
def test_an_unknown_option_is_refused(ask: Ask, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        fitted(memory(customers(1, 300)), ask)
