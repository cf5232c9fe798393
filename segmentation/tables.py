"""Rows from tables: what a user's Parquet or CSV holds, as the same rows that the messages of `produce` become.

What the stream would refuse is refused here, by the same rules and under the same names.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.archive import RELATIVES, Archive
from schemas.reading import ENERGY_READING_TYPE, LARGEST_KWH, STATUSES
from schemas.rejection import Refusal, refusal_of
from schemas.transaction import Transaction
from segmentation import rows as kinds
from segmentation import rules
from segmentation.intake import (
    SECOND_US,
    Fields,
    Good,
    Message,
    archive_fields,
    transaction_fields,
    whole_rows,
)
from segmentation.parameters import Parameters
from segmentation.rows import pc

_LONGEST_NAME = 64

Column = Any  # the stubs do not know what a cast gives
Record = TypeVar("Record", Transaction, Archive)


@dataclass(frozen=True)
class Arrival:
    """How a table would arrive: on `lane`, taken by the broker at `time` [us]."""

    lane: int
    time: int
    parameters: Parameters


@dataclass(frozen=True)
class Taken:
    """What a table holds: whole rows, their offset is the row's number; and how many were refused by which rule [1]."""

    rows: pa.Table
    refused: Mapping[str, int]


def readings(table: pa.Table, arrival: Arrival) -> Taken:
    """Take a table of readings. O(n), column by column."""
    count = table.num_rows
    seconds: Column = table.column("duration_s").cast(pa.int32())
    kwh = table.column("kwh").to_numpy().astype(np.float64)
    sent = np.round(kwh, 3)
    start, arrived = _microseconds(table.column("start")), np.full(count, arrival.time)
    usage_point = _optional(table, "usage_point_id", pa.string())
    status = pc.fill_null(pc.index_in(_said(table), value_set=pa.array(STATUSES)), -1).to_numpy()
    lengths = seconds.to_numpy().astype(np.int64)
    reasons = np.array(rules.REASONS, object)[rules.broken(start, lengths, sent, arrived, arrival.parameters)]
    # of several rules the one that a message's fields break first
    reasons[(status < 0) & (sent >= 0) & (sent <= LARGEST_KWH)] = "unknown_status"
    reasons[_misnamed(table.column("customer_id")) | _misnamed(usage_point)] = "bad_length"
    sound = reasons == ""
    received = pc.fill_null(_optional(table, "received_at", pa.timestamp("us", "UTC")).cast(pa.int64()), -1).to_numpy()
    columns: dict[str, object] = {
        "customer": table.column("customer_id"), "lane": np.full(count, arrival.lane), "offset": np.arange(count),
        "epoch": np.zeros(count), "kind": np.full(count, kinds.IMPORT), "channel": _channels(usage_point),
        "start": start // SECOND_US, "seconds": seconds, "length": seconds,
        "fine": pc.less_equal(seconds, kinds.FINE_S), "status": status,
        "received": np.minimum(received, rules.latest(arrived, arrival.parameters)),
        "value": np.rint(np.where(sound, kwh, 0.0) * 1_000).astype(np.int64), "text": [None] * count,
        "backfill": np.zeros(count, np.bool_),
    }  # fmt: skip
    rows = pa.table([_column(columns[field.name], field.type) for field in kinds.ROWS], schema=kinds.ROWS)
    return Taken(rows.filter(pa.array(sound)), Counter(reasons[~sound].tolist()))


def _channels(usage_points: Column) -> NDArray[np.int64]:
    """Return the channel (n,) of readings at these usage points, computed once for each different one."""
    coded: Column = usage_points.combine_chunks().dictionary_encode(null_encoding="encode")
    named = pc.fill_null(coded.dictionary, "None")
    parts = pc.binary_join_element_wise(named, ENERGY_READING_TYPE, str(kinds.IMPORT), "|")
    return np.asarray(kinds.checksums(parts)[coded.indices.to_numpy()])


def transactions(table: pa.Table, arrival: Arrival) -> Taken:
    """Take a table of transactions, row by row."""
    return _each(table, arrival, Transaction, transaction_fields)


def archive(table: pa.Table, arrival: Arrival) -> Taken:
    """Take a table of archive changes, row by row."""
    return _each(table, arrival, Archive, archive_fields)


def _each(table: pa.Table, arrival: Arrival, record: type[Record],
          fields: Callable[[Record, Message, Parameters], Fields]) -> Taken:  # fmt: skip
    good: list[Good] = []
    refused: Counter[str] = Counter()
    for number, row in enumerate(_camel(table).to_pylist()):
        message = Message(arrival.lane, number, arrival.time, None, None, 0)
        try:
            content: Record = msgspec.convert(
                {name: _whole(name, value) for name, value in row.items() if value is not None}, record
            )
            given: Fields = fields(content, message, arrival.parameters)
        except msgspec.ValidationError as error:
            refused[refusal_of(error, b"").reason] += 1
        except Refusal as refusal:
            refused[refusal.reason] += 1
        else:
            good.append((content.customer_id, arrival.lane, number, *given, False))
    return Taken(whole_rows(good), refused)


def _whole(name: str, value: object) -> object:
    """Return a cell as the record has it: names of other customers stand with spaces between."""
    return value.split() if name in RELATIVES and isinstance(value, str) else value


def _camel(table: pa.Table) -> pa.Table:
    words = (name.split("_") for name in table.column_names)
    return table.rename_columns([head + "".join(map(str.title, tail)) for head, *tail in words])


def _optional(table: pa.Table, name: str, kind: pa.DataType) -> Column:
    if name not in table.column_names:
        return pa.chunked_array([pa.array([None] * table.num_rows, kind)])
    return table.column(name).cast(kind)


def _said(table: pa.Table) -> Column:
    return pc.fill_null(_optional(table, "status", pa.string()), "measured")


def _misnamed(names: Column) -> NDArray[np.bool_]:
    """Whether each name (n,) that is there has no letter, or too many."""
    length = pc.fill_null(pc.utf8_length(names), 1).to_numpy()
    return np.asarray((length < 1) | (length > _LONGEST_NAME))


def _microseconds(instants: Column) -> NDArray[np.int64]:
    return np.asarray(instants.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy())


def _column(values: Any, kind: pa.DataType) -> Column:  # noqa: ANN401 - Arrow, numpy or a list
    if isinstance(values, pa.ChunkedArray | pa.Array):
        return values.cast(kind)
    return pa.array(values, kind) if isinstance(values, list) else pa.array(values).cast(kind)
