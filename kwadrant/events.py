"""The product as anybody reads it: reclassification events, whole transactions only."""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition

from kwadrant.errors import LaunchError
from schemas.event import Event
from schemas.topics import EVENTS

_POLL_MS = 250
_decode = msgspec.json.Decoder(Event).decode


class NoEventsTopicError(LaunchError):
    """The topic of the events is not there."""


def read(
    client: Mapping[str, object],
    *,
    follow: bool = False,
    since: datetime | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Event]:
    """Yield the events of the topic from its beginning, with read_committed.

    Without `follow` those that are there now, by event time, then customer; with it in the order in which they come,
    for ever, or until `stop` is set.

    Parameters
    ----------
    client : options of `KafkaConsumer`, `bootstrap_servers` among them.
    since : only events with this event time or a later one.

    Raises
    ------
    NoEventsTopicError
        The topic does not exist.
    """
    halt = stop or threading.Event()
    found = (event for event in _stored(client, halt, follow=follow) if since is None or _time(event) >= since)
    yield from found if follow else sorted(found, key=lambda event: (_time(event), event.customer_id))


def in_order(client: Mapping[str, object]) -> Iterator[Event]:
    """Yield the events that are there now, those of a customer in the order of the log; otherwise as `read`."""
    return _stored(client, threading.Event(), follow=False)


def _time(event: Event) -> datetime:
    return datetime.fromisoformat(event.event_time)


def _stored(client: Mapping[str, object], halt: threading.Event, *, follow: bool) -> Iterator[Event]:
    consumer = KafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False, group_id=None)
    try:
        partitions = _partitions(consumer)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while not halt.is_set() and (follow or any(consumer.position(p) < end for p, end in ends.items())):
            polled: dict[Any, list[Any]] = consumer.poll(timeout_ms=_POLL_MS)
            yield from (_decode(record.value) for records in polled.values() for record in records)
    finally:
        consumer.close()


def _partitions(consumer: KafkaConsumer) -> list[TopicPartition]:
    numbers = consumer.partitions_for_topic(EVENTS)
    if not numbers:
        raise NoEventsTopicError(f"topic {EVENTS} is not there; create the topics with `kwadrant topics`, then stream")
    return [TopicPartition(EVENTS, number) for number in sorted(numbers)]
