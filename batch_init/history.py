"""History on Spark: every bucket's rows folded by `segmentation.history`, and what the seeding has to see of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from batch_init.folder import Folder, spark_path
from schemas.event import CustomerState
from schemas.model import Model
from schemas.times import iso
from segmentation import codec
from segmentation.buckets import bucket_of
from segmentation.calendar import Calendar
from segmentation.first_model import LARGEST_SAMPLE, Fit, sample, thinned
from segmentation.history import Portrait, Standing, Stood, classified, portrait, remember
from segmentation.local_state import LocalState, empty_state
from segmentation.moves import SECOND_US, place_of
from segmentation.parameters import Parameters
from segmentation.quadrants import on_axes
from segmentation.rises import rose_of
from segmentation.rows import ROWS, names, split
from segmentation.space import space_of
from segmentation.value_mapping import ValueMapping

_SPARE = 1.05
"""How many more customers are sent than are wanted [1]: ten standard deviations of what chance leaves out."""
REMEMBERED = "bucket int, payload binary, portrait binary, customers int, seen int"
INITIAL = "bucket int, payload binary, states array<struct<key: binary, value: binary>>"
_REMEMBERED: dict[str, pa.DataType] = {
    "bucket": pa.int32(), "payload": pa.binary(), "portrait": pa.binary(), "customers": pa.int32(), "seen": pa.int32(),
}  # fmt: skip
_INITIAL: dict[str, pa.DataType] = {
    "bucket": pa.int32(), "payload": pa.binary(),
    "states": pa.list_(pa.struct([("key", pa.binary()), ("value", pa.binary())])),
}  # fmt: skip


def remembered(spark: SparkSession, rows: Folder, ask: Fit, parameters: Parameters, generation: int) -> DataFrame:
    """State of every bucket that has customers, through the epoch asked for.

    Columns: `bucket, payload, portrait, customers, seen`; `portrait` is of those whom the seeding may see, and `seen`
    their number.

    `rows` is Parquet with whole rows (`segmentation.rows.ROWS`), a file or a folder of them. One shuffle by bucket; a
    bucket's history has to fit in a Python worker's memory, about 100 bytes per reading.
    """
    history = spark.read.parquet(spark_path(rows))
    through, mapping = ask.epoch, ask.mapping
    bucket = f.pmod(f.crc32(f.col("customer").cast("binary")), f.lit(parameters.buckets)).cast("int")

    # Spark reads these hints at run time: a type that only a stub knows would break it
    # Spark evaluates the hints, and at run time the class takes no argument
    def fold(key: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:  # type: ignore[type-arg]
        return _remember(key[0].as_py(), rows, through, parameters, generation, mapping)

    return history.withColumn("bucket", bucket).groupBy("bucket").applyInArrow(fold, REMEMBERED)


def _remember(bucket: int, rows: pa.Table, through: int, parameters: Parameters, generation: int,
              mapping: ValueMapping) -> pa.Table:  # fmt: skip
    whole = rows.select(ROWS.names).cast(ROWS)
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    state = remember(split(whole, calendar), through, parameters, generation, mapping)
    seen = portrait(state, parameters)
    row = {
        "bucket": bucket, "payload": codec.pack_hot(state), "portrait": _portrait_bytes(seen),
        "customers": len(state.customers), "seen": len(seen.ids),
    }  # fmt: skip
    return pa.Table.from_pylist([row], schema=pa.schema(_REMEMBERED))


def _portrait_bytes(seen: Portrait) -> bytes:
    return msgspec.msgpack.encode((seen.ids, seen.values.shape, seen.values.tobytes(), seen.nouns.tobytes()))


def portrait_of(data: bytes) -> Portrait:
    """Return the portrait that a bucket sent."""
    ids, shape, values, nouns = msgspec.msgpack.decode(data)
    return Portrait(ids, np.frombuffer(values, np.float64).reshape(shape), np.frombuffer(nouns, np.int64))


def sampled(states: DataFrame, seen: int, limit: int = LARGEST_SAMPLE) -> Portrait:
    """Return the `sample` of all `seen` customers of `remembered`; the driver gets hardly more, however many there are.

    A bucket sends only those whose hash lies below a bound that leaves as many as are wanted, and a few. Which they are
    depends on the customers alone.
    """
    share = _SPARE * limit / max(seen, 1)
    while True:
        sent = sent_by(states, share)
        if share >= 1 or sum(len(part.ids) for part in sent) >= limit:
            return sample(sent, limit)
        share *= 2


def sent_by(states: DataFrame, share: float) -> list[Portrait]:
    """Return what all buckets send of their customers, about a `share` [1] of them."""

    def thin(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            whole: list[Any] = batch.column(0).to_pylist()
            parts = [_portrait_bytes(thinned(portrait_of(data), share)) for data in whole]
            yield pa.RecordBatch.from_arrays([pa.array(parts, pa.binary())], ["portrait"])

    found = states.select("portrait").mapInArrow(thin, "portrait binary").toPandas()
    return [portrait_of(bytes(data)) for data in found["portrait"]]


def initial(states: DataFrame, model: Model, parameters: Parameters, before: Model | None = None) -> DataFrame:
    """Return the initial state of every bucket with its customers' first classes: `bucket, payload, states`.

    With a model `before`, `states` has a column `stood` too, as `stood_by_bucket` makes it, null of an unknown bucket.
    """

    def classify(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                state = classified(codec.unpack_hot(row["payload"]), model, parameters, _standing(row, before))
                yield from _initial_row(row["bucket"], state, model, parameters).to_batches()

    return states.select("bucket", "payload", *(() if before is None else ("stood",))).mapInArrow(classify, INITIAL)


def stood_by_bucket(stood: Mapping[str, Stood], parameters: Parameters) -> list[tuple[int, bytes]]:
    """Return where customers stood as rows `bucket, stood`."""
    found: dict[int, dict[str, Stood]] = {}
    for customer, one in stood.items():
        found.setdefault(bucket_of(customer, parameters.buckets), {})[customer] = one
    return [(bucket, msgspec.msgpack.encode(mine)) for bucket, mine in sorted(found.items())]


def _standing(row: Mapping[str, Any], before: Model | None) -> Standing | None:
    if before is None or row["stood"] is None:
        return None
    return Standing(before, msgspec.msgpack.decode(row["stood"], type=dict[str, Stood]))


def _initial_row(bucket: int, state: LocalState, model: Model, parameters: Parameters) -> pa.Table:
    calendar, of = Calendar(parameters.time_zone, parameters.epoch_s), state.customers
    places = on_axes(space_of(model).point(of.anchor), model)
    states = [
        {"key": customer.encode(), "value": msgspec.json.encode(
            CustomerState(customer, place_of(model, cluster, iso(calendar.end(since) * SECOND_US)), model.version,
                          rose=rose_of(of, row, calendar), current_value=current, potential_value=potential)
        )}
        for row, (customer, cluster, since, (current, potential)) in enumerate(
            zip(names(of.ids), of.cluster.tolist(), of.since.tolist(), places, strict=True)
        ) if cluster >= 0
    ]  # fmt: skip
    row = {"bucket": bucket, "payload": codec.pack_hot(state), "states": states}
    return pa.Table.from_pylist([row], schema=pa.schema(_INITIAL))


def nobody(buckets: set[int], model: Model, parameters: Parameters, generation: int) -> list[tuple[int, bytes]]:
    """Return initial states of the buckets that have no customer yet."""
    empty = classified(empty_state(parameters, generation, model.epoch), model, parameters)
    return [(bucket, codec.pack_hot(empty)) for bucket in sorted(buckets)]
