"""Text columns made into numbers by the user's own table."""

from typing import Any

import pyarrow as pa
import pytest

from batch_init.categories import mapped
from batch_init.errors import BadColumnError
from segmentation.value_mapping import ValueMapping

MAPPING = ValueMapping(
    "3", {("tariff", "day"): 1.0, ("tariff", "night"): 0.5, ("tariff", "7"): 9.0, ("zone", "x"): 4.0}
)


def numbers(values: Any, name: str = "tariff") -> list[float | None]:  # noqa: ANN401 - what Arrow takes
    array = values if isinstance(values, pa.Array) else pa.array(values)
    found: list[float | None] = mapped(array, name, MAPPING, lambda row: f"row {row + 10}").to_pylist()
    return found


def test_a_value_becomes_its_number_and_what_is_empty_stays_missing() -> None:
    assert numbers(["night", None, "day", ""]) == [0.5, None, 1.0, None]


def test_codes_and_categories_are_texts_too() -> None:
    assert numbers([7, 7]) == [9.0, 9.0]
    assert numbers(pa.array(["day", "night"]).dictionary_encode()) == [1.0, 0.5]


@pytest.mark.parametrize(("value", "name"), [("x", "tariff"), ("Day", "tariff"), ("day", "zone")])
def test_a_value_without_a_number_is_named_with_its_column_and_row(value: str, name: str) -> None:
    good = "x" if name == "zone" else "day"
    words = rf"column '{name}', row 11: expected a value that version 3 .* found '{value}'"
    with pytest.raises(BadColumnError, match=words):
        numbers([good, value], name)


def test_fractions_are_no_categories() -> None:
    with pytest.raises(BadColumnError, match="column 'tariff': expected texts or whole numbers to map, found double"):
        numbers([0.5])
