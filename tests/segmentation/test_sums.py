"""Tiles and memories: exact integers by epoch, then sums that forget."""

from dataclasses import replace

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from segmentation import rows as kinds
from segmentation.answering import FULL_QUALITY
from segmentation.customers import newcomers
from segmentation.memories import decays, share_estimated, view_of
from segmentation.parameters import Parameters
from segmentation.sums import COLUMN, WIDTH, absorb, absorb_hours, add_up, tile
from tests.segmentation import hand
from tests.segmentation.test_rows import row
from tests.segmentation.towns import CALENDAR, DAY, FIRST, HOUR, PARAMETERS

TODAY = FIRST + 1  # a Monday
IDS = pa.array(["A", "B"])


def tiles_of(*rows: dict[str, object]) -> dict[str, int]:
    """Return the columns of the only tile that these rows of A make, without the zeros."""
    table = pa.Table.from_pylist([{"customer": "A", "epoch": TODAY} | one for one in rows], kinds.ROWS)
    tiles = tile(table, IDS, CALENDAR)
    assert (tiles.customer.tolist(), tiles.epoch.tolist()) == ([0], [TODAY])
    return {name: int(tiles.sums[0, number]) for name, number in COLUMN.items() if tiles.sums[0, number]}


def at(hour: int, value: int, **more: object) -> dict[str, object]:
    return row(customer="A", epoch=TODAY, start=CALENDAR.end(FIRST) + hour * HOUR, value=value, **more)


def energy(wh: int, seconds: int) -> dict[str, int]:
    return {
        "wh": wh,
        "seconds": seconds,
        "workdays": 1,
        "log_power": round(1_024 * float(np.log1p(wh * HOUR / seconds / 10))),
    }


FINE = {"fine_wh": 500, "fine_s": HOUR, "fine_active": 1, "peak": 500}
NO_ENERGY = {"transactions": 1}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (at(12, 500), energy(500, HOUR) | FINE),
        (at(12, 500, seconds=900), energy(500, 900) | FINE | {"fine_s": 900, "peak": 2_000}),
        (at(3, 500), energy(500, HOUR) | FINE | {"night_wh": 500, "night_s": HOUR}),
        (at(22, 500), energy(500, HOUR) | FINE | {"night_wh": 500, "night_s": HOUR}),
        (at(6, 500), energy(500, HOUR) | FINE), (at(21, 500), energy(500, HOUR) | FINE),
        (at(17, 500), energy(500, HOUR) | FINE | {"evening_wh": 500, "evening_s": HOUR}),
        (at(20, 500), energy(500, HOUR) | FINE | {"evening_wh": 500, "evening_s": HOUR}),
        (at(12, 500, seconds=2 * HOUR, fine=False), energy(500, 2 * HOUR)),
        (at(12, 500, status=1), energy(500, HOUR) | FINE | {"estimated_s": HOUR}),
        (at(12, 500, status=3), energy(500, HOUR) | FINE),
        (at(12, 500, kind=kinds.EXPORT), {"export_wh": 500}),
        (at(12, 50, seconds=0, kind=kinds.PURCHASE), NO_ENERGY | {"purchases": 1, "purchase_cents": 50}),
        (at(12, 50, seconds=0, kind=kinds.PAYMENT), NO_ENERGY | {"payments": 1}),
        (at(12, 50, seconds=0, kind=kinds.LATE_PAYMENT), NO_ENERGY | {"payments": 1, "late_payments": 1}),
        (at(12, 50, seconds=0, kind=kinds.ENQUIRY), NO_ENERGY | {"enquiries": 1}),
        (at(12, 50, seconds=0, kind=kinds.OTHER), NO_ENERGY),
        (at(12, 500, status=0), {}), (at(12, 500, status=0, kind=kinds.EXPORT), {}),
    ],
)  # fmt: skip
def test_a_tile_by_hand(given: dict[str, object], expected: dict[str, int]) -> None:
    assert tiles_of(given) == expected


def test_a_weekend_is_a_local_saturday_or_sunday() -> None:
    saturday = at(0, 500) | {"epoch": FIRST + 6, "start": CALENDAR.end(FIRST + 5)}
    tiles = tile(pa.Table.from_pylist([saturday, at(0, 70)], kinds.ROWS), IDS, CALENDAR)
    assert tiles.sums[:, COLUMN["weekend_wh"]].tolist() == [0, 500]


def test_a_tile_of_two_rows_adds_energy_and_keeps_the_highest_peak() -> None:
    together = tiles_of(at(12, 500), at(13, 1_500))
    assert together == energy(2_000, 2 * HOUR) | {"fine_wh": 2_000, "fine_s": 2 * HOUR, "fine_active": 1, "peak": 1_500}


def test_tiles_added_up_row_by_row_equal_the_tile_of_all_rows() -> None:
    rows = [at(hour, 100 * hour) for hour in range(24)]
    parts = [tile(pa.Table.from_pylist([one], kinds.ROWS), IDS, CALENDAR) for one in rows]
    total = np.zeros((2, WIDTH), np.int64)
    for part in parts:
        total = add_up(total, part)
    whole = tile(pa.Table.from_pylist(rows, kinds.ROWS), IDS, CALENDAR)
    assert total[0].tolist() == whole.sums[0].tolist()
    assert whole.hours[0].tolist() == [100 * hour for hour in range(24)]


def test_strangers_make_no_tile() -> None:
    table = pa.Table.from_pylist([at(1, 5) | {"customer": "Z"}], kinds.ROWS)
    assert len(tile(table, IDS, CALENDAR).customer) == 0


def test_a_memory_halves_in_its_half_life_and_then_takes_the_new_epoch() -> None:
    day = Parameters(short_memory_s=DAY, long_memory_s=2 * DAY)
    tiles = tile(pa.Table.from_pylist([at(12, 500)], kinds.ROWS), IDS, CALENDAR)
    before = np.full((2, 2, WIDTH), 8.0)
    after = absorb(before, tiles, decays(day))
    assert after[0, :, 0].tolist() == pytest.approx([4.0 + 500.0, 8.0 / np.sqrt(2) + 500.0])
    assert after[1, :, 0].tolist() == pytest.approx([4.0, 8.0 / np.sqrt(2)])
    assert absorb_hours(np.full((2, 24), 2.0), tiles, 0.5)[0, [11, 12]].tolist() == [1.0, 501.0]
    assert (before == 8.0).all()


@pytest.mark.parametrize(("epochs", "days"), [(1, 1.0), (2, 1.5), (200, 2.0)])
def test_a_memory_is_as_long_as_its_customer_is_known_and_no_longer_than_it_remembers(epochs: int, days: float) -> None:
    halving = Parameters(short_memory_s=DAY, long_memory_s=DAY)
    customers = replace(newcomers(["A"], 1), first=np.array([TODAY], np.int32))
    view = view_of(customers, customers.memories, TODAY + epochs - 1, halving)
    assert view.days.tolist() == [[pytest.approx(days)] * 2]


def test_the_share_of_estimates_is_none_where_nothing_was_metered() -> None:
    memories = np.zeros((2, 2, WIDTH))
    memories[0, 0, [COLUMN["seconds"], COLUMN["estimated_s"]]] = 8.0, 2.0
    assert share_estimated(memories).tolist() == [0.25, 0.0]


@pytest.mark.parametrize(
    ("epoch", "hours", "status", "mass"),
    [
        (TODAY, 24, 2, FULL_QUALITY), (TODAY, 12, 2, FULL_QUALITY // 2), (TODAY, 24, 1, FULL_QUALITY // 2),
        (TODAY, 24, 0, 0), (FIRST + 7, 23, 2, FULL_QUALITY),
    ],
)  # fmt: skip
def test_a_customer_weighs_as_much_as_its_epoch_is_measured(epoch: int, hours: int, status: int, mass: int) -> None:
    state = hand.remembered(hand.day_of("A", FIRST, 1.0), hand.two_classes("consumption", 5.0, 9.0))
    for day in range(TODAY, epoch):
        state = hand.closed_with(state, kinds.NONE, day).state
    start = CALENDAR.end(epoch - 1)
    rows = [row(customer="A", epoch=epoch, start=start + n * HOUR, status=status) for n in range(hours)]
    answer = hand.closed_with(state, pa.Table.from_pylist(rows, kinds.ROWS), epoch, PARAMETERS).answer
    assert answer is not None
    assert sum(np.frombuffer(answer.mass, np.int64)) == mass


def test_who_has_no_class_yet_weighs_nothing() -> None:
    state = hand.remembered([], hand.two_classes("consumption", 5.0, 9.0))
    answer = hand.closed_with(state, hand.rows_of(hand.day_of("A", TODAY, 1.0)), TODAY).answer
    assert answer is not None
    assert (answer.shape, answer.mass, answer.clusters, answer.quadrants) == (
        (0, 1),
        b"",
        {},
        {"low-low": 0, "low-high": 0},
    )


def test_customers_that_are_few_are_their_own_cells_and_their_classes_are_counted_by_quadrant() -> None:
    model = hand.two_classes("consumption", 4.0, 9.0)
    model = msgspec.structs.replace(
        model, clusters=tuple(msgspec.structs.replace(c, quadrant="high-low") for c in model.clusters)
    )
    sent = [one for n in range(20) for one in hand.day_of(f"C{n:02d}", FIRST, 0.05 * 1.3**n)]
    today = [one for n in range(20) for one in hand.day_of(f"C{n:02d}", TODAY, 0.05 * 1.3**n, hours=range(24))]
    answer = hand.closed_with(hand.remembered(sent, model), hand.rows_of(today), TODAY).answer
    assert answer is not None
    assert (answer.shape, answer.quadrants, set(answer.clusters)) == ((20, 1), {"high-low": 20}, {0, 1})
