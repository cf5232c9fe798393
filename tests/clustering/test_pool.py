"""The pool: centres that follow drift, with the laws of its forgetting."""

import pickle
from collections.abc import Iterable
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering.ageing import HALF_LIVES, KEPT, NEWEST_CELLS, WIDEST, Layer, aged, points_of, weights_of
from clustering.arrays import Floats, Longs
from clustering.cells import Cells, summarise, to_grid
from clustering.errors import BadSetting, BadShape
from clustering.identity import Change
from clustering.pool import FLOOR, Pool, first_pool, step

laws = settings(max_examples=8, deadline=None)
states = st.integers(0, 2**31)
PLACES = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
MASS = 16


def cells(points: Floats, masses: Longs | None = None) -> Cells:
    """Return every distinct point as a cell."""
    masses = np.full(len(points), MASS) if masses is None else masses
    return summarise(to_grid(points), masses, np.zeros(len(points), np.int32), len(points) + 1)[0]


def people(state: int, counts: tuple[int, ...] = (25, 25, 25, 25), places: Floats = PLACES) -> Floats:
    """Return customers around the places, so many around each."""
    source = np.random.default_rng(state)
    return np.repeat(places, counts, axis=0) + source.normal(0, 0.4, (sum(counts), 2))


def seeded(points: Floats, centres: Floats = PLACES) -> Pool:
    """Return the pool of a seeding at epoch 0."""
    return first_pool(cells(points), centres, np.arange(len(centres)), 0)


def followed(pool: Pool, towns: list[Cells], first: int = 1, silent: dict[int, float] | None = None) -> Pool:
    """Return the pool after one epoch for each of the towns."""
    for epoch, town in enumerate(towns, start=first):
        pool = step(pool, town, epoch, silent=silent).pool
    return pool


def content(value: object) -> object:
    """Return everything that a pool holds, to the last bit."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if is_dataclass(value):
        return [content(getattr(value, field.name)) for field in fields(value)]
    return [content(one) for one in value] if isinstance(value, tuple) else value


@given(states)
@laws
def test_the_order_of_the_cells_changes_no_bit(state: int) -> None:
    pool, town = seeded(people(0)), cells(people(state))
    order = np.random.default_rng(state).permutation(len(town.mass))
    turned = Cells(town.mass[order], town.sums[order], town.squares[order])
    assert content(step(pool, town, 1).pool) == content(step(pool, turned, 1).pool)


@given(states)
@laws
def test_columns_in_which_nothing_lies_change_no_bit(state: int) -> None:
    towns = [people(state + epoch) for epoch in range(12)]
    plain = followed(seeded(towns[0]), [cells(town) for town in towns[1:]])
    wider = [np.insert(town, [0, 1, 2, 2], 0.0, axis=1) for town in (PLACES, *towns)]
    pool = followed(seeded(wider[1], wider[0]), [cells(town) for town in wider[2:]])
    assert np.insert(plain.candidates, [0, 1, 2, 2], 0.0, axis=2).tobytes() == pool.candidates.tobytes()
    assert (plain.losses.tobytes(), plain.masses.tobytes(), plain.sse) == (
        pool.losses.tobytes(), pool.masses.tobytes(), pool.sse
    )  # fmt: skip


def test_customers_who_all_lie_at_nothing_move_nothing() -> None:
    nothing = np.zeros((5, 2))
    pool = step(seeded(nothing, nothing[:1]), cells(nothing), 1).pool
    assert not pool.centres.any()


@given(states)
@laws
def test_a_mass_counts_as_that_many_copies(state: int) -> None:
    town = cells(people(state))
    thrice = Cells(3 * town.mass, 3 * town.sums, 3 * town.squares)
    copies = Cells(*(np.concatenate([part] * 3) for part in (town.mass, town.sums, town.squares)))
    pool = seeded(people(0))
    as_mass, as_copies = step(pool, thrice, 1).pool, step(pool, copies, 1).pool
    # every copy's weight is rounded by itself, to 2^-28 of all weights
    np.testing.assert_allclose(as_mass.candidates, as_copies.candidates, atol=1e-6)
    np.testing.assert_allclose(as_mass.masses, as_copies.masses, rtol=1e-6)
    assert as_mass.sse == pytest.approx(as_copies.sse)


@given(states, st.integers(1, 300))
@laws
def test_an_epoch_without_cells_changes_nothing(state: int, epoch: int) -> None:
    pool = followed(seeded(people(0)), [cells(people(state))])
    nobody = summarise(to_grid(people(state)), np.zeros(100, np.int64), np.zeros(100, np.int32), 9)[0]
    after = step(pool, nobody, 1 + epoch)
    assert content(after.pool) == content(pool)
    assert after.changes == ()


@given(states)
@laws
def test_saved_and_loaded_it_goes_on_as_if_never_saved(state: int) -> None:
    towns = [cells(people(state + epoch) + 0.05 * epoch) for epoch in range(6)]
    half = followed(seeded(people(0)), towns[:3])
    loaded: Pool = pickle.loads(pickle.dumps(half))  # noqa: S301 - our own bytes
    assert content(followed(loaded, towns[3:], 4)) == content(followed(half, towns[3:], 4))


@given(states)
@laws
def test_what_goes_in_is_left_untouched(state: int) -> None:
    pool, town = followed(seeded(people(0)), [cells(people(1))]), cells(people(state))
    before = content(pool), content(town)
    step(pool, town, 2, silent={0: 100.0}, pinned={1})
    assert (content(pool), content(town)) == before


def remembered(epochs: Iterable[int], rows: int = 80) -> list[tuple[Layer, ...]]:
    """Return the layers after each epoch."""
    found: list[tuple[Layer, ...]] = [()]
    for epoch in epochs:
        town = cells(np.random.default_rng(epoch).normal(size=(rows, 2)))
        found.append(aged(found[-1], Layer((epoch,), town), 4))
    return found[1:]


def test_memory_of_an_epoch_is_bounded_however_long_the_stream_runs() -> None:
    longest = KEPT * HALF_LIVES[-1]
    sizes = [sum(len(layer.cells.mass) for layer in layers) for layers in remembered(range(2 * longest + 101))]
    assert max(sizes[longest + 10 :]) <= 1.2 * min(sizes[longest + 10 :])
    assert max(sizes) < 3_000


@given(st.sets(st.integers(0, 250), min_size=1, max_size=60))
@laws
def test_every_epoch_stands_in_one_block_while_it_is_kept_and_blocks_are_no_wider_than_their_age(
    present: set[int],
) -> None:
    for layers in remembered(sorted(present), rows=12):
        now = layers[-1].epochs[-1]
        told = [epoch for layer in layers for epoch in layer.epochs]
        kept = [epoch for epoch in sorted(present) if epoch <= now]
        assert told == kept[len(kept) - len(told) :]
        assert set(kept) - set(told) <= {epoch for epoch in kept if now - epoch > KEPT * HALF_LIVES[-1]}
        for layer in layers:
            width = layer.epochs[-1] - layer.epochs[0] + 1
            assert width == 1 or width <= min(WIDEST, max(2, (now - layer.epochs[-1]) // 4 + 1))


def test_an_old_epoch_keeps_fewer_cells_but_all_its_mass() -> None:
    full = cells(np.random.default_rng(0).normal(size=(NEWEST_CELLS, 2)))
    layers: tuple[Layer, ...] = ()
    for epoch in range(18):
        layers = aged(layers, Layer((epoch,), full), 4)
    assert [len(layer.cells.mass) for layer in layers[::-1]] == [4096] + [128] * 7 + [64] * 5
    assert [layer.epochs for layer in layers[:5]] == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]
    for layer in layers:
        assert int(layer.cells.mass.sum()) == len(layer.epochs) * int(full.mass.sum())
        assert tuple(layer.cells.sums.sum(axis=0)) == tuple(len(layer.epochs) * full.sums.sum(axis=0))


@pytest.mark.parametrize("half_life", HALF_LIVES)
def test_weights_halve_in_a_half_life_of_event_time_and_add_up_to_one_epoch(half_life: int) -> None:
    layers = tuple(Layer((epoch,), cells(np.full((1, 2), float(epoch)))) for epoch in (0, 10 - half_life, 10))
    weights = weights_of(sorted(set(layers[1:]), key=lambda layer: layer.epochs)[-2:], half_life)
    assert weights.sum() == pytest.approx(MASS)
    if half_life:
        np.testing.assert_allclose(weights, [MASS / 3, 2 * MASS / 3])


def test_the_cells_of_a_block_count_as_the_mean_of_its_epochs() -> None:
    town = cells(np.array([[1.0, 0.0]]))
    twice = Cells(2 * town.mass, 2 * town.sums, 2 * town.squares)
    layers = Layer((2, 3), twice), Layer((4,), town)
    factors = np.array([2.0**-1, 2.0**-0.5, 1.0])
    expected = MASS * np.array([factors[:2].sum(), factors[2]]) / factors.sum()
    np.testing.assert_allclose(weights_of(layers, 2), expected)


def test_what_is_forgotten_lies_before_all_that_counts() -> None:
    layers = tuple(Layer((epoch,), cells(np.full((1, 2), epoch / 10))) for epoch in (0, 30, 60, 65, 66))
    counted = [np.flatnonzero(weights_of(layers, half_life)).tolist() for half_life in HALF_LIVES]
    assert counted == [[4], [2, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4]]
    np.testing.assert_allclose(points_of(layers)[:, 0], [0.0, 3.0, 6.0, 6.5, 6.6], atol=1e-6)


def test_centres_follow_a_walk() -> None:
    pool = followed(seeded(people(0)), [cells(people(0) + 0.2 * epoch) for epoch in range(1, 21)])
    np.testing.assert_allclose(pool.centres, PLACES + 4.0, atol=0.2)
    assert pool.ids.tolist() == [0, 1, 2, 3]


def test_regions_in_turn_are_remembered_longer() -> None:
    towns = [cells(people(epoch, tuple(90 * (np.arange(4) == epoch % 4) + 10))) for epoch in range(1, 41)]
    pool = followed(seeded(people(0)), towns)
    assert HALF_LIVES[pool.chosen] >= 8
    np.testing.assert_allclose(pool.centres, PLACES, atol=0.15)
    assert pool.ids.tolist() == [0, 1, 2, 3]


def test_a_group_that_is_born_gets_the_centre_of_one_that_died() -> None:
    places = np.vstack([PLACES[:3], [[-4.0, -4.0]]])
    pool = seeded(people(0))
    changes: list[Change] = []
    for epoch in range(1, 4):
        after = step(pool, cells(people(epoch, places=places)), epoch)
        pool, changes = after.pool, [*changes, *after.changes]
    assert pool.ids.tolist() == [0, 1, 2, 4]
    np.testing.assert_allclose(pool.centres, places, atol=0.2)
    assert [(change.kind, change.cluster) for change in changes] == [("death", 3), ("split", 4)]


@pytest.mark.parametrize(("silent", "ids"), [({3: 25.0 * MASS}, [0, 1, 2, 3]), (None, [0, 1, 2, 4])])
def test_a_centre_is_recycled_unless_its_customers_are_only_silent(silent: dict[int, float], ids: list[int]) -> None:
    places = np.vstack([PLACES[:3], [[9.0, 9.0]]])
    elsewhere = np.vstack([PLACES[:3], [[-5.0, -5.0]]])
    towns = [cells(people(epoch, (25, 25, 25, 10), elsewhere)) for epoch in range(1, 21)]
    pool = followed(seeded(people(0, places=places), places), towns, silent=silent)
    assert pool.ids.tolist() == ids
    np.testing.assert_allclose(pool.centres[3], (places if silent else elsewhere)[3], atol=0.3)


@pytest.mark.parametrize("calm", [0, 2, 4, 8, 12, 20])
def test_a_group_that_appears_where_an_ending_one_would_have_jumped_to_is_a_new_one(calm: int) -> None:
    pool = followed(seeded(people(0)), [cells(people(epoch)) for epoch in range(1, calm + 1)])
    elsewhere = np.concatenate([[[-4.0, -4.0]], PLACES[1:]])
    after = followed(pool, [cells(people(epoch, places=elsewhere)) for epoch in range(6)], first=calm + 1)
    assert after.ids.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(after.centres[3], elsewhere[0], atol=0.5)


@pytest.mark.parametrize("calm", [0, 2, 8])
def test_a_group_that_jumps_to_where_no_other_is_nearer_stays_the_same(calm: int) -> None:
    pool = followed(seeded(people(0)), [cells(people(epoch)) for epoch in range(1, calm + 1)])
    aside = np.concatenate([[[-2.0, -2.0]], PLACES[1:]])
    after = followed(pool, [cells(people(epoch, places=aside)) for epoch in range(6)], first=calm + 1)
    assert after.ids.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(after.centres[0], aside[0], atol=0.5)


def test_a_group_that_reports_at_weekends_alone_keeps_its_identity() -> None:
    pool = seeded(people(0))
    for epoch in range(1, 29):
        there = epoch % 7 in {5, 6}
        town = cells(people(epoch, (25, 25, 25, 25 if there else 0)))
        pool = step(pool, town, epoch, silent=None if there else {3: 25.0 * MASS}).pool
    assert pool.ids.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(pool.centres, PLACES, atol=0.3)


@given(states)
@laws
def test_a_pinned_group_is_never_recycled(state: int) -> None:
    source = np.random.default_rng(state)
    pool = seeded(people(0))
    for epoch in range(1, 6):
        places = np.vstack([PLACES[:3], source.uniform(-9, 9, (1, 2))])
        pool = step(pool, cells(people(state, places=places)), epoch, pinned={3}).pool
        assert 3 in pool.ids


@pytest.mark.parametrize("pinned", [(3,), ()])
def test_a_pinned_centre_is_not_taken_away_where_another_is_recycled(pinned: tuple[int, ...]) -> None:
    elsewhere = np.vstack([PLACES[:3], [[-4.0, -4.0]]])
    pool = seeded(people(0))
    for epoch in range(1, 6):
        pool = step(pool, cells(people(epoch, places=elsewhere)), epoch, pinned=pinned).pool
    where = np.linalg.norm(pool.centres - PLACES[3], axis=1).min()
    assert bool(where < 0.5) == bool(pinned)


def test_forgetting_leaves_a_share_of_the_first_mass() -> None:
    pool = seeded(people(0))
    for epoch in range(1, 30):
        pool = step(pool, cells(people(epoch, (25, 25, 25, 0))), epoch).pool
    assert pool.masses[3] == pytest.approx(FLOOR * 25 * MASS)
    np.testing.assert_allclose(pool.centres[3], PLACES[3], atol=0.2)


@pytest.mark.parametrize(
    ("town", "epoch", "error", "words"),
    [
        (cells(people(1)), 0, BadSetting, "an epoch after 0"),
        (cells(np.ones((3, 3))), 1, BadShape, "cells with 2 columns"),
    ],
)
def test_what_does_not_fit_is_refused(town: Cells, epoch: int, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        step(seeded(people(0)), town, epoch)


def test_a_group_of_three_in_a_thousand_survives_two_hundred_quiet_epochs() -> None:
    weights = np.array([4 * MASS] * 75 + [MASS])
    pool = first_pool(cells(people(0, (25, 25, 25, 1)), weights), PLACES, np.arange(4), 0)
    towns = [cells(people(epoch, (25, 25, 25, 0)), weights[:75]) for epoch in range(1, 201)]
    pool = followed(pool, towns, silent={3: 1.0 * MASS})
    assert pool.ids.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(pool.centres[3], PLACES[3], atol=0.8)


def test_pinned_groups_move_with_their_customers() -> None:
    pool = seeded(people(0))
    for epoch in range(1, 21):
        pool = step(pool, cells(people(epoch) + 0.2 * epoch), epoch, pinned=range(4)).pool
    assert pool.ids.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(pool.centres, PLACES + 4.0, atol=0.3)


@given(states)
@laws
def test_an_identity_that_has_ended_is_never_given_again(state: int) -> None:
    source = np.random.default_rng(state)
    pool, ever, over = seeded(people(0)), set(range(4)), set[int]()
    places = PLACES.copy()
    for epoch in range(1, 16):
        places[epoch % 4] = source.uniform(-20, 20, 2)  # a group ends, another begins
        after = step(pool, cells(people(state + epoch, places=places)), epoch)
        begun = {change.cluster for change in after.changes if change.kind in {"birth", "split"}}
        assert not begun & ever
        ever |= begun
        over |= {change.cluster for change in after.changes if change.kind in {"death", "merge"}}
        assert set(after.pool.ids.tolist()) == ever - over
        pool = after.pool
    assert over
    assert pool.next_id == max(ever) + 1
