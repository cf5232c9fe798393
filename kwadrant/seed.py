"""`kwadrant seed`: from tables of history to a deployment that can stream."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from kafka import KafkaProducer

from batch_init import seeding
from kwadrant.common import client_of, spark_jars, through
from kwadrant.inputs import Inputs
from kwadrant.settings import Settings
from kwadrant.spark import session
from schemas.control import Promote
from segmentation.calendar import Calendar
from segmentation.first_model import Fit
from segmentation.parameters import Parameters
from segmentation.rows import ROWS, names, numbers
from streaming.deployment import Deployment
from streaming.records import Record, control_record, model_record
from streaming.start import newest_seeding

Report = Callable[[str], None]


def run(
    settings: Settings, given: Inputs, *, k: int, random_state: int, until: datetime | None, report: Report
) -> seeding.Seeded:
    """Seed a new generation of the deployment in `settings.folder`."""
    client = client_of(settings)
    settings.folder.mkdir(parents=True, exist_ok=True)
    rows = settings.folder / "rows"
    report("reading the tables")
    customers, last = _write_rows(given, rows, settings)
    parameters = settings.parameters(buckets=seeding.buckets_for(customers))
    epoch = through(until, parameters, last)
    before = newest_seeding(client, parameters.stream)
    generation = 1 if before is None else before.generation + 1
    report("starting Spark")
    spark = session(settings, spark_jars(report), "seed")
    try:
        ask = Fit(k=k, random_state=random_state, epoch=epoch)
        found = seeding.seed(spark, rows, ask, parameters, folder=settings.folder, generation=generation, report=report)
        report("publishing first classes and the first model")
        deployment = deployment_of(settings, parameters, generation)
        seeding.publish_states(spark, settings.folder, generation, deployment.options)
    finally:
        spark.stop()
    _publish(client, found, seeding.promotion(parameters, found), parameters.stream)
    shutil.rmtree(rows)
    return found


def deployment_of(settings: Settings, parameters: Parameters, generation: int) -> Deployment:
    """Where the stream of a seeded generation runs."""
    return Deployment(
        parameters=parameters, generation=generation, kafka=settings.kafka,
        checkpoint=(settings.folder / f"checkpoint-{generation}").absolute(),
        initial_state=seeding.initial_state_path(settings.folder, generation).absolute(),
        rows_per_batch=settings.rows_per_batch,
    )  # fmt: skip


def _write_rows(given: Inputs, folder: Path, settings: Settings) -> tuple[int, int | None]:
    """Write whole rows as Parquet, block by block; the number of customers, and the last epoch that is over."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    customers: set[str] = set()
    latest = None
    with pq.ParquetWriter(folder / "rows.parquet", ROWS, compression="zstd") as writer:
        for block in given.rows():
            writer.write_table(block)
            customers.update(names(pc.unique(block.column("customer"))))
            if block.num_rows:
                end = int((numbers(block, "start").astype(np.int64) + numbers(block, "seconds")).max())
                latest = end if latest is None else max(latest, end)
    if latest is None:
        return 0, None
    calendar = Calendar(settings.time_zone, settings.parameters().epoch_s)
    return len(customers), int(calendar.epoch_of(np.array([latest]))[0]) - 1


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
