"""The weights lab: what it finds in a table with groups, noise and a long tail, and how it says so."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kwadrant.cli import app

GROUPED = [f"g{number}" for number in range(4)]
NOISE = [f"noise{number}" for number in range(3)]


def table(noise: int = 3, *, tail: bool = True) -> pa.Table:
    """Five groups in four columns, columns of noise, and one with a long tail that says nothing."""
    source = np.random.default_rng(6)
    rows = 900
    of = source.integers(5, size=rows)
    columns = source.normal(0, 4, (5, len(GROUPED)))[of] + source.normal(size=(rows, len(GROUPED)))
    found = dict(zip(GROUPED, columns.T, strict=True))
    found |= {f"noise{number}": source.normal(size=rows) for number in range(noise)}
    if tail:
        found["spend"] = source.lognormal(0, 2.5, rows)
    return pa.table(found)


def run(folder: Path, rows: pa.Table, *options: str) -> tuple[str, dict[str, Any]]:
    pq.write_table(rows, folder / "t.parquet")
    command = ["weights", str(folder / "t.parquet"), "-k", "5", "--out", str(folder / "w.json"), *options]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    return done.output, json.loads((folder / "w.json").read_text())


def methods(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["method"]: each for each in found["methods"]}


def test_the_lab_says_which_columns_are_noise_and_what_entropy_does_with_a_tail(tmp_path: Path) -> None:
    said, found = run(tmp_path, table())
    trials = methods(found)
    assert list(trials) == ["equal", "eta2", "entropy", "critic", "sparse"]
    assert (trials["equal"]["agreement"], trials["equal"]["moved"]) == (1.0, 0.0)
    assert all(each["unexplained"] >= trials["equal"]["unexplained"] - 0.01 for each in trials.values())
    confirmed = {name: column["confirmed"] for name, column in found["columns"].items()}
    assert min(confirmed[name] for name in GROUPED) > max(confirmed[name] for name in [*NOISE, "spend"])
    factors = trials["eta2"]["factors"]
    assert min(factors[name] for name in GROUPED) > 1 > max(factors[name] for name in NOISE)
    assert trials["entropy"]["trust"] == "no"
    assert "spend" in trials["entropy"]["why"]
    assert max(trials["entropy"]["factors"], key=trials["entropy"]["factors"].__getitem__) == "spend"
    assert found["take"] == "eta2"
    assert "entropy: no; " in said
    assert "| eta2 " in said


def test_where_most_columns_are_noise_sparse_is_the_one_to_take_or_the_default_is_said_to_be_steadier(
    tmp_path: Path,
) -> None:
    _, found = run(tmp_path, table(noise=24, tail=False))
    trials = methods(found)
    assert trials["sparse"]["trust"] == "yes"
    steadier = trials["sparse"]["stability"] > trials["eta2"]["stability"]
    assert found["take"] == ("sparse" if steadier else "eta2")


def test_comparisons_of_people_are_tried_beside_the_others(tmp_path: Path) -> None:
    rows = table(noise=0, tail=False)
    ratio = np.array([9.0, 3.0, 1.0, 1.0])
    lines = [",".join(f"{a / b:.6f}" for b in ratio) for a in ratio]
    text = [",".join(["", *GROUPED]), *(f"{name},{line}" for name, line in zip(GROUPED, lines, strict=True))]
    (tmp_path / "ahp.csv").write_text("\n".join(text) + "\n")
    _, found = run(tmp_path, rows, "--ahp", str(tmp_path / "ahp.csv"))
    people = methods(found)["ahp"]
    factors = np.array([people["factors"][name] for name in GROUPED])
    np.testing.assert_allclose(factors / factors[3], ratio, rtol=1e-3)
    assert "consistency ratio 0.00" in people["why"]


def test_the_order_of_the_rows_changes_no_bit(tmp_path: Path) -> None:
    rows = table()
    order = np.random.default_rng(1).permutation(rows.num_rows)
    assert run(tmp_path, rows)[1] == run(tmp_path, rows.take(order))[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--columns", "g0,none"), "none"), (("--scale", "log"), "expected a scaling"), (("-k", "901"), "distinct")],
)
def test_what_cannot_be_tried_is_told_in_a_sentence(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    pq.write_table(table(), tmp_path / "t.parquet")
    done = CliRunner().invoke(app, ["weights", str(tmp_path / "t.parquet"), *options])
    assert done.exit_code != 0
    assert words in done.output
    assert "Traceback" not in done.output
