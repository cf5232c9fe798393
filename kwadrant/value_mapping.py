"""The user's value mapping table (`--mapping FILE`), and text columns made into numbers by it."""

from pathlib import Path

import pyarrow as pa

from kwadrant import cells
from kwadrant.cells import Column, MissingTableError, Place, pc
from segmentation.value_mapping import ValueMapping, parse

_SHOWN = 8


def read_mapping(path: Path) -> ValueMapping:
    """Return the value mapping table of a CSV file with the columns version, column, value, number.

    Raises
    ------
    MissingTableError
        Where there is no such file.
    BadMapping
        Where it is no value mapping table; names the line.
    """
    if not path.is_file():
        raise MissingTableError(f"--mapping: no file {path}; expected a CSV file with version,column,value,number")
    return parse(path.read_text(encoding="utf-8-sig"), str(path))


def mapped(column: Column, place: Place, mapping: ValueMapping) -> Column:
    """Return a text column as float64 numbers [as the mapping has them]; what is empty stays missing, as null.

    Raises
    ------
    WrongValueError
        Where the mapping has no number for a value: names column, row and value.
    """
    known = mapping.of(place.column)
    words = cells.text(column, place)
    at = pc.index_in(words, value_set=pa.array(known, pa.string()))
    lost = pc.and_(pc.is_null(at), pc.fill_null(pc.not_equal(words, ""), fill_value=False))
    if (first := pc.index(lost, value=True).as_py()) >= 0:
        some = ", ".join(sorted(known)[:_SHOWN]) + (", ..." if len(known) > _SHOWN else "")
        expected = f"a value that version {mapping.version} of the mapping has a number for ({some or 'it has none'})"
        raise place.wrong(first, words[first].as_py(), expected)
    found: Column = pc.take(pa.array(known.values(), pa.float64()), at)
    return found
