"""Why Kafka's client gave up is said, though its log is not shown."""

import logging
from collections.abc import Iterator

import pytest

from kwadrant.last_word import hear, last_word


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    log = logging.getLogger("kafka")
    before = (log.handlers, log.propagate)
    hear()
    yield
    log.handlers, log.propagate = before


def test_the_last_warning_is_remembered_and_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    for text in ("the first", "the second"):
        logging.getLogger("kafka.net").warning("not let in: %s", text)
    assert last_word() == " (its last warning: not let in: the second)"
    assert capfd.readouterr() == ("", "")


def test_what_is_no_warning_is_not() -> None:
    logging.getLogger("kafka.net").info("connected")
    assert last_word() == ""
