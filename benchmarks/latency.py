"""From a reading produced to its early event readable with read_committed, at low rate: `make latency`.

Probes are single readings so large that their customers move at once. Beside it, in the same session: the floor's
(almost) empty micro-batch, Kafka -> from_json -> groupBy(customer).agg(sums) -> noop with one row in it.
"""

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from kafka import KafkaConsumer, KafkaProducer
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from benchmarks.throughput import SCHEMA
from benchmarks.town import FIRST, HISTORY_DAYS, bed, seeded
from kwadrant import encode
from schemas.event import Event
from schemas.topics import EVENTS, INPUTS, READINGS
from streaming import job
from streaming.deployment import Deployment
from streaming.ending import Ending
from streaming.source import READER

PAUSE_S = 1.5
PATIENCE_S = 10.0
PROBE_KWH = 120.0
FIRST_OF = {False: 0, True: 1_000}
"""First customer of each way of probing."""


def customer(number: int) -> str:
    """Id of a customer of the smallest level."""
    return f"C-{number * 4:09d}"


def reading(number: int, hour: datetime, kwh: float) -> bytes:
    """One hourly reading."""
    return json.dumps({
        "customerId": customer(number),
        "interval": {"start": hour.isoformat().replace("+00:00", "Z"), "duration": "PT1H"},
        "value": kwh, "unit": "kWh", "flowDirection": "forward", "quality": {"status": "measured"},
        "readingType": "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0",
    }).encode()  # fmt: skip


class Probes:
    """Sends readings that must be answered, and waits for the answers."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=0, acks="all")
        self._consumer = KafkaConsumer(
            EVENTS, bootstrap_servers=bootstrap, isolation_level="read_committed", auto_offset_reset="earliest",
            fetch_max_wait_ms=10, enable_auto_commit=False, group_id=None,
        )  # fmt: skip
        self._bootstrap = bootstrap

    def clock(self, moment: datetime) -> None:
        """Write a clock record into every partition."""
        for topic in INPUTS:
            for partition in self._producer.partitions_for(topic):
                self._producer.send(topic, encode.clock(moment), partition=partition)
        self._producer.flush()

    def ask(self, number: int, hour: datetime) -> float | None:
        """Seconds from sending a probe to reading its early event, None where none came."""
        name = customer(number)
        sent = time.monotonic()
        self._producer.send(READINGS, reading(number, hour, PROBE_KWH), key=name.encode())
        self._producer.flush()
        while time.monotonic() - sent < PATIENCE_S:
            for batch in self._consumer.poll(timeout_ms=20).values():
                if any(msgspec.json.decode(record.value, type=Event).customer_id == name for record in batch):
                    return time.monotonic() - sent
        return None


def floor(session: SparkSession, deployment: Deployment, bootstrap: str) -> float:
    """Median seconds of an almost empty micro-batch of the floor."""
    options = {**READER, **deployment.options, "subscribe": READINGS, "startingOffsets": "latest"}
    rows = session.readStream.format("kafka").options(**options).load()
    rows = rows.select(f.from_json(f.col("value").cast("string"), SCHEMA).alias("r")).select("r.*")
    sums = rows.groupBy("customerId").agg(f.sum("value"), f.count("*"))
    writer = sums.writeStream.format("noop").outputMode("update")
    query = writer.option("checkpointLocation", str(deployment.checkpoint) + "-floor").start()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    hour = datetime.combine(FIRST, datetime.min.time(), UTC)
    for number in range(25):
        producer.send(READINGS, reading(number, hour, 0.4), key=customer(number).encode())
        producer.flush()
        time.sleep(1.0)
    query.stop()
    producer.close()
    seconds = [p["durationMs"]["triggerExecution"] / 1_000 for p in query.recentProgress if p["numInputRows"]]
    return float(statistics.median(seconds[3:]))


def probe(probes: Probes, count: int, *, closes: bool) -> list[float]:
    """Latencies of `count` probes; with `closes` a day ends before every third of them."""
    day = datetime.combine(FIRST + timedelta(days=HISTORY_DAYS), datetime.min.time(), UTC)
    found: list[float] = []
    for number in range(count):
        if closes and number % 3 == 0:
            probes.clock(day + timedelta(hours=26))
            day += timedelta(days=1)
        answer = probes.ask(number + FIRST_OF[closes], day + timedelta(hours=number % 12))
        if answer is not None:
            found.append(answer)
        time.sleep(PAUSE_S)
    return found


def quantiles(seconds: list[float]) -> tuple[float, float]:
    """Median and 99th percentile (of few probes: nearly the greatest)."""
    ordered = sorted(seconds)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def main() -> None:
    """Print the floor and one row for each way of probing."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--customers", type=int, default=10_000)
    ask.add_argument("--probes", type=int, default=60)
    given = ask.parse_args()
    with bed("latency") as (session, settings):
        bootstrap = settings.kafka["bootstrap.servers"]
        # a probe must move its customer at once: what is measured is the way, not the hysteresis
        deployment = seeded(session, settings, given.customers, 200_000, settings.folder, margin=0.0, decisive=0.0)
        base = floor(session, deployment, bootstrap)
        print(f"floor: an almost empty micro-batch takes {base:.3f} s", flush=True)
        _while_streaming(session, deployment, lambda: _report(Probes(bootstrap), given.probes, base))


def _report(probes: Probes, count: int, base: float) -> None:
    for number in range(5):
        probes.ask(2_000 + number, datetime.combine(FIRST + timedelta(days=HISTORY_DAYS), datetime.min.time(), UTC))
    for closes in (False, True):
        found = probe(probes, count, closes=closes)
        p50, p99 = quantiles(found)
        window = "with closes" if closes else "without closes"
        print(
            f"| {window} | {len(found)} of {count} answered | p50 {p50:.2f} s = {p50 / base:.1f} floors "
            f"| p99 {p99:.2f} s = {p99 / base:.1f} floors |", flush=True,
        )  # fmt: skip


def _while_streaming(session: SparkSession, deployment: Deployment, work: Callable[[], None]) -> None:
    stop, ready = threading.Event(), threading.Event()
    ending = Ending(stop, ready=ready.set)
    runner = threading.Thread(target=job.run, args=(session, deployment, ending))
    runner.start()
    ready.wait(60)
    try:
        work()
    finally:
        stop.set()
        runner.join()


if __name__ == "__main__":
    main()
