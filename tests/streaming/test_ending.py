"""How a stream ends: what the gate lets through, and how often a failure to publish is forgiven."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from streaming.ending import Gate
from streaming.errors import Diverged, PublishFailed
from streaming.job import Patience


class Commits:
    """A commit that writes down what it was given, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.seen: list[int] = []

    def __call__(self, _: object, number: int) -> None:
        """Write a batch down, and fail if it must."""
        self.seen.append(number)
        if self.error is not None:
            raise self.error


def frame() -> Any:  # noqa: ANN401 - stands for a DataFrame
    """Return a batch that can only say where its session's log level is set."""
    return SimpleNamespace(sparkSession=SimpleNamespace(sparkContext=SimpleNamespace(setLogLevel=lambda _: None)))


def gate(error: Exception | None = None) -> tuple[Gate, Any]:
    commit: Any = Commits(error)
    return Gate(commit, threading.Event()), commit


def test_batches_pass_until_the_stop() -> None:
    made, commit = gate()
    made(frame(), 6)
    made(frame(), 7)
    assert (commit.seen, made.begun, made.refused) == ([6, 7], 7, False)


def test_after_the_stop_a_batch_is_refused_unread_and_does_not_count_as_begun() -> None:
    made, commit = gate()
    made(frame(), 6)
    made.stop.set()
    with pytest.raises(Exception, match=r"^$"):
        made(frame(), 7)
    assert (commit.seen, made.begun, made.refused, made.failure) == ([6], 6, True, None)


def test_an_error_of_ours_is_kept_as_it_is() -> None:
    made, commit = gate(Diverged("batch 6 is public"))
    with pytest.raises(Diverged):
        made(frame(), 6)
    assert made.failure is commit.error


def test_an_error_of_kafkas_becomes_one_that_a_new_start_may_mend() -> None:
    made, _ = gate(KafkaTimeoutError("120 s"))
    with pytest.raises(PublishFailed, match="batch 6 was not published, Kafka says KafkaTimeoutError"):
        made(frame(), 6)
    assert isinstance(made.failure, PublishFailed)


FAILURES = {
    "again and again at one batch": ([4, 4, 4, 4], [True, True, True, False]),
    "before any batch": ([-1, -1, -1, -1], [True, True, True, False]),
    "now and then": ([4, 4, 4, 9, 9, 9, 9], [True, True, True, True, True, True, False]),
}


@pytest.mark.parametrize("name", FAILURES)
def test_so_many_failures_in_a_row_are_too_many(name: str) -> None:
    committed, answers = FAILURES[name]
    patience = Patience(tries=4)
    assert [patience.allows(batch) for batch in committed] == answers
