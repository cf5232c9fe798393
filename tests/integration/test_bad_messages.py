"""10,000 bad messages stand in the town's log: every one becomes a dead letter with its reason, once.

That good rows are unharmed is what `test_any_cut` shows: its log is the same one.
"""

from collections import Counter
from typing import Any

import pytest

from schemas.topics import INPUTS, dead_letters_of
from tests.integration import bad
from tests.integration.conftest import BAD_MESSAGES, Streamed, World, read_topic
from tests.integration.test_any_cut import CUTS

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def letters(world: World, streamed: Streamed) -> list[Any]:
    """Dead letters of one stream."""
    streamed(CUTS[-1])
    found = [record for topic in INPUTS for record in read_topic(world.bootstrap, dead_letters_of(topic))]
    return [record for record in found if dict(record.headers)["stream"] == f"cut-{CUTS[-1]}".encode()]


def _place(record: Any) -> tuple[bytes, ...]:  # noqa: ANN401
    headers = dict(record.headers)
    return tuple(headers[f"kafka_dlt-original-{name}"] for name in ("topic", "partition", "offset"))


def test_dead_letters_are_counted_exactly_by_reason(letters: list[Any], world: World) -> None:
    expected = Counter(message.reason for message in world.bad)
    found = Counter(dict(record.headers)["reason"].decode() for record in letters)
    assert sum(expected.values()) == BAD_MESSAGES
    assert len(bad.kinds()) >= 25
    assert found == expected + Counter(too_late=world.too_late)


def test_no_dead_letter_stands_twice(letters: list[Any]) -> None:
    places = [_place(record) for record in letters]
    assert len(places) == len(set(places))


def test_a_dead_letter_keeps_its_original_bytes(letters: list[Any], world: World) -> None:
    sent = Counter((message.reason, (message.value or b"")[:4_096]) for message in world.bad)
    kept = Counter(
        (dict(record.headers)["reason"].decode(), record.value or b"") for record in letters
        if dict(record.headers)["reason"] != b"too_late"
    )  # fmt: skip
    assert kept == sent


def test_a_row_that_came_too_late_keeps_its_bytes_too(letters: list[Any]) -> None:
    late = [record for record in letters if dict(record.headers)["reason"] == b"too_late"]
    assert late
    assert all(record.value.startswith(b'{"customerId":"') for record in late)
