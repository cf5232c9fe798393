"""The user's tables: what is read, and the words of what is refused."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from kwadrant.cells import TableError
from kwadrant.tables import (
    ARCHIVE,
    READINGS,
    TRANSACTIONS,
    parse_duration,
    read_archive,
    read_readings,
    read_transactions,
    reading_blocks,
)
from simulator.town import simulate, write

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADER = "customer_id,start,duration_s,kwh\n"


def csv_of(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_town_s_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    town = simulate(12, 3, random_state=1, history_days=1, change_days=1)
    write(town, tmp_path)
    assert read_readings(tmp_path / "readings.parquet").equals(town.readings)
    assert read_transactions(tmp_path / "transactions.parquet").equals(town.transactions)
    assert read_archive(tmp_path / "archive.parquet").equals(town.archive)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_csv_and_parquet_give_the_same_table(tmp_path: Path, suffix: str) -> None:
    town = simulate(12, 3, random_state=1)
    path = tmp_path / f"r{suffix}"
    with pa.output_stream(path) as file:  # compresses by the name
        pyarrow.csv.write_csv(town.readings, file)
    assert read_readings(path).equals(town.readings)


def test_an_id_in_a_csv_keeps_its_leading_zeros(tmp_path: Path) -> None:
    table = read_readings(csv_of(tmp_path, HEADER + "007,2025-01-06T00:00:00Z,900,1.5\n"))
    assert table["customer_id"].to_pylist() == ["007"]
    assert table["start"].to_pylist() == [datetime(2025, 1, 6, tzinfo=UTC)]


def test_integers_as_customers_become_text(tmp_path: Path) -> None:
    start = pa.array([date(2025, 1, 6)])
    pq.write_table(
        pa.table({"customer_id": pa.array([7], pa.int16()), "start": start, "kwh": [3]}), tmp_path / "t.parquet"
    )
    table = read_readings(tmp_path / "t.parquet", duration=timedelta(days=1))
    assert table.schema.equals(READINGS.schema)
    assert table.to_pylist()[0] | {"customer_id": "7", "kwh": 3.0, "status": "measured"} == table.to_pylist()[0]


@pytest.mark.parametrize(
    ("zone", "day", "utc", "hours"),
    [
        (None, "2025-03-30", "2025-03-30T00:00", 24),
        ("Europe/Berlin", "2025-01-06", "2025-01-05T23:00", 24),
        ("Europe/Berlin", "2025-03-30", "2025-03-29T23:00", 23),
        ("Europe/Berlin", "2025-10-26", "2025-10-25T22:00", 25),
        ("Asia/Shanghai", "2015-01-01", "2014-12-31T16:00", 24),
        ("Asia/Beirut", "2021-03-28", "2021-03-27T22:00", 23),  # midnight does not exist there that day
    ],
)
def test_a_day_is_a_local_day(tmp_path: Path, zone: str | None, day: str, utc: str, hours: int) -> None:
    path = csv_of(tmp_path, f"customer_id,start,kwh\nA,{day},1\n")
    row = read_readings(path, duration=timedelta(days=1), zone=zone).to_pylist()[0]
    assert row["start"] == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert row["duration_s"] == hours * 3600


def test_an_offset_in_the_file_wins_over_the_zone(tmp_path: Path) -> None:
    path = csv_of(tmp_path, HEADER + "A,2025-10-26T02:30:00+02:00,900,1\nA,2025-10-26T02:30:00+01:00,900,1\n")
    start = read_readings(path, zone="Asia/Shanghai")["start"].to_pylist()
    assert start == [datetime(2025, 10, 26, hour, 30, tzinfo=UTC) for hour in (0, 1)]


def test_an_empty_kwh_is_missing_and_not_zero_consumption(tmp_path: Path) -> None:
    path = csv_of(tmp_path, HEADER + "A,2025-01-06,900,\nA,2025-01-07,900,0\n")
    assert read_readings(path)["status"].to_pylist() == ["missing", "measured"]


def test_a_transaction_without_id_gets_the_same_id_again(tmp_path: Path) -> None:
    rows = ["A,2025-01-06,payment\n", "A,2025-01-06,purchase\n", "A,2025-01-06,payment\n"]
    ids: list[Any] = read_transactions(csv_of(tmp_path, "customer_id,time,kind\n" + "".join(rows)))[
        "transaction_id"
    ].to_pylist()
    assert ids[0] == ids[2] != ids[1]
    assert len(ids[0]) <= 64


@pytest.mark.parametrize("shuffled", [False, True])
def test_blocks_come_by_interval_end(tmp_path: Path, shuffled: bool) -> None:  # noqa: FBT001 - a parameter of the table
    town = simulate(5, 3, random_state=1)
    table = town.readings.take(list(range(len(town.readings)))[:: -1 if shuffled else 1])
    pq.write_table(table, tmp_path / "r.parquet", row_group_size=50)
    wanted: list[Any] = town.readings["start"].to_pylist()
    starts = pa.concat_tables(reading_blocks(tmp_path / "r.parquet"))["start"]
    assert starts.to_pylist() == sorted(wanted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "customer,start,duration_s,kwh\nA,2025-01-06,900,1\n",
            r"no column 'customer_id'.*Try --map customer_id=customer",
        ),
        ("customer_id,record_date,duration_s,kwh\n", r"It has: customer_id, record_date.*--map start=record_date"),
        ("customer_id,start,kwh\n", r"no column 'duration_s'.*or --duration PT15M"),
        (HEADER + "A,2025-01-06,900,1\nA,2025-01-06,900,x\n", r"column 'kwh', row 2: expected a number, found 'x'"),
        (HEADER + "A,2025-01-06,900,inf\n", r"column 'kwh', row 1: expected a finite number, found inf"),
        (HEADER + "A,2025-01-06,0,1\n", r"column 'duration_s', row 1: expected at least one second, found 0"),
        (HEADER + ",2025-01-06,900,1\n", r"column 'customer_id', row 1: expected a value"),
        (HEADER + "A,2025-01-06,900,1\nA,06.01.2025,900,1\n", r"row 2: expected a date or time.*found '06.01.2025'"),
        (HEADER + "A,2025-03-30T02:30:00,900,1\n", r"row 1: expected a time that the clocks of Europe/Berlin show"),
        (HEADER + "A,2025-10-26T02:30:00,900,1\n", r"row 1: expected a time.*exactly once"),
        (HEADER + "A,2025-01-06\n", r"Expected 4 columns, got 2"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_readings(csv_of(tmp_path, text), zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("none.csv", {}, r"no file .*none.csv; .* holds: table.csv"),
        ("table.txt", {}, r"expected a name that ends with .parquet, .csv or .csv.gz"),
        ("bad.parquet", {}, r"is no Parquet file"),
        (
            "table.csv",
            {"rename": {"strt": "start"}},
            r"--map strt=…: readings have no column strt; they have customer_id",
        ),
        ("table.csv", {"rename": {"meter_id": "meter"}}, r"has no column 'meter'"),
        ("table.csv", {"zone": "Mars/Olympus"}, r"--zone Mars/Olympus: no such time zone"),
        ("table.csv", {"duration": timedelta(0)}, r"--duration must be whole seconds"),
    ],
)
def test_what_was_asked_for_wrongly_is_refused(
    tmp_path: Path, name: str, options: dict[str, object], words: str
) -> None:
    csv_of(tmp_path, HEADER)
    if name != "none.csv":
        csv_of(tmp_path, HEADER, name)
    with pytest.raises(TableError, match=words):
        read_readings(tmp_path / name, **options)  # type: ignore[arg-type]


def test_an_empty_file_is_an_empty_table(tmp_path: Path) -> None:
    assert read_readings(csv_of(tmp_path, HEADER)).equals(READINGS.schema.empty_table())


@pytest.mark.parametrize(("text", "seconds"), [("P1D", 86_400), ("PT1H", 3_600), ("PT15M", 900)])
def test_durations_are_iso_8601(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


def archived(tmp_path: Path, words: list[str]) -> list[bool | None]:
    text = "customer_id,valid_from,protected\n" + "".join(f"C,2025-01-06,{word}\n" for word in words)
    return list(read_archive(csv_of(tmp_path, text))["protected"].to_pylist())


def test_flags_are_read_as_people_write_them(tmp_path: Path) -> None:
    assert archived(tmp_path, ["true", "No", " YES ", "0", "1", ""]) == [True, False, True, False, True, None]


def test_a_flag_that_is_none_is_refused_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="column 'protected', row 2: expected true or false, found 'perhaps'"):
        archived(tmp_path, ["true", "perhaps"])


@pytest.mark.foreign
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is not here")
def test_real_tables_are_read_with_the_options_a_user_types() -> None:
    path = DATA / "tianchi_yangzhong" / "daily.parquet"
    table = read_readings(path, rename={"start": "record_date"}, duration=timedelta(days=1), zone="Asia/Shanghai")
    assert len(table) == 929_106
    names = {"customer_id": "id", "kind": "event", "time": "date"}
    assert len(read_transactions(DATA / "powerco" / "contract_events.parquet", rename=names)) == 67_693


def test_the_layouts_name_what_the_wire_has() -> None:
    assert [len(layout.schema) for layout in (READINGS, TRANSACTIONS, ARCHIVE)] == [8, 8, 15]
