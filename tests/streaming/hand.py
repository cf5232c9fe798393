"""A broker in memory that may die once, a checkpoint folder as Spark writes it, and what the buckets of a town say."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pyarrow as pa

from schemas import control, topics
from schemas.control import Promote
from schemas.facts import Observer
from schemas.model import Model
from schemas.progress import Progress
from schemas.topics import READINGS
from segmentation.central_state import CentralState, first_state, unpack, with_past
from segmentation.output import Output, Rejected, pack
from segmentation.parameters import Parameters
from streaming import checkpoint
from streaming.commit import Commit
from streaming.publisher import Publisher
from streaming.records import Record
from tests.segmentation.runs import begin, cuts, first_model
from tests.segmentation.towns import LANES, PARAMETERS, town

MOMENT = datetime(2026, 4, 2, tzinfo=UTC)
QUERY = "7f0c"
BATCHES = 9
Side = Literal["before", "after"]


class Died(BaseException):
    """The process is gone: nobody catches this but the test."""


@dataclass(frozen=True)
class Moment:
    """Before or after the transaction of a batch's chunk."""

    batch: int
    chunk: int
    side: Side


@dataclass
class Broker:
    """What transactions have committed: records, and the progress record of each."""

    transactions: list[tuple[Sequence[Record], Progress]] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        """Every record of every topic but the progress topic, in the order in which it was committed."""
        return [record for records, _ in self.transactions for record in records]

    @property
    def progress(self) -> Progress | None:
        """The last progress record."""
        return self.transactions[-1][1] if self.transactions else None

    def central(self, model: Model, parameters: Parameters) -> CentralState:
        """Return the central state as a start reads it."""
        written = [record.value for record in self.records if record.topic == topics.CENTRAL and record.value]
        if not written:
            return first_state(parameters, 1, LANES, model)
        found = (
            control.read(record.value) for record in self.records if record.topic == topics.CONTROL and record.value
        )
        in_force = [model, *(record.model for record in found if isinstance(record, Promote))]
        return with_past(unpack(written[-1]), in_force)


class Shaky(Publisher):
    """The publisher, but for Kafka: it dies once at a moment."""

    def __init__(self, broker: Broker, limit: int, death: Moment | None = None) -> None:
        super().__init__({}, PARAMETERS.stream, limit=limit)
        self.broker, self.death = broker, death

    def transact(self, records: Sequence[Record], progress: Progress) -> None:
        """Commit to memory, unless it is time to die."""
        if self.death == Moment(progress.batch, progress.chunk, "before"):
            raise Died
        self.broker.transactions.append((records, progress))
        if self.death == Moment(progress.batch, progress.chunk, "after"):
            raise Died


@dataclass(frozen=True)
class Frame:
    """A DataFrame of a batch."""

    outputs: Sequence[Output]

    def toArrow(self) -> pa.Table:  # noqa: N802 - Spark's name
        """Return the outputs as Spark collects them, in no particular order."""
        return pa.table({"payload": [pack(output) for output in reversed(self.outputs)]})


class Folder:
    """A checkpoint folder in which Spark plans and commits."""

    def __init__(self, path: Path, query: str = QUERY) -> None:
        self.path = path
        for name in ("offsets", "commits"):
            (path / name).mkdir(parents=True)
        (path / "metadata").write_text(json.dumps({"id": query}))

    def plan(self, batch: int, end: int) -> None:
        """Write down the end offsets of a batch."""
        offsets = json.dumps({READINGS: {"0": end}})
        (self.path / "offsets" / str(batch)).write_text(f"v1\n{{}}\n{offsets}\n-")

    def commit(self, batch: int) -> None:
        """Write down that a batch is done."""
        (self.path / "commits" / str(batch)).write_text('v1\n{"nextBatchWatermarkMs":0}')


@lru_cache(maxsize=1)
def said() -> list[list[Output]]:
    """Return the outputs of a town's three buckets, batch by batch: events, refusals, answers, crossings."""
    run = begin(town(0).all, first_model(0), range(PARAMETERS.buckets))
    return run.over(cuts(town(0), 5, BATCHES)).outputs


def as_they_are(rejected: Iterable[Rejected]) -> list[Rejected]:
    return list(rejected)


def start(publisher: Shaky, folder: Folder, observers: tuple[Observer, ...] = ()) -> Commit:
    """Return the commit as `job.run` makes it: progress and central state read back, the checkpoint compared."""
    progress = publisher.broker.progress
    central = publisher.broker.central(first_model(0), PARAMETERS)
    checkpoint.check(folder.path, progress, generation=1)
    return Commit(publisher, PARAMETERS, folder.path, central, progress, as_they_are, observers, now=lambda: MOMENT)


def stream(commit: Commit, folder: Folder, batches: Sequence[Sequence[Output]]) -> None:
    """Do what Spark does: plan a batch, hand it over, commit it; from the first one that is not committed."""
    for number in range(checkpoint.committed(folder.path) + 1, len(batches)):
        folder.plan(number, end=10 * number)
        commit(Frame(batches[number]), number)
        folder.commit(number)


def shaken(folder: Folder, limit: int, death: Moment | None = None) -> Broker:
    """Return what is public after a run that dies at a moment, and is started again."""
    broker = Broker()
    try:
        stream(start(Shaky(broker, limit, death), folder), folder, said())
    except Died:
        stream(start(Shaky(broker, limit), folder), folder, said())
    return broker
