"""The verbs `evaluate` and `list`, over a small town of daily readings."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kwadrant.cli import app
from kwadrant.evaluate import AS_OFTEN, OURS, Ask, run
from kwadrant.inputs import inputs
from kwadrant.settings import Settings
from schemas.event import Event
from segmentation.evaluation import Rules
from segmentation.rises import falls
from serving import questions
from serving.store import Taken, open_store, take
from simulator.town import simulate, write

pc: Any = pyarrow.compute  # the stubs know fewer argument types than there are
SEED = "2025-05-06"
TURN = datetime(2025, 5, 16, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of 30 customers' 220 days, the first 120 without a change."""
    folder = tmp_path_factory.mktemp("town")
    write(
        simulate(
            30, 220, random_state=3, resolution=timedelta(days=1), history_days=120, change_days=30, change_share=0.5
        ),
        folder,
    )
    return folder


def kwadrant(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def tables(town: Path) -> tuple[str | Path, ...]:
    names = ("readings", "transactions", "archive")
    given = [part for name in names for part in (f"--{name}", town / f"{name}.parquet")]
    return (*given, "--zone", "Europe/Berlin", "--seed-until", SEED)


@pytest.fixture(scope="module")
def replayed(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a replay of the town."""
    out = tmp_path_factory.mktemp("out")
    kwadrant("replay", *tables(town), "--out", out)
    return out


def test_evaluate_prints_ours_beside_chance_and_spreadsheet_and_the_truth(town: Path, tmp_path: Path) -> None:
    page = tmp_path / "calls.html"
    said = kwadrant("evaluate", *tables(town), "--truth", town / "truth.parquet", "--least", "1", "--page", page)
    assert page.read_text(encoding="utf-8").count("<figure>") >= 3
    assert "eligible customers; of blind calls" in said
    shares = {line[:44].strip(): line[44:].split()[0] for line in said.splitlines() if " kept of " in line}
    assert list(shares) == [*OURS, "spreadsheet", *AS_OFTEN]
    assert float(shares["kwadrant list"]) > 0.7
    assert "moves: " in said
    assert "recall" in said


def called(town: Path, folder: Path, factor: float) -> list[tuple[str, str]]:
    """Return the calls of three weeks, where all readings from `TURN` on are so many times what they were."""
    table = pq.read_table(town / "readings.parquet")
    some = table.filter(pc.less(table["start"], pa.scalar(TURN + timedelta(days=12))))
    energy = pc.if_else(pc.greater_equal(some["start"], pa.scalar(TURN)), pc.multiply(some["kwh"], factor), some["kwh"])
    pq.write_table(some.set_column(some.column_names.index("kwh"), "kwh", energy), folder / "readings.parquet")
    given = inputs(folder / "readings.parquet", None, None, pairs=[], duration=None, zone="Europe/Berlin")
    until = datetime.fromisoformat(SEED).replace(tzinfo=UTC)
    ask = Ask(seed_until=until, least=1.0, rules=Rules(every=1, pause=1, ahead=3))
    return [(one.day, one.customer) for one in run(Settings(time_zone="Europe/Berlin"), given, ask).calls]


def test_no_call_knows_anything_of_its_own_day(town: Path, tmp_path: Path) -> None:
    as_it_was, otherwise = (called(town, tmp_path, factor) for factor in (1.0, 30.0))
    turn = f"{TURN:%Y-%m-%d}"
    before = [[call for call in calls if call[0] <= turn] for calls in (as_it_was, otherwise)]
    assert before[0] == before[1]
    assert len(otherwise) > len(before[1]) + 10
    assert as_it_was != otherwise


def test_the_list_is_sorted_and_says_why(replayed: Path) -> None:
    lines = kwadrant("list", "newly-potential", "--replay", replayed, "--since", "365d", "--format", "json")
    rows = [json.loads(line) for line in lines.splitlines()]
    assert len(rows) >= 3
    worths = [row["worth"] for row in rows]
    assert worths == sorted(worths, reverse=True)
    assert all(row["because"] for row in rows)


def test_a_shorter_span_lists_fewer(replayed: Path) -> None:
    counts = [
        len(kwadrant("list", "newly-potential", "--replay", replayed, "--since", since, "--format", "csv").splitlines())
        for since in ("1d", "P365D")
    ]
    assert counts[0] < counts[1]


def test_a_folder_without_a_replay_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["list", "newly-potential", "--replay", str(tmp_path)])
    assert (result.exit_code, "is not there" in result.output) == (2, True)


def test_the_store_has_the_same_customers_in_the_same_order(replayed: Path) -> None:
    lines = kwadrant("list", "newly-potential", "--replay", replayed, "--since", "365d", "--format", "json")
    said = [msgspec.json.decode(line, type=Event) for line in (replayed / "events.jsonl").read_bytes().splitlines()]
    engine = open_store("sqlite://")
    for begin in range(0, len(said), 7):
        take(engine, Taken(events=said[begin : begin + 7]))
    rows = questions.ask(engine, questions.newly_potential(100))
    assert [row.customer_id for row in rows] == [json.loads(line)["customer_id"] for line in lines.splitlines()] != []


def test_whose_potential_is_high_at_the_end_is_who_rose_and_has_not_fallen(replayed: Path) -> None:
    said = [msgspec.json.decode(line, type=Event) for line in (replayed / "events.jsonl").read_bytes().splitlines()]
    last: dict[str, bool] = {}
    for event in said:
        if event.newly_potential or falls(event):
            last[event.customer_id] = event.newly_potential
    rows = pq.read_table(replayed / "customers.parquet").to_pylist()
    assert {row["customer_id"] for row in rows if row["rose"]} == {who for who, high in last.items() if high} != set()
