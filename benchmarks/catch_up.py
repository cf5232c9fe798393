"""Closed epochs per minute while history streams in: `make catch-up`."""

import argparse
import threading
import time
from datetime import UTC, date, datetime, timedelta

from kafka import KafkaProducer

from benchmarks.throughput import WARM_UP
from benchmarks.town import FIRST, HISTORY_DAYS, bed, readings, seeded, send
from kwadrant import encode
from schemas.facts import Facts
from schemas.topics import INPUTS
from streaming import job
from streaming.ending import Ending

HOURS = 24
LAST_LATENESS = timedelta(hours=2)


def main() -> None:
    """Print one row."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--customers", type=int, default=10_000)
    ask.add_argument("--days", type=int, default=30)
    given = ask.parse_args()
    with bed("catch-up") as (session, settings):
        deployment = seeded(session, settings, given.customers, 100_000, settings.folder)
        producer = KafkaProducer(bootstrap_servers=settings.kafka["bootstrap.servers"], acks="all")
        for day in range(given.days):
            send(readings(session, given.customers, given.customers * HOURS, day * HOURS), deployment.options)
            _clock(producer, FIRST + timedelta(days=HISTORY_DAYS + day + 1))
        producer.close()
        seen: list[tuple[float, Facts]] = []
        job.run(session, deployment, Ending(threading.Event(), until_idle=True),
                (lambda facts: seen.append((time.monotonic(), facts)),))  # fmt: skip
    (begin, first), (end, last) = seen[WARM_UP], seen[-1]
    rows = sum(facts.counts["rows"] for _, facts in seen[WARM_UP + 1 :])
    closed = last.closed - first.closed
    seconds = end - begin
    print(f"| {given.customers:,} customers | {closed} epochs in {seconds:.0f} s = {60 * closed / seconds:.0f} "
          f"epochs/min | {rows / seconds:,.0f} readings/s |")  # fmt: skip


def _clock(producer: KafkaProducer, midnight: date) -> None:
    moment = datetime.combine(midnight, datetime.min.time(), UTC) + LAST_LATENESS
    for topic in INPUTS:
        for partition in producer.partitions_for(topic):
            producer.send(topic, encode.clock(moment), partition=partition)
    producer.flush()


if __name__ == "__main__":
    main()
