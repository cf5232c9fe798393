"""Text columns made into numbers by the user's own table."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kwadrant.cells import Column, MissingTableError, Place, WrongValueError
from kwadrant.value_mapping import mapped, read_mapping
from segmentation.value_mapping import ValueMapping

PLACE = Place("t.parquet", "tariff", 10)
MAPPING = ValueMapping(
    "3", {("tariff", "day"): 1.0, ("tariff", "night"): 0.5, ("tariff", "7"): 9.0, ("zone", "x"): 4.0}
)


def column(values: list[Any]) -> Column:
    return pa.chunked_array([pa.array(values)])


def test_a_value_becomes_its_number_and_what_is_empty_stays_missing() -> None:
    assert mapped(column(["night", None, "day", ""]), PLACE, MAPPING).to_pylist() == [0.5, None, 1.0, None]


def test_codes_and_categories_are_texts_too() -> None:
    assert mapped(column([7, 7]), PLACE, MAPPING).to_pylist() == [9.0, 9.0]
    category = pa.chunked_array([pa.array(["day", "night"]).dictionary_encode()])
    assert mapped(category, PLACE, MAPPING).to_pylist() == [1.0, 0.5]


@pytest.mark.parametrize(("value", "place"), [("x", PLACE), ("Day", PLACE), ("day", Place("t.parquet", "zone", 10))])
def test_a_value_without_a_number_is_named_with_its_column_and_row(value: str, place: Place) -> None:
    good = "day" if place is PLACE else "x"
    words = rf"column '{place.column}', row 12: expected a value that version 3 .* found '{value}'"
    with pytest.raises(WrongValueError, match=words):
        mapped(column([good, value]), place, MAPPING)


def test_the_file_is_read_with_its_byte_order_mark_or_missed_by_name(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("\ufeffversion,column,value,number\n3,zone,x,4\n", encoding="utf-8")
    assert read_mapping(path) == ValueMapping("3", {("zone", "x"): 4.0})
    with pytest.raises(MissingTableError, match=r"--mapping: no file .*none\.csv"):
        read_mapping(tmp_path / "none.csv")
