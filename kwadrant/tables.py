"""The user's tables: Parquet or CSV, foreign names and local times, made into the three tables the stream is fed with.

Times become UTC microseconds, identities text, energies kWh. What cannot be read is refused with a `TableError`.
"""

import csv
import difflib
import gzip
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from kwadrant import cells
from kwadrant.cells import INSTANT, Column, MissingColumnError, MissingTableError, Place, WrongValueError, pc
from schemas.times import duration_seconds

AS_READ: Mapping[str, str] = MappingProxyType({})
"""A `rename` that leaves every name as it is."""

BLOCK = 1 << 17
"""Rows held at a time while streaming [1]."""

_TEXT: pa.DataType = pa.string()
_NUMBER: pa.DataType = pa.float64()
_SECONDS: pa.DataType = pa.int32()
_FLAG: pa.DataType = pa.bool_()
_MICRO = 1_000_000
_DAY = 86_400
_LIKELY = {
    "customer_id": ("customer", "user_id", "client_id", "id"),
    "start": ("date", "time", "timestamp", "datetime", "record_date", "interval_start"),
    "kwh": ("energy", "consumption", "value", "power_consumption"),
    "duration_s": ("duration", "seconds", "interval_length"),
    "time": ("date", "timestamp", "datetime", "event_time"),
    "kind": ("event", "type", "transaction_type"),
    "valid_from": ("date", "since", "from"),
}


@dataclass(frozen=True)
class Layout:
    """The columns of one of our tables, in order, and those a file must have."""

    name: str
    schema: pa.Schema
    required: tuple[str, ...]


READINGS = Layout(
    "readings",
    pa.schema({
        "customer_id": _TEXT, "start": INSTANT, "duration_s": _SECONDS, "kwh": _NUMBER, "usage_point_id": _TEXT,
        "meter_id": _TEXT, "status": _TEXT, "received_at": INSTANT,
    }),
    ("customer_id", "start", "duration_s", "kwh"),
)  # fmt: skip
TRANSACTIONS = Layout(
    "transactions",
    pa.schema({
        "transaction_id": _TEXT, "customer_id": _TEXT, "time": INSTANT, "kind": _TEXT, "service": _TEXT,
        "amount": _NUMBER, "currency": _TEXT, "due": INSTANT,
    }),
    ("customer_id", "time", "kind"),
)  # fmt: skip
ARCHIVE = Layout(
    "archive",
    pa.schema({
        "customer_id": _TEXT, "valid_from": INSTANT, "industry": _TEXT, "voltage_level": _TEXT,
        "customer_class": _TEXT, "capacity_kw": _NUMBER, "contract_start": INSTANT, "transformer": _TEXT,
        "feeder": _TEXT, "zone": _TEXT, "tariff": _TEXT, "protected": _FLAG,
        "closed": _FLAG, "successors": _TEXT, "predecessors": _TEXT,
    }),
    ("customer_id", "valid_from"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Held:
    """A table in memory, and what to call it in an error."""

    table: pa.Table
    called: str

    def __str__(self) -> str:
        """Return what to call it."""
        return self.called


Given = Path | Held


def parse_duration(text: str) -> timedelta:
    """Return the length of an ISO 8601 duration such as P1D, PT1H or PT15M; ValueError says what was expected."""
    return timedelta(seconds=duration_seconds(text))


def read_readings(
    path: Given, *, rename: Mapping[str, str] = AS_READ, duration: timedelta | None = None, zone: str | None = None
) -> pa.Table:
    """Return the readings of a file, in its order, as `READINGS` lays them out.

    Parameters
    ----------
    path : a .parquet, .csv or .csv.gz file, or a table in memory.
    rename : our name of a column to the file's.
    duration : length of every reading where the file has none. Whole days are local days of `zone`: 23 or 25 hours
        where the clocks change.
    zone : IANA name of the zone of dates and times without an offset; UTC when None.

    Notes
    -----
    `status` is "measured" where the file says nothing. An empty `kwh` becomes status "missing" with value 0, which
    nothing ever sums: a gap is not a day without consumption.
    """
    return _whole(_Source(path, READINGS, rename, zone, duration))


def read_transactions(path: Given, *, rename: Mapping[str, str] = AS_READ, zone: str | None = None) -> pa.Table:
    """Return the transactions of a file, in its order, as `TRANSACTIONS` lays them out.

    Without a column `transaction_id` the id is a hash of the row's other values: the same row sent twice has the same
    id, and counts once.
    """
    return _whole(_Source(path, TRANSACTIONS, rename, zone))


def read_archive(path: Given, *, rename: Mapping[str, str] = AS_READ, zone: str | None = None) -> pa.Table:
    """Return the archive rows of a file, in its order, as `ARCHIVE` lays them out."""
    return _whole(_Source(path, ARCHIVE, rename, zone))


def reading_blocks(
    path: Given, *, rename: Mapping[str, str] = AS_READ, duration: timedelta | None = None, zone: str | None = None
) -> Iterator[pa.Table]:
    """Yield what `read_readings` returns in blocks by interval end; equal ends keep the file's order.

    A file that is in this order already is read twice and held one block at a time; any other is sorted in memory.
    """
    source = _Source(path, READINGS, rename, zone, duration)
    if _in_order(source):
        yield from _converted(source)
        return
    table = _whole(source)
    order = np.argsort(interval_ends(table), kind="stable")
    yield from (table.take(order[i : i + BLOCK]) for i in range(0, len(order), BLOCK))


def interval_ends(table: pa.Table) -> npt.NDArray[np.int64]:
    """Return (n,) the ends of the readings' intervals [us since 1970]."""
    seconds: npt.NDArray[np.int64] = table["duration_s"].to_numpy().astype(np.int64)
    return instants_us(table["start"]) + seconds * _MICRO


def instants_us(column: "pa.ChunkedArray[Any]") -> npt.NDArray[np.int64]:
    """Return (n,) a column of instants without nulls [us since 1970]."""
    return column.cast(pa.int64()).to_numpy()


@dataclass(frozen=True)
class _Source:
    """A file, or a table in memory, and how to read it."""

    path: Given
    layout: Layout
    rename: Mapping[str, str]
    zone: str | None = None
    duration: timedelta | None = None

    def __post_init__(self) -> None:
        """Refuse a zone nobody knows, a duration of no seconds, and new names for columns we do not have."""
        seconds = None if self.duration is None else self.duration.total_seconds()
        if seconds is not None and (seconds < 1 or seconds % 1):
            raise WrongValueError(f"--duration must be whole seconds, at least one, not {self.duration}")
        try:
            ZoneInfo(self.zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            raise WrongValueError(
                f"--zone {self.zone}: no such time zone; expected a name like Europe/Berlin"
            ) from None
        for name in self.rename:
            if name not in self.layout.schema.names:
                known = ", ".join(self.layout.schema.names)
                raise MissingColumnError(f"--map {name}=…: {self.layout.name} have no column {name}; they have {known}")

    @property
    def days(self) -> int:
        """Return the given duration in whole local days, 0 where it is none or no such number [d]."""
        seconds = 0 if self.duration is None else int(self.duration.total_seconds())
        return 0 if seconds % _DAY else seconds // _DAY


def _whole(source: _Source) -> pa.Table:
    return pa.concat_tables([source.layout.schema.empty_table(), *_converted(source)])


def _in_order(source: _Source) -> bool:
    """Return whether the file's readings are ordered by interval end."""
    last = np.iinfo(np.int64).min
    for block in _converted(source, only=("start", "duration_s")):
        ends = interval_ends(block)
        if len(ends) and (ends[0] < last or (np.diff(ends) < 0).any()):
            return False
        last = ends[-1] if len(ends) else last
    return True


def _converted(source: _Source, only: tuple[str, ...] | None = None) -> Iterator[pa.Table]:
    """Yield the file's rows as our layout, or as some of its columns, block by block."""
    names, raw = _open(source.path)
    found = _found(source, names)
    wanted = only or tuple(source.layout.schema.names)
    row = 0
    for block in raw([found[name] for name in wanted if name in found]):
        columns = {name: _read(source, name, block[found[name]], row) if name in found else None for name in wanted}
        yield _completed(source, columns, len(block))
        row += len(block)


def _read(source: _Source, name: str, column: Column, row: int) -> Column:
    """Return one column of a block as its type in our layout."""
    place, kind = Place(str(source.path), source.rename.get(name, name), row), source.layout.schema.field(name).type
    if name in source.layout.required and name != "kwh":
        cells.filled(column, place)
    if kind == INSTANT:
        strict = name == "start" and not source.days
        return cells.instant(column, place, source.zone or "UTC", strict=strict)
    converters = {_TEXT: cells.text, _NUMBER: cells.number, _SECONDS: cells.seconds, _FLAG: cells.flag}
    return converters[kind](column, place)


def _completed(source: _Source, columns: dict[str, Column | None], rows: int) -> pa.Table:
    """Return the table of `rows` rows, with what the file does not have: lengths, status, ids, nulls."""
    if columns.get("duration_s", source) is None or (source.duration and "duration_s" in columns):
        columns["duration_s"] = _lengths(source, columns["start"], rows)
    if "status" in columns:
        columns.update(_with_status(columns["kwh"], columns["status"]))
    fields = [source.layout.schema.field(name) for name in columns]
    arrays = [_nulls(rows, f.type) if c is None else c for c, f in zip(columns.values(), fields, strict=True)]
    table = pa.table(arrays, schema=pa.schema(fields))
    if columns.get("transaction_id", source) is not None:
        return table
    return table.set_column(0, "transaction_id", _hashed(table))


def _lengths(source: _Source, start: Column | None, rows: int) -> Column:
    """Return (rows,) the given duration, or the true length of the local days that begin at `start` [s]."""
    if start is None or source.duration is None:
        raise MissingColumnError(f"{source.path}: no length of the readings; give --duration, such as PT15M")
    if not source.days:
        return pa.chunked_array([np.full(rows, int(source.duration.total_seconds()), np.int32)])
    ends = cells.later_days(start, source.zone or "UTC", source.days)
    return pa.chunked_array([((instants_us(ends) - instants_us(start)) // _MICRO).astype(np.int32)])


def _with_status(kwh: Column | None, status: Column | None) -> dict[str, Column]:
    """Return kwh and status without nulls: "measured" where nothing is said, "missing" with 0 where there is no kwh."""
    if kwh is None:
        raise MissingColumnError("readings need a column kwh")
    said = _nulls(len(kwh), _TEXT) if status is None else status
    known = pc.if_else(pc.is_null(kwh), "missing", pc.fill_null(said, "measured"))
    return {"kwh": pc.fill_null(kwh, 0.0), "status": known}


def _nulls(rows: int, kind: pa.DataType) -> Column:
    return pa.chunked_array([pa.array([None] * rows, kind)])


def _hashed(table: pa.Table) -> "pa.Array[Any]":
    """Return 26-character ids made from the rows' values."""
    plain = [c.cast(pa.int64()) if c.type == INSTANT else c for c in table.columns[1:]]
    rows = zip(*(column.to_pylist() for column in plain), strict=True)
    return pa.array([f"T-{hashlib.blake2b(repr(row).encode(), digest_size=12).hexdigest()}" for row in rows], _TEXT)


def _found(source: _Source, names: list[str]) -> dict[str, str]:
    """Return our names of the columns that are there, with the file's; refuse where a needed one is not."""
    found = {name: source.rename.get(name, name) for name in source.layout.schema.names}
    for name, column in found.items():
        given = name == "duration_s" and source.duration is not None
        if column not in names and (name in source.rename or (name in source.layout.required and not given)):
            raise MissingColumnError(_missing(source, name, column, names))
    return {name: column for name, column in found.items() if column in names}


def _missing(source: _Source, name: str, column: str, names: list[str]) -> str:
    needed = ", ".join(source.layout.required)
    text = f"{source.path} has no column {column!r}: {source.layout.name} need {needed}. It has: {', '.join(names)}."
    free = [n for n in names if n not in source.rename.values() and n not in source.layout.schema.names]
    close = [m for word in (name, *_LIKELY.get(name, ())) for m in difflib.get_close_matches(word, free, 1, 0.7)]
    if isinstance(source.path, Held) and source.layout is ARCHIVE:
        return f"{text} Write into the query: {close[0] if close else '<column>'} AS {name}"
    advice = f"--map {name}={close[0] if close else '<column>'}"
    return f"{text} Try {advice} or --duration PT15M" if name == "duration_s" else f"{text} Try {advice}"


Raw = Callable[[list[str]], Iterator[pa.Table]]


def _open(path: Given) -> tuple[list[str], Raw]:
    """Return the names of the columns, and what yields some of them block by block."""
    if isinstance(path, Held):
        return path.table.column_names, partial(_held, path.table)
    if not path.is_file():
        here = ", ".join(sorted(p.name for p in path.parent.glob("*.*"))[:8]) or "nothing"
        raise MissingTableError(f"no file {path}; {path.parent} holds: {here}")
    if path.suffix == ".parquet":
        return _open_parquet(path)
    if path.name.endswith((".csv", ".csv.gz")):
        return _open_csv(path)
    raise MissingTableError(f"{path}: expected a name that ends with .parquet, .csv or .csv.gz")


def _held(table: pa.Table, columns: list[str]) -> Iterator[pa.Table]:
    return (table.select(columns).slice(row, BLOCK) for row in range(0, len(table), BLOCK))


def _open_parquet(path: Path) -> tuple[list[str], Raw]:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise MissingTableError(f"{path} is no Parquet file: {error}") from error

    def blocks(columns: list[str]) -> Iterator[pa.Table]:
        for batch in file.iter_batches(BLOCK, columns=columns):
            yield pa.Table.from_batches([batch])

    return file.schema_arrow.names, blocks


def _open_csv(path: Path) -> tuple[list[str], Raw]:
    """Open a CSV file with a header; every cell stays text, so that an id keeps its leading zeros."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", errors="replace") as file:
        header = str(file.readline())
    parse = pyarrow.csv.ParseOptions(delimiter=max(",;\t", key=header.count))
    names = next(csv.reader([header.rstrip("\r\n")], delimiter=parse.delimiter), [])

    def blocks(columns: list[str]) -> Iterator[pa.Table]:
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, _TEXT), include_columns=columns, strings_can_be_null=True
        )
        try:
            with pyarrow.csv.open_csv(path, parse_options=parse, convert_options=convert) as reader:
                yield from (pa.Table.from_batches([batch]) for batch in reader)
        except pa.ArrowInvalid as error:
            raise WrongValueError(f"{path}: {error}") from error

    return names, blocks
