"""Original bytes of rows that were refused long after they came: read again where they stand for ever."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

import msgspec
from kafka import KafkaConsumer, TopicPartition

from schemas.topics import partition_of
from segmentation.intake import KEPT_BYTES
from segmentation.output import Rejected

PATIENCE_MS = 5_000
_Place = tuple[int, int]


def with_originals(client: Mapping[str, object], rejected: Iterable[Rejected]) -> list[Rejected]:
    """Rejected rows with their bytes; those that came too late bring only their place, and are looked up.

    A row that retention has deleted meanwhile keeps its place and reason without bytes. One seek per row, about 5 ms.
    """
    rows = list(rejected)
    places = {(row.lane, row.offset) for row in rows if row.value is None and row.reason == "too_late"}
    if not places:
        return rows
    found = _read(client, places)
    return [msgspec.structs.replace(row, value=found.get((row.lane, row.offset), row.value)) for row in rows]


def _read(client: Mapping[str, object], places: set[_Place]) -> dict[_Place, bytes]:
    by_lane: dict[int, list[int]] = defaultdict(list)
    for lane, offset in sorted(places):
        by_lane[lane].append(offset)
    with closing(KafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False)) as consumer:
        return {
            (lane, offset): value[:KEPT_BYTES]
            for lane, offsets in by_lane.items()
            for offset, value in _values(consumer, TopicPartition(*partition_of(lane)), offsets)
        }


def _values(consumer: KafkaConsumer, partition: TopicPartition, offsets: list[int]) -> Iterator[tuple[int, bytes]]:
    consumer.assign([partition])
    first = consumer.beginning_offsets([partition])[partition]
    for offset in offsets:
        value = _value(consumer, partition, offset) if offset >= first else None
        if value is not None:
            yield offset, value


def _value(consumer: KafkaConsumer, partition: TopicPartition, offset: int) -> bytes | None:
    consumer.seek(partition, offset)
    for messages in consumer.poll(timeout_ms=PATIENCE_MS, max_records=1).values():
        for message in messages:
            if message.offset == offset:
                return bytes(message.value) if message.value is not None else None
    return None
