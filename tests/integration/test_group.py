"""The follower on a real broker: lag by topic, the group's offsets, and a start that goes by them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from kwadrant import topics
from schemas.facts import Facts, Followed
from schemas.topics import CONTROL, READINGS
from streaming.group import Follower

pytestmark = pytest.mark.integration
SENT, READ = 5, 2
GROUP = "kwadrant-followed"


def facts(read: int) -> Facts:
    """Return a batch that ends after so many readings of one partition."""
    offsets = tuple(
        msgspec.json.encode({topic: {"0": end}}).decode() for topic, end in ((READINGS, read), (CONTROL, 0))
    )
    return Facts(
        batch=1, repeated=False, counts={}, events=(), closed=1, closed_until=86_400, model_version=1, commands=0,
        pending=0, arrived=0, seconds=0.1, offsets=offsets,
    )  # fmt: skip


def heard(client: Mapping[str, Any], group: str, do: Callable[[Follower], None]) -> list[Followed]:
    """Return what a follower tells until it has told how far the stream is behind."""
    told: list[Followed] = []
    end = time.monotonic() + 30
    with Follower(client, group, told.append) as follower:
        do(follower)
        while not any(one.behind for one in told) and time.monotonic() < end:
            time.sleep(0.05)
    return told


def test_the_group_is_told_and_the_next_start_goes_by_it(client: Mapping[str, Any]) -> None:
    topics.create(client, 1)
    producer = KafkaProducer(**client, acks="all")
    for _ in range(SENT):
        producer.send(READINGS, b"{}")
    producer.close()
    expected = Followed(behind={READINGS: SENT - READ, CONTROL: 0}, told=True)
    assert heard(client, GROUP, lambda follower: follower.observe(facts(READ)))[-1] == expected
    consumer = KafkaConsumer(**client, group_id=GROUP, enable_auto_commit=False)
    assert consumer.committed(TopicPartition(READINGS, 0)) == READ
    consumer.close()
    assert heard(client, GROUP, lambda _: None)[-1] == expected


def test_without_a_group_lag_is_measured_from_the_first_batch_on(client: Mapping[str, Any]) -> None:
    told = heard(client, "", lambda follower: follower.observe(facts(SENT)))
    assert (told[-1].behind[READINGS], told[-1].told) == (0, True)
