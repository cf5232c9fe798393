"""From the topics into the store: whole transactions only, each record once, from where the last run stopped."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import Engine

from schemas import control
from schemas.event import CustomerState, Event
from schemas.expectation import Expectations
from schemas.model import Model
from schemas.topics import CONTROL, EVENTS, EXPECTED, MODELS, STATES
from serving.store import MovedError, Order, Taken, positions, take

POLL_MS = 250
SILENT_S = 5.0
"""After so long without news the broker is asked whether it is there [s]."""
PATIENCE_MS = 5_000
"""How long the broker may take to answer that, or to be found [ms]."""
MOST_RECORDS = 5_000
_decoders: Mapping[str, Callable[[bytes], Any]] = {
    EVENTS: msgspec.json.Decoder(Event).decode,
    STATES: msgspec.json.Decoder(CustomerState).decode,
    EXPECTED: msgspec.json.Decoder(Expectations).decode,
    MODELS: msgspec.json.Decoder(Model).decode,
    CONTROL: control.read,
}


Polled = dict[TopicPartition, list[Any]]
"""Records of each partition, in their order."""


class NoTopicsError(Exception):
    """The topics of the product are not there."""


def follow(engine: Engine, client: Mapping[str, object], stop: threading.Event, taken: Callable[[Taken], None]) -> None:
    """Take in what comes until `stop` is set; `taken` hears after every look what is in the store now.

    Raises
    ------
    KafkaError
        Where the broker does not answer: no news from one who is not there are no news.
    NoTopicsError
        Where a topic is missing.
    """
    options = {"isolation_level": "read_committed", "enable_auto_commit": False, "max_poll_records": MOST_RECORDS,
               "bootstrap_timeout_ms": PATIENCE_MS}  # fmt: skip
    with closing(KafkaConsumer(**{**options, **client}, group_id=None)) as consumer:
        known, heard = _begin(consumer, positions(engine)), time.monotonic()
        while not stop.is_set():
            news = decoded(consumer.poll(timeout_ms=POLL_MS))
            try:
                take(engine, news, known)
            except MovedError:
                known = _begin(consumer, positions(engine))
                continue
            known |= news.positions
            heard = _heard(consumer, news, heard)
            taken(news)


def _heard(consumer: KafkaConsumer, news: Taken, before: float) -> float:
    """Return when the broker was heard last; one that has been silent for long is asked whether it is there."""
    now = time.monotonic()
    if not news.positions:
        if now - before < SILENT_S:
            return before
        consumer.end_offsets(consumer.assignment(), timeout_ms=PATIENCE_MS)
    return now


def _begin(consumer: KafkaConsumer, known: dict[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    parts = [TopicPartition(topic, number) for topic in _decoders for number in _numbers(consumer, topic)]
    consumer.assign(parts)
    for part in parts:
        at = known.get((part.topic, part.partition))
        if at is None:
            consumer.seek_to_beginning(part)
        else:
            consumer.seek(part, at)
    return known


def _numbers(consumer: KafkaConsumer, topic: str) -> list[int]:
    found = consumer.partitions_for_topic(topic)
    if not found:
        raise NoTopicsError(f"topic {topic} is not there; create the topics with `kwadrant topics`, then stream")
    return sorted(found)


def decoded(polled: Polled) -> Taken:
    """Return what was polled, decoded; what is deleted says nothing new, nor does a control record of no model."""
    found: dict[str, list[tuple[int, Any]]] = {topic: [] for topic in _decoders}
    for part, records in sorted(polled.items()):
        decode = _decoders[part.topic]
        found[part.topic] += [(record.offset, decode(record.value)) for record in records if record.value is not None]
    ends = {(part.topic, part.partition): records[-1].offset + 1 for part, records in polled.items()}
    kinds = (EVENTS, STATES, MODELS, EXPECTED)
    events, states, models, expected = ([record for _, record in found[topic]] for topic in kinds)
    orders = {offset: record for offset, record in found[CONTROL] if isinstance(record, Order)}
    return Taken(events, states, models, orders, ends, expected)
