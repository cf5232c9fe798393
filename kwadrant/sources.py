"""What can be clustered: files, Arrow tables, data frames and arrays, as named columns in memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from batch_init.batches import Layout, batches, is_number
from batch_init.errors import BadColumnError
from clustering.blocks import Batch, Place
from clustering.memory import Memory
from kwadrant.cells import MissingColumnError, MissingTableError, WrongValueError
from segmentation.value_mapping import ValueMapping


@dataclass(frozen=True, eq=False)
class Rows:
    """A table in memory and what its columns are; views of what was given, where that is possible."""

    layout: Layout
    batches: tuple[Batch, ...]
    ids: Any

    @property
    def engine(self) -> "Named":
        """Return an engine over the rows."""
        return Named(self)

    def __len__(self) -> int:
        return sum(map(len, self.batches))


class Named(Memory):
    """The engine in memory; it calls a row by its id where it has one."""

    def __init__(self, rows: Rows) -> None:
        """Hold views of the rows."""
        super().__init__(rows.batches)
        self._ids = rows.ids

    def name(self, place: Place) -> str:
        """Return what to call a row in an error."""
        return f"row {place.row}" if self._ids is None else f"row {place.row} (id {str(self._ids[place.row])!r})"


def read(path: Path, wanted: Layout | None = None) -> pa.Table:
    """Return the table of a Parquet or CSV file; only the wanted columns; `texts` of a CSV file as text."""
    if not path.is_file():
        raise MissingTableError(f"no file {path}")
    names = None if wanted is None else wanted.needed
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path, columns=names)
        if path.name.endswith((".csv", ".csv.gz")):
            kinds = dict.fromkeys([] if wanted is None else texts(wanted), pa.string())
            options = pyarrow.csv.ConvertOptions(column_types=kinds, include_columns=names or [])
            return pyarrow.csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, KeyError) as error:
        raise WrongValueError(f"{path}: {error}") from error
    raise MissingTableError(f"{path}: expected a name that ends with .parquet, .csv or .csv.gz")


def schema(path: Path) -> pa.Schema:
    """Return the names and types of a file's columns, as its first rows have them."""
    if path.is_file() and path.suffix == ".parquet":
        return pq.read_schema(path)
    if path.is_file() and path.name.endswith((".csv", ".csv.gz")):
        with pyarrow.csv.open_csv(path) as reader:
            return reader.schema
    return read(path).schema


def texts(wanted: Layout) -> list[str]:
    """Return the columns that are read as text: that of the ids, and those that are mapped."""
    mapped = [] if wanted.mapping is None else [name for name in wanted.columns if wanted.mapping.of(name)]
    return mapped if wanted.id is None else [*mapped, wanted.id]


def layout(found: pa.Schema, columns: Sequence[str] | None, weight: str | None, id_column: str | None, *,
           mapping: ValueMapping | None = None) -> Layout:  # fmt: skip
    """Return what the columns are: those named, or all numeric and mapped ones that are neither weight nor id."""
    names = found.names
    categories = set() if mapping is None else {column for column, _ in mapping.numbers}
    named = tuple(columns) if columns else tuple(
        field.name for field in found
        if (is_number(field.type) or field.name in categories) and field.name not in {weight, id_column}
    )  # fmt: skip
    for name in (*named, weight, id_column):
        if name is not None and name not in names:
            raise MissingColumnError(f"there is no column {name!r}; the table has: {', '.join(names)}")
    if not named:
        raise BadColumnError(
            f"expected at least one numeric column; found {', '.join(names)}; name some with --columns"
        )
    if len(set(named)) < len(named):
        raise BadColumnError(f"expected every column once; found {', '.join(named)}")
    if mapping is not None and not categories & set(named):
        raise BadColumnError(
            f"--mapping: expected numbers for some of the columns {', '.join(named)}; found them for "
            f"{', '.join(sorted(categories))}; name the columns as the table does"
        )
    return Layout(named, weight, id_column, mapping)


def rows(table: object, columns: Sequence[str] | None, weight: str | None, id_column: str | None, *,
         mapping: ValueMapping | None = None) -> Rows:  # fmt: skip
    """Return a table as rows in memory.

    Parameters
    ----------
    table : pyarrow.Table, pandas.DataFrame, (n, d) array, or path of a Parquet or CSV file
        Untouched; the columns of an array are called ``x0``, ``x1`` and so on.
    columns, weight, id_column : names of columns, optional
    mapping : ValueMapping, optional
        As for `layout`.
    """
    if isinstance(table, str | Path):
        path = Path(table)
        asked = layout(schema(path), columns, weight, id_column, mapping=mapping)
        return _of_arrow(read(path, asked), asked)
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    if isinstance(table, pa.Table):
        return _of_arrow(table, layout(table.schema, columns, weight, id_column, mapping=mapping))
    if mapping is not None:
        raise BadColumnError("a mapping is for texts; an array has none: pass a table with named columns")
    return _of_array(np.asarray(table), columns, weight, id_column)


def _of_arrow(table: pa.Table, asked: Layout) -> Rows:
    ids = None if asked.id is None else table.column(asked.id)
    return Rows(asked, tuple(batches(table.select(asked.needed).to_batches(), asked)), ids)


def _of_array(array: np.ndarray[Any, Any], columns: Sequence[str] | None, weight: str | None, id_column: str | None
              ) -> Rows:  # fmt: skip
    if array.ndim != 2 or array.dtype.kind not in "fiub":  # noqa: PLR2004 - axes
        raise BadColumnError(f"expected a table or an (n, d) array of numbers; found {array.dtype} {array.shape}")
    names = [f"x{number}" for number in range(array.shape[1])]
    asked = layout(pa.schema([(name, pa.float64()) for name in names]), columns, weight, id_column)
    by_name = dict(zip(names, array.T, strict=True))
    table = array.T if list(asked.columns) == names else tuple(by_name[name] for name in asked.columns)
    weights = None if weight is None else by_name[weight]
    if id_column is None:
        return Rows(asked, (Batch(table, weights),), None)
    return _of_arrow(pa.table({name: by_name[name] for name in asked.needed}), asked)


def finite(value: float | None) -> float | None:
    """Return a number, None for one without end."""
    return None if value is None or math.isinf(value) else value
