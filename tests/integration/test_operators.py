"""An operator on real Kafka and Spark: holds, promotes, rolls back while the stream runs; a replay says the same."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from kwadrant.cli import app
from schemas import control
from schemas.control import Hold, Promote, Reply, Request
from schemas.facts import Facts
from schemas.topics import CONTROL, STATES
from segmentation import replay
from segmentation.calendar import Calendar
from streaming import job
from streaming.deployment import Deployment
from streaming.ending import Ending
from tests.integration.conftest import ZONE, Run, Seed, World, bare, canonical, plain, read_topic, said

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.long,  # make own
]
STREAM = "operated"
PATIENCE_S = 120.0


@dataclass
class Operated:
    """A stream that runs, what it says of its batches, and what its operator said."""

    world: World
    deployment: Deployment
    facts: list[Facts]

    def wait(self, until: Callable[[Facts], bool]) -> Facts:
        """Return the first batch of which this is true."""
        end, seen = time.monotonic() + PATIENCE_S, 0
        while time.monotonic() < end:
            for facts in self.facts[seen:]:
                seen += 1
                if until(facts):
                    return facts
            time.sleep(0.05)
        pytest.fail(f"not within {PATIENCE_S} s; the last batch was {self.facts[-1:]}")

    def log(self) -> list[control.Control]:
        """Return the stream's part of the control topic."""
        found = (control.read(record.value) for record in read_topic(self.world.bootstrap, CONTROL))
        return [one for one in found if one is not None and one.stream == STREAM]


def kwadrant(world: World, *arguments: str) -> str:
    """Type a command, which has to succeed."""
    result = CliRunner().invoke(app, [*arguments, "--bootstrap", world.bootstrap])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def operated(world: World, session: SparkSession, seed: Seed) -> Iterator[tuple[Operated, dict[str, str]]]:
    """Return a stream that was held, promoted and rolled back while it ran, and the words of each answer."""
    stop, running = threading.Event(), Operated(world, seed(STREAM, 6_000), [])
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setenv("KWADRANT_STREAM", STREAM)
        patch.setenv("KWADRANT_TIME_ZONE", ZONE)
        ended = pool.submit(job.run, session, running.deployment, Ending(stop), (running.facts.append,))
        try:
            answers = spoken(world, running)
        finally:
            stop.set()
            ended.result(PATIENCE_S)
        yield running, answers


def spoken(world: World, running: Operated) -> dict[str, str]:
    """Hold, look, promote, roll back; every command waits for its answer."""
    running.wait(lambda facts: facts.model_version >= 3)
    answers = {"hold": kwadrant(world, "model", "hold", "--because", "holidays")}
    running.wait(lambda facts: (facts.held or "").startswith("version "))
    answers["list"] = kwadrant(world, "model", "list")
    answers["promote"] = kwadrant(world, "model", "promote")
    answers["rollback"] = kwadrant(world, "model", "rollback", "1", "--because", "a bad day")
    answers["diff"] = kwadrant(world, "model", "diff", "1", "3")
    back = running.facts[-1].model_version
    closed = running.facts[-1].closed
    running.wait(lambda facts: facts.model_version == back and facts.closed > closed + 1)
    who = [record.key for record in read_topic(world.bootstrap, STATES)][-1].decode()
    answers["dismiss"] = kwadrant(world, "dismiss", who, "--until", "2031-05-01", "--because", "sold")
    return answers | {"typo": refused(world, "dismiss", f"{who}0", "--until", "2031-05-01", "--because", "sold"),
                      "never": refused(world, "model", "rollback", "999")}  # fmt: skip


def refused(world: World, *arguments: str) -> str:
    """Type a command that cannot be carried out; return what it says."""
    result = CliRunner().invoke(app, [*arguments, "--bootstrap", world.bootstrap])
    assert result.exit_code == 2, result.output
    return result.stderr


Found = tuple[Operated, dict[str, str]]


def test_every_answer_says_what_is_done_and_from_when_on(operated: Found) -> None:
    _, answers = operated
    assert answers["hold"].startswith("no model is promoted until an operator promotes")
    assert "held by operator: holidays" in answers["list"]
    assert "is promoted; takes effect at the close of 2025-0" in answers["promote"]
    assert answers["rollback"].startswith("the centres of version 1 are in force again as version ")
    assert "mass" in answers["diff"]
    assert "is dismissed until 2031-05-01" in answers["dismiss"]


def test_what_cannot_be_done_is_refused_in_the_streams_words(operated: Found) -> None:
    _, answers = operated
    assert "version 999 was never in force" in answers["never"]


def test_who_is_not_there_is_not_dismissed(operated: Found) -> None:
    _, answers = operated
    assert "is that its whole number" in " ".join(answers["typo"].split())


def test_the_control_topic_tells_the_story(operated: Found) -> None:
    log = operated[0].log()
    assert [one.action for one in log if isinstance(one, Request)] == [
        "hold",
        "promote",
        "rollback",
        "dismiss",
        "rollback",
    ]
    assert [one.accepted for one in log if isinstance(one, Reply)] == [True, True, True, True, False]
    held = [one.trial.version for one in log if isinstance(one, Hold) and one.because == "holidays"]
    promoted = [one for one in log if isinstance(one, Promote)]
    (back,) = (one for one in promoted if one.undo is not None)
    assert held[-1] in [one.model.version for one in promoted[: promoted.index(back)]]
    assert [c.centre for c in back.model.clusters] == [c.centre for c in promoted[0].model.clusters]
    assert promoted[-1] == back


def test_a_replay_with_the_same_requests_says_the_same(operated: Found) -> None:
    running, _ = operated
    live = said(running.deployment)
    events, replayed = replayed_with(running, live)
    closed = Calendar(ZONE).name(live.central.answered)
    assert canonical(live.events) == [event for event in canonical(events) if event["eventTime"][:10] <= closed]
    assert bare(live.central.force) == bare(replayed.central.force)
    assert len(canonical(live.events)) > 10


def replayed_with(running: Operated, live: Run) -> tuple[list[dict[str, object]], replay.Replay]:
    """Replay the town with the requests at the places that the stream's answers name, as far as the stream came."""
    day, log = Calendar(ZONE).named, running.log()
    places = {one.id: day(one.close) for one in log if isinstance(one, Reply)}
    asked = tuple(
        msgspec.structs.replace(one, stream="oracle", epoch=places[one.id]) for one in log if isinstance(one, Request)
    )
    world = running.world
    replayed = replay.begin(replay.Log.of(*world.rows()), world.ask, world.parameters("oracle"), asked)
    events = []
    for step in replay.run(replayed, replay.Log.of(*world.rows())):
        events += plain(list(step.events))
        if replayed.local.closed >= live.central.answered:
            break
    return events, replayed
