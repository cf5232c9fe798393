"""`kwadrant fit` and its importable twin: the same model from any kind of table, warnings, refusals."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kwadrant import api
from kwadrant.axes import axes, quadrants
from kwadrant.cli import app
from kwadrant.fit import standing_out

ROOT = Path(__file__).parents[2]
NAMES = ["kwh", "peak", "night"]


def customers() -> pa.Table:
    source = np.random.default_rng(4)
    around = np.array([[0, 0, 0], [30, 5, 1], [5, 40, 9]])[source.integers(3, size=400)]
    values = around + source.normal(size=(400, 3))
    ids = pa.array([f"C{number:04}" for number in range(400)])
    return pa.table({"customer": ids, **{name: pa.array(values[:, n]) for n, name in enumerate(NAMES)}})


def run(folder: Path, *options: str, table: str = "t.parquet") -> str:
    done = CliRunner().invoke(app, ["fit", str(folder / table), "--out", str(folder / "m.json"), *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_parquet_csv_arrow_pandas_and_numpy_give_the_same_model(tmp_path: Path) -> None:
    table = customers()
    pq.write_table(table, tmp_path / "t.parquet")
    pyarrow.csv.write_csv(table, tmp_path / "t.csv")
    plain = table.drop_columns(["customer"])
    given = [plain, plain.to_pandas(), tmp_path / "t.parquet", str(tmp_path / "t.csv")]
    models = [api.fit(each, 3, columns=NAMES).model for each in given]
    assert all(model == models[0] for model in models)
    array = np.column_stack([column.to_numpy() for column in plain.columns])
    assert api.fit(array, 3).model.centres == models[0].centres
    assert api.fit(np.asfortranarray(array), 3).model.centres == models[0].centres


def test_the_command_writes_what_the_function_returns(tmp_path: Path) -> None:
    pq.write_table(customers(), tmp_path / "t.parquet")
    said = run(tmp_path, "-k", "3", "--id", "customer", "--labels", str(tmp_path / "l.parquet"))
    found = api.fit(customers(), 3, id_column="customer")
    assert api.load(tmp_path / "m.json").model == found.model
    labels = pq.read_table(tmp_path / "l.parquet")
    assert labels["customer"].equals(customers()["customer"])
    assert labels["cluster"].to_pylist() == found.labels.tolist()
    assert "400 rows, 3 clusters" in said
    assert "peak high" in said


def test_clusters_are_told_by_quadrant_where_the_axes_are_known(tmp_path: Path) -> None:
    pq.write_table(customers(), tmp_path / "t.parquet")
    said = run(tmp_path, "-k", "3", "--id", "customer", "--current", "kwh", "--potential", "-night")
    assert "quadrant" in said
    found = api.load(tmp_path / "m.json").model
    where = quadrants(found, axes("kwh", "-night", NAMES))
    assert where == [
        f"{'high' if kwh > 20 else 'low'}-{'high' if night < 5 else 'low'}" for kwh, _, night in found.centres
    ]
    assert sorted(where) == ["high-high", "low-high", "low-low"]
    assert all(name in said for name in where)
    assert "quadrant" not in run(tmp_path, "-k", "3", "--id", "customer", "--current", "kwh")


def test_an_axis_of_a_column_that_is_not_clustered_is_refused(tmp_path: Path) -> None:
    pq.write_table(customers(), tmp_path / "t.parquet")
    command = [
        "fit",
        str(tmp_path / "t.parquet"),
        "-k",
        "3",
        "--out",
        str(tmp_path / "m.json"),
        "--potential",
        "-nigth",
    ]
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, "--potential: 'nigth' is no column" in done.output) == (2, True)


def test_comparisons_with_a_consistency_ratio_of_a_tenth_are_refused(tmp_path: Path) -> None:
    """Saaty's ratio: 0.1 and more is refused with file, ratio and the three to mend, less is taken."""
    pq.write_table(customers(), tmp_path / "t.parquet")
    path = tmp_path / "people.csv"
    table, out = str(tmp_path / "t.parquet"), str(tmp_path / "m.json")
    command = ["fit", table, "-k", "3", "--columns", ",".join(NAMES), "--weights", f"ahp:{path}", "--out", out]

    def asked(third: str, mirrored: str) -> tuple[int, str]:
        path.write_text(f",kwh,peak,night\nkwh,1,2,{third}\npeak,1/2,1,2\nnight,{mirrored},1/2,1\n")
        done = CliRunner().invoke(app, command)
        return done.exit_code, " ".join(done.output.split())

    status, said = asked("7/5", "5/7")
    assert (status, Path(out).exists()) == (2, False)
    assert "expected a consistency ratio below 0.1 in" in said
    assert "people.csv; found 0.107; the comparisons that disagree most: kwh to peak is 2 and peak to night" in said
    assert "so kwh to night would be 4, but is 1.4; revise one of these three, then ask again" in said
    assert asked("3/2", "2/3")[0] == 0


def test_a_saved_model_predicts_what_the_fitted_one_does(tmp_path: Path) -> None:
    found = api.fit(customers(), 3, columns=NAMES, scale="minmax", weights="critic")
    found.save(tmp_path / "m.json")
    again = api.load(tmp_path / "m.json")
    assert again.predict(customers()).tobytes() == found.labels.tobytes() == found.predict(customers()).tobytes()
    assert np.bincount(found.labels).tolist() == list(found.model.masses)
    with pytest.raises(ValueError, match="not at hand; use predict"):
        _ = again.labels


def test_weights_and_numbers_of_any_type_are_read() -> None:
    frame = customers().to_pandas()
    frame["copies"] = pd.Series(np.arange(400) % 3, dtype="int16")
    frame[NAMES] = frame[NAMES].round().astype("int32")
    weighted = api.fit(frame, 3, columns=NAMES, weight="copies")
    copied = api.fit(frame.loc[frame.index.repeat(frame["copies"])], 3, columns=NAMES)
    assert weighted.model.centres == copied.model.centres
    assert sum(weighted.model.masses) == frame["copies"].sum()
    assert len(weighted.labels) == 400


def test_silent_columns_are_warned_of(tmp_path: Path) -> None:
    table = customers().append_column("flat", pa.array([1.0] * 400)).append_column("none", pa.nulls(400, pa.float64()))
    pq.write_table(table, tmp_path / "t.parquet")
    said = run(tmp_path, "-k", "3", "--columns", "kwh,peak,flat,none")
    assert "warning: column 'flat' has one value in every row: it counts 0" in said
    assert "warning: column 'none' has no value in any row: it counts 0" in said
    assert api.load(tmp_path / "m.json").model.factor_weights[2:] == (0.0, 0.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-k", "500", "--columns", "kwh"], "k = 500 distinct rows"),
        (["-k", "3", "--columns", "kwh,load"], "no column 'load'; the table has: customer, kwh"),
        (["-k", "3", "--columns", "customer"], "'customer': expected numbers, found string"),
        (["-k", "3", "--columns", "kwh,kwh"], "every column once"),
        (["-k", "3", "--weight", "kwh"], "expected weights that are 0 or between"),
        (["-k", "3", "--engine", "dask"], "expected numpy or spark, found 'dask'"),
        (["-k", "3", "--scale", "log"], "a scaling among"),
        (["-k", "3", "--weights", "most"], "--weights: expected equal"),
        (["-k", "3", "--start", "best"], "a start out of"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    pq.write_table(customers(), tmp_path / "t.parquet")
    arguments = ["fit", str(tmp_path / "t.parquet"), "--out", str(tmp_path / "m.json"), *options]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert not (tmp_path / "m.json").exists()


def test_a_bad_value_is_named_by_column_row_and_id() -> None:
    frame = customers().to_pandas()
    frame.loc[17, "peak"] = np.nan
    with pytest.raises(
        ValueError, match=r"column 'peak', or in none; found 1 missing, the first at row 17 \(id 'C0017'\)"
    ):
        api.fit(frame, 3, id_column="customer")


def test_what_stands_out_is_told_in_the_columns_own_units() -> None:
    words = standing_out(api.fit(customers(), 3, columns=NAMES).model)
    assert any(line.startswith(("kwh high (29.", "kwh high (30.")) for line in words)


def test_the_files_name_this_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == api.SOFTWARE
