"""A table with text columns clustered by the user's value mapping table."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from batch_init.errors import BadColumnError
from kwadrant import api
from kwadrant.cells import MissingTableError
from kwadrant.cli import app
from kwadrant.value_mapping import read_mapping
from schemas import fitted
from segmentation.errors import BadMapping

LINES = "version,column,value,number\n2026a,tariff,day,1\n2026a,tariff,night,0.5\n2026a,tariff,07,4\n"
NUMBERS = {"day": 1.0, "night": 0.5, "07": 4.0}


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.csv"
    path.write_text(LINES, encoding="utf-8")
    return path


def customers() -> pd.DataFrame:
    source = np.random.default_rng(5)
    tariff = source.choice(list(NUMBERS), 90)
    kwh = source.normal(9, 2, 90)
    return pd.DataFrame({"customer": [f"C{row}" for row in range(90)], "kwh": kwh, "tariff": tariff})


def run(*words: object) -> tuple[int, str]:
    found = CliRunner().invoke(app, list(map(str, words)))
    return found.exit_code, found.output


def test_the_file_is_read_with_its_byte_order_mark_or_missed_by_name(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("\ufeffversion,column,value,number\n3,zone,x,4\n", encoding="utf-8")
    found = read_mapping(path)
    assert (found.table.version, found.table.numbers) == ("3", {("zone", "x"): 4.0})
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(MissingTableError, match=r"--mapping: no file .*none\.csv"):
        read_mapping(tmp_path / "none.csv")


def test_mapped_texts_are_clustered_as_their_numbers(mapping: Path) -> None:
    texts = customers()
    numbers = texts.assign(tariff=texts["tariff"].map(NUMBERS))
    found, plain = api.fit(texts, 3, mapping=mapping), api.fit(numbers, 3)
    assert found.model.columns == ("kwh", "tariff")
    assert found.model.scaled_centres == plain.model.scaled_centres
    assert (found.predict(texts, mapping) == plain.labels).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_verb_says_in_the_model_which_mapping_it_used(tmp_path: Path, mapping: Path, suffix: str) -> None:
    table, out, labels = tmp_path / f"t.{suffix}", tmp_path / "model.json", tmp_path / "labels.parquet"
    customers().to_csv(table, index=False) if suffix == "csv" else customers().to_parquet(table)
    code, said = run("fit", table, "-k", 3, "--id", "customer", "--mapping", mapping, "--out", out, "--labels", labels)
    assert code == 0, said
    digest = hashlib.sha256(mapping.read_bytes()).hexdigest()
    assert fitted.read(out).mapping == fitted.MappingUsed("2026a", digest)
    assert fitted.read(out).scaled_centres == api.fit(customers(), 3, id_column="customer",
                                                      mapping=mapping).model.scaled_centres  # fmt: skip
    assert len(pd.read_parquet(labels)) == len(customers())


@pytest.mark.parametrize("verb", ["fit", "weights"])
def test_an_unmapped_value_is_refused_with_its_column_row_and_id(tmp_path: Path, mapping: Path, verb: str) -> None:
    table = customers()
    table.loc[17, "tariff"] = "flat"
    table.to_csv(tmp_path / "t.csv", index=False)
    more = ("--out", tmp_path / "model.json")
    code, said = run(verb, tmp_path / "t.csv", "-k", 3, "--id", "customer", "--mapping", mapping, *more)
    assert code == 2
    assert "column 'tariff', row 17 (id 'C17'): expected a value that version 2026a" in said
    assert "found 'flat'" in said
    assert not (tmp_path / "model.json").exists()


def test_a_mapping_that_changes_nothing_and_one_that_is_another_are_refused(mapping: Path) -> None:
    with pytest.raises(BadColumnError, match="found them for tariff"):
        api.fit(customers(), 3, columns=["kwh"], mapping=mapping)
    with pytest.raises(BadColumnError, match="an array has none"):
        api.fit(np.eye(4), 2, mapping=mapping)
    found = api.fit(customers(), 3, mapping=mapping)
    mapping.write_text(LINES.replace("0.5", "0.7"), encoding="utf-8")
    with pytest.raises(ValueError, match="expected the mapping of the model"):
        found.predict(customers(), mapping)
    mapping.write_text("column,value,number\n", encoding="utf-8")
    with pytest.raises(BadMapping, match="line 1: expected the header"):
        api.fit(customers(), 3, mapping=mapping)
