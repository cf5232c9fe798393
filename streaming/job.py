"""The job: the query from the source through the bucket processor to the numbered commit, and how it ends."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
from kafka import KafkaConsumer, TopicPartition
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from schemas import topics
from schemas.control import Control, Promote
from segmentation import central_node
from segmentation.central_node import CentralState
from streaming import checkpoint
from streaming.commit import Commit, Observer
from streaming.deployment import Deployment
from streaming.errors import NotSeeded, StreamingError
from streaming.originals import with_originals
from streaming.processor import INITIAL_STATE, OUTPUT, BucketProcessor
from streaming.publisher import Publisher, last_central, last_progress
from streaming.source import parcels

POLL_S = 0.1
_control = msgspec.json.Decoder(Control)


@dataclass
class Ending:
    """When the stream ends: `stop` asks it to finish the batch in hand; `until_idle` ends it when nothing is left to do.

    `ready` is called once the query runs.
    """

    stop: threading.Event
    until_idle: bool = False
    ready: Callable[[], None] = lambda: None


def run(spark: SparkSession, deployment: Deployment, ending: Ending, observers: tuple[Observer, ...] = ()) -> int:
    """Run the stream until its ending; returns the number of the last committed batch.

    Raises
    ------
    NotSeeded, CannotResume, Diverged, Fenced
        As their names say; nothing has been published then that should not be.
    """
    parameters, client = deployment.parameters, deployment.client
    with Publisher(client, parameters.stream, limit=deployment.records_per_transaction) as publisher:
        progress = last_progress(client, parameters.stream)
        central = central_state(deployment)
        checkpoint.prepare(deployment.checkpoint)
        fresh = progress is None or progress.generation == central.generation
        checkpoint.check(deployment.checkpoint, progress if fresh else None, generation=central.generation)
        originals = partial(with_originals, client)
        known = progress if fresh else None
        commit = Commit(publisher, parameters, deployment.checkpoint, central, known, originals, observers)
        gate = _Gate(commit, ending)
        query = _start(spark, deployment, gate)
        try:
            ending.ready()
            _wait(query, deployment, gate)
        finally:
            query.stop()
        return checkpoint.committed(deployment.checkpoint)


def central_state(deployment: Deployment) -> CentralState:
    """The central node's state as published; after a new seeding the first one, from the model on the control topic."""
    seeded = last_seeding(deployment)
    published = last_central(deployment.client, deployment.parameters.stream)
    if published is not None and published.generation == seeded.generation:
        return published
    return central_node.first_state(deployment.parameters, seeded.generation, _lanes(deployment), seeded.model)


def last_seeding(deployment: Deployment) -> Promote:
    """The record by which the last seeding put its first model in force.

    Raises
    ------
    NotSeeded
        Where the control topic has none of this stream.
    """
    newest = newest_seeding(deployment.client, deployment.parameters.stream)
    if newest is None:
        message = f"the control topic has no model of stream {deployment.parameters.stream!r}; run `kwadrant seed` first"
        raise NotSeeded(message)
    if newest.model.fingerprint != deployment.parameters.fingerprint:
        message = (
            f"the model was seeded with parameters {newest.model.fingerprint}, this run has "
            f"{deployment.parameters.fingerprint}; restore the settings of the seeding, or seed again"
        )
        raise NotSeeded(message)
    return newest


def newest_seeding(client: Mapping[str, object], stream: str) -> Promote | None:
    """The first promotion of the newest generation of `stream`, None before any seeding."""
    newest: Promote | None = None
    for value in _all(client, topics.CONTROL):
        record = _control.decode(value)
        if isinstance(record, Promote) and record.stream == stream and record.model.version == 1:
            newest = record if newest is None or record.generation > newest.generation else newest
    return newest


def _all(client: Mapping[str, object], topic: str) -> list[bytes]:
    partition, found = TopicPartition(topic, 0), []
    consumer = KafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False)
    try:
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        consumer.seek_to_beginning(partition)
        while consumer.position(partition) < end:
            found += [m.value for batch in consumer.poll(timeout_ms=500).values() for m in batch]
    finally:
        consumer.close()
    return found


def _lanes(deployment: Deployment) -> list[int]:
    consumer = KafkaConsumer(**deployment.client)
    try:
        partitions = {topic: consumer.partitions_for_topic(topic) for topic in topics.INPUTS}
    finally:
        consumer.close()
    missing = [topic for topic, found in partitions.items() if not found]
    if missing:
        message = f"the topics {missing} do not exist; run `kwadrant topics` first"
        raise NotSeeded(message)
    return [topics.lane(topic, number) for topic, found in partitions.items() for number in found or ()]


@dataclass
class _Gate:
    """Lets batches through to the commit until the stream is asked to end."""

    commit: Commit
    ending: Ending
    failure: StreamingError | None = None
    batch: int = -1

    def __call__(self, batch: DataFrame, number: int) -> None:
        if self.ending.stop.is_set():
            # the batch in hand is drained and committed: this next one is Spark's to repeat after the restart
            threading.Event().wait()
        try:
            self.commit(batch, number)
        except StreamingError as error:
            self.failure = error
            raise
        self.batch = number


def _start(spark: SparkSession, deployment: Deployment, gate: Callable[[DataFrame, int], None]) -> StreamingQuery:
    initial = spark.read.schema(INITIAL_STATE).parquet(str(deployment.initial_state)).groupBy("bucket")
    processor = BucketProcessor(deployment.parameters, f"{deployment.parameters.stream}-{uuid.uuid4().hex}")
    output = parcels(spark, deployment).groupBy("bucket").transformWithStateInPandas(
        processor, OUTPUT, "Append", "None", initialState=initial
    )
    writer = output.writeStream.foreachBatch(gate).outputMode("append")
    writer = writer.option("checkpointLocation", str(deployment.checkpoint)).queryName(deployment.parameters.stream)
    return writer.trigger(processingTime=f"{deployment.trigger_s} seconds").start()


def _wait(query: StreamingQuery, deployment: Deployment, gate: _Gate) -> None:
    """Until the query fails, is asked to stop, or has nothing left to do."""
    while query.isActive:
        if gate.ending.stop.is_set() and _drained(query, deployment, gate):
            return
        if gate.ending.until_idle and _idle(query, deployment, gate):
            return
        time.sleep(POLL_S)
    if gate.failure is not None:
        raise gate.failure
    failure = query.exception()
    if failure is not None:
        raise StreamingQueryException(str(failure))


def _drained(query: StreamingQuery, deployment: Deployment, gate: _Gate) -> bool:
    return checkpoint.committed(deployment.checkpoint) >= gate.batch or not query.status["isTriggerActive"]


def _idle(query: StreamingQuery, deployment: Deployment, gate: _Gate) -> bool:
    """Whether every message there is has been read and committed, commands included."""
    if query.status["isDataAvailable"] or query.status["isTriggerActive"] or gate.commit.progress is None:
        return False
    read: dict[str, dict[str, int]] = {}
    for source in gate.commit.progress.offsets:
        read |= msgspec.json.decode(source)
    partitions = [TopicPartition(topic, int(number)) for topic, found in read.items() for number in found]
    consumer = KafkaConsumer(**deployment.client, isolation_level="read_committed")
    try:
        ends = consumer.end_offsets(partitions)
    finally:
        consumer.close()
    return all(read[partition.topic][str(partition.partition)] >= end for partition, end in ends.items())
