"""Consumers and an archive out of a database, as README and docs have them, against a real broker."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from kwadrant import topics
from schemas.event import Event, Place
from schemas.topics import ARCHIVE
from streaming.records import event_record
from tests.integration.conftest import read_topic
from tests.integration.test_serving import ask, publish, served, until
from tests.integration.verbs import ROOT, kwadrant
from tests.serving.made import HIGH, LOW, moved

pytestmark = pytest.mark.integration
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_consumer_prints_confirmed_flags_of_committed_transactions(client: dict[str, Any]) -> None:
    topics.create(client, 2)
    publish(client, [event_record(moved("x", "C-ABORTED"), "t")], abort=True)
    told = [moved("a", "C-EARLY", status="early"), moved("b", "C-MOVED", newly_potential=False), moved("c", "C-FLAG")]
    publish(client, [event_record(event, "t") for event in told])
    (text,) = re.findall(r"```python\n(from kafka import KafkaConsumer.*?)```", README, re.DOTALL)
    assert len([line for line in text.splitlines() if line]) <= 15
    program = text.replace("broker:9092", str(client["bootstrap_servers"]))
    with subprocess.Popen([sys.executable, "-u", "-c", program], stdout=subprocess.PIPE, text=True) as consumer:
        assert consumer.stdout is not None
        try:
            assert consumer.stdout.readline() == "C-FLAG → growing workshop night_share\n"
        finally:
            consumer.kill()


def everything() -> list[Event]:
    """Return a log in which somebody comes on the list, and leaves it, in every way that the page tells of."""
    high, low = Place(1, "growing workshop", "low-high"), Place(1, "growing workshop", "low-low")
    quiet = {"newly_potential": False}
    return [
        moved("a1", "A", status="early", event_time="2026-03-25T00:00:00Z"), moved("a2", "A", supersedes="a1"),
        moved("b1", "B", status="early"), moved("b2", "B", status="withdrawn", supersedes="b1"),
        moved("c1", "C", potential=2.5), moved("c2", "C", from_=high, to=low, margin=-0.1, reasons=(), **quiet),
        moved("d1", "D"), moved("d2", "D", cause="late_correction", supersedes="d1", from_=HIGH, to=LOW, **quiet),
        moved("e1", "E", potential=3.0), moved("e2", "E", status="early"),
        moved("e3", "E", status="withdrawn", supersedes="e2"),
        moved("f1", "F"), moved("f2", "F", status="withdrawn", supersedes="f1", because="closed", **quiet),
        moved("g1", "G", status="early", from_=low, to=high), moved("h1", "H", **quiet),
    ]  # fmt: skip


def seen(calls: sqlite3.Connection) -> set[str]:
    with suppress(sqlite3.OperationalError):  # the program has not made its tables yet
        return {one for (one,) in calls.execute("select event_id from seen")}
    return set()


def kept(folder: Path, events: set[str]) -> list[str]:
    """Wait until the program in `folder` has seen these events; return the flags on its list, the best first."""
    deadline = time.monotonic() + 60
    with closing(sqlite3.connect(folder / "calls.db")) as calls:
        while not events <= seen(calls) and time.monotonic() < deadline:
            time.sleep(0.1)
        flags = [flag for (text,) in calls.execute("select flag from calls") if (flag := json.loads(text))]
    flags.sort(key=lambda flag: (-flag.get("potential", 1.0) * flag["confidence"], flag["customerId"]))
    return [flag["eventId"] for flag in flags]


@contextmanager
def consuming(program: str, folder: Path) -> Iterator[None]:
    """Run a program in a folder, and kill it at the end."""
    with subprocess.Popen([sys.executable, "-c", program], cwd=folder) as consumer:
        try:
            yield
        finally:
            consumer.kill()


def test_the_consumer_of_the_page_keeps_the_list_of_the_api_and_may_be_killed(
    tmp_path: Path, client: dict[str, Any]
) -> None:
    topics.create(client, 2)
    page = (ROOT / "docs/consumers.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```python\n(import json\nimport sqlite3.*?)```", page, re.DOTALL)
    program = text.replace("broker:9092", str(client["bootstrap_servers"]))
    log = everything()
    with served(f"sqlite:///{tmp_path / 'store.db'}", client) as (port, token):
        # the second group is given everything again; one whose member was killed would wait for it
        for said, group in ((log[:5], "first"), (log, "second")):
            publish(client, [event_record(event, "t") for event in said if group == "first" or event not in log[:5]])
            with consuming(program.replace('"sales"', f'"{group}"'), tmp_path):
                found = kept(tmp_path, {event.event_id for event in said})
        until(port, token, {"A", "E", "G"})
        answered = ask(port, token, "/v1/newly-potential")["customers"]
    assert [flag for flag in found if flag in {event.event_id for event in log}] == ["e1", "a2", "g1"]
    assert [one["event"]["eventId"] for one in answered] == found


def test_an_archive_comes_out_of_a_database_whole_and_then_by_what_changed(
    client: dict[str, Any], tmp_path: Path
) -> None:
    topics.create(client, 2)
    bootstrap = str(client["bootstrap_servers"])
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("create table firm (id text, since text, branch text, changed_at text)")
        database.execute("insert into firm values ('0001', '2026-01-05', 'bakery', '2026-03-01')")

    def produce() -> str:
        return kwadrant(
            "produce", "--bootstrap", bootstrap, "--archive", f"sqlite:///{tmp_path / 'crm.db'}", "--query",
            "select id as customer_id, since as valid_from, branch as industry, changed_at from firm",
            "--since-column", "changed_at", "--state", tmp_path / "archive.state", folder=tmp_path,
        )  # fmt: skip

    assert "sent 1 rows" in produce()
    assert "sent 0 rows; nothing has changed since 2026-03-01" in produce()
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("insert into firm values ('0002', '2026-01-06', 'mill', '2026-03-01')")
    assert "sent 1 rows" in produce()
    rows = [json.loads(record.value) for record in read_topic(bootstrap, ARCHIVE)]
    assert [(row["customerId"], row["industry"]) for row in rows] == [("0001", "bakery"), ("0002", "mill")]
