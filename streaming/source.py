"""The source: three data topics, rate-limited, and the control topic, exploded to every bucket, in one stream.

Control has its own source without a limit: in one rate-limited source a backlog would let through one command per
batch.
"""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from schemas.topics import CONTROL, INPUTS, LANES_PER_TOPIC
from streaming.deployment import Deployment
from streaming.parcels import SCHEMA, pack

COMMAND, DATA = -1, 0
"""Lane of a control record, and of a parcel of data: commands stand first."""
READER = {
    "kafka.isolation.level": "read_committed",
    # a read that ends at a transaction's marker would wait half a second for more
    "kafka.fetch.max.wait.ms": "10",
    "kafka.max.poll.records": "10000",
    "kafka.max.partition.fetch.bytes": "4194304",
}
"""How Spark's consumers read; a deployment's own options come after."""


def parcels(spark: SparkSession, deployment: Deployment) -> DataFrame:
    """Everything there is to fold, by bucket: parcels of data (`lane` DATA), and every command to every bucket.

    Columns: `bucket, lane, offset, time [us], payload`. No column of integers is ever null: pandas would make floats of
    it.
    """
    limit = {"maxOffsetsPerTrigger": str(deployment.rows_per_batch), "includeHeaders": "true"}
    data = _topic(spark, deployment, ",".join(INPUTS), limit)
    control = _topic(spark, deployment, CONTROL, {})
    every = f.explode(f.sequence(f.lit(0), f.lit(deployment.parameters.buckets - 1)))
    commands = control.select(
        every.alias("bucket"), "offset", f.unix_micros("timestamp").alias("time"), f.col("value").alias("payload"),
        f.lit(COMMAND).alias("lane"),
    )  # fmt: skip
    packed = _messages(data, deployment.parameters.largest_message).mapInArrow(pack(deployment.parameters), SCHEMA)
    return packed.withColumn("lane", f.lit(DATA)).unionByName(commands)


def _messages(data: DataFrame, limit: int) -> DataFrame:
    """Columns of `blocks.MESSAGES`; a value beyond the limit is cut, its size kept."""
    cut = f.when(f.length("value") <= limit, f.col("value")).otherwise(f.substring("value", 1, limit))
    size = f.coalesce(f.length("value"), f.lit(-1))
    return data.select(
        _lane().alias("lane"), "offset", f.unix_micros("timestamp").alias("time"), "key", cut.alias("value"),
        size.alias("size"), _backfill().alias("backfill"),
    )  # fmt: skip


def _topic(spark: SparkSession, deployment: Deployment, topics: str, options: dict[str, str]) -> DataFrame:
    fixed = {"subscribe": topics, "startingOffsets": "earliest", "failOnDataLoss": "true"}
    every = {**READER, **deployment.options, **options, **fixed}
    return spark.readStream.format("kafka").options(**every).load()


def _backfill() -> Column:
    """Whether a message's headers say ``origin: backfill``."""
    said = f.exists(
        "headers", lambda one: (one["key"] == "origin") & (one["value"] == f.lit("backfill").cast("binary"))
    )
    return f.coalesce(said, f.lit(False))  # noqa: FBT003 - a literal of Spark's


def _lane() -> Column:
    topic = f.array_position(f.array(*(f.lit(name) for name in INPUTS)), f.col("topic")).cast("int") - 1
    return topic * LANES_PER_TOPIC + f.col("partition")
