"""The source: three data topics, rate-limited, and the control topic, exploded to every bucket, in one stream.

Control has its own source without a limit: in one rate-limited source a backlog would let through one command per batch.
"""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from schemas.topics import CONTROL, INPUTS, LANES_PER_TOPIC
from streaming.deployment import Deployment

COMMAND_LANE = -1
"""The lane of control records."""
READER = {
    "kafka.isolation.level": "read_committed",
    # a read that ends at a transaction's marker would wait half a second for more
    "kafka.fetch.max.wait.ms": "10",
    "kafka.max.poll.records": "10000",
    "kafka.max.partition.fetch.bytes": "4194304",
}
"""How Spark's consumers read; a deployment's own options come after."""


def messages(spark: SparkSession, deployment: Deployment) -> DataFrame:
    """Every message with its bucket: `bucket, lane, offset, time [us], key, value, size [bytes]`.

    A value beyond the limit is cut, its size kept. No column of integers is ever null: pandas would make floats of it.
    """
    data = _topic(spark, deployment, ",".join(INPUTS), {"maxOffsetsPerTrigger": str(deployment.rows_per_batch)})
    control = _topic(spark, deployment, CONTROL, {})
    buckets = deployment.parameters.buckets
    own = f.pmod(f.crc32(f.coalesce(f.col("key"), f.col("partition").cast("string").cast("binary"))), f.lit(buckets))
    limit = deployment.parameters.largest_message
    cut = f.when(f.length("value") <= limit, f.col("value")).otherwise(f.substring("value", 1, limit))
    every = f.explode(f.sequence(f.lit(0), f.lit(buckets - 1)))
    return _columns(data, own.cast("int"), _lane(), cut).unionByName(
        _columns(control, every, f.lit(COMMAND_LANE), f.col("value"))
    )


def _topic(spark: SparkSession, deployment: Deployment, topics: str, options: dict[str, str]) -> DataFrame:
    fixed = {"subscribe": topics, "startingOffsets": "earliest", "failOnDataLoss": "true"}
    every = {**READER, **deployment.options, **options, **fixed}
    return spark.readStream.format("kafka").options(**every).load()


def _lane() -> Column:
    topic = f.array_position(f.array(*(f.lit(name) for name in INPUTS)), f.col("topic")).cast("int") - 1
    return topic * LANES_PER_TOPIC + f.col("partition")


def _columns(source: DataFrame, bucket: Column, lane: Column, value: Column) -> DataFrame:
    size = f.coalesce(f.length("value"), f.lit(-1))
    return source.select(
        bucket.alias("bucket"), lane.alias("lane"), "offset", f.unix_micros("timestamp").alias("time"), "key",
        value.alias("value"), size.alias("size"),
    )  # fmt: skip
