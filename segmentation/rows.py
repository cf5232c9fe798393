"""Rows: accepted readings, transactions and archive changes in one Arrow table, cut at epoch boundaries.

A row knows where it came from (lane, offset), which epoch it belongs to, and what makes it the same as another one
(customer, channel, start; of a transaction customer and channel alone): of equals the greatest (status, received,
length, value) wins, in any order of arrival.
"""

import zlib
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from segmentation.calendar import Calendar

pc: Any = pyarrow.compute  # the stubs know fewer argument types than there are

IMPORT, EXPORT, PURCHASE, PAYMENT, LATE_PAYMENT, ENQUIRY, OTHER, ATTRIBUTES = range(8)
"""Kinds of rows: energy taken, energy fed in, transactions, archive attributes."""

TELLING = (PURCHASE, PAYMENT, LATE_PAYMENT)
"""Transactions that tell what a customer holds."""
TRANSACTION_KINDS = {"purchase": PURCHASE, "payment": PAYMENT, "enquiry": ENQUIRY}

Texts: TypeAlias = "pa.Array[Any] | pa.ChunkedArray[Any]"

_COLUMNS: dict[str, Any] = {
    "customer": pa.string(),
    "lane": pa.int32(),
    "offset": pa.int64(),
    "epoch": pa.int32(),
    "kind": pa.int8(),
    "channel": pa.int64(),
    "start": pa.int64(),
    "seconds": pa.int32(),
    "length": pa.int32(),
    "fine": pa.bool_(),
    "status": pa.int8(),
    "received": pa.int64(),
    "value": pa.int64(),
    "text": pa.string(),
    "backfill": pa.bool_(),
}
ROWS = pa.schema(_COLUMNS)
"""`start` [s since 1970] and `length` [s] are the whole row's; `seconds` [s] and `value` [Wh, or cents] the piece's;
`backfill`: whether it was sent as history."""

NONE = ROWS.empty_table()

FINE_S = 3_600
"""Readings up to this long [s] tell hours apart."""


def channel(text: str) -> int:
    """Return number of a usage point's channel, or of a transaction's id, inside one customer."""
    return zlib.crc32(text.encode())


def numbers(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a column as a numpy array: booleans as they are, numbers as int64."""
    found: NDArray[Any] = table.column(name).to_numpy()
    return found if found.dtype == np.bool_ else found.astype(np.int64, copy=False)


def where(table: pa.Table, mask: NDArray[np.bool_]) -> pa.Table:
    """Return the rows where `mask` (n,) is true; those of one run cost nothing."""
    first, count = int(mask.argmax()) if len(mask) else 0, int(np.count_nonzero(mask))
    if count == len(mask):
        return table
    return table.slice(first, count) if mask[first : first + count].all() else table.filter(pa.array(mask))


def names(values: Texts) -> list[str]:
    """Return texts without nulls as Python's."""
    found: list[Any] = values.to_pylist()
    return found


def checksums(values: "pa.Array[Any]") -> NDArray[np.int64]:
    """Return CRC-32 (n,) of the UTF-8 bytes of texts without nulls."""
    content: list[Any] = values.cast(pa.binary()).to_pylist()
    return np.fromiter(map(zlib.crc32, content), np.int64, len(content))


def texts(values: Texts) -> NDArray[np.int64]:
    """`channel` of each text (n,), computed once for each different one."""
    whole: Any = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    coded = whole.dictionary_encode()
    found: NDArray[np.int64] = checksums(coded.dictionary)[coded.indices.to_numpy(zero_copy_only=False)]
    return found


def split(rows: pa.Table, calendar: Calendar) -> pa.Table:
    """Cut readings at epoch boundaries, pro rata in integer Wh; fills `epoch`.

    `rows` must have `start` [s], `seconds` [s] and `value` of whole intervals; it is left untouched. The pieces of a
    row add up to it exactly. O(rows and pieces).
    """
    start, seconds = numbers(rows, "start").astype(np.int64), numbers(rows, "seconds").astype(np.int64)
    first = calendar.epoch_of(start)
    pieces = calendar.epoch_of(start + np.maximum(seconds, 1) - 1) - first + 1
    if rows.num_rows == 0 or int(pieces.max()) == 1:
        return _replace(rows, epoch=first)
    whole = np.repeat(np.arange(len(pieces)), pieces)
    nth = np.arange(len(whole)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    return _cut(rows.take(whole), first[whole] + nth, calendar)


def _cut(rows: pa.Table, epoch: NDArray[np.int64], calendar: Calendar) -> pa.Table:
    start, seconds = numbers(rows, "start").astype(np.int64), numbers(rows, "seconds").astype(np.int64)
    value = numbers(rows, "value").astype(np.int64)
    begin = np.clip(calendar.start(epoch) - start, 0, seconds)
    end = np.clip(calendar.start(epoch + 1) - start, 0, seconds)
    length = np.maximum(seconds, 1)
    before, until = _share(value, begin, length), _share(value, end, length)
    return _replace(rows, epoch=epoch, seconds=end - begin, value=np.where(seconds > 0, until - before, value))


def _share(value: NDArray[np.int64], part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.int64]:
    """floor(value x part / whole) without overflow: value = q x whole + r."""
    return value // whole * part + value % whole * part // whole


def _replace(rows: pa.Table, **columns: NDArray[np.int64]) -> pa.Table:
    for name, values in columns.items():
        at = ROWS.get_field_index(name)
        rows = rows.set_column(at, ROWS.field(at), pa.array(values, ROWS.field(at).type))
    return rows


def distinct(rows: pa.Table) -> pa.Table:
    """One row for each identity and epoch: of equal identities the greatest (status, received, length, value).

    Of readings of one identity only those of the greatest (status, received, length) stay, in all epochs of `rows`: a
    revision of another length leaves nothing behind. The result's order is by customer, then identity; independent of
    the order of `rows`. O(n log n).
    """
    if rows.num_rows == 0:
        return rows
    kind, epoch, value = (numbers(rows, name) for name in ("kind", "epoch", "value"))
    start = np.where((kind >= PURCHASE) & (kind <= OTHER), 0, numbers(rows, "start"))
    same = [start, numbers(rows, "channel"), _ranks(rows)]
    order = np.lexsort(same)
    if _last_of_each([key[order] for key in same]).all():
        return rows.take(order)
    better = [numbers(rows, name) for name in ("length", "received", "status")]
    # the order has to be total: which of two equal rows is kept must not depend on which came first
    place = numbers(rows, "lane") << 48 | numbers(rows, "offset")
    order = np.lexsort([place, kind << 32 | numbers(rows, "seconds"), value, epoch, *better, *same])
    same, better = ([key[order] for key in keys] for keys in (same, better))
    greatest = _last_of_each(same)
    of_identity = np.flatnonzero(greatest)[np.cumsum(greatest) - greatest]
    wins = np.all([key == key[of_identity] for key in better], axis=0)
    return rows.take(order[wins & _last_of_each([*same, *better, epoch[order]])])


def _ranks(rows: pa.Table) -> NDArray[np.int64]:
    """Return a number (n,) for each row's customer, rising with its name."""
    customer: Any = rows.column("customer").combine_chunks().dictionary_encode()
    rank = np.argsort(pc.sort_indices(customer.dictionary).to_numpy())
    return np.asarray(rank[customer.indices.to_numpy()])


def _last_of_each(keys: list[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Return (n,) whether each of the ordered rows is the last one before any of `keys` changes."""
    last = np.ones(len(keys[0]), np.bool_)
    last[:-1] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return last


def of_customers(rows: pa.Table, customers: Texts) -> pa.Table:
    """Return the rows of the named customers."""
    return rows.filter(pc.is_in(rows.column("customer"), value_set=customers))


def pack(rows: pa.Table) -> bytes:
    """Rows as compressed Arrow IPC bytes, for state that is seldom read."""
    sink = pa.BufferOutputStream()
    coded = rows.set_column(0, "customer", rows.column("customer").dictionary_encode())
    with pa.ipc.new_stream(sink, coded.schema, options=_COMPRESSED) as writer:
        writer.write_table(coded)
    return bytes(sink.getvalue())


def unpack(data: bytes) -> pa.Table:
    """Return the inverse of `pack`."""
    coded = pa.ipc.open_stream(data, options=_ALONE).read_all()
    return coded.set_column(0, ROWS.field(0), coded.column(0).cast(pa.string()))


# to wake threads takes longer than what they would do
_ALONE = pa.ipc.IpcReadOptions(use_threads=False)
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4", unify_dictionaries=True, use_threads=False)
