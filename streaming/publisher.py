"""The publisher: one writer on the driver, Kafka transactions, and the progress record as the fence."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec
from kafka import KafkaProducer
from kafka.errors import InvalidProducerEpochError, KafkaError, ProducerFencedError

from schemas import topics
from schemas.progress import Progress
from streaming.errors import Fenced
from streaming.records import Record

TRANSACTION_TIMEOUT_MS = 300_000
GRACE_S = 10.0
_encode = msgspec.json.Encoder(order="deterministic").encode


class Publisher:
    """Publishes a batch's records and its progress record in one transaction, or in several of a fixed order.

    Entering fences every earlier run of the same stream and aborts what it left open (`init_transactions`); only then
    may the progress record be read. After an error it is of no use any more: it never aborts by itself, for a fenced
    producer that does so may take the place of the run that fenced it. Leave it, and enter a new one.
    """

    def __init__(self, client: Mapping[str, object], stream: str, *, limit: int) -> None:
        self._client = dict(client)
        self._stream = stream
        self._limit = limit

    def __enter__(self) -> Self:
        self._producer = KafkaProducer(
            **self._client, transactional_id=f"kwadrant-{self._stream}", acks="all",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS, linger_ms=5, batch_size=262_144,
            max_request_size=topics.LARGEST_RECORD,
        )  # fmt: skip
        try:
            self._producer.init_transactions()
        except KafkaError:
            self._close(0.0)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(GRACE_S if error is None else 0.0)

    def publish(self, records: Sequence[Record], progress: Progress, *, after: int = -1) -> None:
        """Send `records` and `progress`, chunk by chunk; chunks up to `after` are published already.

        Raises
        ------
        Fenced
            Where a newer run of the same stream has taken over.
        """
        for chunk in range(after + 1, progress.chunks):
            part = records[chunk * self._limit : (chunk + 1) * self._limit]
            self.transact(part, msgspec.structs.replace(progress, chunk=chunk))

    def transact(self, records: Sequence[Record], progress: Progress) -> None:
        """Send one chunk, whole or not at all."""
        try:
            self._producer.begin_transaction()
            sent = [self._send(record) for record in records]
            sent.append(self._send(Record(topics.PROGRESS, self._stream.encode(), _encode(progress))))
            self._producer.flush()
            for future in sent:
                future.get(timeout=0)
            self._producer.commit_transaction()
        except KafkaError as error:
            if _fenced(error):
                message = (
                    f"another run of stream {self._stream!r} has taken over (or a transaction took longer than "
                    f"{TRANSACTION_TIMEOUT_MS // 1_000} s); this one has published nothing since, and must not. "
                    "Let one of them run"
                )
                raise Fenced(message) from error
            raise

    def chunks(self, records: int) -> int:
        """Return how many transactions so many records take [1]."""
        return max(1, -(-records // self._limit))

    def _send(self, record: Record) -> Any:  # noqa: ANN401 - kafka-python has no types
        return self._producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))

    def _close(self, grace: float) -> None:
        # it complains about what it could not deliver, which the caller knows, or is about to hear
        with suppress(KafkaError):
            self._producer.close(timeout=grace)


def _fenced(error: BaseException) -> bool:
    """Whether the broker has said that this producer is an old one; kafka-python may wrap what it was told."""
    told = [error, *error.args]
    return any(isinstance(one, ProducerFencedError | InvalidProducerEpochError) for one in told)
