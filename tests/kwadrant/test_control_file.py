"""Requests of operators in a file: a replay takes them at their epochs, as the stream took them."""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from kwadrant.cli import app
from kwadrant.control_file import read
from kwadrant.errors import RefusedError
from schemas.control import Request
from segmentation.calendar import Calendar
from segmentation.parameters import Parameters

PARAMETERS = Parameters(stream="mine", time_zone="Europe/Berlin")
LINES = (
    '{"before":"2026-03-24","action":"hold","because":"holidays"}\n\n'
    '{"before":"2026-03-26","action":"rollback","arguments":{"version":3}}\n'
)


def written(folder: Path, text: str) -> Path:
    path = folder / "control.jsonl"
    path.write_text(text)
    return path


def test_every_line_is_a_request_before_the_close_of_its_epoch(tmp_path: Path) -> None:
    day = Calendar("Europe/Berlin").named
    assert read(written(tmp_path, LINES), PARAMETERS) == (
        Request("mine", 1, "line-1", "hold", {}, None, "holidays", day("2026-03-24")),
        Request("mine", 1, "line-3", "rollback", {"version": 3}, None, None, day("2026-03-26")),
    )


REFUSED = {
    "no JSON": ("{", "line 1: Input data was truncated"),
    "no day": ('{"before":"soon","action":"hold"}', "line 1: Invalid isoformat string: 'soon'"),
    "no epoch": ('{"action":"hold"}', "line 1: .*missing required field `before`"),
    "an instant without an offset": ('{"before":"2026-03-24T05:00","action":"hold"}', "an instant with its offset"),
    "no such action": ('{"before":"2026-03-24","action":"explode"}', "explode cannot be read"),
    "more than there is": ('{"before":"2026-03-24","action":"hold","by":"me"}', "unknown field `by`"),
    "offsets": (
        '{"before":"2026-03-24","action":"busy","arguments":{"topic":"x","partition":0}}', "busy speaks of .* offsets"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_line_that_is_none_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    text, words = REFUSED[name]
    with pytest.raises(RefusedError, match=words):
        read(written(tmp_path, text), PARAMETERS)


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(RefusedError, match="no file nowhere"):
        read(Path("nowhere"), replace(PARAMETERS))


def test_a_replay_takes_them_and_says_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(["simulate", "--out", "town", "--customers", "12", "--days", "20", "--history-days", "8"])
    table = ("--readings", "town/readings.parquet", "--clusters", "2", "--out", "out")
    run(["replay", *table])
    versions = models()
    said = run(["replay", *table, "--control", str(written(tmp_path, hold_after(versions[2])))])
    assert re.search(r"done before the close of 2025-01-1\d: no model is promoted until an operator", said)
    assert re.search(r"refused before the close of 2025-01-1\d: version 99 was never in force", said)
    assert len(models()) < len(versions)


def run(arguments: list[str]) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def models() -> list[dict[str, int]]:
    return [msgspec.json.decode(line) for line in Path("out/models.jsonl").read_text().splitlines()]


def hold_after(model: dict[str, int]) -> str:
    day = Calendar("UTC").name(model["epoch"] + 2)
    orders = ({"action": "hold"}, {"action": "rollback", "arguments": {"version": 99}})
    return "\n".join(msgspec.json.encode({"before": day, **order}).decode() for order in orders)
