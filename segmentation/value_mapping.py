"""Value mapping: categorical values as numbers, in a table that carries its version.

A CSV file with the header ``version,column,value,number``; every row has the same version, so that a model can say
which table its numbers came from. The product's own is `value_mapping.csv`: the energy intensity of an industry
relative to the average [1].
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from schemas.model import MappedValue, ValueMap
from segmentation.errors import BadMapping

FIELDS = ["version", "column", "value", "number"]


@dataclass(frozen=True)
class ValueMapping:
    """What (column, value) counts as, and the version of the table that says so."""

    version: str
    numbers: Mapping[tuple[str, str], float]

    def of(self, column: str) -> dict[str, float]:
        """Return value to number of one column, empty where the table has nothing about it."""
        return {value: number for (name, value), number in self.numbers.items() if name == column}


@lru_cache(maxsize=1)
def value_mapping() -> ValueMapping:
    """Return the product's value mapping table of the archive's attributes, the file `value_mapping.csv`."""
    name = "value_mapping.csv"
    return parse(resources.files("segmentation").joinpath(name).read_text(encoding="utf-8"), name)


def as_told(mapping: ValueMapping) -> ValueMap:
    """Return a table as a model carries it."""
    rows = sorted(mapping.numbers.items())
    return ValueMap(mapping.version, tuple(MappedValue(column, value, number) for (column, value), number in rows))


@lru_cache(maxsize=8)
def told_by(table: ValueMap | None) -> ValueMapping:
    """Return the table that a model carries; the product's own where it carries none."""
    if table is None:
        return value_mapping()
    return ValueMapping(table.version, {(one.column, one.value): one.number for one in table.numbers})


def parse(text: str, source: str) -> ValueMapping:
    """Return the table that a CSV text holds; `source` is what errors call it.

    Raises
    ------
    BadMapping
        Where the header is another, a cell is empty or no finite number, a value is listed twice, or versions differ.
    """
    reader = csv.reader(text.splitlines())
    if (header := next(reader, [])) != FIELDS:
        raise BadMapping(f"{source}, line 1: expected the header {','.join(FIELDS)}, found {','.join(header)!r}")
    numbers: dict[tuple[str, str], float] = {}
    versions: dict[str, int] = {}
    for row in reader:
        version, column, value, number = _cells(row, f"{source}, line {reader.line_num}")
        if (column, value) in numbers:
            raise BadMapping(f"{source}, line {reader.line_num}: {column} = {value!r} is listed twice; keep one line")
        numbers[column, value] = number
        versions.setdefault(version, reader.line_num)
    if len(versions) != 1:
        found = ", ".join(f"{version} from line {line} on" for version, line in versions.items()) or "no line"
        raise BadMapping(f"{source}: expected lines of one version, found {found}")
    return ValueMapping(next(iter(versions)), numbers)


def _cells(row: list[str], place: str) -> tuple[str, str, str, float]:
    if len(row) != len(FIELDS) or "" in row:
        raise BadMapping(f"{place}: expected {len(FIELDS)} filled cells ({', '.join(FIELDS)}), found {row}")
    version, column, value, text = row
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadMapping(f"{place}, column number: expected a finite number, found {text!r}")
    return version, column, value, number
