"""Factor weights out of files: what is read, and what is refused in which words."""

from pathlib import Path

import numpy as np
import pytest

from clustering.errors import BadComparisons
from clustering.factors import Given
from kwadrant.cells import TableError
from kwadrant.factor_files import read_comparisons, read_method, read_weights

COLUMNS = ("use", "spend", "growth")
AHP = ",growth,use,spend\nuse,1/2,1,2\ngrowth,1,2,4\nspend,1/4,0.5,1\n"


def written(folder: Path, text: str, name: str = "w.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_comparisons_are_read_by_name_in_any_order_and_as_fractions(tmp_path: Path) -> None:
    found = read_comparisons(written(tmp_path, AHP), COLUMNS)
    np.testing.assert_allclose(found.weights, np.array([2, 1, 4]) / 7)
    assert found.ratio == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("w.csv", "column,weight\ngrowth,4\n\n use , 1/2 \nspend,0\n"),
        ("w.json", '{"growth": 4, "use": 0.5, "spend": 0}'),
    ],
)
def test_fixed_weights_are_read_by_name(tmp_path: Path, name: str, text: str) -> None:
    assert read_weights(written(tmp_path, text, name), COLUMNS) == {"use": 0.5, "spend": 0.0, "growth": 4.0}


@pytest.mark.parametrize(("kind", "text"), [("ahp", AHP), ("fixed", "column,weight\nuse,1\nspend,2\ngrowth,3\n")])
def test_what_is_typed_names_a_method_or_a_file(tmp_path: Path, kind: str, text: str) -> None:
    assert read_method("eta2", COLUMNS) == "eta2"
    method = read_method(f"{kind}:{written(tmp_path, text)}", COLUMNS)
    assert isinstance(method, Given)
    assert method.name == kind
    np.testing.assert_allclose(method.weights, [2 / 7, 1 / 7, 4 / 7] if kind == "ahp" else [1, 2, 3])


@pytest.mark.parametrize("typed", ["eta", "ahp", "ahp:", "fixed", "equal:x.csv", ""])
def test_another_method_is_refused_with_those_there_are(typed: str) -> None:
    with pytest.raises(TableError, match=f"--weights: expected equal, .*ahp:FILE or fixed:FILE, found '{typed}'"):
        read_method(typed, COLUMNS)


REFUSED = [
    ("ahp", "w.csv", "", "is empty"),
    ("ahp", "w.csv", AHP.replace("4", "x"), "w.csv, line 3, column 'spend': expected a number or a fraction.*'x'"),
    ("ahp", "w.csv", AHP.replace("1/4", "1/0"), "line 4, column 'growth'.*found '1/0'"),
    ("ahp", "w.csv", AHP.replace("1/4", "inf"), "line 4, column 'growth'.*found 'inf'"),
    ("ahp", "w.csv", AHP.replace("\nuse", "\nusage"), "the first column lacks 'use'.*--columns"),
    ("ahp", "w.csv", AHP.replace(",use", ",size"), "the header lacks 'use'"),
    ("ahp", "w.csv", AHP.replace(",0.5,1", ",0.5"), "w.csv, line 4: expected 4 cells, found 3"),
    ("fixed", "w.csv", "name,weight\nuse,1\n", "line 1: expected the header column,weight, found 'name,weight'"),
    ("fixed", "w.csv", "column,weight\nuse,1\nspend,1\n", "lacks 'growth'"),
    ("fixed", "w.csv", "column,weight\nuse,1\nspend,1\ngrowth,-2\n", "line 4, column 'weight'.*not negative, found -2"),
    ("fixed", "w.csv", "column,weight\nuse,1\nspend,1\ngrowth,1\nage,1\n", "has, and the table has not, 'age'"),
    ("fixed", "w.csv", "column,weight\nuse,1\nspend,1\ngrowth,1\nuse,2\n", "has more than once 'use'"),
    ("fixed", "w.json", '{"use": 1,\n "spend" 2}', "w.json, line 2, column 10: no JSON"),
    ("fixed", "w.json", "[1, 2, 3]", "expected one JSON object"),
    ("fixed", "w.json", '{"use": 1, "spend": 2, "growth": true}', "'growth': expected a number, found True"),
    ("fixed", "w.json", '{"use": 1, "spend": 2, "growth": 1e999}', "'growth': expected a weight that is finite"),
    ("fixed", "w.json", '{"use": 1, "use": 2, "spend": 2, "growth": 1}', "has more than once 'use'"),
]


@pytest.mark.parametrize(("kind", "name", "text", "words"), REFUSED, ids=[row[3] for row in REFUSED])
def test_a_file_is_refused_with_these_words(tmp_path: Path, kind: str, name: str, text: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_method(f"{kind}:{written(tmp_path, text, name)}", COLUMNS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"--weights: no file .*none\.csv"):
        read_method(f"ahp:{tmp_path / 'none.csv'}", COLUMNS)


def test_comparisons_that_contradict_each_other_are_refused_with_the_columns_names(tmp_path: Path) -> None:
    circle = ",use,spend,growth\nuse,1,3,1/3\nspend,1/3,1,3\ngrowth,3,1/3,1\n"
    with pytest.raises(
        BadComparisons, match=r"ratio below 0\.1 in .*w\.csv; found 1\.1.* growth would be 9, but is 0\.333; revise"
    ):
        read_method(f"ahp:{written(tmp_path, circle)}", COLUMNS)
