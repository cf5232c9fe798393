"""Where benchmarks run, and their customers, made by Spark itself: kafka-python would take minutes to send them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from kafka import KafkaProducer
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from batch_init import seeding
from kwadrant import jars, spark, topics
from kwadrant.broker import Broker
from kwadrant.settings import Settings
from schemas.topics import READINGS
from segmentation.calendar import Calendar
from segmentation.first_model import Fit
from streaming.deployment import Deployment
from streaming.location import Location
from streaming.records import control_record

FIRST = date(2025, 3, 3)
HISTORY_DAYS = 8
DAYTIME = 7, 19
"""First and last hour of the day's load."""


@contextmanager
def bed(name: str, *, driver_memory: str = "1500m") -> Iterator[tuple[SparkSession, Settings]]:
    """Give a benchmark its own folder, broker, topics and Spark session; all of it is gone afterwards."""
    fetched = jars.ensure(report=print, environment=os.environ)
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "broker", fetched.broker) as broker:
        topics.create({"bootstrap_servers": broker.bootstrap}, 4)
        kafka = {"bootstrap.servers": broker.bootstrap}
        settings = Settings(kafka=kafka, folder=Path(folder), driver_memory=driver_memory)
        session = spark.session(settings, fetched.spark, name)
        try:
            yield session, settings
        finally:
            session.stop()


def customer() -> Column:
    """Return the id of customer number `n`."""
    return f.concat(f.lit("C-"), f.lpad(f.col("n").cast("string"), 9, "0"))


def load() -> Column:
    """Return a plausible load [kWh] in the hour `hour` of customer `n`: four levels, day or night, and noise."""
    level = f.pow(f.lit(2.0), (f.col("n") % 4).cast("double")) * 0.4
    shape = f.when(f.col("hour").between(*DAYTIME), 1.0 + (f.col("n") % 3) * 0.5).otherwise(0.5)
    noise = 0.8 + 0.4 * (f.abs(f.hash("n", "hour", "day")) % 1000) / 1000.0
    return f.round(level * shape * noise, 3)


def history(spark: SparkSession, customers: int, folder: Location) -> None:
    """Daily readings of `HISTORY_DAYS` as rows for the seeding."""
    days = spark.range(HISTORY_DAYS).withColumnRenamed("id", "day").withColumn("hour", f.lit(12))
    rows = spark.range(0, customers, 1, 8).withColumnRenamed("id", "n").crossJoin(days)
    start = f.lit(int(datetime.combine(FIRST, datetime.min.time(), UTC).timestamp())) + f.col("day") * 86_400
    made = rows.select(
        customer().alias("customer"), f.lit(0).alias("lane"), f.col("n").alias("offset"), f.lit(0).alias("epoch"),
        f.lit(0).cast("tinyint").alias("kind"), f.lit(1).cast("long").alias("channel"),
        start.cast("long").alias("start"),
        f.lit(86_400).alias("seconds"), f.lit(86_400).alias("length"), (f.col("n") < 0).alias("fine"),
        f.lit(2).cast("tinyint").alias("status"),
        f.lit(-1).cast("long").alias("received"), (load() * 24_000).cast("long").alias("value"),
        f.lit(None).cast("string").alias("text"), (f.col("n") < 0).alias("backfill"),
    )  # fmt: skip
    made.write.mode("overwrite").parquet(str(folder))


def readings(spark: SparkSession, customers: int, rows: int, first: int) -> DataFrame:
    """`rows` hourly readings from hour `first` after the history on, all customers in turn: key and JSON value."""
    begin = int(datetime.combine(FIRST + timedelta(days=HISTORY_DAYS), datetime.min.time(), UTC).timestamp())
    turn = spark.range(0, rows, 1, 4)
    turn = turn.select((f.col("id") % customers).alias("n"), (f.floor(f.col("id") / customers) + first).alias("at"))
    turn = turn.withColumn("hour", f.col("at") % 24).withColumn("day", f.floor(f.col("at") / 24))
    start = f.date_format(f.timestamp_seconds(f.lit(begin) + f.col("at") * 3_600), "yyyy-MM-dd'T'HH:mm:ss'Z'")
    value = f.concat(
        f.lit('{"customerId":"'), customer(), f.lit('","usagePointId":"UP-'), f.col("n"),
        f.lit('","meterId":"MTR-77A1","readingType":"0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0","obis":"1-0:1.29.0*255","interval":{"start":"'),
        start, f.lit('","duration":"PT1H"},"value":'), load().cast("string"),
        f.lit(',"unit":"kWh","flowDirection":"forward","quality":{"code":"1.0.0","status":"measured"}}'),
    )  # fmt: skip
    return turn.select(customer().cast("binary").alias("key"), value.cast("binary").alias("value"))


def send(frame: DataFrame, options: dict[str, str]) -> None:
    """Send readings from the executors."""
    frame.write.format("kafka").options(**options).option("topic", READINGS).save()


def seeded(spark: SparkSession, settings: Settings, customers: int, rows_per_batch: int, folder: Location,
           **changes: float) -> Deployment:  # fmt: skip
    """Return a deployment of so many customers, with its first model on the control topic."""
    stream = f"bench-{customers}"
    named = settings.model_copy(update={"stream": stream})
    parameters = replace(named.parameters(buckets=seeding.buckets_for(customers)), **changes)  # type: ignore[arg-type]
    history(spark, customers, folder / "rows")
    epoch = Calendar("UTC").epoch_of_date(FIRST + timedelta(days=HISTORY_DAYS)) - 1
    found = seeding.seed(
        spark, folder / "rows", Fit(k=8, epoch=epoch), parameters, folder=folder, generation=1, report=print
    )
    record = control_record(seeding.promotion(parameters, found))
    producer = KafkaProducer(bootstrap_servers=settings.kafka["bootstrap.servers"], acks="all")
    producer.send(record.topic, record.value, key=record.key)
    producer.close()
    return Deployment(
        parameters=parameters, generation=1, kafka=settings.kafka, checkpoint=folder / "checkpoint",
        rows_per_batch=rows_per_batch, initial_state=seeding.initial_state_path(folder, 1),
    )  # fmt: skip
