"""The verb `preview`, over a small town of daily readings."""

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from kwadrant import preview
from kwadrant.cli import app
from kwadrant.preview import Cell, Preview, Setting, choice
from kwadrant.preview_page import page
from simulator.town import simulate, write

SEED = "2025-05-06"
GRID = ("-k", "4", "--margin", "0,1", "--dwell", "0,14", "--cool-down", "30")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of 30 customers' 175 days, the first 120 without a change."""
    folder = tmp_path_factory.mktemp("town")
    write(
        simulate(
            30, 175, random_state=3, resolution=timedelta(days=1), history_days=120, change_days=10, change_share=0.8
        ),
        folder,
    )
    return folder


@pytest.fixture(scope="module")
def plain(town: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return what a preview of the town prints, and its page."""
    out = tmp_path_factory.mktemp("out") / "page.html"
    said = asked(town, "--out", out)
    assert said.exit_code == 0, said.output
    return said.output, out.read_text(encoding="utf-8")


def asked(town: Path, *more: str | Path, seed: str = SEED) -> Result:
    names = ("readings", "transactions", "archive")
    given = [part for name in names for part in (f"--{name}", town / f"{name}.parquet")]
    arguments = ("preview", *given, "--zone", "Europe/Berlin", "--seed-until", seed, *GRID, *more)
    return CliRunner().invoke(app, list(map(str, arguments)))


def cells(output: str) -> list[list[str]]:
    rows = [[part.strip() for part in line.split("|")[1:-1]] for line in output.splitlines() if line.startswith("|")]
    return [row for row in rows[1:] if not row[0].startswith("-")]


def test_the_grid_is_printed_and_a_cell_is_chosen(plain: tuple[str, str]) -> None:
    rows = cells(plain[0])
    assert [row[:3] for row in rows] == [
        ["0", "0", "30"], ["0", "14", "30"], ["1", "0", "30"], ["1", "7", "30"], ["1", "14", "30"],
    ]  # fmt: skip
    marks = [mark for row in rows for mark in row[9].split(", ") if mark]
    assert sorted(marks) == ["best", "present"]
    assert rows[3][9].startswith("present")
    events = [float(row[3]) for row in rows]
    assert events[0] > events[-1] > 0
    waits = {(row[0], row[1]): float(row[7]) for row in rows if row[7] != "-"}
    assert waits["0", "0"] < waits["0", "14"]
    assert "changes of side that last 30 days" in plain[0]


def test_the_page_draws_every_cell_and_fetches_nothing(plain: tuple[str, str]) -> None:
    drawn = ET.fromstring(plain[1].split("\n", 1)[1])  # noqa: S314 - our own page
    assert len(drawn.findall(".//rect[@class='cell']")) == len(cells(plain[0]))
    assert not drawn.findall(".//script")
    assert "http" not in plain[1]


def test_against_the_truth_the_same_moves_meet_other_changes(town: Path, plain: tuple[str, str]) -> None:
    against = asked(town, "--truth", town / "truth.parquet").output
    assert "are against the truth" in against
    by_side, by_truth = cells(plain[0]), cells(against)
    assert [row[:6] for row in by_side] == [row[:6] for row in by_truth]
    assert [row[6:9] for row in by_side] != [row[6:9] for row in by_truth]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--margin", "a"), "--margin takes numbers of at least 0"),
        (("--dwell", "3,-1"), "--dwell takes numbers of at least 0"),
        (("--cool-down", "inf"), "--cool-down takes numbers of at least 0"),
        (("--margin", ",".join(map(str, range(201)))), "at most 400; give fewer values"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(town: Path, more: tuple[str, ...], words: str) -> None:
    said = asked(town, *more)
    assert (said.exit_code, words in " ".join(said.output.split())) == (2, True), said.output


def test_a_history_to_the_end_leaves_nothing_to_preview(town: Path) -> None:
    said = asked(town, seed="2025-06-29")
    assert (said.exit_code, "no epoch closes after the seeding" in said.output) == (2, True), said.output


def cell(dwell: float, *, found: float = 1.0, delay: float = 1.0, flaps: float = 0.0) -> Cell:
    return Cell(Setting(1.0, dwell, 30.0), 5.0, 4.0, 3.0, 10, found, delay, flaps)


@pytest.mark.parametrize(
    ("given", "best", "words"),
    [
        ([cell(1, flaps=0.2), cell(3, delay=3, flaps=0.1), cell(7, delay=7)], 1, "waits least"),
        ([cell(1, found=0.91, delay=2), cell(3, delay=3)], 1, "waits least"),
        ([cell(1, delay=3, found=0.9), cell(3, delay=4)], 1, "waits least"),
        ([cell(1, flaps=0.5), cell(3, flaps=0.3), cell(7, found=0.5)], 1, "flaps least"),
        ([cell(1, found=0.5), cell(3, found=0.7, flaps=2.0)], 1, "finds most"),
        ([replace(cell(1, found=math.nan, flaps=math.nan), events=9.0), cell(3, found=math.nan)], 1, "says least"),
    ],
)
def test_the_choice_is_the_least_wait_among_those_that_find_enough_and_flap_little(
    given: list[Cell], best: int, words: str
) -> None:
    found, why = choice(given)
    assert (found, words in why) == (given[best], True)


def test_a_page_of_cells_that_found_nothing_says_so() -> None:
    nothing = cell(7, found=math.nan, delay=math.nan, flaps=math.nan)
    drawn = page(Preview([nothing], nothing.setting, nothing, "why", "the truth", 3, 9.0, 0))
    assert "no delay is known" in drawn
    assert "- in - d" in drawn


def test_the_present_settings_are_always_a_cell() -> None:
    assert Setting(1.5, 5.0, 9.0) in preview.Grid((0.0,), (0.0,), (0.0,)).cells(Setting(1.5, 5.0, 9.0))
