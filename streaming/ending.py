"""How a stream ends: asked to, with nothing left to do, or by a failure; the batch in hand is always finished first."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from streaming import checkpoint
from streaming.commit import Commit
from streaming.deployment import Deployment
from streaming.errors import PublishFailed, StreamingError

POLL_S = 0.1


def _nothing() -> None:
    return


@dataclass(frozen=True)
class Ending:
    """When the stream ends: `stop` asks it to finish the batch in hand; `until_idle`, when nothing is left to do.

    `ready` is called once the query runs.
    """

    stop: threading.Event
    until_idle: bool = False
    ready: Callable[[], None] = _nothing


class _NotAnyMore(Exception):  # noqa: N818 - no error: how a batch that came after the stop is handed back to Spark
    """The stream has been asked to stop; Spark repeats this batch at the next start."""


@dataclass
class Gate:
    """Lets batches through to the commit until the stream is asked to stop.

    `begun` is the last batch let through. A batch that comes after the stop is refused before anything of it is read:
    waiting here instead would block Spark's own stop for ever, for it cannot interrupt a thread that waits for Python.
    """

    commit: Commit
    stop: threading.Event
    begun: int = -1
    refused: bool = False
    failure: StreamingError | None = None

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Commit a batch, or refuse it."""
        before, self.begun = self.begun, number  # in this order: whoever sees the stop must see what was begun
        if self.stop.is_set():
            self.begun, self.refused = before, True
            # Spark calls a refused batch an error, and would print sixty lines about it
            batch.sparkSession.sparkContext.setLogLevel("OFF")
            raise _NotAnyMore
        try:
            self.commit(batch, number)
        except StreamingError as error:
            self.failure = error
            raise
        except KafkaError as error:
            self.failure = PublishFailed(f"batch {number} was not published, Kafka says {error!r}")
            raise self.failure from error


def wait(query: StreamingQuery, deployment: Deployment, gate: Gate, *, until_idle: bool) -> None:
    """Return when the stream has ended as it should.

    Raises
    ------
    StreamingError
        What ended it, where it is one of ours.
    StreamingQueryException
        Whatever else ended it, in Spark's words.
    """
    while query.isActive:
        if gate.stop.is_set() and checkpoint.committed(deployment.checkpoint) >= gate.begun:
            return
        if until_idle and _idle(query, deployment, gate):
            return
        time.sleep(POLL_S)
    failure = query.exception()
    if gate.failure is not None:
        raise gate.failure
    if failure is not None and not gate.refused:
        raise StreamingQueryException(str(failure))


def _idle(query: StreamingQuery, deployment: Deployment, gate: Gate) -> bool:
    """Whether every message there is has been read, published and committed by Spark, commands included.

    A command in flight stands on the control topic in the transaction of the batch that gave it, so that batch's own
    end offsets lie before it: idle is only who has read up to the end.
    """
    progress = gate.commit.progress
    if progress is None or query.status["isDataAvailable"] or query.status["isTriggerActive"]:
        return False
    if checkpoint.committed(deployment.checkpoint) < progress.batch:
        return False
    read: dict[str, dict[str, int]] = {}
    for source in progress.offsets:
        read |= msgspec.json.decode(source)
    return all(
        read[partition.topic][str(partition.partition)] >= end for partition, end in _ends(deployment, read).items()
    )


def _ends(deployment: Deployment, read: Mapping[str, Mapping[str, int]]) -> dict[TopicPartition, int]:
    partitions = [TopicPartition(topic, int(number)) for topic, found in read.items() for number in found]
    with closing(KafkaConsumer(**deployment.client, isolation_level="read_committed")) as consumer:
        ends: dict[TopicPartition, int] = consumer.end_offsets(partitions)
    return ends
