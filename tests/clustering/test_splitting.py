"""Cells are cut as if one after the other, the widest first."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.arrays import Longs
from clustering.splitting import split

laws = settings(max_examples=40, deadline=None)


def one_after_the_other(rows: Longs, masses: Longs, limit: int) -> list[list[int]]:
    """Return the members of every cell, cut by the definition."""
    cells = [np.arange(len(rows))]
    while len(cells) < limit:
        scatters = [scatter(rows[cell], masses[cell]) for cell in cells]
        widest = max(range(len(cells)), key=lambda n: float(scatters[n].sum()))
        cell = cells.pop(widest)
        values, mass = rows[cell, int(scatters[widest].argmax())], masses[cell]
        low = values * mass.sum() <= (values * mass).sum()
        cells += [cell[low], cell[~low]]
    return sorted(cell.tolist() for cell in cells)


def scatter(rows: Longs, masses: Longs) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    mean = np.average(rows, axis=0, weights=masses)
    return np.asarray((masses[:, None] * (rows - mean) ** 2).sum(axis=0))


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(0, 2**24))
@laws
def test_many_cuts_at_once_are_the_cuts_made_one_by_one(state: int, limit: int, away: int) -> None:
    source = np.random.default_rng(state)
    drawn = source.standard_t(2, (90, 3)) * (1 << 18)
    rows = np.unique(np.clip(drawn, -(2**23), 2**23).astype(np.int64), axis=0) + away
    masses = source.integers(1, 50, len(rows))
    cells = split(rows, masses, limit)
    found = sorted(np.flatnonzero(cells == cell).tolist() for cell in range(limit))
    assert found == one_after_the_other(rows, masses, limit)


def test_where_a_row_after_the_other_is_cut_off_too() -> None:
    rows, masses = (1 << np.arange(24, dtype=np.int64))[:, None], np.ones(24, np.int64)
    cells = split(rows, masses, 20)
    found = sorted(np.flatnonzero(cells == cell).tolist() for cell in range(20))
    assert found == one_after_the_other(rows, masses, 20)
