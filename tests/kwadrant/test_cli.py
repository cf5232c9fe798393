"""The command line: every verb explains itself, and what is wrong ends it with a sentence and exit status 2."""

import re
from pathlib import Path

import pytest
from kafka.errors import KafkaConnectionError
from typer.testing import CliRunner, Result

from kwadrant import topics
from kwadrant.cli import app
from kwadrant.topics import Difference
from schemas.topics import CONTROL

VERBS = (
    "demo", "doctor", "broker", "topics", "simulate", "produce", "seed", "stream", "replay", "events", "export",
    "model", "lane", "dismiss", "undismiss", "close", "explain", "serve", "token",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def kwadrant(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_without_a_verb_it_lists_them() -> None:
    listed = kwadrant().output
    assert all(verb in listed for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_a_sentence_for_every_option(verb: str) -> None:
    result = kwadrant(verb, "--help")
    assert result.exit_code == 0
    options = [line.strip("│ ") for line in result.output.splitlines() if "--" in line and line.startswith("│")]
    assert options
    assert all(len(option.split()) > 3 for option in options), options


READINGS = ("--readings", "readings.csv")
OUT = ("--out", "out")
WRONG = {
    "no broker named": (("topics",), r"which Kafka\? Give --bootstrap HOST:PORT"),
    "no broker to read from": (("events",), r"which Kafka\?"),
    "no broker to stream from": (("stream",), r"which Kafka\?"),
    "no broker to send to": (("produce", *READINGS), r"which Kafka\?"),
    "half a --map": (("replay", *READINGS, *OUT, "--map", "start"), "--map takes OURS=THEIRS.*found 'start'"),
    "a --map of no column": (("replay", *READINGS, *OUT, "--map", "begin=start"), "readings have no column begin"),
    "a --map to no column": (
        ("replay", *READINGS, *OUT, "--duration", "P1D", "--map", "kwh=energy"),
        "has no column 'energy'",
    ),
    "a missing file": (("replay", "--readings", "absent.parquet", *OUT), "no file absent.parquet"),
    "a missing length": (("replay", *READINGS, *OUT), "no length|has no column 'duration_s'"),
    "a length that is none": (("replay", *READINGS, *OUT, "--duration", "day"), "ISO 8601 duration.*found 'day'"),
    "a zone that is none": (("replay", *READINGS, *OUT, "--duration", "P1D", "--zone", "Mars"), "no such time zone"),
    "a model file that is missing": (
        ("export", "absent.json", "--to", "sklearn", *OUT),
        "there is no file absent.json",
    ),
    "nothing seeded": (("stream", "--bootstrap", "127.0.0.1:1", "--folder", "none"), "nothing is seeded in none"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_a_sentence(name: str) -> None:
    arguments, words = WRONG[name]
    Path("readings.csv").write_text("customer_id,start,kwh\nC-1,2025-01-01T00:00:00Z,1.5\n")
    result = kwadrant(*arguments)
    said = " ".join(result.stderr.split())
    assert result.exit_code == 2, result.output
    assert said.startswith("error: ")
    assert re.search(words, said)


@pytest.mark.parametrize("verb", ["topics", "stream", "events", "doctor"])
def test_an_unknown_setting_is_named(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWADRANT_MARGINS", "2")
    result = kwadrant(verb, "--bootstrap", "127.0.0.1:1")
    assert result.exit_code == 2
    assert "KWADRANT_MARGINS (environment): no such setting; did you mean KWADRANT_MARGIN?" in result.stderr


def test_a_broker_that_does_not_answer_is_kafkas_error_and_the_doctors_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(**_: object) -> None:
        raise KafkaConnectionError

    monkeypatch.setattr(topics, "KafkaAdminClient", nobody)
    result = kwadrant("topics", "--bootstrap", "127.0.0.1:1")
    assert result.exit_code == 2
    assert "error: Kafka: KafkaConnectionError" in result.stderr
    assert "kwadrant doctor" in result.stderr


def test_an_unknown_option_of_kafka_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWADRANT_KAFKA__MAX_POLL_RECORDS", "5")
    result = kwadrant("topics", "--bootstrap", "127.0.0.1:1")
    assert result.exit_code == 2
    assert "kafka.max.poll.records: not an option" in result.stderr


FOUND = [Difference(CONTROL, "3 partitions, not 1", "delete the topic")]


@pytest.mark.parametrize(("found", "status"), [([], 0), (FOUND, 1)])
def test_topics_with_check_creates_nothing_and_says_the_differences(
    found: list[Difference], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "create", lambda *_: pytest.fail("it creates"))
    monkeypatch.setattr(topics, "differences", lambda _: found)
    result = kwadrant("topics", "--check", "--bootstrap", "127.0.0.1:1")
    assert result.exit_code == status
    last = "1 differences" if found else "the topics are as they have to be"
    assert result.stdout.splitlines() == [*(f"{one.topic}: {one.found}; {one.mend}" for one in found), last]


def test_replay_says_how_many_moves_it_found_and_writes_three_files() -> None:
    made = kwadrant("simulate", "--out", "town", "--customers", "8", "--days", "12", "--history-days", "8")
    assert made.exit_code == 0, made.output
    result = kwadrant("replay", "--readings", "town/readings.parquet", "--clusters", "2", *OUT)
    assert result.exit_code == 0, result.output
    assert "confirmed moves" in result.stdout
    assert {path.name for path in Path("out").iterdir()} == {"events.jsonl", "models.jsonl", "customers.parquet"}


def test_replay_refuses_what_the_stream_would_refuse_and_says_so() -> None:
    lines = [f"C{n},2025-01-{day:02},{n}" for day in range(1, 13) for n in range(1, 5)]
    refused = ["C1,2099-01-01,1", "C1,2025-01-20,-4", "C1,1999-01-01,1"]
    Path("given.csv").write_text("\n".join(["customer_id,start,kwh", *lines, *refused]))
    result = kwadrant("replay", "--readings", "given.csv", "--duration", "P1D", "--clusters", "2", *OUT)
    assert result.exit_code == 0, result.output
    assert "refused 3 rows: 1 future, 1 implausible_time, 1 negative" in result.stdout
