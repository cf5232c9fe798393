"""The job: the query from the source through the bucket processor to the numbered commit."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from kafka.errors import KafkaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from schemas.facts import Begun, Observer
from streaming import checkpoint
from streaming.commit import Commit
from streaming.deployment import Deployment
from streaming.ending import Ending, Gate, wait
from streaming.errors import PublishFailed
from streaming.facts import begun_of
from streaming.location import uri
from streaming.originals import with_originals
from streaming.processor import INITIAL_STATE, OUTPUT, BucketProcessor
from streaming.publisher import Publisher
from streaming.source import parcels
from streaming.start import central_state, check_topics, last_progress

TRIES = 4
"""Starts that may fail to publish one after the other without a batch committed between them."""
PAUSE_S = 2.0
_log = logging.getLogger(__name__)


@dataclass
class Patience:
    """How often publishing may fail: `tries` times in a row; a batch committed in between forgives the earlier ones."""

    tries: int = TRIES
    failures: int = 0
    reached: int = -1

    def allows(self, committed: int) -> bool:
        """Whether one more start is worth it after a failure at which batch `committed` was Spark's last."""
        self.failures = 1 if committed > self.reached else self.failures + 1
        self.reached = committed
        return self.failures < self.tries


def _pass_over(_: Begun) -> None:
    """Nobody asks where a run begins."""


def run(
    spark: SparkSession, deployment: Deployment, ending: Ending, observers: tuple[Observer, ...] = (),
    began: Callable[[Begun], None] = _pass_over,
) -> int:  # fmt: skip
    """Run the stream until its ending; returns the number of the last committed batch.

    What became of a batch after a publish error, only the topics know. So the stream then starts anew, exactly as after
    a crash: a fresh producer, `init_transactions`, progress record and central state read again, and Spark repeats the
    batch from its checkpoint. `began` is told at every start what the topics say, before the first batch.

    Raises
    ------
    NotSeeded, CannotResume, Diverged, Fenced, PublishFailed
        As their names say; nothing has been published then that should not be.
    """
    patience = Patience()
    while True:
        try:
            return _run(spark, deployment, ending, observers, began)
        except (PublishFailed, KafkaError) as error:
            first = isinstance(error, KafkaError) and not patience.failures
            if first or ending.stop.is_set() or not patience.allows(checkpoint.committed(deployment.checkpoint)):
                raise
            _log.warning("%s; starting again from the progress record", error)
            ending = replace(ending, ready=lambda: None)
            ending.stop.wait(PAUSE_S)


def _run(spark: SparkSession, deployment: Deployment, ending: Ending, observers: tuple[Observer, ...],
         began: Callable[[Begun], None]) -> int:  # fmt: skip
    parameters, client, folder = deployment.parameters, deployment.client, deployment.checkpoint
    # entering fences every other run: only then is the progress record the last one
    with Publisher(client, parameters.stream, limit=deployment.records_per_transaction) as publisher:
        check_topics(client)
        progress = last_progress(client, parameters.stream)
        central = central_state(deployment)
        checkpoint.prepare(folder)
        checkpoint.check(folder, progress, generation=central.generation)
        known = checkpoint.current(progress, central.generation)
        began(begun_of(central, parameters))
        originals = partial(with_originals, client)
        gate = Gate(Commit(publisher, parameters, folder, central, known, originals, observers), ending.stop)
        query = _start(spark, deployment, gate)
        try:
            ending.ready()
            wait(query, deployment, gate, until_idle=ending.until_idle)
        finally:
            query.stop()
            spark.sparkContext.setLogLevel("ERROR")
        return checkpoint.committed(folder)


def _start(spark: SparkSession, deployment: Deployment, gate: Callable[[DataFrame, int], None]) -> StreamingQuery:
    initial = spark.read.schema(INITIAL_STATE).parquet(uri(deployment.initial_state)).groupBy("bucket")
    processor = BucketProcessor(deployment.parameters, f"{deployment.parameters.stream}-{uuid.uuid4().hex}")
    output = (
        parcels(spark, deployment)
        .groupBy("bucket")
        .transformWithStateInPandas(processor, OUTPUT, "Append", "None", initialState=initial)
    )
    writer = output.writeStream.foreachBatch(gate).outputMode("append")
    writer = writer.option("checkpointLocation", uri(deployment.checkpoint)).queryName(deployment.parameters.stream)
    return writer.trigger(processingTime=f"{deployment.trigger_s} seconds").start()
