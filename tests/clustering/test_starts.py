"""The starts by name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import density_maxmin
from clustering.arrays import Floats
from clustering.errors import BadSetting, TooFewDistinctRows
from clustering.quality import centroid_index
from clustering.seeding import seed
from clustering.starts import STARTS, solve

laws = settings(max_examples=10, deadline=None)
states = st.integers(0, 2**32)
every_start = pytest.mark.parametrize("start", STARTS)


def nine_clusters(state: int) -> tuple[Floats, Floats]:
    """Return nine clusters of 30 rows far from each other, and their centres."""
    centres = 20.0 * np.array([(x, y) for x in range(3) for y in range(3)])
    return np.repeat(centres, 30, axis=0) + np.random.default_rng(state).normal(size=(270, 2)), centres


def test_the_names_are_those_of_the_option_and_the_best_is_first() -> None:
    assert list(STARTS) == ["rgs", "kmeans++", "kmeans-parallel", "density-maxmin", "random"]


@every_start
@given(states)
@laws
def test_centres_are_as_many_as_asked_for_and_distinct(start: str, state: int) -> None:
    points, _ = nine_clusters(state)
    assert len(np.unique(STARTS[start](points, np.ones(270), 12, random_state=state), axis=0)) == 12


@given(states)
@laws
def test_solve_with_rgs_is_the_seeding_bit_for_bit(state: int) -> None:
    points, _ = nine_clusters(state)
    found, seeded = (
        solve("rgs", points, np.ones(270), 9, random_state=state),
        seed(points, np.ones(270), 9, random_state=state),
    )
    assert found.centres.tobytes() == seeded.centres.tobytes()
    assert STARTS["rgs"](points, np.ones(270), 9, random_state=state).tobytes() == seeded.centres.tobytes()


@every_start
@pytest.mark.parametrize("k", [1, 5])
def test_as_many_clusters_as_distinct_rows_but_no_more(start: str, k: int) -> None:
    points = np.repeat(np.arange(5.0)[:, None], 3, axis=0)
    assert len(solve(start, points, np.ones(15), k, random_state=0).centres) == k
    with pytest.raises(TooFewDistinctRows, match=r"k = 6 distinct rows with weight; found 5; ask for"):
        solve(start, points, np.ones(15), 6, random_state=0)


@pytest.mark.parametrize("start", [name for name in STARTS if name != "density-maxmin"])
def test_the_random_state_matters(start: str) -> None:
    points = np.random.default_rng(0).normal(size=(300, 3))
    assert len({STARTS[start](points, np.ones(300), 8, random_state=state).tobytes() for state in range(8)}) > 4


def test_density_and_max_min_draw_only_where_rows_are_too_many_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    points, true = nine_clusters(0)
    start = STARTS["density-maxmin"]
    assert len({start(points, np.ones(270), 9, random_state=state).tobytes() for state in range(4)}) == 1
    monkeypatch.setattr(density_maxmin, "_MOST_ROWS", 90)
    drawn = [start(points, np.ones(270), 9, random_state=state) for state in range(4)]
    assert len({centres.tobytes() for centres in drawn}) == 4
    assert [centroid_index(centres, true) for centres in drawn] == [0] * 4


def test_density_and_max_min_leave_a_lone_row_far_off_alone() -> None:
    points, true = nine_clusters(0)
    far = np.vstack([points, [[500.0, 500.0]]])
    assert centroid_index(STARTS["density-maxmin"](far, np.ones(271), 9, random_state=0), true) == 0


def test_an_unknown_start_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"a start out of rgs, kmeans\+\+, .*; found 'best'"):
        solve("best", np.eye(3), np.ones(3), 2, random_state=0)
