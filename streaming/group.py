"""The consumer group that says how far the stream has read: Spark commits no offsets, and lag tools look for them."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from schemas.facts import Facts, Followed
from schemas.topics import CONTROL, INPUTS

EVERY_S = 5.0
"""How often the lag is measured while no batch ends [s]."""
LEAST_S = 1.0
"""Time between two commits [s]."""
PATIENCE_MS = 10_000
Ends = dict[TopicPartition, int]
_log = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(dict[str, dict[str, int]]).decode


class Follower:
    """An observer of batches that commits their end offsets to `group`, and tells how far the stream is behind.

    It works in a thread of its own, at most once a second, with the newest batch: the stream never waits for it. Before
    the first batch it goes by what the group was told last. What Kafka refuses is told, logged once, and tried again.
    With an empty `group` lag is measured, and nothing committed.
    """

    def __init__(self, client: Mapping[str, object], group: str, tell: Callable[[Followed], None]) -> None:
        self._client, self._group, self._tell = client, group, tell
        self._news, self._over = threading.Event(), threading.Event()
        self._offsets: tuple[str, ...] = ()
        self._committed: Ends = {}
        self._well = True
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._news.set()
        self._thread.join(PATIENCE_MS / 1_000)

    def observe(self, facts: Facts) -> None:
        """Take in a committed batch."""
        self._offsets = facts.offsets
        self._news.set()

    def _follow(self) -> None:
        consumer: KafkaConsumer | None = None
        while not self._over.wait(LEAST_S):
            self._news.wait(EVERY_S)
            if not self._over.is_set():
                consumer = self._step(consumer)
        _leave(self._step(consumer))

    def _step(self, consumer: KafkaConsumer | None) -> KafkaConsumer | None:
        """Commit and measure; returns the consumer to go on with, None where the next step needs a new one."""
        self._news.clear()  # before the offsets are read: what comes from now on is for the next step
        told, behind = False, dict[str, int]()
        try:
            consumer = consumer or self._connected()
            ends = ends_of(self._offsets) or self._told_before(consumer)
            behind = _behind(consumer, ends)
            self._commit(consumer, ends)
            told = self._well = True
        except Exception as error:  # noqa: BLE001 - the stream goes on, whatever is wrong with its lag
            self._failed(error)
            _leave(consumer)
            consumer = None
        self._tell(Followed(behind=behind, told=told))
        return consumer

    def _connected(self) -> KafkaConsumer:
        # it subscribes to nothing, so it is no member of the group: it only writes the group's offsets
        return KafkaConsumer(
            **self._client, group_id=self._group or None, enable_auto_commit=False, isolation_level="read_committed"
        )

    def _told_before(self, consumer: KafkaConsumer) -> Ends:
        if not self._group:
            return {}
        partitions = [
            TopicPartition(topic, number) for topic in (*INPUTS, CONTROL)
            for number in consumer.partitions_for_topic(topic) or ()
        ]  # fmt: skip
        told = {one: consumer.committed(one, timeout_ms=PATIENCE_MS) for one in partitions}
        self._committed = {one: end for one, end in told.items() if end is not None}
        return self._committed

    def _commit(self, consumer: KafkaConsumer, ends: Ends) -> None:
        if self._group and ends != self._committed:
            offsets = {partition: OffsetAndMetadata(end, "", -1) for partition, end in ends.items()}
            consumer.commit(offsets, timeout_ms=PATIENCE_MS)
            self._committed = ends

    def _failed(self, error: Exception) -> None:
        if self._well:
            _log.warning("the group %r is not told how far the stream is: %r; the stream goes on", self._group, error)
        self._well = False


def ends_of(offsets: tuple[str, ...]) -> Ends:
    """Return the end offsets of every partition, out of the checkpoint's JSON."""
    return {
        TopicPartition(topic, int(partition)): end
        for source in offsets
        for topic, found in _decode(source).items()
        for partition, end in found.items()
    }


def _behind(consumer: KafkaConsumer, ends: Ends) -> dict[str, int]:
    """Return the records of every topic that are not read [1]."""
    behind = Counter[str]()
    if not ends:
        return behind
    for partition, last in consumer.end_offsets(list(ends), timeout_ms=PATIENCE_MS).items():
        behind[partition.topic] += max(0, last - ends[partition])
    return behind


def _leave(consumer: KafkaConsumer | None) -> None:
    if consumer is not None:
        try:
            consumer.close(autocommit=False, timeout_ms=0)
        except KafkaError as error:
            _log.debug("closing the follower's consumer: %r", error)
