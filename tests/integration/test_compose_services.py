"""Every command of ours in docker-compose.yml, as a plain process beside a real broker and a real PostgreSQL."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from kwadrant.broker import Broker
from kwadrant.jars import JarFolder
from kwadrant.processes import free_port
from tests.deployment.test_compose import OURS, SERVICES
from tests.integration.verbs import ROOT

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long,  # make own
    pytest.mark.timeout(1_800),
]
PATIENCE_S = 800.0
ONCE = ("init-topics", "demo-simulate", "demo-seed")


class Stack:
    """The services as processes: this broker, this folder and these free ports stand for those of the containers."""

    def __init__(self, bootstrap: str, data: Path, services: Path) -> None:
        """Hold what stands for what."""
        self.moved = {"kafka:9092": bootstrap, "/data": str(data), "/run/secrets/pg_service": str(services)}
        self.moved |= {"9464": str(free_port()), "8080": str(free_port()), "0.0.0.0": "127.0.0.1"}  # noqa: S104 - what is replaced
        self.data = data

    def told(self, text: str) -> str:
        """Return a text of the compose file as it reads here."""
        for theirs, ours in self.moved.items():
            text = text.replace(theirs, ours)
        return text

    def environment(self, name: str) -> Mapping[str, str]:
        """Return what a container's process would see."""
        told = {key: self.told(str(value)) for key, value in SERVICES[name]["environment"].items() if key != "HOME"}
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("KWADRANT_")}
        return {**inherited, "PYTHONPATH": str(ROOT), **told}

    @contextmanager
    def started(self, name: str) -> Iterator["subprocess.Popen[str]"]:
        """Start a service's command; it is asked to end, and has to, where it has not by itself."""
        command = [sys.executable, "-m", "kwadrant", *map(self.told, SERVICES[name]["command"])]
        log = self.data.parent / f"{name}.log"
        with log.open("w") as out, subprocess.Popen(
            command, cwd=self.data, env=dict(self.environment(name)), stdout=out, stderr=subprocess.STDOUT, text=True
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.terminate()
                ended = process.wait(PATIENCE_S)
        assert ended == 0, f"{name} ended with {ended}: {log.read_text()[-3_000:]}"

    def healthy(self, name: str) -> bool:
        """Ask what the service's health check asks."""
        (address,) = re.findall(r"http://[^']+", " ".join(SERVICES[name]["healthcheck"]["test"]))
        try:
            with urllib.request.urlopen(self.told(address), timeout=5) as answer:  # noqa: S310 - ours
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError):
            return False

    def await_healthy(self, name: str) -> None:
        """Wait for a health check."""
        until = time.monotonic() + PATIENCE_S
        while not self.healthy(name):
            assert time.monotonic() < until, f"{name} is not well: {(self.data.parent / f'{name}.log').read_text()}"
            time.sleep(0.5)


@pytest.fixture
def stack(tmp_path: Path, fetched: JarFolder, postgresql: str) -> Iterator[Stack]:
    socket = make_url(postgresql).query["host"]
    data, services = tmp_path / "data", tmp_path / "pg_service"
    data.mkdir()
    services.write_text(f"[kwadrant]\nhost={socket}\ndbname=postgres\nuser=kwadrant\n")
    with Broker(tmp_path / "broker", fetched.broker) as broker:
        yield Stack(broker.bootstrap, data, services)


def test_every_service_of_ours_starts_is_well_and_ends_when_asked(stack: Stack) -> None:
    assert set(OURS) == {*ONCE, "stream", "demo-produce", "api", "kwadrant"}
    for name in ONCE:
        with stack.started(name) as process:
            assert process.wait(PATIENCE_S) == 0
    with stack.started("stream"), stack.started("api"):
        stack.await_healthy("stream")
        stack.await_healthy("api")
        with stack.started("kwadrant") as process:
            assert process.wait(PATIENCE_S) == 0
        with stack.started("demo-produce"):
            until = time.monotonic() + PATIENCE_S
            while not (found := readings(stack)):
                assert time.monotonic() < until, "the stream has counted no reading"
                time.sleep(0.5)
        assert found > 0


def readings(stack: Stack) -> float:
    """Return how many rows the stream says that it has taken."""
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.moved['9464']}/metrics", timeout=5) as answer:
        text: Any = answer.read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("kwadrant_rows_total"))
