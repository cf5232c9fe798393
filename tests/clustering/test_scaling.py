"""Robust scaling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Floats
from clustering.scaling import Scaling, fit_robust

laws = settings(max_examples=40, deadline=None)
states = st.integers(0, 2**32)


def table(state: int) -> Floats:
    source = np.random.default_rng(state)
    values = source.normal(5, 2, (50, 4)) * [1, 1e6, 1e-6, 1]
    values[source.random((50, 4)) < 0.2] = np.nan
    return values


@given(states)
@laws
def test_centre_is_the_median_and_spread_the_scaled_mad_of_what_is_present(state: int) -> None:
    values = table(state)
    scaling = fit_robust(values)
    centre = np.nanmedian(values, axis=0)
    np.testing.assert_array_equal(scaling.centre, centre)
    np.testing.assert_allclose(scaling.spread, 1.4826 * np.nanmedian(np.abs(values - centre), axis=0))


@given(states)
@laws
def test_missing_becomes_exactly_zero_and_the_rest_is_scaled_and_clipped(state: int) -> None:
    values = table(state)
    scaling = fit_robust(values, clip=1.5)
    scaled = scaling.apply(values)
    expected = np.clip((values - scaling.centre) / scaling.spread, -1.5, 1.5)
    np.testing.assert_array_equal(scaled, np.where(np.isnan(values), 0.0, expected))
    assert np.abs(scaled).max() == 1.5


@given(states)
@laws
def test_neither_the_order_of_the_rows_nor_the_fit_touches_anything(state: int) -> None:
    values = table(state)
    values[:, 0] = np.where(np.arange(50) % 5, 7.0, values[:, 0])
    kept = values.copy()
    first, second = fit_robust(values), fit_robust(np.random.default_rng(state).permutation(values))
    first.invert(first.apply(values))
    assert first.spread.tobytes() == second.spread.tobytes()
    assert first.centre.tobytes() == second.centre.tobytes()
    np.testing.assert_array_equal(values, kept)


@given(states)
@laws
def test_invert_restores_what_was_not_clipped(state: int) -> None:
    values = table(state)
    scaling = fit_robust(values, clip=1e9)
    restored = scaling.invert(scaling.apply(values))
    np.testing.assert_allclose(restored, np.where(np.isnan(values), scaling.centre, values), rtol=1e-9)


def test_without_a_mad_the_standard_deviation_steps_in() -> None:
    values = np.array([[3.0], [3.0], [3.0], [3.0], [13.0]])
    scaling = fit_robust(values)
    assert scaling.spread[0] == pytest.approx(np.sqrt(100 / 5))
    assert scaling.apply(values)[0, 0] == 0


def test_constant_and_missing_columns_are_never_scaled() -> None:
    values = np.column_stack([np.full(7, 0.1), np.full(7, np.nan), np.arange(7.0)])
    scaling = fit_robust(values)
    np.testing.assert_array_equal(scaling.spread[:2], 0)
    np.testing.assert_array_equal(scaling.centre, [0.1, 0.0, 3.0])
    np.testing.assert_array_equal(scaling.apply(values + 5)[:, :2], 0)


def test_huge_values_are_clipped_without_a_warning() -> None:
    scaling = Scaling(np.array([-1e308]), np.array([1.0]), 5.0)
    np.testing.assert_array_equal(scaling.apply(np.array([[1e308]])), [[5.0]])
