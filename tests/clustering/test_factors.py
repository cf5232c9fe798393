"""Factor weights by name: the laws that all methods keep, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import errors
from clustering.arrays import Floats
from clustering.factors import METHODS, Given, Sample, factors
from clustering.scaling import fit_scaling

K = 3
FIXED = np.array([1.0, 0.0, 2.0, 5.0, 5.0, 0.5])
every_method = pytest.mark.parametrize("name", [*METHODS, "fixed"])
laws = settings(max_examples=5, deadline=None)
states = st.integers(0, 2**32)


def sample(state: int) -> Sample:
    """Return clusters in two columns, noise with holes, a heavy tail, a constant and a missing column."""
    source = np.random.default_rng(state)
    label = source.integers(K, size=70)
    inside = source.normal(0, 4, (K, 2))[label] + source.normal(0, 0.5, (70, 2))
    noise = np.where(source.random(70) < 0.2, np.nan, source.normal(size=70))
    values = np.column_stack([inside, noise, source.lognormal(0, 1, 70), np.full(70, 0.1), np.full(70, np.nan)])
    mass = source.integers(0, 3, 70).astype(np.float64)
    return Sample(values, fit_scaling("robust", values, mass).apply(values), mass)


def asked(name: str, of: Sample, fixed: Floats = FIXED, random_state: int = 3) -> Floats:
    return factors(Given("fixed", fixed) if name == "fixed" else name, of, K, random_state=random_state)


def taken(of: Sample, rows: np.ndarray[tuple[int], np.dtype[np.intp]], mass: Floats) -> Sample:
    return Sample(of.values[rows], of.scaled[rows], mass)


@every_method
@given(states)
@laws
def test_a_mass_counts_as_that_many_copies_to_the_bit(name: str, state: int) -> None:
    of = sample(state)
    copies = np.repeat(np.arange(70), of.mass.astype(int))
    copied = taken(of, copies, np.ones(len(copies)))
    assert asked(name, copied).tobytes() == asked(name, of).tobytes()


@every_method
@given(states)
@laws
def test_neither_rows_of_mass_zero_nor_the_order_of_the_rows_change_a_bit(name: str, state: int) -> None:
    of = sample(state)
    heavy = np.flatnonzero(of.mass)
    shuffled = np.random.default_rng(state).permutation(heavy)
    assert asked(name, taken(of, shuffled, of.mass[shuffled])).tobytes() == asked(name, of).tobytes()


@every_method
@given(states)
@laws
def test_the_order_of_the_columns_permutes_the_factors_to_the_bit(name: str, state: int) -> None:
    of = sample(state)
    order = np.random.default_rng(state).permutation(6)
    turned = Sample(of.values[:, order], of.scaled[:, order], of.mass)
    assert asked(name, turned, FIXED[order]).tobytes() == asked(name, of)[order].tobytes()


@every_method
@given(states)
@laws
def test_the_mean_is_one_where_a_column_varies_and_the_factor_zero_where_none_does(name: str, state: int) -> None:
    found = asked(name, sample(state))
    assert found[:4].mean() == pytest.approx(1)
    assert (found >= 0).all()
    np.testing.assert_array_equal(found[4:], 0)


@every_method
def test_inputs_stay_untouched_in_any_layout(name: str) -> None:
    of = sample(1)
    for order in ("C", "F"):
        kept = Sample(of.values.copy(order=order), of.scaled.copy(order=order), of.mass.copy())
        for array in (kept.values, kept.scaled, kept.mass):
            array.flags.writeable = False
        assert asked(name, kept).tobytes() == asked(name, of).tobytes()


@pytest.mark.parametrize("name", METHODS)
def test_where_a_method_finds_no_difference_the_columns_count_equally(name: str) -> None:
    values = np.array([[0.0, 1.0], [1.0, 0.0]] * 10)
    of = Sample(values, values, np.ones(20))
    np.testing.assert_allclose(factors(name, of, 2, random_state=0), 1)


@pytest.mark.parametrize("name", METHODS)
def test_nothing_that_varies_gives_zero_to_all(name: str) -> None:
    values = np.ones((5, 2))
    np.testing.assert_array_equal(factors(name, Sample(values, values * 0, np.ones(5)), 1, random_state=0), 0)


def test_given_weights_keep_their_ratios() -> None:
    found = asked("fixed", sample(2))
    np.testing.assert_allclose(found[:4] / found[0], FIXED[:4])


def test_the_methods_tell_the_same_rows_apart_in_different_ways() -> None:
    found = [asked(name, sample(4)) for name in METHODS]
    assert not any(np.allclose(one, other) for i, one in enumerate(found) for other in found[:i])


OF = sample(5)
HOLE = OF.scaled.copy()
HOLE[7, 1] = np.nan
REFUSED = [
    ("eta", OF, errors.BadSetting, "a method among equal, eta2, entropy, critic, sparse; found 'eta'"),
    (Given("fixed", FIXED[:5]), OF, errors.BadShape, r"shape \(6,\); found shape \(5,\)"),
    (Given("fixed", FIXED - 1), OF, errors.BadWeight, "not negative; found 2 other, the first -1.0 at row 1"),
    (Given("fixed", FIXED * [0, 0, 0, 0, 1, 1]), OF, errors.BadWeight, r"above 0 \(fixed\) for at least one column"),
    ("equal", Sample(OF.values, HOLE, OF.mass), errors.NotFinite, "scaled values without NaN.*first at row 7"),
    ("equal", Sample(OF.values, OF.scaled[:9], OF.mass), errors.BadShape, "as many scaled rows as values, 70; found 9"),
    ("equal", Sample(OF.values, OF.scaled[:, :2], OF.mass), errors.BadShape, r"\(n, 6\)"),
    ("equal", Sample(OF.values, OF.scaled, OF.mass * 0), errors.BadWeight, "70 weights of 0"),
]


@pytest.mark.parametrize(("method", "of", "error", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_it_is_refused_with_these_words(
    method: str | Given, of: Sample, error: type[errors.ClusteringError], words: str
) -> None:
    with pytest.raises(error, match=words):
        factors(method, of, K, random_state=0)


def test_the_number_of_clusters_must_be_one() -> None:
    with pytest.raises(errors.BadSetting, match="k as a whole number of at least 1; found 0"):
        factors("equal", OF, 0, random_state=0)
