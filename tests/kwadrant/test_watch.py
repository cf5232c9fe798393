"""What watches a stream: a metric that fails is lost, and nothing else."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import pytest

from kwadrant.processes import free_port
from kwadrant.settings import Metrics
from kwadrant.watch import aside, exporter
from schemas.facts import Begun


def test_what_fails_in_an_observer_is_logged_and_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    def fail(what: str) -> Any:  # noqa: ANN401 - never returns
        raise ZeroDivisionError(what)

    with caplog.at_level(logging.ERROR), ThreadPoolExecutor(1) as pool:
        aside(pool, fail)("batch 7")
    assert "ZeroDivisionError: batch 7" in caplog.text


def test_a_batch_does_not_wait_for_its_metrics() -> None:
    told, may = list[int](), threading.Event()

    def slow(batch: int) -> None:
        assert may.wait(10)
        told.append(batch)

    with ThreadPoolExecutor(1) as pool:
        observe = aside(pool, slow)
        observe(1)
        observe(2)
        assert told == []
        may.set()
    assert told == [1, 2]


def test_nobody_who_did_not_ask_gets_an_exporter() -> None:
    with exporter(Metrics()) as kept:
        assert kept is None


def test_while_spark_starts_the_exporter_says_nothing_of_the_model() -> None:
    port = free_port()
    with exporter(Metrics(port=port)) as kept:
        assert kept is not None
        assert "\nkwadrant_model_version " not in _asked(port)
        kept.began(Begun(closed_until=86_400, pending=0, model_version=7, held=None))
        assert "\nkwadrant_model_version 7.0\n" in _asked(port)
        assert "\nkwadrant_model_held 0.0\n" in _asked(port)


def _asked(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text: str = answer.read().decode()
    return text
