"""A real broker, a real Spark session, a town, and deployments of it: what the integration tests share."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from pyspark.sql import SparkSession

from batch_init import seeding
from kwadrant import encode, jars, spark, topics
from kwadrant.broker import Broker
from kwadrant.jars import JarFolder
from kwadrant.sending import clocks
from kwadrant.settings import Settings
from schemas.event import CANONICAL_OUT, Event
from schemas.facts import Facts
from schemas.model import Model
from schemas.times import microseconds
from schemas.topics import ARCHIVE, EVENTS, INPUTS, READINGS, TRANSACTIONS, lane
from segmentation import replay, tables
from segmentation.calendar import Calendar
from segmentation.central_state import CentralState
from segmentation.first_model import Fit
from segmentation.parameters import Parameters
from segmentation.rows import names
from simulator import town
from streaming import job
from streaming.deployment import Deployment
from streaming.ending import Ending
from streaming.records import control_record
from streaming.start import central_state
from tests.integration import bad

ZONE = "Europe/Berlin"
HISTORY_DAYS, DAYS, CUSTOMERS = 30, 62, 140
START = date(2025, 1, 6)
PARTITIONS = 3
BAD_MESSAGES, TOO_LATE = 10_000, 40
DAY_US = 86_400 * 1_000_000
Arrival = tuple[float, str, bytes | None, bytes | None]


@dataclass(frozen=True)
class World:
    """One town, as tables, as a log on a broker, and as the replay says what must come out."""

    tables: dict[str, pa.Table]
    bootstrap: str
    folder: Path
    jars: JarFolder
    bad: list[bad.Bad]
    too_late: int

    def parameters(self, stream: str) -> Parameters:
        """Parameters of a deployment of the town."""
        lively = Settings(stream=stream, time_zone=ZONE, margin=0.3, dwell="P2D", cool_down="P7D")
        return lively.parameters(buckets=4)

    @property
    def settings(self) -> Settings:
        """Settings that reach the broker."""
        return Settings(kafka={"bootstrap.servers": self.bootstrap}, folder=self.folder, time_zone=ZONE)

    @property
    def ask(self) -> Fit:
        """The fit that every deployment of the town is seeded with."""
        calendar = Calendar(ZONE)
        return Fit(k=8, epoch=calendar.epoch_of_date(START + timedelta(days=HISTORY_DAYS)) - 1)

    def rows(self) -> list[pa.Table]:
        """Whole rows as the folds take them."""
        makers = {READINGS: tables.readings, TRANSACTIONS: tables.transactions, ARCHIVE: tables.archive}
        now, parameters = microseconds(datetime.now(UTC)), self.parameters("town")
        arrivals = {topic: tables.Arrival(lane(topic, 0), now, parameters) for topic in INPUTS}
        return [makers[topic](self.tables[topic], arrivals[topic]).rows for topic in INPUTS]


@pytest.fixture(scope="session")
def fetched() -> JarFolder:
    """Return the jars, fetched if this machine has none yet."""
    return jars.ensure(report=print, environment=os.environ)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, fetched: JarFolder) -> Iterator[dict[str, object]]:
    """Return client options of a broker of the module's own, without topics."""
    with Broker(tmp_path_factory.mktemp("broker"), fetched.broker) as broker:
        yield {"bootstrap_servers": broker.bootstrap}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, fetched: JarFolder) -> Iterator[World]:
    """Return a town whose log stands on a broker: shuffled within the lateness, with repeats."""
    folder = tmp_path_factory.mktemp("world")
    made = town.simulate(CUSTOMERS, DAYS, random_state=3, start=START, zone=ZONE, history_days=HISTORY_DAYS,
                         change_days=DAYS - HISTORY_DAYS, change_share=0.9)  # fmt: skip
    found = {READINGS: made.readings, TRANSACTIONS: made.transactions, ARCHIVE: made.archive}
    with Broker(folder / "broker", fetched.broker) as broker:
        topics.create({"bootstrap_servers": broker.bootstrap}, PARTITIONS)
        coin = random.Random(5)  # noqa: S311 - for a shuffle
        whole = World(found, broker.bootstrap, folder, fetched, bad.messages(BAD_MESSAGES, coin), TOO_LATE)
        send_shuffled(whole, coin)
        yield whole


def send_shuffled(world: World, coin: random.Random) -> None:
    """Send what is after the history: rows late by up to the lateness, one in fifty twice; bad ones between."""
    parameters, calendar = world.parameters("any"), Calendar(ZONE)
    begin = calendar.end(world.ask.epoch - 2) * 1_000_000
    arrivals: list[Arrival] = []
    for topic in INPUTS:
        table = world.tables[topic]
        texts = names(encode.JSON[topic](table))
        for time, customer, text in zip(_times(topic, table), names(table["customer_id"]), texts, strict=True):
            if time < begin and topic != ARCHIVE:
                continue
            for _ in range(2 if coin.random() < 0.02 else 1):
                late = coin.random() * parameters.lateness_s * 1e6 if time >= begin else 0
                arrivals.append((time + late, topic, customer.encode(), text.encode()))
    last = max(arrivals)[0]
    for moment in clocks(parameters, 2024, 2026):
        if begin <= microseconds(moment) <= last:
            arrivals += [(microseconds(moment), topic, None, encode.clock(moment)) for topic in INPUTS]
    arrivals += [(coin.uniform(begin, last), message.topic, message.key, message.value) for message in world.bad]
    arrivals += _far_too_late(world, begin)
    _send(world, sorted(arrivals, key=lambda arrival: arrival[0]))


def _far_too_late(world: World, begin: int) -> list[Arrival]:
    """Return readings of the first streamed days under meters of their own, ten days after."""
    table = world.tables[READINGS]
    times = np.array(_times(READINGS, table))
    rows = np.flatnonzero(times > begin + 3 * DAY_US)[:TOO_LATE]
    texts = names(encode.JSON[READINGS](table.take(rows)))
    customers = names(table["customer_id"].take(rows))
    return [
        (float(times[row] + 10 * DAY_US), READINGS, customer.encode(), text.replace("UP-", "LATE-").encode())
        for row, customer, text in zip(rows, customers, texts, strict=True)
    ]


def _times(topic: str, table: pa.Table) -> list[int]:
    column = {READINGS: "start", TRANSACTIONS: "time", ARCHIVE: "valid_from"}[topic]
    times = table[column].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    length = table["duration_s"].to_numpy().astype(np.int64) * 1_000_000 if topic == READINGS else 0
    return list((times + length).tolist())


def _send(world: World, arrivals: list[Arrival]) -> None:
    producer = KafkaProducer(bootstrap_servers=world.bootstrap, linger_ms=20, batch_size=1 << 19, acks="all")
    for _, topic, key, value in arrivals:
        if key is None and value is not None and value.startswith(b'{"clock"'):
            for partition in range(PARTITIONS):
                producer.send(topic, value, partition=partition)
        else:
            producer.send(topic, value, key=key)
    producer.flush()
    producer.close()


@pytest.fixture(scope="session")
def session(world: World) -> Iterator[SparkSession]:
    """One Spark session for all tests in this process."""
    running = spark.session(world.settings, world.jars.spark, "tests")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def running(fetched: JarFolder) -> Iterator[SparkSession]:
    """Return the one Spark session of this process, begun if there is none: for what needs neither broker nor town."""
    running = spark.session(Settings(), fetched.spark, "tests")
    yield running
    running.stop()


@dataclass(frozen=True)
class Run:
    """What a deployment said: its events as a read_committed reader sees them, and its centres."""

    events: list[dict[str, Any]]
    central: CentralState
    facts: list[Facts]

    def confirmed(self) -> list[dict[str, Any]]:
        """Return the canonical part of the confirmed events, in a fixed order."""
        return canonical(self.events)


def canonical(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return confirmed events without what may differ between cuts."""
    kept = [
        {name: value for name, value in event.items() if name not in CANONICAL_OUT}
        for event in events if event["status"] == "confirmed"
    ]  # fmt: skip
    return sorted(kept, key=lambda event: (event["eventTime"], event["customerId"]))


def plain(events: list[Event]) -> list[dict[str, Any]]:
    """Events as the JSON that a consumer parses."""
    return [msgspec.json.decode(msgspec.json.encode(event)) for event in events]


def bare(model: Model) -> Model:
    """Return a model without the name of its stream: what two streams over one log have in common."""
    return msgspec.structs.replace(model, fingerprint="")


@pytest.fixture(scope="session")
def rows_file(world: World) -> Path:
    """Return the town's rows as `seed` writes them for Spark."""
    folder = world.folder / "rows"
    folder.mkdir()
    pq.write_table(pa.concat_tables(world.rows()), folder / "rows.parquet")
    return folder


Seed = Callable[[str, int], Deployment]


@pytest.fixture(scope="session")
def seed(world: World, session: SparkSession, rows_file: Path) -> Seed:
    """Return a function that seeds a deployment of its own stream on the town."""

    def make(stream: str, rows_per_batch: int) -> Deployment:
        parameters, folder = world.parameters(stream), world.folder / stream
        folder.mkdir()
        found = seeding.seed(
            session, rows_file, world.ask, parameters, folder=folder, generation=1, report=lambda _: None
        )
        record = control_record(seeding.promotion(parameters, found))
        producer = KafkaProducer(bootstrap_servers=world.bootstrap, acks="all")
        producer.send(record.topic, record.value, key=record.key)
        producer.close()
        return Deployment(
            parameters=parameters, generation=1, kafka=world.settings.kafka, checkpoint=folder / "checkpoint-1",
            initial_state=seeding.initial_state_path(folder, 1), rows_per_batch=rows_per_batch,
        )  # fmt: skip

    return make


def stream_until_idle(session: SparkSession, deployment: Deployment) -> Run:
    """Run the stream to its end, in this process."""
    facts: list[Facts] = []
    job.run(session, deployment, Ending(threading.Event(), until_idle=True), (facts.append,))
    return said(deployment, facts)


Streamed = Callable[[int], Run]


@pytest.fixture(scope="session")
def streamed(session: SparkSession, seed: Seed) -> Streamed:
    """Return a function that streams the whole log in batches of at most so many rows, once for each number."""
    runs: dict[int, Run] = {}

    def stream(rows_per_batch: int) -> Run:
        if rows_per_batch not in runs:
            runs[rows_per_batch] = stream_until_idle(session, seed(f"cut-{rows_per_batch}", rows_per_batch))
        return runs[rows_per_batch]

    return stream


def said(deployment: Deployment, facts: list[Facts] | None = None) -> Run:
    """Return what a deployment has said so far."""
    source = f"/kwadrant/{deployment.parameters.stream}".encode()
    records = read_topic(deployment.kafka["bootstrap.servers"], EVENTS)
    events = [msgspec.json.decode(r.value) for r in records if dict(r.headers)["ce_source"] == source]
    return Run(events, central_state(deployment), facts or [])


def read_topic(bootstrap: str, topic: str) -> list[Any]:
    """Every committed record of a topic."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    consumer.seek_to_beginning(*partitions)
    found: list[Any] = []
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for batch in consumer.poll(timeout_ms=500).values():
            found.extend(batch)
    consumer.close()
    return found


@pytest.fixture(scope="session")
def oracle(world: World) -> tuple[list[dict[str, Any]], replay.Replay]:
    """Return what both folds say in one process over the same tables, in event-time order."""
    log = replay.Log.of(*world.rows())
    running = replay.begin(log, world.ask, world.parameters("oracle"))
    events = [event for step in replay.run(running, log) for event in step.events]
    return plain(events), running
