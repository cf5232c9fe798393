"""Instants, durations, lanes: what is written comes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwadrant.encode import duration
from schemas.times import duration_seconds, instant, iso, microseconds
from schemas.topics import INPUTS, LANES_PER_TOPIC, TOPICS, dead_letters_of, lane, partition_of

moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it


@given(moments)
def test_an_instant_comes_back_from_microseconds_and_from_text(moment: datetime) -> None:
    assert instant(microseconds(moment)) == moment
    assert datetime.fromisoformat(iso(microseconds(moment))) == moment
    assert iso(microseconds(moment)).endswith("Z")


@given(moments, st.integers(-(10**6), 10**6))
def test_microseconds_count_exactly(moment: datetime, us: int) -> None:
    assert microseconds(moment + timedelta(microseconds=us)) == microseconds(moment) + us


@given(st.integers(1, 31 * 86_400))
def test_a_duration_comes_back(seconds: int) -> None:
    assert duration_seconds(duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("P1W", 604_800), ("P1DT6H", 108_000), ("PT1H30M5S", 5_405), ("PT0S", 0)]
)
def test_a_duration_by_hand(text: str, seconds: int) -> None:
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "-PT1H", "PT1.5H", "P1Y", "P1M", "PT1H ", "pt1h", "15M", "PT\u0661H"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="PT15M"):
        duration_seconds(text)


@given(st.sampled_from(INPUTS), st.integers(0, LANES_PER_TOPIC - 1))
def test_a_lane_names_one_partition(topic: str, partition: int) -> None:
    assert partition_of(lane(topic, partition)) == (topic, partition)


def test_every_input_has_its_dead_letters_and_the_brokers_clock() -> None:
    topics = {topic.name: topic for topic in TOPICS}
    assert {dead_letters_of(name) for name in INPUTS} <= set(topics)
    assert all(topics[name].config["message.timestamp.type"] == "LogAppendTime" for name in INPUTS)
