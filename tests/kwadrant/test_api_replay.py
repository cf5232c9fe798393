"""`kwadrant.api.replay` finds what the verb writes, whatever kind of table comes in or goes out."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kwadrant.api import Replayed, replay
from kwadrant.cells import TableError
from kwadrant.cli import app
from kwadrant.frames import table_of
from schemas.event import Event
from schemas.model import Model
from simulator.town import simulate, write
from tests.serving.made import EVENT

SEED_UNTIL = date(2025, 2, 1)
TABLES = ("readings", "transactions", "archive")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("town")
    write(simulate(40, 60, random_state=4, history_days=28, change_days=25), folder)
    return folder


@pytest.fixture(scope="module")
def written(town: Path) -> Path:
    paths = [part for name in TABLES for part in (f"--{name}", str(town / f"{name}.parquet"))]
    asked = ["replay", "--out", str(town / "out"), *paths, "-k", "4", "--seed-until", SEED_UNTIL.isoformat()]
    assert CliRunner().invoke(app, asked, catch_exceptions=False).exit_code == 0
    return town / "out"


@pytest.fixture(scope="module")
def found(town: Path) -> Replayed:
    readings, transactions, archive = (pq.read_table(town / f"{name}.parquet") for name in TABLES)
    return replay(readings, transactions=transactions, archive=archive, k=4, seed_until=SEED_UNTIL)


@pytest.mark.parametrize(("name", "kind"), [("events", Event), ("models", Model)])
def test_events_and_models_are_those_of_the_verbs_files(
    name: str, kind: type[msgspec.Struct], written: Path, found: Replayed
) -> None:
    lines = (written / f"{name}.jsonl").read_bytes().splitlines()
    assert len(lines) >= 5
    assert getattr(found, name).equals(table_of([msgspec.json.decode(line, type=kind) for line in lines], kind))


def test_customers_are_those_of_the_verbs_file(written: Path, found: Replayed) -> None:
    assert found.customers.equals(pq.read_table(written / "customers.parquet"))
    assert found.customers["cluster"].null_count < len(found.customers)


def test_prospects_are_those_of_the_list_verb(written: Path, found: Replayed) -> None:
    asked = ["list", "newly-potential", "--replay", str(written), "--since", "365d", "--format", "json"]
    said = CliRunner().invoke(app, asked, catch_exceptions=False).output.splitlines()
    assert found.prospects.to_pylist() == [json.loads(line) for line in said]
    assert len(said) > 1


def test_pandas_in_and_out_says_the_same(town: Path, found: Replayed) -> None:
    frames = {name: pd.read_parquet(town / f"{name}.parquet") for name in TABLES}
    before = {name: frame.copy() for name, frame in frames.items()}
    said = replay(frames["readings"], transactions=frames["transactions"], archive=str(town / "archive.parquet"), k=4,
                  seed_until=SEED_UNTIL, frame="pandas")  # fmt: skip
    assert said.events["event_id"].tolist() == found.events["event_id"].to_pylist()
    pd.testing.assert_frame_equal(said.customers, found.customers.to_pandas())
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_a_records_table_holds_what_its_json_says() -> None:
    (row,) = table_of([EVENT], Event).to_pylist()
    wire: dict[str, Any] = json.loads(msgspec.json.encode(EVENT))
    assert row["event_id"] == wire["eventId"]
    assert row["from"]["name"] == wire["from"]["name"]
    assert [why["share_customer"] for why in row["reasons"]] == [why["shareCustomer"] for why in wire["reasons"]]
    assert table_of([], Event).schema == table_of([EVENT], Event).schema


@pytest.mark.parametrize(
    ("readings", "options", "error", "words"),
    [
        ([1, 2], {}, TypeError, "readings: expected a pyarrow.Table.*found list"),
        (pa.table({"customer_id": ["a"]}), {}, TableError, "readings has no column 'start'"),
        ("nowhere.parquet", {}, TableError, "no file nowhere.parquet"),
        ("nowhere.parquet", {"duration": "a day"}, ValueError, "a day"),
    ],
)
def test_what_does_not_fit_is_refused(
    readings: object, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        replay(readings, **options)


def test_a_frame_of_another_kind_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="expected 'arrow' or 'pandas', found 'polars'"):
        replay("nowhere.parquet", frame="polars")  # type: ignore[arg-type]
