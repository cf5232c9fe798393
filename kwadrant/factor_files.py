"""Factor weights as they are typed: a method's name, `ahp:FILE` or `fixed:FILE`, and the files of the last two."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clustering.ahp import Priorities, priorities
from clustering.errors import BadComparisons
from clustering.factors import METHODS, Given, Method
from kwadrant.cells import MissingColumnError, MissingTableError, WrongValueError


def read_method(typed: str, columns: Sequence[str]) -> Method:
    """Return what `--weights` means for a table of these columns.

    Raises
    ------
    TableError
        Where there is no such method or file, or the file does not fit the columns; names file, line and column.
    BadComparisons
        Where a comparison matrix is none, or its consistency ratio is 0.1 or more; names the file too.
    """
    name, _, path = typed.partition(":")
    if name == "ahp" and path:
        return Given(name, read_comparisons(Path(path), columns).weights)
    if name == "fixed" and path:
        weights = read_weights(Path(path), columns)
        return Given(name, np.array([weights[column] for column in columns]))
    if typed not in METHODS:
        raise WrongValueError(f"--weights: expected {', '.join(METHODS)}, ahp:FILE or fixed:FILE, found {typed!r}")
    return typed


def read_comparisons(path: Path, columns: Sequence[str]) -> Priorities:
    """Return the priorities of a square CSV matrix with the columns' names in its header and its first column.

    The names may stand in any order; a cell is a number or a fraction such as 1/3: how many times more its row counts
    than its column.
    """
    lines = _lines(path)
    names = lines[0][1][1:]
    _check_names(path, "the header", names, columns)
    _check_names(path, "the first column", [cells[0] for _, cells in lines[1:]], columns)
    numbers = {
        (cells[0], name): _number(text, f"{path}, line {line}, column {name!r}")
        for line, cells in lines[1:]
        for name, text in zip(names, cells[1:], strict=True)
    }
    try:
        return priorities(np.array([[numbers[row, column] for column in columns] for row in columns]), columns)
    except BadComparisons as error:
        expected, found, todo = error.args
        raise BadComparisons(f"{expected} in {path}", found, todo) from error


def read_weights(path: Path, columns: Sequence[str]) -> dict[str, float]:
    """Return column to weight [1] from a JSON object, or from a CSV file with the header `column,weight`."""
    if path.suffix == ".json":
        return _json_weights(path, columns)
    lines = _lines(path)
    if lines[0][1] != ["column", "weight"]:
        raise WrongValueError(f"{path}, line 1: expected the header column,weight, found {','.join(lines[0][1])!r}")
    _check_names(path, "the column 'column'", [cells[0] for _, cells in lines[1:]], columns)
    return {name: _weight(_number(text, at), at) for name, text, at in _weight_cells(path, lines[1:])}


def _weight_cells(path: Path, lines: list[tuple[int, list[str]]]) -> list[tuple[str, str, str]]:
    return [(name, text, f"{path}, line {line}, column 'weight'") for line, (name, text) in lines]


def _json_weights(path: Path, columns: Sequence[str]) -> dict[str, float]:
    try:
        pairs = json.loads(_text(path), object_pairs_hook=list, parse_int=float)
    except json.JSONDecodeError as error:
        raise WrongValueError(f"{path}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from error
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
        raise WrongValueError(f'{path}: expected one JSON object such as {{"consumption": 2, "growth": 1}}')
    _check_names(path, "the object", [name for name, _ in pairs], columns)
    return {name: _weight(_json_number(value, path, name), f"{path}, {name!r}") for name, value in pairs}


def _json_number(value: object, path: Path, name: str) -> float:
    if not isinstance(value, float):
        raise WrongValueError(f"{path}, {name!r}: expected a number, found {value!r}")
    return value


def _weight(number: float, place: str) -> float:
    if not 0 <= number < math.inf:
        raise WrongValueError(f"{place}: expected a weight that is finite and not negative, found {number}")
    return number


def _number(text: str, place: str) -> float:
    """Return a number or a fraction; everything that is neither is refused with its place."""
    above, slash, below = text.partition("/")
    try:
        number = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        number = math.nan
    if not math.isfinite(number):
        raise WrongValueError(f"{place}: expected a number or a fraction such as 1/3, found {text!r}")
    return number


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the numbered lines of a CSV file that are not empty, the header first, all of its length."""
    reader = csv.reader(_text(path).splitlines())
    lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    if not lines:
        raise WrongValueError(f"{path} is empty; expected a header and a line per column of the table")
    for line, cells in lines:
        if len(cells) != len(lines[0][1]):
            raise WrongValueError(f"{path}, line {line}: expected {len(lines[0][1])} cells, found {len(cells)}")
    return lines


def _text(path: Path) -> str:
    if not path.is_file():
        raise MissingTableError(f"--weights: no file {path}")
    return path.read_text(encoding="utf-8-sig")


def _check_names(path: Path, place: str, names: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in names]
    more = [name for name in names if name not in columns]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    for wrong, said in ((missing, "lacks"), (more, "has, and the table has not,"), (twice, "has more than once")):
        if wrong:
            raise MissingColumnError(
                f"{path}: {place} {said} {', '.join(map(repr, wrong))}; expected each of {', '.join(columns)} once; "
                "or choose columns with --columns"
            )
