"""Arrow tables as batches of rows for a fit; without Spark, so that both engines read a table the same way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.types as pt

from batch_init.categories import mapped
from batch_init.errors import BadColumnError
from clustering.blocks import Batch, Column
from clustering.coins import Words, of_texts
from segmentation.value_mapping import ValueMapping

pc: Any = pyarrow.compute  # the stubs know fewer argument types than there are


@dataclass(frozen=True)
class Layout:
    """Which columns of a table are what, and what their texts count as."""

    columns: tuple[str, ...]
    weight: str | None = None
    id: str | None = None
    mapping: ValueMapping | None = None

    @property
    def needed(self) -> list[str]:
        """Return the names of all columns in use, each once."""
        return list(dict.fromkeys(name for name in (*self.columns, self.weight, self.id) if name is not None))


def batches(records: Iterable[pa.RecordBatch], layout: Layout, part: int = 0) -> Iterator[Batch]:
    """Yield the rows of a part of a table; plain numbers without nulls are views, nulls become NaN."""
    first = 0
    for record in records:
        if record.num_rows:
            weights = None if layout.weight is None else numbers(record.column(layout.weight), layout.weight)
            hashes = None if layout.id is None else hashed(record, layout.id, first)
            columns = (numbers(_mapped(record, name, layout, first), name) for name in layout.columns)
            yield Batch(tuple(columns), weights, hashes, first, part)
        first += record.num_rows


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type can be clustered."""
    return pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind) or pt.is_boolean(kind)


def _mapped(record: pa.RecordBatch, name: str, layout: Layout, first: int) -> "pa.Array[Any]":
    """Return a column, its texts as numbers where the mapping has some for it."""
    column = record.column(name)
    if layout.mapping is None or not layout.mapping.of(name):
        return column

    def place(row: int) -> str:
        called = "" if layout.id is None else f" (id {str(record.column(layout.id)[row])!r})"
        return f"row {first + row}{called}"

    return mapped(column, name, layout.mapping, place)


def numbers(column: "pa.Array[Any]", name: str) -> Column:
    """Return a column of this name as numbers (n,), NaN where there is none."""
    # a column without any value may come without a type
    if pt.is_null(column.type):
        return np.full(len(column), np.nan)
    if not is_number(column.type):
        raise BadColumnError(
            f"column {name!r}: expected numbers, found {column.type}; name the columns with --columns, or say with "
            "--mapping FILE what its texts count as"
        )
    plain = pt.is_integer(column.type) or pt.is_floating(column.type)
    values: Column = (column if plain else column.cast(pa.float64())).to_numpy(zero_copy_only=False)
    return values


def hashed(record: pa.RecordBatch, name: str, first: int) -> Words:
    """Return a hash (n,) of the text of every id, whatever its type; a row without one is refused."""
    column = record.column(name)
    if column.null_count:
        row = first + int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise BadColumnError(f"column {name!r}: expected an id in every row, found none in row {row}; give it one")
    text = pc.cast(column, pa.large_string())
    _, offsets, letters = text.buffers()
    places = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    return of_texts(np.frombuffer(letters or b"", np.uint8), places)
