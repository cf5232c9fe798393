"""`kwadrant list expected`: who is listed, in which order, in which form."""

import json
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kwadrant.cli import app
from kwadrant.expected import COLUMNS, NOT_YET, Found, latest, text, together
from tests.serving.made import expects

ROWS = [
    ("a", 1.1, 0.9, 0.02, 0.3), ("b", 1.3, 0.8, 0.05, 0.6), ("c", 1.0, 1.0, None, 0.06), ("d", 1.3, 1.0, 0.0, None),
    ("e", 1.4, 1.0, 0.0, 0.01), ("f", 1.3, 0.8, -0.01, 0.6),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a replay's folder."""
    names = ("customer_id", "potential", "confidence", "slope", "expected")
    rows = [dict(zip(names, row, strict=True)) | {"name": "plant"} for row in ROWS]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "customers.parquet")
    return tmp_path


def said(folder: Path, *more: str) -> str:
    return CliRunner().invoke(app, ["list", "expected", "--replay", str(folder), *more]).output


def test_the_list_is_by_potential_times_probability_and_leaves_out_who_is_not_expected(folder: Path) -> None:
    rows = [json.loads(line) for line in said(folder, "--format", "json").splitlines()]
    assert [row["customer_id"] for row in rows] == ["b", "f", "a", "c"]
    assert rows[0]["worth"] == pytest.approx(0.78)
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["because"] == "takes 5.0% more every week; stands at 1.30 times what it was"
    assert rows[1]["because"].startswith("takes 1.0% less every week")
    assert rows[3]["because"] == "stands at 1.00 times what it was"


def test_as_csv_and_as_a_table_it_has_the_same_columns(folder: Path) -> None:
    assert said(folder, "--format", "csv").splitlines()[0] == ",".join(COLUMNS)
    assert said(folder).splitlines()[0].split() == list(COLUMNS)


def test_what_cannot_be_listed_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "is not there" in said(tmp_path / "nowhere")
    old = pq.read_table(folder / "customers.parquet").drop_columns(["expected"])
    pq.write_table(old, folder / "customers.parquet")
    assert "replay again" in said(folder)


def test_a_list_of_nobody_says_so(folder: Path) -> None:
    pq.write_table(pq.read_table(folder / "customers.parquet").slice(3, 2), folder / "customers.parquet")
    assert said(folder).strip() == "nobody is expected to become a potential customer soon"


def test_of_a_stream_the_last_word_of_each_bucket_of_the_last_seeding_counts() -> None:
    other = msgspec.structs.replace(expects(0, "elsewhere"), stream="other")
    log = [expects(7, "old", generation=1), expects(0, "A", generation=2), expects(1, "C", "D", generation=2),
           expects(0, "B", generation=2), other]  # fmt: skip
    found = together(latest(log, "town", 2))
    assert [row["customer_id"] for row in found.rows] == ["B", "C", "D"]
    assert found.rows[0] == {
        "rank": 1, "customer_id": "B", "probability": 0.5, "potential": 1.2, "confidence": 0.9, "worth": 0.6,
        "slope": None, "class": "steady shop", "because": "stands at 1.20 times what it was",
    }  # fmt: skip
    assert text(found, "table").splitlines()[-1] == "as of 2026-03-25T00:00:00Z"
    assert len(text(found, "json").splitlines()) == 3


def test_before_the_first_close_nothing_is_told_and_that_is_said() -> None:
    assert text(together({}), "table") == NOT_YET
    assert text(Found([], "2026-03-25T00:00:00Z"), "table").startswith("nobody is expected")
