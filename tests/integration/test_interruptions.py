"""A stream that is stopped amid a backlog, and then cannot publish for a while, says what an undisturbed one does."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError
from prometheus_client import CollectorRegistry
from pyspark.sql import SparkSession

from monitoring.exporter import Exporter
from schemas.facts import Facts
from schemas.progress import Progress
from segmentation.calendar import Calendar
from segmentation.replay import Replay
from streaming import checkpoint, job
from streaming.deployment import Deployment
from streaming.ending import Ending
from streaming.publisher import Publisher
from streaming.records import Record
from tests.integration.conftest import Run, Seed, bare, canonical, said, stream_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]
STOPPED_AT = 2
LONGEST_STOP_S = 60


@dataclass(frozen=True)
class Interrupted:
    """A run and what it went through."""

    run: Run
    deployment: Deployment
    stopped_at: int
    seconds: float
    failures: list[str]


def stop_amid_backlog(session: SparkSession, deployment: Deployment) -> tuple[int, float]:
    """Stop from within a batch; returns the last committed one, and how long the end took [s]."""
    stop, asked = threading.Event(), [0.0]

    def ask(facts: Facts) -> None:
        if facts.batch == STOPPED_AT:
            asked[0] = time.monotonic()
            stop.set()

    last = job.run(session, deployment, Ending(stop), (ask,))
    return last, time.monotonic() - asked[0]


@pytest.fixture(scope="module")
def interrupted(session: SparkSession, seed: Seed) -> Interrupted:
    """Return what a stream says that is stopped, and then loses a transaction before and one after its commit."""
    deployment, failures = seed("interrupted", 30_000), ["before", "after"]
    last, seconds = stop_amid_backlog(session, deployment)
    left, whole = list(failures), Publisher.transact

    def transact(self: Publisher, records: Sequence[Record], progress: Progress) -> None:
        due = progress.batch > STOPPED_AT + 1 and bool(left) and bool(records)
        if not due or left[0] == "after":
            whole(self, records, progress)
        if due:
            raise KafkaTimeoutError(left.pop(0))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Publisher, "transact", transact)
        stream_until_idle(session, deployment)
    assert checkpoint.committed(deployment.checkpoint) > STOPPED_AT
    return Interrupted(said(deployment), deployment, last, seconds, left)


def test_the_batch_in_hand_is_finished_and_the_next_one_is_not_begun(interrupted: Interrupted) -> None:
    assert interrupted.stopped_at == STOPPED_AT
    assert interrupted.seconds < LONGEST_STOP_S


def test_publishing_failed_as_often_as_it_should(interrupted: Interrupted) -> None:
    assert interrupted.failures == []


def test_confirmed_events_and_centres_equal_those_of_the_replay(
    interrupted: Interrupted, oracle: tuple[list[dict[str, Any]], Replay]
) -> None:
    assert interrupted.run.confirmed() == canonical(oracle[0])
    assert bare(interrupted.run.central.newest) == bare(oracle[1].central.newest)


def test_no_event_of_any_kind_is_said_twice(interrupted: Interrupted) -> None:
    ids = [event["eventId"] for event in interrupted.run.events]
    assert len(ids) == len(set(ids))


def test_the_next_run_shows_where_it_stands_before_its_first_batch(
    session: SparkSession, interrupted: Interrupted
) -> None:
    registry, central = CollectorRegistry(), interrupted.run.central
    kept = Exporter(registry)
    ending = Ending(threading.Event(), until_idle=True)
    job.run(session, interrupted.deployment, ending, (kept.observe,), kept.began)
    names = ("model_version", "model_held", "batches_total")
    found = {name: registry.get_sample_value(f"kwadrant_{name}") for name in names}
    assert found == {"model_version": central.force.version, "model_held": central.held is not None, "batches_total": 0}
    ends = registry.get_sample_value("kwadrant_closed_until_timestamp_seconds")
    parameters = interrupted.deployment.parameters
    assert ends == Calendar(parameters.time_zone, parameters.epoch_s).end(central.answered)
