"""Micro-clusters in integers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Labels, Longs
from clustering.cells import (
    GRID,
    SQUARES_GRID,
    Cells,
    condense,
    from_grid,
    inner_scatter,
    means,
    merge,
    summarise,
    to_grid,
)
from clustering.ordering import lexicographic

laws = settings(max_examples=30, deadline=None)
states = st.integers(0, 2**32)
limits = st.integers(1, 80)


def population(state: int, rows: int = 300) -> tuple[Longs, Longs, Labels]:
    """Return points on the grid, many of them equal or tied in the first column, masses with zeros, and groups."""
    source = np.random.default_rng(state)
    points = to_grid(np.round(source.normal(0, 2, (rows, 3)), state % 3))
    return points, source.integers(0, 4, rows), source.integers(-1, 4, rows).astype(np.int32)


def content(cells: Cells) -> bytes:
    return cells.mass.tobytes() + cells.sums.tobytes() + cells.squares.tobytes()


@given(states, limits)
@laws
def test_the_order_of_the_rows_changes_no_bit(state: int, limit: int) -> None:
    points, masses, groups = population(state)
    order = np.random.default_rng(state).permutation(len(points))
    cells, of = summarise(points, masses, groups, limit)
    shuffled, of_shuffled = summarise(points[order], masses[order], groups[order], limit)
    assert content(cells) == content(shuffled)
    assert of.tobytes() == of_shuffled.tobytes()


@given(states, limits)
@laws
def test_nothing_is_lost_and_no_group_passes_the_limit(state: int, limit: int) -> None:
    points, masses, groups = population(state)
    cells, of = summarise(points, masses, groups, limit)
    for group in range(-1, 4):
        rows, distinct = groups == group, np.unique(points[(groups == group) & (masses > 0)], axis=0)
        np.testing.assert_array_equal(cells.sums[of == group].sum(axis=0), (masses * points.T)[:, rows].sum(axis=1))
        assert cells.mass[of == group].sum() == masses[rows].sum()
        assert (of == group).sum() == min(limit, len(distinct))
    assert (cells.mass > 0).all()


@given(states)
@laws
def test_below_the_limit_every_distinct_row_is_its_own_cell(state: int) -> None:
    points, masses, _ = population(state)
    cells, _ = summarise(points, masses, np.zeros(len(points), dtype=np.int32), len(points))
    distinct = np.unique(points[masses > 0], axis=0)
    assert {tuple(row) for row in means(cells)} == {tuple(row) for row in from_grid(distinct)}


@given(states)
@laws
def test_a_mass_counts_as_that_many_copies_and_zero_as_none(state: int) -> None:
    points, masses, groups = population(state)
    copies, of = np.repeat(points, masses, axis=0), np.repeat(groups, masses)
    copied, _ = summarise(copies, np.ones(len(copies), dtype=np.int64), of, 20)
    assert content(summarise(points, masses, groups, 20)[0]) == content(copied)


@given(states, limits)
@laws
def test_merging_in_any_order_gives_the_same_bytes(state: int, limit: int) -> None:
    parts = [summarise(*population(state + part), limit)[0] for part in range(3)]
    merged = merge(parts)
    assert content(merged) == content(merge(parts[::-1]))
    assert merged.mass.sum() == sum(part.mass.sum() for part in parts)
    assert content(merge([merged])) == content(merged)


@given(states, limits)
@laws
def test_condensing_loses_nothing_and_does_not_depend_on_the_order(state: int, limit: int) -> None:
    cells, _ = summarise(*population(state), 60)
    small = condense(cells, limit)
    turned = condense(Cells(cells.mass[::-1], cells.sums[::-1], cells.squares[::-1]), limit)
    assert content(small) == content(turned)
    assert len(small.mass) <= limit
    np.testing.assert_array_equal(small.sums.sum(axis=0), cells.sums.sum(axis=0))
    assert (small.mass.sum(), small.squares.sum()) == (cells.mass.sum(), cells.squares.sum())


@given(states)
@laws
def test_inner_scatter_is_never_below_the_true_one(state: int) -> None:
    points, masses, _ = population(state)
    cells, _ = summarise(points, masses, np.zeros(len(points), dtype=np.int32), 1)
    values = from_grid(points)
    true = masses @ ((values - masses @ values / masses.sum()) ** 2).sum(axis=1)
    assert true - 1e-9 <= inner_scatter(cells)[0] <= true + masses.sum() / SQUARES_GRID


def test_splits_cut_where_the_rows_are_far_apart() -> None:
    blob = np.random.default_rng(0).normal(0, 0.05, (90, 2))
    values = np.concatenate([blob + place for place in ([-5, 0], [5, 0], [5, 3])])
    cells, _ = summarise(to_grid(values), np.ones(270, dtype=np.int64), np.zeros(270, dtype=np.int32), 3)
    np.testing.assert_array_equal(cells.mass, [90, 90, 90])
    np.testing.assert_allclose(means(cells), [[-5, 0], [5, 0], [5, 3]], atol=0.03)


def test_cells_are_sorted_by_group_then_by_content() -> None:
    cells, of = summarise(*population(5), 12)
    keys = [of, *cells.sums.T, cells.mass, cells.squares]
    np.testing.assert_array_equal(lexicographic(keys), np.arange(len(of)))


@given(states, st.integers(1, 4))
@laws
def test_the_lexicographic_order_is_that_of_tuples(state: int, columns: int) -> None:
    keys = np.random.default_rng(state).integers(-2, 3, (columns + 1, 50))
    order = lexicographic(list(keys))
    assert order.tolist() == sorted(range(50), key=lambda row: tuple(keys[:, row]))


@given(st.floats(-1e9, 1e9))
@laws
def test_the_grid_rounds_to_the_nearest_and_clips(value: float) -> None:
    grid = to_grid(np.array([[value]]))
    assert grid.dtype == np.int64
    assert abs(from_grid(grid)[0, 0] - np.clip(value, -16, 16)) <= 0.5 / GRID


def test_no_rows_give_no_cells() -> None:
    cells, of = summarise(np.ones((2, 3), dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int32), 5)
    assert cells.sums.shape == (0, 3)
    assert len(of) == 0
    assert content(merge([cells, cells])) == content(condense(cells, 3)) == b""


@pytest.mark.parametrize("limit", [1, 7])
def test_summarise_touches_nothing(limit: int) -> None:
    points, masses, groups = population(3)
    before = points.tobytes() + masses.tobytes() + groups.tobytes()
    points.flags.writeable = masses.flags.writeable = groups.flags.writeable = False
    summarise(points, masses, groups, limit)
    assert points.tobytes() + masses.tobytes() + groups.tobytes() == before


def test_the_largest_masses_that_fit_are_added_exactly() -> None:
    points = np.full((2, 100), 16 * GRID, dtype=np.int64)
    points[1, 0] = -16 * GRID
    cells, _ = summarise(points, np.full(2, 2**30, dtype=np.int64), np.zeros(2, dtype=np.int32), 1)
    assert cells.mass.tolist() == [2**31]
    assert cells.sums[0].tolist() == [0] + [2**55] * 99
    assert cells.squares.tolist() == [100 * 256 * SQUARES_GRID * 2**31]
