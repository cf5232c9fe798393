"""Two runs of one stream on a real broker: the later one fences the earlier, and nothing is said by both."""

from collections.abc import Mapping
from typing import Any

import pytest
from kafka.errors import KafkaError

from kwadrant import topics
from schemas.progress import Progress
from schemas.topics import EVENTS, PROGRESS
from streaming.errors import Fenced
from streaming.publisher import Publisher
from streaming.records import Record
from streaming.start import last_progress
from tests.integration.conftest import read_topic

pytestmark = pytest.mark.integration
LIMIT = 2
TOO_LARGE = 2_000_000
Client = Mapping[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _topics(client: Client) -> None:
    topics.create(client, 1)


def progress(stream: str, batch: int, chunks: int = 1) -> Progress:
    return Progress(
        stream=stream, generation=1, query="q", batch=batch, chunk=0, chunks=chunks, digest="", offsets=(), closed=0,
        counts={},
    )  # fmt: skip


def records(stream: str, *values: str) -> list[Record]:
    return [Record(EVENTS, stream.encode(), value.encode()) for value in values]


def public(client: Client, stream: str) -> list[bytes]:
    """Return what a read_committed reader sees of a stream."""
    return [record.value for record in read_topic(client["bootstrap_servers"], EVENTS) if record.key == stream.encode()]


def test_the_zombie_is_fenced_and_says_so(client: Client) -> None:
    with Publisher(client, "twice", limit=LIMIT) as zombie:
        zombie.publish(records("twice", "before"), progress("twice", 0))
        with Publisher(client, "twice", limit=LIMIT) as heir:
            with pytest.raises(Fenced, match=r"another run of stream 'twice' has taken over.*Let one of them run"):
                zombie.publish(records("twice", "zombie"), progress("twice", 1))
            heir.publish(records("twice", "heir"), progress("twice", 1))
    assert public(client, "twice") == [b"before", b"heir"]


def test_a_fenced_zombie_does_not_fence_its_heir_when_it_goes(client: Client) -> None:
    zombie = Publisher(client, "gone", limit=LIMIT).__enter__()
    with Publisher(client, "gone", limit=LIMIT) as heir:
        with pytest.raises(Fenced):
            zombie.publish(records("gone", "zombie"), progress("gone", 0))
        zombie.__exit__(Fenced, Fenced(), None)
        heir.publish(records("gone", "heir"), progress("gone", 0))
    assert public(client, "gone") == [b"heir"]


def test_a_zombie_amid_its_transaction_is_aborted(client: Client) -> None:
    with Publisher(client, "amid", limit=LIMIT) as zombie:
        with pytest.raises(KafkaError):
            zombie.publish(records("amid", "half", "x" * TOO_LARGE), progress("amid", 0))
        with Publisher(client, "amid", limit=LIMIT):
            assert last_progress(client, "amid") is None
            assert public(client, "amid") == []


def test_two_streams_do_not_fence_each_other(client: Client) -> None:
    with Publisher(client, "one", limit=LIMIT) as one, Publisher(client, "other", limit=LIMIT) as other:
        one.publish(records("one", "a"), progress("one", 0))
        other.publish(records("other", "b"), progress("other", 0))
    assert (public(client, "one"), public(client, "other")) == ([b"a"], [b"b"])


def test_chunks_are_public_one_by_one_each_with_its_progress(client: Client) -> None:
    with Publisher(client, "chunks", limit=LIMIT) as publisher:
        whole = records("chunks", *"abcde")
        publisher.publish(whole, progress("chunks", 0, publisher.chunks(len(whole))), after=0)
    told = [record.value for record in read_topic(client["bootstrap_servers"], PROGRESS) if record.key == b"chunks"]
    assert public(client, "chunks") == [b"c", b"d", b"e"]
    assert [b'"chunk":1' in value for value in told] == [True, False]
    found = last_progress(client, "chunks")
    assert found is not None
    assert (found.chunk, found.chunks) == (2, 3)
