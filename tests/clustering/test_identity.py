"""Identity: who is who after the centres moved, and the assignment behind it."""

import importlib
import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.drift_rules import Fitted, Mllib, river_centres, river_model
from clustering.assignment import nearest
from clustering.hungarian import NOBODY, best_assignment
from clustering.identity import Change, identify, shared_mass

laws = settings(max_examples=40, deadline=None)
states = st.integers(0, 2**31)
IDS = np.array([3, 5, 8])
STABLE = np.array([[90.0, 5.0, 0.0], [0.0, 80.0, 10.0], [5.0, 0.0, 70.0]])


@given(states, st.integers(1, 8), st.integers(1, 8))
@laws
def test_the_assignment_gains_as_much_as_scipys(state: int, n: int, m: int) -> None:
    source = np.random.default_rng(state)
    gains = source.integers(0, 4, (n, m)).astype(float) if state % 2 else source.normal(size=(n, m))
    given = best_assignment(gains)
    rows = np.flatnonzero(given != NOBODY)
    assert len(set(given[rows].tolist())) == len(rows) == min(n, m)
    best = importlib.import_module("scipy.optimize").linear_sum_assignment(gains, maximize=True)
    assert gains[rows, given[rows]].sum() == pytest.approx(gains[best].sum())


@given(states)
@laws
def test_the_order_of_the_clusters_changes_no_identity(state: int) -> None:
    source = np.random.default_rng(state)
    shared = source.uniform(0, 100, (6, 6)) ** 3
    ids = np.sort(source.choice(50, 6, replace=False))
    old, new = source.permutation(6), source.permutation(6)
    plain = identify(shared, ids, 50)
    turned = identify(shared[old][:, new], ids[old], 50)
    lasting = plain.ids[new] < 50
    np.testing.assert_array_equal(turned.ids[lasting], plain.ids[new][lasting])
    assert (turned.ids[~lasting] >= 50).all()


def test_clusters_that_stay_keep_their_ids_in_any_order() -> None:
    found = identify(STABLE[:, [2, 0, 1]], IDS, 9)
    assert found.ids.tolist() == [8, 3, 5]
    assert (found.next_id, found.changes) == (9, ())


@pytest.mark.parametrize(
    ("shared", "ids", "changes"),
    [
        ([[60, 0, 0, 40], [0, 80, 0, 0], [0, 0, 70, 0]], [3, 5, 8, 9], [("split", 9, 3)]),
        ([[60, 0, 0, 30], [0, 80, 0, 20], [0, 0, 70, 0]], [3, 5, 8, 9], [("split", 9, 3)]),
        ([[60, 0, 0, 30], [0, 80, 0, 30], [0, 0, 70, 30]], [3, 5, 8, 9], [("birth", 9, None)]),
        ([[90, 0], [0, 80], [70, 0]], [3, 5], [("merge", 8, 3)]),
        ([[90, 0], [0, 80], [60, 40]], [3, 5], [("merge", 8, 3)]),
        ([[90, 0], [0, 80], [30, 30]], [3, 5], [("death", 8, None)]),
        ([[90, 0, 0], [0, 80, 0], [0, 0, 0]], [3, 5, 9], [("death", 8, None), ("birth", 9, None)]),
    ],
)
def test_births_deaths_splits_and_merges_fall_out_of_the_matrix(
    shared: list[list[float]], ids: list[int], changes: list[tuple[str, int, int | None]]
) -> None:
    found = identify(np.array(shared, dtype=np.float64), IDS, 9)
    assert found.ids.tolist() == ids
    assert [(change.kind, change.cluster, change.other) for change in found.changes] == changes


def test_below_the_least_overlap_it_is_another_cluster_unless_pinned() -> None:
    shared = np.array([[90.0, 0.0], [80.0, 10.0]])
    assert identify(shared, IDS[:2], 9).ids.tolist() == [3, 9]
    assert identify(shared, IDS[:2], 9, pinned={5}).ids.tolist() == [3, 5]


def test_where_customers_went_is_told_by_the_newest_epoch() -> None:
    shared, recent = np.array([[90.0, 0.0], [80.0, 0.0]]), np.array([[9.0, 0.0], [0.0, 0.0]])
    assert identify(shared, IDS[:2], 9).changes[0] == Change("merge", 5, 3, 1.0)
    assert identify(shared, IDS[:2], 9, recent=recent).changes[0] == Change("death", 5, None, 0.0)


def test_a_seeding_anew_keeps_the_ids_of_the_groups_it_finds_again() -> None:
    source, places = np.random.default_rng(0), np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    points = np.repeat(places, 50, axis=0) + source.normal(0, 0.5, (150, 2))
    old, new = (nearest(points, centres)[0] for centres in (places, places[[1, 2, 0]] + 0.1))
    found = identify(shared_mass(np.ones(150), old, new, (3, 3)), IDS, 9)
    assert found.ids.tolist() == [5, 8, 3]


def test_mllibs_dying_cluster_takes_half_of_the_biggest() -> None:
    first = Fitted(np.array([[0.0, 0.0], [5.0, 0.0]]), np.array([0, 1]))
    rows = np.random.default_rng(0).normal(0, 0.5, (200, 2))
    peer = Mllib(first, np.vstack([rows, rows + np.array([5.0, 0.0])]), half_life=1)
    for epoch in range(1, 30):
        centres = peer.learn(rows, epoch, {}).centres
    np.testing.assert_allclose(centres[1], centres[0], atol=1.0)
    assert not np.allclose(centres[1], first.centres[1], atol=3.0)


@pytest.mark.foreign
@pytest.mark.skipif(importlib.util.find_spec("river") is None, reason="river is not installed")
def test_rivers_ids_permute_on_stationary_rows() -> None:
    places = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0], [6.0, 6.0]])
    source, peer, labels = np.random.default_rng(0), river_model("CluStream", 4), []
    for _ in range(6):
        rows = places[source.integers(4, size=200)] + source.normal(0, 0.3, (200, 2))
        for row in rows.tolist():
            peer.learn_one(dict(enumerate(row)))
        away = ((places[:, None] - river_centres(peer, 2)) ** 2).sum(axis=2)
        labels.append(tuple(away.argmin(axis=1).tolist()))
    assert len(set(labels)) > 1
