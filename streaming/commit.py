"""The numbered commit: how the output of batch N becomes public exactly once.

1. Drain the whole DataFrame, even on a repeat.
2. Where the progress record already says N: compare the digest, halt on a difference, publish nothing.
3. Fold: `central_node.fold`.
4. Publish in one Kafka transaction (or in chunks of a fixed order, each with its progress record): events, states, dead
   letters, models, central state, commands, progress. The last transaction's commit is the commit point.
5. Return; Spark commits N.
6. Tell the observers: facts may be lost, records not.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from pyspark.sql import DataFrame

from schemas.control import Control
from schemas.event import Event
from schemas.model import Model
from schemas.progress import Progress
from schemas.topics import INPUTS, lane
from segmentation import central_node
from segmentation.central_node import CentralState
from segmentation.crossings import kept
from segmentation.decision import NEVER
from segmentation.output import Output, Rejected, pack, unpack
from segmentation.parameters import Parameters
from streaming import checkpoint
from streaming.errors import Diverged
from streaming.publisher import Publisher
from streaming.records import Record, records

_json = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True)
class Facts:
    """What a batch was like, for observers: counts of rows by fate, what moved, when its oldest message came [us]."""

    batch: int
    repeated: bool
    counts: Mapping[str, int]
    events: tuple[Event, ...]
    closed: int
    model_version: int
    quadrants: Mapping[str, int]
    clusters: Mapping[int, int]
    commands: int
    pending: int
    arrived: int
    seconds: float


Observer = Callable[[Facts], None]


@dataclass
class Commit:
    """`foreachBatch` of the stream; holds the central node's state between batches."""

    publisher: Publisher
    parameters: Parameters
    checkpoint: Path
    central: CentralState
    progress: Progress | None
    originals: Callable[[list[Rejected]], list[Rejected]]
    observers: tuple[Observer, ...] = ()
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Steps 1 to 6 for batch `number`."""
        began = self.now()
        # 1. drain
        outputs = sorted((unpack(row) for row in batch.toArrow().column("payload").to_pylist()), key=lambda o: o.bucket)
        digest = digest_of(outputs, self.parameters.witnesses)
        # 2. a repeat of what is public already
        repeated = self.progress is not None and self.progress.batch == number
        if repeated and self._is_public(digest):
            return
        # 3. fold
        ends = checkpoint.offsets(self.checkpoint, number)
        central, controls, promoted = central_node.fold(self.central, outputs, _lanes(ends), self.parameters)
        # 4. publish
        to_send = self._records(outputs, central, controls, promoted, number)
        progress = self._progress(number, digest, ends, outputs, central, self.publisher.chunks(len(to_send)))
        done = self.progress.chunk if repeated and self.progress is not None else -1
        self.publisher.publish(to_send, progress, after=done)
        self.central, self.progress = central, msgspec.structs.replace(progress, chunk=progress.chunks - 1)
        # 5. is Spark's: it commits when this returns; 6. tell
        facts = _facts(number, outputs, central, len(controls), repeated=repeated, seconds=(self.now() - began).total_seconds())
        for observer in self.observers:
            observer(facts)

    def _is_public(self, digest: str) -> bool:
        progress = self.progress
        if progress is None or progress.digest != digest:
            message = (
                f"batch {progress.batch if progress else '?'} was published with another output than its repeat gives; "
                "the state or the log has changed. Nothing was published; restore the checkpoint, or seed again"
            )
            raise Diverged(message)
        return progress.chunk == progress.chunks - 1

    def _records(self, outputs: list[Output], central: CentralState, controls: list[Control], promoted: list[Model],
                 number: int) -> list[Record]:  # fmt: skip
        moment = self.now().isoformat().replace("+00:00", "Z")
        events = sorted((event for output in outputs for event in output.events), key=lambda e: (e.customer_id, e.event_id))
        said = [msgspec.structs.replace(event, batch_id=number, processed_time=moment) for event in events]
        states = sorted((state for output in outputs for state in output.states), key=lambda s: s.customer_id)
        rejected = self.originals(sorted(row for output in outputs for row in output.rejected))
        changed = central if central != self.central else None
        return records(central.stream, said, states, rejected, promoted, controls, changed)

    def _progress(self, number: int, digest: str, ends: tuple[str, ...], outputs: list[Output], central: CentralState,
                  chunks: int) -> Progress:  # fmt: skip
        return Progress(
            stream=self.parameters.stream, generation=central.generation, query=checkpoint.query_id(self.checkpoint) or "",
            batch=number, chunk=0, chunks=chunks, digest=digest, offsets=ends, closed=central.answered, counts=_counts(outputs),
        )  # fmt: skip


def digest_of(outputs: list[Output], witnesses: int) -> str:
    """Hash of a batch's output, put together so that it does not depend on how Spark cut the batch into tasks."""
    crossings = kept((crossing for output in outputs for crossing in output.crossings), NEVER, witnesses)
    rejected = sorted(row for output in outputs for row in output.rejected)
    digest = hashlib.blake2b(msgspec.msgpack.encode((crossings, rejected, sorted(_counts(outputs).items()))), digest_size=16)
    for output in outputs:
        digest.update(pack(msgspec.structs.replace(output, crossings=(), rejected=(), counts={}, arrived=0)))
    return digest.hexdigest()


def _lanes(ends: tuple[str, ...]) -> dict[int, int]:
    """End offset of each data lane, out of the checkpoint's JSON."""
    found: dict[int, int] = {}
    for source in ends:
        for topic, partitions in json.loads(source).items():
            if topic in INPUTS:
                found |= {lane(topic, int(partition)): int(offset) for partition, offset in partitions.items()}
    return found


def _counts(outputs: list[Output]) -> dict[str, int]:
    total: dict[str, int] = {}
    for output in outputs:
        for name, number in output.counts.items():
            total[name] = total.get(name, 0) + number
    return total


def _facts(number: int, outputs: list[Output], central: CentralState, commands: int, *, repeated: bool, seconds: float) -> Facts:
    answers = [output.answer for output in outputs if output.answer is not None]
    quadrants: dict[str, int] = {}
    clusters: dict[int, int] = {}
    for answer in answers:
        for name, count in answer.quadrants.items():
            quadrants[name] = quadrants.get(name, 0) + count
        for cluster, count in answer.clusters.items():
            clusters[cluster] = clusters.get(cluster, 0) + count
    events = tuple(event for output in outputs for event in output.events)
    return Facts(
        number, repeated, _counts(outputs), events, central.answered, central.force.version, quadrants, clusters, commands,
        central.commanded - central.answered, min((output.arrived for output in outputs if output.arrived), default=0), seconds,
    )  # fmt: skip
