"""`kwadrant seed`: from tables of history to a deployment that can stream."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from kafka import KafkaProducer
from numpy.typing import NDArray
from pandas.util import hash_array
from pyspark.sql import SparkSession

from batch_init import seeding
from kwadrant.common import client_of, spark_jars, through
from kwadrant.inputs import Inputs, refusals
from kwadrant.settings import Settings
from kwadrant.spark import session
from kwadrant.versions import befell
from schemas.control import Promote
from schemas.times import microseconds
from segmentation.calendar import Calendar
from segmentation.first_model import Fit
from segmentation.parameters import Parameters
from segmentation.rows import ROWS, Texts, numbers
from segmentation.value_mapping import ValueMapping, value_mapping
from streaming.deployment import Deployment
from streaming.location import HadoopPath, Location
from streaming.records import Record, control_record, model_record
from streaming.start import before_seeding, newest_seeding

Report = Callable[[str], None]
Hashes = NDArray[np.uint64]
_ROWS = "rows.parquet"


@dataclass(frozen=True)
class Asked:
    """What a seeding is asked for: number of clusters, random state, value mapping of the archive."""

    k: int = 8
    random_state: int = 0
    mapping: ValueMapping = field(default_factory=value_mapping)


def told(found: seeding.Seeded) -> Iterator[str]:
    """Yield what a seeding made, and what a new one did to the classes that were."""
    yield f"seeded generation {found.generation} from {found.customers:,} customers:"
    yield from (f"  {cluster.id}: {cluster.name} ({cluster.quadrant})" for cluster in found.model.clusters)
    again = found.again
    if again is None:
        return
    yield from (f"  {befell(one, found.model)}" for one in found.model.lineage if one.version == found.model.version)
    share = again.moved / again.of if again.of else 1.0
    yield f"of {again.of:,} customers with a class {again.moved:,} ({share:.1%}) lie in another by this seeding alone"
    if again.before is None:
        yield "that is more than the blast radius: where they stand now is told as state, and no event"
    else:
        yield "they keep their class until it is judged: who moves then has an event of cause definition_changed"


def run(settings: Settings, given: Inputs, asked: Asked, *, until: datetime | None, report: Report) -> seeding.Seeded:
    """Seed a new generation of the deployment in `settings.folder`; its clusters keep the identities they have."""
    client = client_of(settings)
    with tempfile.TemporaryDirectory(prefix="kwadrant-") as spare:
        report("reading the tables")
        rows = _spool(settings.folder, Path(spare))
        customers, last = _write_rows(given, rows, settings, report)
        parameters = settings.parameters(buckets=seeding.buckets_for(customers))
        before = newest_seeding(client, parameters.stream)
        deployment = deployment_of(settings, parameters, 1 if before is None else before.generation + 1)
        calendar = Calendar(parameters.time_zone, parameters.epoch_s)
        ask = Fit(
            k=asked.k, random_state=asked.random_state, epoch=through(until, parameters, last), mapping=asked.mapping,
            before=before_seeding(client, parameters.stream, calendar),
        )  # fmt: skip
        report("starting Spark")
        spark = session(settings, spark_jars(report), "seed")
        try:
            found = _seed(spark, _staged(rows, settings.folder), ask, settings.folder, deployment, report)
        finally:
            spark.stop()
    _publish(client, found, seeding.promotion(parameters, found), parameters.stream)
    return found


def _seed(spark: SparkSession, rows: Location, ask: Fit, folder: Location, deployment: Deployment, report: Report
          ) -> seeding.Seeded:  # fmt: skip
    parameters, generation = deployment.parameters, deployment.generation
    found = seeding.seed(spark, rows, ask, parameters, folder=folder, generation=generation, report=report)
    rows.unlink()
    report("publishing first classes and the first model")
    seeding.publish_states(spark, folder, generation, deployment.options)
    return found


def deployment_of(settings: Settings, parameters: Parameters, generation: int) -> Deployment:
    """Where the stream of a seeded generation runs."""
    return Deployment(
        parameters=parameters, generation=generation, kafka=settings.kafka,
        checkpoint=settings.folder / f"checkpoint-{generation}",
        initial_state=seeding.initial_state_path(settings.folder, generation),
        rows_per_batch=settings.rows_per_batch,
    )  # fmt: skip


def _spool(folder: Location, spare: Path) -> Path:
    """Where whole rows are written: in the folder itself, or aside where only Spark reaches it."""
    if isinstance(folder, HadoopPath):
        return spare / _ROWS
    folder.mkdir(parents=True, exist_ok=True)
    return folder / _ROWS


def _staged(rows: Path, folder: Location) -> Location:
    """Where executors read the rows."""
    there = folder / _ROWS
    if isinstance(there, HadoopPath):
        there.take(rows)
    return there


def _write_rows(given: Inputs, file: Path, settings: Settings, report: Report) -> tuple[int, int | None]:
    """Write whole rows as Parquet, block by block; the number of customers, and the last epoch that is over."""
    refused: Counter[str] = Counter()
    customers = np.zeros(0, np.uint64)
    latest = None
    with pq.ParquetWriter(file, ROWS, compression="zstd") as writer:
        for taken in given.taken(settings.parameters(), microseconds(datetime.now(UTC))):
            block = taken.rows
            refused.update(taken.refused)
            writer.write_table(block)
            customers = with_hashes(customers, pc.unique(block.column("customer")))
            if block.num_rows:
                end = int((numbers(block, "start").astype(np.int64) + numbers(block, "seconds")).max())
                latest = end if latest is None else max(latest, end)
    if refused:
        report(refusals(refused))
    if latest is None:
        return 0, None
    calendar = Calendar(settings.time_zone, settings.parameters().epoch_s)
    return len(customers), int(calendar.epoch_of(np.array([latest]))[0]) - 1


def with_hashes(known: Hashes, customers: Texts) -> Hashes:
    """Return the hashes of the customers known, rising, with those of others: eight bytes each, however long a name."""
    found = np.unique(hash_array(customers.to_numpy(zero_copy_only=False), categorize=False))
    at = np.searchsorted(known, found)
    fresh = np.append(known, found[-1:])[at] != found
    fresh[at == len(known)] = True
    return np.insert(known, at[fresh], found[fresh])


def _publish(client: dict[str, object], found: seeding.Seeded, promotion: Promote, stream: str) -> None:
    """Put the first model on the control topic and on the models' topic, in one transaction."""
    producer = KafkaProducer(**client, transactional_id=f"kwadrant-{stream}-seed", acks="all")
    producer.init_transactions()
    producer.begin_transaction()
    for record in (model_record(stream, found.model), control_record(promotion)):
        _send(producer, record)
    producer.commit_transaction()
    producer.close()


def _send(producer: KafkaProducer, record: Record) -> None:
    producer.send(record.topic, record.value, key=record.key)
