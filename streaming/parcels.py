"""Parcels: what a Python worker makes of a block of messages, by bucket, before Spark shuffles it.

A message of 300 bytes becomes a row of about 20: Spark then moves and sorts a few parcels, not every message.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np
import pyarrow as pa

from segmentation import rows as kinds
from segmentation.blocks import MESSAGES, take
from segmentation.buckets import buckets_of
from segmentation.crossings import Crossing
from segmentation.intake import Intake
from segmentation.output import Rejected
from segmentation.parameters import Parameters

_TYPES: dict[str, pa.DataType] = {
    "bucket": pa.int32(), "offset": pa.int64(), "time": pa.int64(), "payload": pa.binary(),
}  # fmt: skip
_PARCELS = pa.schema(_TYPES)
SCHEMA = "bucket int, offset long, time long, payload binary"
"""A parcel's bucket, offset and time [us] of a control record (0 for data: the parcel has its own), and its bytes."""


class Parcel(msgspec.Struct, frozen=True):
    """A block's part for one bucket; `arrived` is when the broker took its oldest message [us]."""

    rows: bytes
    rejected: tuple[Rejected, ...]
    crossings: tuple[Crossing, ...]
    trace: bytes
    arrived: int


_decoder = msgspec.msgpack.Decoder(Parcel)


def pack(parameters: Parameters) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that turns Spark's batches of messages into parcels."""

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                yield _parcels(pa.Table.from_batches([batch]).cast(MESSAGES), parameters)

    return run


def _parcels(block: pa.Table, parameters: Parameters) -> pa.RecordBatch:
    intake = take(block, parameters)
    buckets = buckets_of(intake.rows.column("customer"), parameters.buckets)
    order = np.argsort(buckets, kind="stable")
    rows, arrived = intake.rows.take(order), int(kinds.numbers(block, "time").min())
    ends = np.searchsorted(buckets[order], np.arange(parameters.buckets + 1))
    trace = _trace(block)
    # crossings and refusals may travel with any bucket: the central node puts all of them together
    home = int(buckets[0]) if len(buckets) else 0
    found = []
    for bucket in sorted({*np.unique(buckets).tolist(), home}):
        part = rows.slice(ends[bucket], ends[bucket + 1] - ends[bucket])
        rest = (intake.rejected, intake.crossings) if bucket == home else ((), ())
        parcel = Parcel(kinds.pack(part), *rest, trace, arrived)
        found.append({"bucket": bucket, "offset": 0, "time": 0, "payload": msgspec.msgpack.encode(parcel)})
    return pa.RecordBatch.from_pylist(found, schema=_PARCELS)


def _trace(block: pa.Table) -> bytes:
    """Which stretch of which lanes a block is: a few numbers that name the log consumed."""
    lanes, offsets = kinds.numbers(block, "lane"), kinds.numbers(block, "offset")
    mine = ((int(lane), offsets[lanes == lane]) for lane in np.unique(lanes))
    return msgspec.msgpack.encode([(lane, int(found.min()), int(found.max())) for lane, found in mine])


def unpack(payloads: Sequence[bytes]) -> tuple[Intake, list[bytes], int]:
    """Return the intake of several parcels, their traces, and when the oldest message arrived [us], 0 without any."""
    parcels = sorted((_decoder.decode(payload) for payload in payloads), key=lambda parcel: parcel.trace)
    rows = pa.concat_tables([kinds.NONE, *(kinds.unpack(parcel.rows) for parcel in parcels)])
    intake = Intake(
        rows,
        tuple(sorted(row for parcel in parcels for row in parcel.rejected)),
        tuple(sorted(crossing for parcel in parcels for crossing in parcel.crossings)),
    )
    return intake, [parcel.trace for parcel in parcels], min((parcel.arrived for parcel in parcels), default=0)
