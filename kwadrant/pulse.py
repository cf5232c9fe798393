"""Whether a stream moves, seen from its progress record: when it took its last batch, and how much waits for it."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import msgspec
from kafka import KafkaConsumer, TopicPartition

from kwadrant.doctor import Case, Check, Finding
from schemas.progress import Progress
from schemas.topics import CONTROL, INPUTS, PROGRESS
from streaming.group import ends_of
from streaming.start import newest_seeding
from streaming.topic import POLL_MS

STILL_S = 120.0
"""So long a batch may take [s] before a stream for which records wait is said not to move."""
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True)
class Pulse:
    """What was seen of a stream: time since its last batch [s], None before the first; records that wait [1]."""

    ago_s: float | None
    waiting: int


def moving(stream: str) -> Check:
    """Return the check whether a stream takes in what comes."""

    def check(case: Case) -> Finding:
        newest = newest_seeding(case.client, stream)
        if newest is None:
            return Finding("stream", ok=True, found="not looked at: there is no model", seen=False)
        return judged(pulse(case.client, stream, newest.generation))

    check.__name__ = "stream"
    return check


def judged(seen: Pulse) -> Finding:
    """Return the finding: it is a fault where records wait, and nobody takes them."""
    waits = _waits(seen.waiting)
    start = "Start it with `kwadrant stream`, or look at its log: docs/runbook.md, KwadrantStalled."
    if seen.ago_s is None:
        return Finding("stream", not seen.waiting, f"has not taken a batch since it was seeded; {waits}", start)
    ago = _length(seen.ago_s)
    if not seen.waiting:
        unseen = "" if seen.ago_s < STILL_S else ", so whether it runs does not show"
        return Finding("stream", ok=True, found=f"took its last batch {ago} ago; {waits}{unseen}")
    if seen.ago_s < STILL_S:
        return Finding("stream", ok=True, found=f"took its last batch {ago} ago; {waits}")
    return Finding("stream", ok=False, found=f"has not moved for {ago}, and {waits}", mend=start)


def pulse(client: Mapping[str, object], stream: str, generation: int) -> Pulse:
    """Ask Kafka; the age is the time since the progress record, by its producer's clock and ours."""
    with closing(KafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False)) as consumer:
        last = _last(consumer, stream)
        progress, at = last or (None, 0)
        if progress is None or progress.generation != generation:
            progress = None
        read = ends_of(progress.offsets) if progress else {}
        partitions = [
            TopicPartition(topic, number) for topic in (*INPUTS, CONTROL)
            for number in sorted(consumer.partitions_for_topic(topic) or ())
        ]  # fmt: skip
        first, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    waiting = sum(
        max(0, end - max(read.get(one, 0), first[one])) for one, end in ends.items() if _counts(one, progress)
    )
    return Pulse(None if progress is None else max(0.0, time.time() - at / 1_000), waiting)


def _counts(partition: TopicPartition, progress: Progress | None) -> bool:
    """Before the first batch the control topic holds the seeding, which nobody waits for."""
    return progress is not None or partition.topic != CONTROL


def _last(consumer: KafkaConsumer, stream: str) -> tuple[Progress, int] | None:
    """Return the stream's progress record and when it was written [ms since 1970]."""
    partition, found = TopicPartition(PROGRESS, 0), None
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    consumer.seek_to_beginning(partition)
    while consumer.position(partition) < end:
        for messages in consumer.poll(timeout_ms=POLL_MS).values():
            mine = [one for one in messages if one.key == stream.encode() and one.value is not None]
            found = mine[-1] if mine else found
    return None if found is None else (msgspec.json.decode(found.value, type=Progress), int(found.timestamp))


def _waits(records: int) -> str:
    if records == 1:
        return "1 record waits"
    return f"{records:,} records wait" if records else "nothing waits"


def _length(seconds: float) -> str:
    """Return a length as one says it: 45 s, 12 min, 3 h, 5 d."""
    name, unit = next((name, unit) for name, unit in _UNITS if seconds >= 2 * unit or unit == 1)
    return f"{int(seconds // unit)} {name}"
