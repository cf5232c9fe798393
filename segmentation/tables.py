"""Rows from tables: what a user's Parquet or CSV holds, as the same rows that the messages of `produce` become."""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.archive import Archive
from schemas.reading import ENERGY_READING_TYPE, STATUSES
from segmentation import rows as kinds
from segmentation.rows import pc

SECOND_US = 1_000_000

Column = Any  # the stubs do not know what a cast gives


def readings(table: pa.Table, lane: int = 0) -> pa.Table:
    """Whole rows of a table of readings; the offset is the row's number. O(n)."""
    count = table.num_rows
    seconds = table.column("duration_s").cast(pa.int32())
    usage_point = _optional(table, "usage_point_id", pa.string())
    parts = pc.binary_join_element_wise(
        pc.fill_null(usage_point, "None"), ENERGY_READING_TYPE, str(kinds.IMPORT), "|"
    )  # fmt: skip
    said = pc.fill_null(_optional(table, "status", pa.string()), "measured")
    status = pc.index_in(said, value_set=pa.array(STATUSES))
    received = pc.fill_null(_optional(table, "received_at", pa.timestamp("us", "UTC")).cast(pa.int64()), -1)
    watt_hours = np.rint(table.column("kwh").to_numpy().astype(np.float64) * 1_000).astype(np.int64)
    return _rows(
        count, customer=table.column("customer_id"), lane=np.full(count, lane), offset=np.arange(count),
        kind=np.full(count, kinds.IMPORT), channel=kinds.texts(parts), start=_seconds(table.column("start")),
        seconds=seconds, fine=pc.less_equal(seconds, kinds.FINE_S), status=status, received=received, value=watt_hours,
    )  # fmt: skip


def transactions(table: pa.Table, lane: int) -> pa.Table:
    """Whole rows of a table of transactions."""
    count = table.num_rows
    names = kinds.names(table.column("kind"))
    kind = np.array([kinds.TRANSACTION_KINDS.get(name, kinds.OTHER) for name in names], np.int64)
    due = _optional(table, "due", pa.timestamp("us", "UTC"))
    late = pc.fill_null(pc.greater(table.column("time"), due), fill_value=False).to_numpy()
    kind[(kind == kinds.PAYMENT) & late] = kinds.LATE_PAYMENT
    cents = [round((amount or 0.0) * 100) for amount in table.column("amount").to_pylist()]
    services = zip(kind.tolist(), table.column("service").to_pylist(), strict=True)
    return _rows(
        count, customer=table.column("customer_id"), lane=np.full(count, lane), offset=np.arange(count), kind=kind,
        channel=kinds.texts(table.column("transaction_id")), start=_seconds(table.column("time")),
        seconds=np.zeros(count), fine=np.zeros(count, np.bool_), status=np.full(count, 2), received=np.full(count, -1),
        value=np.array(cents), text=[service if number == kinds.PURCHASE else None for number, service in services],
    )  # fmt: skip


def archive(table: pa.Table, lane: int) -> pa.Table:
    """Whole rows of a table of archive changes."""
    count = table.num_rows
    contents = [msgspec.convert(row, Archive, strict=False) for row in _camel(table).to_pylist()]
    return _rows(
        count, customer=table.column("customer_id"), lane=np.full(count, lane), offset=np.arange(count),
        kind=np.full(count, kinds.ATTRIBUTES), channel=np.zeros(count), start=_seconds(table.column("valid_from")),
        seconds=np.zeros(count), fine=np.zeros(count, np.bool_), status=np.full(count, 2), received=np.full(count, -1),
        value=np.zeros(count), text=[msgspec.json.encode(content).decode() for content in contents],
    )  # fmt: skip


def _camel(table: pa.Table) -> pa.Table:
    words = (name.split("_") for name in table.column_names)
    return table.rename_columns([head + "".join(map(str.title, tail)) for head, *tail in words])


def _optional(table: pa.Table, name: str, kind: pa.DataType) -> Column:
    if name not in table.column_names:
        return pa.chunked_array([pa.array([None] * table.num_rows, kind)])
    return table.column(name).cast(kind)


def _seconds(instants: Column) -> NDArray[np.int64]:
    return np.asarray(instants.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy() // SECOND_US)


def _rows(count: int, **columns: object) -> pa.Table:
    columns |= {"epoch": np.zeros(count), "length": columns["seconds"], "backfill": np.zeros(count, np.bool_)}
    columns.setdefault("text", [None] * count)
    return pa.table([_column(columns[field.name], field.type) for field in kinds.ROWS], schema=kinds.ROWS)


def _column(values: Any, kind: pa.DataType) -> Column:  # noqa: ANN401 - Arrow, numpy or a list
    if isinstance(values, pa.ChunkedArray | pa.Array):
        return values.cast(kind)
    return pa.array(values, kind) if isinstance(values, list) else pa.array(values).cast(kind)
