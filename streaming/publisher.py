"""The publisher: one writer on the driver, Kafka transactions, and the progress record as the fence."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, ProducerFencedError

from schemas import topics
from schemas.progress import Progress
from segmentation.central_node import CentralState
from streaming.errors import Fenced
from streaming.records import Record

TRANSACTION_TIMEOUT_MS = 300_000
Content = TypeVar("Content")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Publisher:
    """Publishes a batch's records and its progress record in one transaction, or in several of a fixed order.

    Entering fences and aborts every earlier run of the same stream (`init_transactions`); only then may the progress
    record be read.
    """

    def __init__(self, client: Mapping[str, object], stream: str, *, limit: int) -> None:
        self._client = dict(client)
        self._stream = stream
        self._limit = limit

    def __enter__(self) -> Self:
        self.renew()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._producer.close(timeout=10)

    def renew(self) -> None:
        """A fresh producer: whatever an earlier one left open is aborted."""
        self._producer = KafkaProducer(
            **self._client, transactional_id=f"kwadrant-{self._stream}", acks="all",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS, linger_ms=5, batch_size=262_144,
        )  # fmt: skip
        self._producer.init_transactions()

    def publish(self, records: Sequence[Record], progress: Progress, *, after: int = -1) -> None:
        """Send `records` and `progress`, chunk by chunk; chunks up to `after` are published already.

        Raises
        ------
        Fenced
            Where a newer run of the same stream has taken over.
        """
        for chunk in range(after + 1, progress.chunks):
            part = records[chunk * self._limit : (chunk + 1) * self._limit]
            try:
                self._transact(part, msgspec.structs.replace(progress, chunk=chunk))
            except ProducerFencedError as error:
                message = f"another run of stream {self._stream!r} has taken over; this one must not publish any more"
                raise Fenced(message) from error

    def _transact(self, records: Sequence[Record], progress: Progress) -> None:
        self._producer.begin_transaction()
        try:
            sent = [self._send(record) for record in records]
            sent.append(self._send(Record(topics.PROGRESS, self._stream.encode(), _encode(progress))))
            self._producer.flush()
            for future in sent:
                future.get(timeout=0)
        except KafkaError:
            self._producer.abort_transaction()
            raise
        self._producer.commit_transaction()

    def _send(self, record: Record):  # type: ignore[no-untyped-def]  # noqa: ANN202 - kafka-python has no type for it
        return self._producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))

    def chunks(self, records: int) -> int:
        """How many transactions so many records take."""
        return max(1, -(-records // self._limit))


def last_progress(client: Mapping[str, object], stream: str) -> Progress | None:
    """The progress record of `stream`, as a reader who respects transactions sees it."""
    return last_record(client, topics.PROGRESS, stream, msgspec.json.Decoder(Progress))


def last_central(client: Mapping[str, object], stream: str) -> CentralState | None:
    """The central node's state as it was last published."""
    return last_record(client, topics.CENTRAL, stream, msgspec.json.Decoder(CentralState))


def last_record(client: Mapping[str, object], topic: str, key: str, decoder: msgspec.json.Decoder[Content]
                ) -> Content | None:  # fmt: skip
    """The last committed record of `key` in a topic of one partition."""
    partition = TopicPartition(topic, 0)
    found = None
    consumer = KafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False)
    try:
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        consumer.seek_to_beginning(partition)
        while consumer.position(partition) < end:
            for messages in consumer.poll(timeout_ms=500).values():
                for message in messages:
                    if message.key == key.encode() and message.value is not None:
                        found = message.value
    finally:
        consumer.close()
    return None if found is None else decoder.decode(found)
