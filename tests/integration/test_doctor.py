"""Doctor on a real broker: without topics, with a seeding whose folder is elsewhere, and beside a stream that rests."""

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from batch_init.seeding import write_description
from kwadrant import health, topics
from kwadrant.pulse import Pulse, pulse
from kwadrant.settings import Settings
from schemas.control import Promote
from schemas.progress import Progress
from schemas.topics import CONTROL, PROGRESS, READINGS, TOPICS
from segmentation.parameters import Parameters
from streaming.records import control_record
from tests.segmentation.runs import first_model

pytestmark = pytest.mark.integration
SENT, READ = 5, 2
MINUTE_S = 60


def said(client: Mapping[str, Any], capsys: pytest.CaptureFixture[str], **settings: Any) -> list[str]:  # noqa: ANN401
    """Return the lines of a doctor who looks at the stream town."""
    capsys.readouterr()
    health.run(Settings(kafka={"bootstrap.servers": client["bootstrap_servers"]}, stream="town", **settings))
    return capsys.readouterr().out.splitlines()


def send(client: Mapping[str, Any], topic: str, *values: bytes, at: float | None = None) -> None:
    with closing(KafkaProducer(**client, acks="all")) as producer:
        for value in values:
            stamp = None if at is None else int(at * 1_000)
            producer.send(topic, value, key=b"town", partition=0, timestamp_ms=stamp)
        producer.flush()


def progress(client: Mapping[str, Any], read: int, *, ago_s: float, generation: int = 1) -> None:
    """Let the stream have read so many readings, and all of the control topic, so long ago."""
    with closing(KafkaConsumer(**client)) as consumer:
        control = TopicPartition(CONTROL, 0)
        end = consumer.end_offsets([control])[control]
    ends = {READINGS: {"0": read}, CONTROL: {"0": end}}
    offsets = tuple(msgspec.json.encode({topic: found}).decode() for topic, found in ends.items())
    record = Progress("town", generation, "7f0c", 3, 0, 1, "", offsets, 0, {})
    send(client, PROGRESS, msgspec.json.encode(record), at=time.time() - ago_s)


@pytest.fixture(scope="module")
def seeded(client: dict[str, Any]) -> dict[str, Any]:
    """Return a broker with topics, a seeding of the stream town, and some readings."""
    topics.create(client, 1)
    send(client, CONTROL, control_record(Promote("town", 1, first_model(0))).value or b"")
    send(client, READINGS, *[b"{}"] * SENT)
    return client


def test_where_all_topics_are_missing_one_line_says_so_and_nothing_else_is_asked(
    client: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = said(client, capsys, folder=tmp_path)
    assert lines[:2] == [
        f"stream town (KWADRANT_STREAM), folder {tmp_path} (KWADRANT_FOLDER)", f"Kafka {client['bootstrap_servers']}",
    ]  # fmt: skip
    assert lines[-2] == f"MEND topics present: {len(TOPICS)} of {len(TOPICS)} are missing"
    assert f"`kwadrant topics --bootstrap {client['bootstrap_servers']}`" in lines[-1]
    assert sum("kwadrant topics" in line for line in lines) == 1


def test_a_folder_that_is_not_there_is_not_a_reason_to_seed_again(
    seeded: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = "\n".join(said(seeded, capsys, folder=tmp_path / "var"))
    assert f"MEND folder: the stream town was seeded, but not into {tmp_path / 'var'}\n" in text
    assert "seed again" not in text


def test_settings_against_the_seedings_are_said_beside_them(
    seeded: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_description(tmp_path, Parameters(stream="town"), 1)
    lines = said(seeded, capsys, folder=tmp_path, time_zone="Europe/Berlin")
    assert any("time_zone is Europe/Berlin, was UTC when it was seeded" in line for line in lines)
    assert any(line.startswith("ok   folder: generation 1") for line in said(seeded, capsys, folder=tmp_path))


def test_a_pulse_is_the_last_batch_and_what_waits_for_the_next(
    seeded: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert pulse(seeded, "town", 1) == Pulse(None, SENT)
    progress(seeded, READ, ago_s=12.5 * MINUTE_S)
    assert f"MEND stream: has not moved for 12 min, and {SENT - READ} records wait" in said(seeded, capsys)
    progress(seeded, SENT, ago_s=0)
    seen = pulse(seeded, "town", 1)
    assert (seen.ago_s is not None and 0 <= seen.ago_s < MINUTE_S, seen.waiting) == (True, 0)
    assert pulse(seeded, "town", 2) == Pulse(None, SENT), "the record is of another generation"
