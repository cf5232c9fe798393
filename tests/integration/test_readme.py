"""The README's consumer and its archive out of a database, as they stand there, against a real broker."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kwadrant import topics
from schemas.topics import ARCHIVE
from streaming.records import event_record
from tests.integration.conftest import read_topic
from tests.integration.test_serving import publish
from tests.integration.verbs import ROOT, kwadrant
from tests.serving.made import moved

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
