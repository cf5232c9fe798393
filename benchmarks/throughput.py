"""Readings per second of the whole job beside the floor of Spark itself, in one run: `make throughput`.

The floor is Kafka -> from_json -> groupBy(customer).agg(sums) -> noop on the same session, topic and batch size.
Both are measured on batches after the first two (start-up), as rows over the trigger's whole time.
"""

import argparse
import resource
import threading
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from benchmarks.town import bed, readings, seeded, send
from schemas.topics import READINGS
from streaming import job
from streaming.deployment import Deployment
from streaming.ending import Ending
from streaming.source import READER

SCHEMA = "customerId string, interval struct<start: timestamp, duration: string>, value double, unit string"
WARM_UP = 2


def rate(progress: list[dict[str, float]]) -> float:
    """Rows per second over the batches after the warm-up that had rows."""
    counted = [p for p in progress if p["rows"]][WARM_UP:]
    return sum(p["rows"] for p in counted) / sum(p["seconds"] for p in counted)


def floor(session: SparkSession, deployment: Deployment) -> float:
    """Rows per second of the floor."""
    options = {**READER, **deployment.options, "subscribe": READINGS, "startingOffsets": "earliest",
               "maxOffsetsPerTrigger": str(deployment.rows_per_batch)}  # fmt: skip
    parsed = session.readStream.format("kafka").options(**options).load()
    parsed = parsed.select(f.from_json(f.col("value").cast("string"), SCHEMA).alias("r")).select("r.*")
    sums = parsed.groupBy("customerId").agg(f.sum("value"), f.count("*"), f.max("interval.start"))
    writer = sums.writeStream.format("noop").outputMode("update").trigger(availableNow=True)
    query = writer.option("checkpointLocation", str(deployment.checkpoint) + "-floor").start()
    query.awaitTermination()
    return rate([_facts(p) for p in query.recentProgress])


def ours(session: SparkSession, deployment: Deployment) -> float:
    """Rows per second of the whole job."""
    found: list[dict[str, float]] = []

    def look(_: object) -> None:
        found[:] = [_facts(p) for query in session.streams.active for p in query.recentProgress]

    job.run(session, deployment, Ending(threading.Event(), until_idle=True), (look,))
    return rate(found)


def _facts(progress: Any) -> dict[str, float]:  # noqa: ANN401 - Spark has no public type for it
    return {"rows": progress["numInputRows"], "seconds": progress["durationMs"]["triggerExecution"] / 1_000}


def main() -> None:
    """Print one row per number of customers."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    ask.add_argument("--rows", type=int, default=3_000_000)
    ask.add_argument("--rows-per-batch", type=int, default=250_000)
    given = ask.parse_args()
    for customers in given.customers:
        with bed("throughput", driver_memory="3g") as (session, settings):
            deployment = seeded(session, settings, customers, given.rows_per_batch, settings.folder)
            send(readings(session, customers, given.rows, 0), deployment.options)
            base, full = floor(session, deployment), ours(session, deployment)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"| {customers:,} | {base:,.0f} | {full:,.0f} | {full / base:.2f} | {memory:,.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
