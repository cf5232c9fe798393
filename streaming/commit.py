"""The numbered commit: how the output of batch N becomes public exactly once.

1. Drain the whole DataFrame, even on a repeat.
2. Where the progress record already says N: compare the digest, halt on a difference, publish nothing.
3. Fold: `central_node.fold`.
4. Publish in one Kafka transaction (or in chunks of a fixed order, each with its progress record): events, states, who
   is expected, dead letters, models, commands, central state, progress. The last transaction's commit is the commit
   point.
5. Return; Spark commits N.
6. Tell the observers: facts may be lost, records not.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import pyarrow as pa

from schemas.control import Control
from schemas.facts import Observer
from schemas.model import Model
from schemas.progress import Progress
from schemas.times import iso, microseconds
from schemas.topics import INPUTS, lane
from segmentation import central_node
from segmentation.central_state import CentralState
from segmentation.output import Output, Rejected, unpack
from segmentation.parameters import Parameters
from streaming import checkpoint
from streaming.digest import digest_of
from streaming.errors import Diverged
from streaming.facts import Circumstances, counts_of, facts_of
from streaming.location import Location
from streaming.records import Record, records


class Publishes(Protocol):
    """What the commit needs of a publisher."""

    def publish(self, records: Sequence[Record], progress: Progress, *, after: int = -1) -> None:
        """Send the chunks after `after`, each with its progress record."""

    def chunks(self, records: int) -> int:
        """Return how many transactions so many records take [1]."""


class Batch(Protocol):
    """What the commit needs of a DataFrame: `payload` holds packed outputs, one row per bucket."""

    def toArrow(self) -> pa.Table:  # noqa: N802 - Spark's name
        """Return all rows."""


Originals = Callable[[Iterable[Rejected]], list[Rejected]]
"""Gives refused rows the original bytes that a bucket no longer has."""


@dataclass(frozen=True)
class _Folded:
    outputs: list[Output]
    central: CentralState
    controls: list[Control]
    promoted: list[Model]


@dataclass
class Commit:
    """`foreachBatch` of the stream; holds the central node's state and the progress record between batches.

    Both change only after a batch is public as a whole: what fails before leaves them as they were.
    """

    publisher: Publishes
    parameters: Parameters
    checkpoint: Location
    central: CentralState
    progress: Progress | None
    originals: Originals
    observers: tuple[Observer, ...] = ()
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def __call__(self, batch: Batch, number: int) -> None:
        """Take steps 1 to 6 for batch `number`.

        Raises
        ------
        Diverged
            Where the batch was published with another output than it has now.
        """
        began = self.now()
        # 1. drain
        payloads: list[bytes] = batch.toArrow()["payload"].to_pylist()  # type: ignore[assignment] # never null
        outputs = [unpack(payload) for payload in payloads]
        outputs.sort(key=lambda output: output.bucket)
        # 2. a repeat of what is public already
        digest = digest_of(outputs, self.parameters.witnesses)
        done = self._done(number, digest)
        if done is not None and done.chunk == done.chunks - 1:
            return
        # 3. fold
        ends = checkpoint.offsets(self.checkpoint, number)
        folded = _Folded(outputs, *central_node.fold(self.central, outputs, _lanes(ends), self.parameters))
        before = self.central
        # 4. publish
        self._publish(folded, number, digest, done)
        # 5. is Spark's: it commits when this returns; 6. tell
        circumstances = Circumstances(
            batch=number, repeated=done is not None, seconds=(self.now() - began).total_seconds(),
            commands=len(folded.controls), offsets=ends, before=before,
        )  # fmt: skip
        facts = facts_of(outputs, folded.central, circumstances, self.parameters)
        for observer in self.observers:
            observer(facts)

    def _done(self, number: int, digest: str) -> Progress | None:
        """Return what was published of batch `number` before, None where nothing was."""
        done = self.progress
        if done is None or done.batch != number:
            return None
        if done.digest != digest:
            _refuse(number, "its repeat gives another output than the published one")
        return done

    def _publish(self, folded: _Folded, number: int, digest: str, done: Progress | None) -> None:
        to_send = self._records(folded, number)
        progress = Progress(
            stream=self.parameters.stream, generation=folded.central.generation,
            query=checkpoint.query_id(self.checkpoint) or "", batch=number, chunk=0,
            chunks=self.publisher.chunks(len(to_send)), digest=digest,
            offsets=checkpoint.offsets(self.checkpoint, number), closed=folded.central.answered,
            counts=counts_of(folded.outputs),
        )  # fmt: skip
        if done is not None and done.chunks != progress.chunks:
            _refuse(number, f"it was begun in {done.chunks} transactions, and would go on in {progress.chunks}")
        self.publisher.publish(to_send, progress, after=-1 if done is None else done.chunk)
        self.central = folded.central
        self.progress = msgspec.structs.replace(progress, chunk=progress.chunks - 1)

    def _records(self, folded: _Folded, number: int) -> list[Record]:
        moment = iso(microseconds(self.now()))
        events = (event for output in folded.outputs for event in output.events)
        said = [msgspec.structs.replace(event, batch_id=number, processed_time=moment) for event in events]
        states = (state for output in folded.outputs for state in output.states)
        rejected = (row for output in folded.outputs for row in output.rejected)
        return records(
            folded.central.stream,
            events=sorted(said, key=lambda event: event.customer_id),  # one customer's as they were said
            states=sorted(states, key=lambda state: state.customer_id),
            expected=(output.expected for output in folded.outputs if output.expected is not None),
            rejected=self.originals(sorted(rejected)),
            models=folded.promoted,
            controls=folded.controls,
            central=folded.central if folded.central != self.central else None,
        )


def _refuse(number: int, found: str) -> None:
    message = (
        f"batch {number} is public, but {found}: the state, the log or the program has changed. "
        "Nothing was published; restore what was changed, or seed again, which begins a new generation"
    )
    raise Diverged(message)


def _lanes(ends: Iterable[str]) -> dict[int, int]:
    """End offset of each data lane, out of the checkpoint's JSON."""
    return {
        lane(topic, int(partition)): int(offset)
        for source in ends
        for topic, partitions in json.loads(source).items()
        if topic in INPUTS
        for partition, offset in partitions.items()
    }
