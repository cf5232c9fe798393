"""The engine in memory: what it leaves out changes no bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import coins, sketch
from clustering.arrays import Floats
from clustering.assignment import squared_distances
from clustering.bounds import Bounds, step
from clustering.metric import Metric
from clustering.scaling import Scaling
from clustering.survey import Surveying
from clustering.totals import Summing, Totals
from tests.clustering.tables import customers, memory

laws = settings(max_examples=25, deadline=None)
states = st.integers(0, 2**32)


def scan(centres: Floats) -> Summing:
    d = centres.shape[1]
    plain = Scaling(np.zeros(d), np.ones(d), np.inf)
    return Summing(Metric(plain, np.ones(d), np.full(d, 30)), centres, 2**20, 0.0)


def content(totals: Totals) -> bytes:
    return totals.masses.tobytes() + totals.sums.tobytes()


@pytest.mark.parametrize("weighted", [False, True])
@given(states, st.integers(1, 9), st.sampled_from([0.0, 1e-3, 0.3, 5.0]))
@laws
def test_a_scan_that_follows_finds_what_a_whole_one_does(weighted: bool, state: int, k: int, move: float) -> None:  # noqa: FBT001
    source = np.random.default_rng(state)
    rows = np.round(customers(state, 500), state % 4)
    engine = memory(rows, source.integers(0, 3, 500).astype(np.float64) if weighted else None)
    now = scan(rows[source.integers(500, size=k)])
    engine.totals(now)
    for _ in range(3):
        order = source.permutation(k)
        centres = now.centres[order] + move * source.normal(size=(k, 3)) * (source.random((k, 1)) < 0.5)
        now = Summing(now.metric, centres, now.unit, 0.0, order)
        assert content(engine.totals(now)) == content(engine.run(now))


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of rows that are looked at from now on, as they come."""
    found: list[int] = []
    look = Summing.bounds

    def counted(scan: Summing, places: Floats) -> Bounds:
        found.append(places.shape[1])
        return look(scan, places)

    monkeypatch.setattr(Summing, "bounds", counted)
    return found


def test_centres_that_hardly_move_let_nearly_all_rows_rest(looked: list[int]) -> None:
    rows = customers(3, 2_000)
    engine, now = memory(rows), scan(rows[[1, 20, 300, 1_999]])
    engine.totals(now)
    looked.clear()
    engine.totals(Summing(now.metric, now.centres + 1e-4, now.unit, 0.0, np.arange(4)))
    assert sum(looked) < 10


def test_one_centre_that_moves_far_from_all_rows_wakes_none_of_them(looked: list[int]) -> None:
    rows = np.random.default_rng(3).normal(0, 1, (2_000, 3)) + np.repeat([[0.0], [40.0]], 1_000, axis=0)
    engine, now = memory(rows), scan(np.array([[0.0, 0.0, 0.0], [40.0, 40.0, 40.0], [300.0, 0.0, 0.0]]))
    engine.totals(now)
    looked.clear()
    centres = np.add(now.centres, [[0.0], [0.0], [150.0]])
    moved = Summing(now.metric, centres, now.unit, 0.0, np.arange(3))
    assert content(engine.totals(moved)) == content(engine.run(moved))
    assert sum(looked) == 0


def test_values_are_hashed_once_for_two_scans_and_then_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, hashed = customers(3, 20_000), []
    of_values = coins.of_values

    def counted(columns: Floats) -> coins.Words:
        hashed.append(columns.shape[1])
        return of_values(columns)

    monkeypatch.setattr(coins, "of_values", counted)
    engine, found = memory(rows), []
    for scans in (1, 1, 2):
        found.append(sketch.settled(engine.run(Surveying(3, 50, 1)).sample).kept)
        assert sum(hashed) == scans * 20_000
    assert {each.columns.tobytes() for each in found} == {found[0].columns.tobytes()}


@given(states, st.integers(1, 6), st.sampled_from([1e-3, 1.0, 50.0]))
@laws
def test_what_is_known_of_a_row_stays_true_when_centres_move(state: int, k: int, far: float) -> None:
    source = np.random.default_rng(state)
    rows, centres = customers(state, 300), source.normal(0, 5, (k, 3))
    known = scan(centres).bounds(rows.T)
    moved = centres + source.normal(size=(k, 3)) * far * (source.random((k, 1)) < 0.4)
    after = step(centres, moved).after(known)
    distances = np.sqrt(squared_distances(rows, moved))
    own = distances[np.arange(300), known.labels]
    distances[np.arange(300), known.labels] = np.inf
    assert (after.lengths >= own).all()
    assert (after.gaps <= distances.min(axis=1) - own)[after.gaps > 0].all()
