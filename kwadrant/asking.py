"""Asking a running stream: a request on the control topic, and its answer on the same topic."""

import getpass
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from kwadrant.common import client_of, load, say, told
from kwadrant.errors import NoAnswerError, RefusedError
from kwadrant.versions import History, history
from schemas import control
from schemas.control import Reply, Request
from schemas.topics import CONTROL, INPUTS, lane
from streaming.errors import NotSeeded
from streaming.start import last_central, newest_seeding
from streaming.topic import committed_records

PATIENCE_S = 60.0
AT_THE_CLOSE = ("promote", "rollback", "shadow", "idle", "busy")
"""Actions that show at the next close; the others at once, or with the next model."""
_POLL_MS = 250
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True)
class Stream:
    """The stream that is asked: where, and its last seeding."""

    client: Mapping[str, object]
    name: str
    generation: int


def stream_of(client: Mapping[str, object], name: str) -> Stream:
    """Return the stream of a name.

    Raises
    ------
    NotSeeded
        Where the control topic has never heard of it.
    """
    seeding = newest_seeding(client, name)
    if seeding is None:
        raise NotSeeded(f"the control topic has no stream {name!r}: see the setting `stream`, or run `kwadrant seed`")
    return Stream(client, name, seeding.generation)


def history_of(client: Mapping[str, object], name: str) -> History:
    """Return what the topics say of the models of a stream's last seeding."""
    stream, central = stream_of(client, name), last_central(client, name)
    values = (value for _, value in committed_records(client, CONTROL) if value is not None)
    records = (record for value in values if (record := control.read(value)) is not None)
    current = central if central is not None and central.generation == stream.generation else None
    return history(records, name, stream.generation, current)


def asked(stream: Stream, action: str, arguments: Mapping[str, object], because: str | None, *, wait: bool) -> str:
    """Ask, and return what came of it in words; raises as `ask` does."""
    reply = ask(stream, action, arguments, because=because, patience_s=PATIENCE_S if wait else 0.0)
    if reply is None:
        return "asked; the answer will stand on the control topic"
    if action not in AT_THE_CLOSE:
        return reply.said
    return f"{reply.said}; takes effect at the close of {reply.close}, version {reply.version}"


def ask_and_say(bootstrap: str | None, action: str, arguments: Mapping[str, object], because: str | None, *, wait: bool
                ) -> None:  # fmt: skip
    """Carry out a verb that only asks: say what came of it, or end with the reason."""
    with told():
        settings = load(bootstrap)
        say(asked(stream_of(client_of(settings), settings.stream), action, arguments, because, wait=wait))


def ask(stream: Stream, action: str, arguments: Mapping[str, object], *, because: str | None = None,
        patience_s: float = PATIENCE_S) -> Reply | None:  # fmt: skip
    """Send a request and return its answer; None without waiting where `patience_s` is 0.

    Raises
    ------
    RefusedError
        Where the stream cannot do what it is asked for, in its words.
    NoAnswerError
        Where nobody answers within `patience_s` [s].
    """
    request = Request(stream.name, stream.generation, uuid.uuid4().hex, action, arguments, _user(), because)
    offset = _send(stream, request)
    if patience_s == 0:
        return None
    reply = _answer(stream, request.id, offset, patience_s)
    if reply is None:
        message = (
            f"no answer within {patience_s:.0f} s: is the stream running? The request stands in the log, and is taken "
            "as soon as the stream reads it"
        )
        raise NoAnswerError(message)
    if not reply.accepted:
        raise RefusedError(reply.said)
    return reply


def _user() -> str | None:
    """Return who asks, None where the machine does not know."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return None


def _send(stream: Stream, request: Request) -> int:
    value = _encode(request)
    if control.read(value) is None:
        raise RefusedError("the request cannot be read: a reason has 1 to 500 characters, a name at most 64")
    with closing(KafkaProducer(**stream.client, acks="all")) as producer:
        sent = producer.send(CONTROL, value, key=stream.name.encode())
        return int(sent.get(timeout=PATIENCE_S).offset)


def _answer(stream: Stream, known: str, offset: int, patience_s: float) -> Reply | None:
    end, partition = time.monotonic() + patience_s, TopicPartition(CONTROL, 0)
    with closing(KafkaConsumer(**stream.client, isolation_level="read_committed")) as consumer:
        consumer.assign([partition])
        consumer.seek(partition, offset)
        while time.monotonic() < end:
            polled = consumer.poll(timeout_ms=_POLL_MS).values()
            records = (control.read(message.value) for messages in polled for message in messages)
            replies = (one for one in records if isinstance(one, Reply) and one.stream == stream.name)
            if (found := next((one for one in replies if one.id == known), None)) is not None:
                return found
    return None


def ends(stream: Stream) -> dict[int, int]:
    """Return the offset [1] after the last record of every data partition, by lane."""
    with closing(KafkaConsumer(**stream.client, isolation_level="read_committed")) as consumer:
        partitions = [
            TopicPartition(topic, number) for topic in INPUTS for number in consumer.partitions_for_topic(topic) or ()
        ]
        found = consumer.end_offsets(partitions)
    return {lane(partition.topic, partition.partition): int(offset) for partition, offset in found.items()}
