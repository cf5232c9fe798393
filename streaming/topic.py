"""Reading a topic of one partition as a reader who respects transactions sees it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TypeVar

from kafka import KafkaConsumer, TopicPartition

POLL_MS = 500
Content = TypeVar("Content")


def committed_records(client: Mapping[str, object], topic: str) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Yield key and value of every committed record that is there now, in the order of offsets."""
    partition = TopicPartition(topic, 0)
    with closing(KafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False)) as consumer:
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        consumer.seek_to_beginning(partition)
        while consumer.position(partition) < end:
            for messages in consumer.poll(timeout_ms=POLL_MS).values():
                yield from ((message.key, message.value) for message in messages)


def last_record(
    client: Mapping[str, object], topic: str, key: str, decode: Callable[[bytes], Content]
) -> Content | None:
    """Return the last committed record of `key`, None where there is none or it has been deleted."""
    found = None
    for name, value in committed_records(client, topic):
        if name == key.encode():
            found = value
    return None if found is None else decode(found)
