"""The follower: whatever is wrong with Kafka, the stream neither waits nor ends."""

import time
from collections.abc import Iterator

import pytest
from kafka import TopicPartition

from kwadrant.processes import LOOPBACK, free_port
from schemas.facts import Facts, Followed
from streaming import group
from streaming.group import Follower, ends_of

NOWHERE = {"bootstrap_servers": f"{LOOPBACK}:{free_port()}", "bootstrap_timeout_ms": 200}
FACTS = Facts(
    batch=1, repeated=False, counts={}, events=(), closed=1, closed_until=86_400, model_version=1, commands=0,
    pending=0, arrived=0, seconds=0.1, offsets=('{"readings": {"0": 7, "1": 0}}', '{"control": {"0": 3}}'),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group, "LEAST_S", 0.01)
        patch.setattr(group, "EVERY_S", 0.05)
        yield


def test_end_offsets_are_those_of_all_sources() -> None:
    assert ends_of(FACTS.offsets) == {
        TopicPartition("readings", 0): 7, TopicPartition("readings", 1): 0, TopicPartition("control", 0): 3,
    }  # fmt: skip


def test_a_broker_that_is_not_there_is_told_of_each_time_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Followed] = []
    with Follower(NOWHERE, "lag", told.append) as follower:
        began = time.monotonic()
        follower.observe(FACTS)
        assert time.monotonic() - began < 0.05
        while len(told) < 3:
            time.sleep(0.01)
    assert set(map(repr, told)) == {repr(Followed(behind={}, told=False))}
    assert len([record for record in caplog.records if "the stream goes on" in record.getMessage()]) == 1
