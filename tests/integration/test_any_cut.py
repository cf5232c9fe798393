"""The law on real Kafka and real Spark: any cut of the log gives the same centres, classes and confirmed events.

One cut here, and another one, interrupted, in `test_interruptions`; `make cuts` does three undisturbed ones (CUTS: rows
a batch), `make faults` one that is killed again and again.
"""

import os
from typing import Any

import pytest

from kwadrant.expected import of_stream
from segmentation.expecting import told
from segmentation.replay import Replay
from tests.integration.conftest import Run, Streamed, World, bare, canonical

pytestmark = [pytest.mark.integration, pytest.mark.slow]
Oracle = tuple[list[dict[str, Any]], Replay]
CUTS = tuple(map(int, os.environ.get("CUTS", "120000").split()))


@pytest.fixture(scope="module", params=CUTS)
def run(request: pytest.FixtureRequest, streamed: Streamed) -> Run:
    """Return a stream over the shuffled log, in batches of at most so many rows."""
    return streamed(request.param)


@pytest.mark.timeout(600)
def test_confirmed_events_equal_those_of_the_replay(run: Run, oracle: Oracle) -> None:
    assert run.confirmed() == canonical(oracle[0])


def test_centres_equal_those_of_the_replay_to_the_last_bit(run: Run, oracle: Oracle) -> None:
    assert bare(run.central.newest) == bare(oracle[1].central.newest)


def test_who_is_expected_is_whom_the_replay_expects(run: Run, world: World, oracle: Oracle) -> None:
    found = of_stream(world.settings.model_copy(update={"stream": run.central.stream}))
    wanted = told(oracle[1].local, oracle[1].central.force, 0, oracle[1].parameters)
    expected = [(one.customer_id, round(one.probability, 3)) for one in wanted.customers]
    assert [(row["customer_id"], row["probability"]) for row in found.rows] == expected != []
    assert found.as_of == wanted.as_of


def test_the_case_is_worth_the_name(run: Run, oracle: Oracle) -> None:
    first, last = oracle[1].local.seeded, oracle[1].local.closed
    assert last - first >= 30
    assert len(run.confirmed()) >= 100
    assert run.central.newest.version > 30


def test_no_event_is_said_twice(run: Run) -> None:
    ids = [event["eventId"] for event in run.events]
    assert len(ids) == len(set(ids))


def test_early_flags_end_confirmed_or_withdrawn_or_still_wait(run: Run) -> None:
    early = {event["eventId"] for event in run.events if event["status"] == "early"}
    ended = {event.get("supersedes") for event in run.events if event["status"] != "early"} - {None}
    assert ended <= early
    assert len(ended) >= 0.9 * len(early)
