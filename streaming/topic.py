"""Reading a topic as a reader who respects transactions sees it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TypeVar

from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2

POLL_MS = 500
Content = TypeVar("Content")


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """Return which of all `partitions`, rising, any Kafka client gives a key."""
    return partitions[int(murmur2(key) & 0x7FFFFFFF) % len(partitions)]


def committed_records(client: Mapping[str, object], topic: str, key: str | None = None
                      ) -> Iterator[tuple[bytes | None, bytes | None]]:  # fmt: skip
    """Yield key and value of every committed record that is there now, in the order of each partition's offsets.

    With a `key` only the partition is read to which it belongs.
    """
    with closing(KafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False)) as consumer:
        numbers = sorted(consumer.partitions_for_topic(topic) or {0})
        wanted = numbers if key is None else [partition_of(key.encode(), numbers)]
        partitions = [TopicPartition(topic, number) for number in wanted]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for messages in consumer.poll(timeout_ms=POLL_MS).values():
                yield from ((message.key, message.value) for message in messages)


def last_record(
    client: Mapping[str, object], topic: str, key: str, decode: Callable[[bytes], Content]
) -> Content | None:
    """Return the last committed record of `key`, None where there is none or it has been deleted."""
    found = None
    for name, value in committed_records(client, topic, key):
        if name == key.encode():
            found = value
    return None if found is None else decode(found)
