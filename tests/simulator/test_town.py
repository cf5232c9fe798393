"""Laws of the simulated town."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

from simulator.town import Town, simulate, write

pc: Any = pyarrow.compute  # the stubs know fewer argument types than there are
TABLES = ("readings", "transactions", "archive", "truth")
DST = {date(2025, 3, 30): 23, date(2025, 10, 26): 25, date(2025, 1, 6): 24}


@pytest.fixture(scope="module")
def town() -> Town:
    return simulate(120, 110, random_state=5, history_days=40, change_days=40)


def profiles(town: Town, first: int, after: int) -> np.ndarray:
    """Return (customers, 3) log of the level, share of the hours 22 to 6, share of the hours 8 to 17, of some days."""
    start = town.readings["start"].to_numpy()
    hours = (start.astype("datetime64[h]").astype(int) + 1) % 24  # the test's days are winter days: UTC + 1
    day = (start - start[0]).astype("timedelta64[D]").astype(int)
    kept = (day >= first) & (day < after)
    kwh = town.readings["kwh"].to_numpy()[kept].reshape(-1, town.plan.customers)
    hour = hours[kept].reshape(kwh.shape)[:, 0]
    total = kwh.sum(axis=0)
    night = kwh[(hour >= 22) | (hour < 6)].sum(axis=0) / total
    midday = kwh[(hour >= 8) & (hour < 17)].sum(axis=0) / total
    return np.stack([np.log(total / len(kwh)), night, midday], axis=1)


@pytest.mark.parametrize("table", TABLES)
def test_the_same_random_state_gives_the_same_bytes(table: str, tmp_path: Path) -> None:
    for name, state in (("a", 3), ("b", 3), ("c", 4)):
        write(simulate(30, 50, random_state=state, history_days=20, change_days=20), tmp_path / name)
    a, b, c = ((tmp_path / name / f"{table}.parquet").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_longer_simulation_begins_with_the_shorter() -> None:
    short, long = (simulate(25, days, random_state=1, history_days=10, change_days=30) for days in (25, 60))
    after = pa.scalar(short.plan.midnight(25) * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    for name, time in (("readings", "start"), ("transactions", "time"), ("archive", "valid_from")):
        table = getattr(long, name)
        beginning = table.filter(pc.less(table[time], after))
        assert 0 < len(beginning) < len(table)
        assert beginning.equals(getattr(short, name))


@pytest.mark.parametrize("unrest", [0.0, 1.0])
def test_the_first_customers_of_a_larger_town_are_the_smaller_town(unrest: float) -> None:
    small, large = (simulate(n, 30, random_state=1, history_days=10, change_days=10, unrest=unrest) for n in (20, 50))
    for name in TABLES:
        table = getattr(large, name)
        same = table.filter(pc.is_in(table["customer_id"], small.truth["customer_id"].combine_chunks()))
        assert same.equals(getattr(small, name))


def monthly(unrest: float) -> np.ndarray:
    """Return (months, customers) the logarithm of the mean load of 28 days [kWh/d]."""
    calm = simulate(
        60, 280, random_state=2, resolution=timedelta(days=1), history_days=280, start=date(2025, 1, 6), unrest=unrest
    )
    kwh = np.array([block["kwh"].to_numpy() for block in calm.reading_blocks()])
    return np.asarray(np.log(kwh.reshape(10, 28, 60).mean(axis=1)))


def test_unrest_is_by_how_much_customers_wander_and_come_back() -> None:
    steps = {unrest: np.median(np.diff(monthly(unrest), axis=0).std(axis=0)) for unrest in (0.0, 0.5, 1.0)}
    assert steps[0.0] < 0.06
    assert 2.5 * steps[0.0] < steps[0.5] < 0.7 * steps[1.0]
    assert 0.25 < steps[1.0] < 0.5  # of real enterprises 0.40
    drift = monthly(1.0)[5:].mean(axis=0) - monthly(1.0)[:5].mean(axis=0)
    assert abs(np.median(drift)) < 0.2


def test_nobody_changes_during_the_history(town: Town) -> None:
    changed = town.truth["changed_at"].drop_null()
    assert len(changed) == pytest.approx(0.3 * 120, abs=8)
    first, last = (town.plan.midnight(day) for day in (40, 79))
    seconds = pc.divide(changed.cast(pa.int64()), 1_000_000).to_numpy()
    assert seconds.min() >= first
    assert seconds.max() <= last


def test_a_change_after_the_last_day_is_not_in_the_truth() -> None:
    assert simulate(60, 40, random_state=5, history_days=40).truth["changed_at"].null_count == 60
    assert simulate(60, 70, random_state=5, history_days=40).truth["changed_at"].null_count < 60


def test_kwh_are_not_negative_and_have_three_decimals(town: Town) -> None:
    kwh = town.readings["kwh"].to_numpy()
    assert kwh.min() >= 0
    assert np.array_equal(kwh, np.round(kwh, 3))
    assert not np.array_equal(kwh, np.round(kwh, 2))


@pytest.mark.parametrize("resolution", [timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)])
@pytest.mark.parametrize(("day", "hours"), DST.items())
def test_every_local_day_is_covered_without_gap_or_overlap(day: date, hours: int, resolution: timedelta) -> None:
    table = simulate(3, 2, random_state=1, start=day, resolution=resolution).readings
    of_one = table.filter(pc.equal(table["customer_id"], "C-0000000001"))
    start, length = of_one["start"].cast(pa.int64()).to_numpy() // 1_000_000, of_one["duration_s"].to_numpy()
    assert np.array_equal(start[1:], (start + length)[:-1])
    assert length.sum() == (hours + 24) * 3600


def test_readings_are_ordered_by_interval_end_then_customer(town: Town) -> None:
    small = town.readings.slice(0, 120 * 48)
    end = pc.add(small["start"].cast(pa.int64()), pc.multiply(small["duration_s"].cast(pa.int64()), 1_000_000))
    order = pc.sort_indices(
        pa.table([end, small["customer_id"]], names=["end", "customer"]),
        sort_keys=[("end", "ascending"), ("customer", "ascending")],
    )
    assert order.to_numpy().tolist() == list(range(len(small)))


def test_changed_customers_resemble_their_new_kind_and_the_others_stay(town: Town) -> None:
    truth = town.truth.to_pydict()
    before, after = profiles(town, 0, 40), profiles(town, 83, 110)
    kinds = sorted(set(truth["from_kind"]))
    spread = before.std(axis=0)
    centres = np.array([before[[k == kind for k in truth["from_kind"]]].mean(axis=0) for kind in kinds]) / spread
    nearest = np.linalg.norm((after / spread)[:, None] - centres, axis=2).argmin(axis=1)
    # shop and office are one group to these three numbers: nothing changes between the two
    merge = {"office": "shop"}
    got = [merge.get(kinds[i], kinds[i]) for i in nearest]
    wanted = [merge.get(kind, kind) for kind in truth["to_kind"]]
    assert np.mean([a == b for a, b in zip(got, wanted, strict=True)]) > 0.95
    changed = [time is not None for time in truth["changed_at"]]
    moved = np.linalg.norm((after - before) / spread, axis=1)
    assert moved[changed].min() > moved[np.logical_not(changed)].max()


def test_transactions_of_a_change_come_on_its_first_day(town: Town) -> None:
    changed = {row["customer_id"]: row["changed_at"] for row in town.truth.to_pylist() if row["changed_at"]}
    deals = [row for row in town.transactions.to_pylist() if row["kind"] in {"purchase", "contract_change"}]
    assert {row["customer_id"] for row in deals} == set(changed)
    assert all(timedelta() < row["time"] - changed[row["customer_id"]] < timedelta(days=1) for row in deals)


def test_most_payments_are_in_time_and_ids_are_unique(town: Town) -> None:
    payments = [row for row in town.transactions.to_pylist() if row["kind"] == "payment"]
    late = np.mean([row["time"] > row["due"] for row in payments])
    assert 0.01 < late < 0.2
    assert len(set(town.transactions["transaction_id"].to_pylist())) == len(town.transactions)


def test_about_one_reading_in_two_hundred_is_estimated(town: Town) -> None:
    assert pc.mean(pc.equal(town.readings["status"], "estimated")).as_py() == pytest.approx(0.005, rel=0.1)


def test_written_files_hold_the_tables_and_progress_is_told(town: Town, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write(town, tmp_path, report=lambda done, days: told.append((done, days)))
    assert told == [(day, 110) for day in range(1, 111)]
    for name in TABLES:
        assert pq.read_table(tmp_path / f"{name}.parquet").equals(getattr(town, name))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"customers": 0}, "customers must be at least 1, not 0"),
        ({"resolution": timedelta(minutes=7)}, "one day or divide an hour"),
        ({"resolution": timedelta(hours=6)}, "one day or divide an hour"),
        ({"change_share": 1.5}, "change_share must lie in 0 to 1"),
        ({"random_state": -1}, "must not be negative"),
        ({"unrest": -0.1}, "unrest must not be negative"),
        ({"unrest": float("nan")}, "unrest must not be negative"),
    ],
)
def test_what_cannot_be_simulated_is_refused(bad: dict[str, object], words: str) -> None:
    settings: dict[str, object] = {"customers": 3, "days": 3, "random_state": 1, **bad}
    with pytest.raises(ValueError, match=words):
        simulate(**settings)  # type: ignore[arg-type]
