"""`kill -9` of driver and JVM, then the end of the log: nothing lost, nothing said twice.

`make faults`: ten kills at random moments and three in the gap (FAULTS_KILLS, FAULTS_GAP_KILLS).
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from segmentation.replay import Replay
from tests.integration.conftest import Run, Seed, World, bare, canonical, said
from tests.integration.die_after_publishing import children

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long,  # make faults
    pytest.mark.timeout(1_800),
]
KILLS = int(os.environ.get("FAULTS_KILLS", "10"))
GAP_KILLS = int(os.environ.get("FAULTS_GAP_KILLS", "3"))
RANDOM_STATE = int(os.environ.get("FAULTS_RANDOM_STATE", "11"))
ROOT = Path(__file__).resolve().parents[2]
DIE = Path(__file__).with_name("die_after_publishing.py")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "KWADRANT_ROWS_PER_BATCH": "7000", "KWADRANT_STREAM": "killed",
            "KWADRANT_TIME_ZONE": "Europe/Berlin"}  # fmt: skip


def _stream(world: World, *options: str) -> list[str]:
    folder = str(world.folder / "killed")
    return [sys.executable, "-m", "kwadrant", "stream", "--bootstrap", world.bootstrap, "--folder", folder, *options]


def _kill_at(process: subprocess.Popen[str], wait: float) -> None:
    """Wait for the stream to run and `wait` [s] more, then kill driver, JVM and workers."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith('{"ready"'):
            break
    time.sleep(wait)
    pids = [*children(process.pid), process.pid]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(30)
    process.stdout.close()


@pytest.fixture(scope="module")
def run(world: World, seed: Seed) -> Run:
    """Return a stream that was killed again and again, and then ran to its end."""
    deployment, coin = seed("killed", 7_000), random.Random(RANDOM_STATE)  # noqa: S311 - for moments
    for kill in range(max(KILLS, GAP_KILLS)):
        if kill < GAP_KILLS:
            gap = [sys.executable, str(DIE), world.bootstrap, str(world.folder / "killed"), str(coin.randint(1, 4))]
            subprocess.run(gap, env=_environment(), check=False, capture_output=True, timeout=300)
        if kill < KILLS:
            streaming = subprocess.Popen(
                _stream(world, "--json"), env=_environment(), stdout=subprocess.PIPE, text=True
            )
            _kill_at(streaming, coin.uniform(0, 8))
    ended = subprocess.run(
        _stream(world, "--until-idle"), env=_environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert ended.returncode == 0, ended.stdout[-2_000:] + ended.stderr[-4_000:]
    return said(deployment)


def test_confirmed_events_equal_those_of_an_undisturbed_run(
    run: Run, oracle: tuple[list[dict[str, Any]], Replay]
) -> None:
    assert run.confirmed() == canonical(oracle[0])


def test_centres_equal_those_of_an_undisturbed_run(run: Run, oracle: tuple[list[dict[str, Any]], Replay]) -> None:
    assert bare(run.central.newest) == bare(oracle[1].central.newest)


def test_no_event_of_any_kind_is_said_twice(run: Run) -> None:
    ids = [event["eventId"] for event in run.events]
    assert len(ids) == len(set(ids))
    assert {event["status"] for event in run.events} >= {"early", "confirmed"}
