"""Debian's Prometheus asks a running `kwadrant stream` that reads a backlog: every panel shows data, and it moves."""

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from kafka import KafkaConsumer, TopicPartition

from kwadrant.processes import LOOPBACK, Child, free_port, port_is_free, start, stop
from monitoring.dashboards import FOLDER
from schemas.topics import CONTROL, INPUTS, dead_letters_of
from streaming.deployment import Deployment
from tests.integration.conftest import CUSTOMERS, ZONE, Seed, World, read_topic, said
from tests.integration.verbs import ROOT

PROMETHEUS = shutil.which("prometheus")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        PROMETHEUS is None and "CI" not in os.environ, reason="no prometheus: apt-get install prometheus"
    ),
]
STREAM, ROWS_PER_BATCH = "scraped", 25_000
PATIENCE_S = 400.0
EXPRESSIONS = sorted(
    target["expr"] for board in FOLDER.glob("*.json") for panel in json.loads(board.read_text())["panels"]
    for target in panel["targets"]
)  # fmt: skip
MOVES = (
    "increase(kwadrant_batches_total[5m]) > 5",
    "increase(kwadrant_input_records_total[5m]) > 50000",
    *(f'increase(kwadrant_rows_total{{fate="{fate}"}}[5m]) > 0' for fate in ("rows", "folded", "rejected", "too_late")),
    *(f'increase(kwadrant_batch_phase_seconds_total{{phase="{phase}"}}[5m]) > 0'
      for phase in ("addBatch", "latestOffset", "walCommit", "commitOffsets")),
    'max_over_time(kwadrant_lag_records{topic=~"metering.*"}[5m]) > 5000 + kwadrant_lag_records',
    "delta(kwadrant_closed_until_timestamp_seconds[5m]) > 5 * 86400",
    "delta(kwadrant_model_version[5m]) > 0",
    "max_over_time(kwadrant_pending_closes[5m]) == 1",
    'increase(kwadrant_events_total{status="confirmed"}[5m]) > 0',
    'increase(kwadrant_newly_potential_events_total{status="confirmed"}[5m]) > 0',
    "increase(kwadrant_margin_squared_deviations_count[5m]) > 0",
    "changes(kwadrant_cluster_shift_deviations[5m]) > 2",
    "changes(kwadrant_cluster_mass_customers[5m]) > 2",
    "changes(kwadrant_quadrant_customers[5m]) > 0",
)  # fmt: skip
"""What a backlog of weeks has to move."""


@dataclass(frozen=True)
class Scraped:
    """A stream that Prometheus asks."""

    world: World
    deployment: Deployment
    port: int
    prometheus: int

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return what Prometheus answers, without what is no number."""
        address = f"http://{LOOPBACK}:{self.prometheus}/api/v1/query?{urlencode({'query': expression})}"
        with urlopen(address) as answer:
            found = json.load(answer)["data"]["result"]
        return [one for one in found if one["value"][1] != "NaN"]

    def number(self, expression: str) -> float:
        """Return the only value of an expression, -1 where there is none."""
        found = self.ask(expression)
        return float(found[0]["value"][1]) if found else -1.0

    def by(self, label: str, metric: str) -> dict[str, int]:
        """Return a metric's values by a label, those that are none left out."""
        found = {one["metric"][label]: int(float(one["value"][1])) for one in self.ask(f"sum by ({label}) ({metric})")}
        return {name: value for name, value in found.items() if value}

    def unanswered(self) -> list[str]:
        """Return what shows nothing, or does not move."""
        return [expression for expression in (*EXPRESSIONS, *MOVES) if not self.ask(expression)]


@pytest.fixture(scope="module")
def scraped(world: World, seed: Seed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Return a stream that has read all there is, Prometheus beside it from its first moment."""
    folder, deployment = tmp_path_factory.mktemp("prometheus"), seed(STREAM, ROWS_PER_BATCH)
    found = Scraped(world, deployment, free_port(), free_port())
    prometheus, stream = prometheus_of(found, folder), stream_of(found, folder)
    try:
        until_all_is_read(found, stream)
        yield found
        assert stop(stream, grace=60) == 0, stream.tail()
        assert port_is_free(found.port)
    finally:
        stop(stream)
        stop(prometheus)


def prometheus_of(found: Scraped, folder: Path) -> Child:
    """Start Prometheus with the committed configuration and rules, only faster."""
    assert PROMETHEUS is not None, "prometheus is missing: apt-get install prometheus"
    ours = FOLDER.parents[1]
    settings = yaml.safe_load((ours / "prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "500ms", "evaluation_interval": "1s"}
    settings["rule_files"] = [str(ours / name) for name in settings["rule_files"]]
    settings["scrape_configs"][0]["static_configs"] = [{"targets": [f"{LOOPBACK}:{found.port}"]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    command = [PROMETHEUS, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
               f"--web.listen-address={LOOPBACK}:{found.prometheus}"]  # fmt: skip
    return start(command, log=folder / "prometheus.log", cwd=folder)


def stream_of(found: Scraped, folder: Path) -> Child:
    """Start the stream as a user does."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "KWADRANT_STREAM": STREAM, "KWADRANT_TIME_ZONE": ZONE,
        "KWADRANT_ROWS_PER_BATCH": str(ROWS_PER_BATCH), "KWADRANT_METRICS__PORT": str(found.port),
    }  # fmt: skip
    command = [sys.executable, "-m", "kwadrant", "stream", "--bootstrap", found.world.bootstrap,
               "--folder", str(found.world.folder / STREAM)]  # fmt: skip
    return start(command, log=folder / "stream.log", env=environment, cwd=folder)


def until_all_is_read(found: Scraped, stream: Child) -> None:
    """Wait until the exporter says that nothing is behind and no close waits."""
    end = time.monotonic() + PATIENCE_S
    idle = "sum(kwadrant_lag_records) + max(kwadrant_pending_closes) + sum(changes(kwadrant_batches_total[4s]))"
    while True:
        assert stream.running, stream.tail()
        assert time.monotonic() < end, stream.tail()
        time.sleep(1)
        try:
            if found.number(idle) == 0:
                return
        except OSError:  # Prometheus is starting
            continue


def test_every_panel_shows_data_and_what_should_move_moves(scraped: Scraped) -> None:
    assert len(EXPRESSIONS) > 30
    assert scraped.unanswered() == []


def test_the_counters_say_what_stands_on_the_topics(scraped: Scraped) -> None:
    events = said(scraped.deployment).events
    assert scraped.by("status", "kwadrant_events_total") == Counter(event["status"] for event in events)
    assert scraped.by("cause", "kwadrant_events_total") == Counter(event["cause"] for event in events)
    letters = [record for topic in INPUTS for record in read_topic(scraped.world.bootstrap, dead_letters_of(topic))]
    mine = [dict(record.headers) for record in letters if dict(record.headers)["stream"] == STREAM.encode()]
    assert scraped.by("reason", "kwadrant_rejected_rows_total") == Counter(one["reason"].decode() for one in mine)


def test_the_gauges_say_what_the_central_state_says(scraped: Scraped) -> None:
    central = said(scraped.deployment).central
    assert scraped.number("kwadrant_model_version") == central.force.version
    assert scraped.by("name", "kwadrant_cluster_info").keys() == {one.name for one in central.force.clusters}
    assert scraped.number("sum(kwadrant_cluster_customers)") == scraped.number("sum(kwadrant_quadrant_customers)")
    assert scraped.number("sum(kwadrant_quadrant_customers)") == CUSTOMERS
    mass = sum(one.mass for one in central.force.clusters)
    assert scraped.number("sum(kwadrant_cluster_mass_customers)") == pytest.approx(mass)


def test_lag_tools_see_a_group_that_has_read_everything(scraped: Scraped) -> None:
    consumer = KafkaConsumer(bootstrap_servers=scraped.world.bootstrap, group_id=f"kwadrant-{STREAM}",
                             enable_auto_commit=False, isolation_level="read_committed")  # fmt: skip
    with closing(consumer):
        partitions = [TopicPartition(topic, number) for topic in (*INPUTS, CONTROL)
                      for number in consumer.partitions_for_topic(topic)]  # fmt: skip
        assert {one: consumer.committed(one) for one in partitions} == consumer.end_offsets(partitions)
    assert scraped.number("kwadrant_offset_commit_failures_total") == 0
