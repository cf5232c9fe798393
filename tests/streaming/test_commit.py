"""The numbered commit: whenever a run dies, started again it publishes the records of a calm one, each once."""

import json
from pathlib import Path

import msgspec
import pytest

from schemas import topics
from schemas.facts import Facts
from schemas.progress import Progress
from segmentation.output import Output
from streaming.errors import Diverged
from tests.streaming.hand import BATCHES, Broker, Died, Folder, Frame, Moment, Shaky, Side, said, shaken, start, stream

LIMITS = (1, 7, 50_000)
MIDDLE = 5


def calm(tmp_path: Path, limit: int) -> Broker:
    return shaken(Folder(tmp_path / "calm"), limit)


def moments(broker: Broker, batch: int) -> list[Moment]:
    sides: tuple[Side, ...] = ("before", "after")
    done = [progress for _, progress in broker.transactions if progress.batch == batch]
    return [Moment(batch, progress.chunk, side) for progress in done for side in sides]


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("batch", [0, MIDDLE, BATCHES - 1])
def test_a_run_that_died_publishes_what_a_calm_one_does(tmp_path: Path, limit: int, batch: int) -> None:
    expected = calm(tmp_path, limit)
    for number, death in enumerate(moments(expected, batch)):
        found = shaken(Folder(tmp_path / str(number)), limit, death)
        assert found.transactions == expected.transactions, death


def test_a_death_between_publishing_and_sparks_commit_is_not_noticed(tmp_path: Path) -> None:
    last = [progress for _, progress in calm(tmp_path, 7).transactions if progress.batch == MIDDLE][-1]
    folder, broker = Folder(tmp_path / "found"), Broker()
    with pytest.raises(Died):
        stream(start(Shaky(broker, 7, Moment(MIDDLE, last.chunk, "after")), folder), folder, said())
    public = list(broker.transactions)
    start(Shaky(broker, 7), folder)(Frame(said()[MIDDLE]), MIDDLE)
    assert broker.transactions == public


def test_the_town_says_something_of_every_kind(tmp_path: Path) -> None:
    kinds = {record.topic for record in calm(tmp_path, 7).records}
    assert kinds >= {topics.EVENTS, topics.STATES, topics.EXPECTED, topics.MODELS, topics.CONTROL, topics.CENTRAL}
    assert any(name.endswith(".dlq") for name in kinds)


@pytest.mark.parametrize("limit", LIMITS)
def test_records_go_out_in_transactions_of_at_most_so_many_each_with_its_chunk(tmp_path: Path, limit: int) -> None:
    transactions = calm(tmp_path, limit).transactions
    assert all(len(records) <= limit for records, _ in transactions)
    for batch in range(len(said())):
        mine = [progress for _, progress in transactions if progress.batch == batch]
        assert [(progress.chunk, progress.chunks) for progress in mine] == [(n, len(mine)) for n in range(len(mine))]


def test_every_batch_has_a_progress_record_even_one_that_says_nothing(tmp_path: Path) -> None:
    folder, broker = Folder(tmp_path / "quiet"), Broker()
    stream(start(Shaky(broker, 7), folder), folder, [[Output(bucket=0)]])
    assert [(len(records), progress.batch) for records, progress in broker.transactions] == [(0, 0)]


def test_the_central_state_is_public_only_with_the_end_of_its_batch(tmp_path: Path) -> None:
    for records, progress in calm(tmp_path, 1).transactions:
        written = any(record.topic == topics.CENTRAL for record in records)
        assert not written or progress.chunk == progress.chunks - 1


def published_but_not_committed(folder: Folder, chunk: int, limit: int = 7) -> Broker:
    """Return what is public after a death that left batch MIDDLE to be repeated."""
    broker = Broker()
    with pytest.raises(Died):
        stream(start(Shaky(broker, limit, Moment(MIDDLE, chunk, "after")), folder), folder, said())
    return broker


def other(outputs: list[Output]) -> list[Output]:
    """Return the outputs with one row more in a count."""
    first, *rest = outputs
    return [msgspec.structs.replace(first, counts={**first.counts, "rows": first.counts["rows"] + 1}), *rest]


def test_a_repeat_that_says_something_else_is_refused_and_publishes_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "found")
    broker = published_but_not_committed(folder, chunk=0)
    public = list(broker.transactions)
    with pytest.raises(Diverged, match=f"batch {MIDDLE} is public, but its repeat gives another output"):
        start(Shaky(broker, 7), folder)(Frame(other(said()[MIDDLE])), MIDDLE)
    assert broker.transactions == public


def test_a_repeat_cut_into_other_transactions_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "found")
    broker = published_but_not_committed(folder, chunk=0, limit=1)
    with pytest.raises(Diverged, match=r"begun in \d+ transactions, and would go on in 1"):
        start(Shaky(broker, 50_000), folder)(Frame(said()[MIDDLE]), MIDDLE)


def test_what_fails_to_be_published_leaves_central_state_and_progress_as_they_were(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "found")
    commit = start(Shaky(Broker(), 7, Moment(MIDDLE, 0, "before")), folder)
    stream(commit, folder, said()[:MIDDLE])
    before = commit.central, commit.progress
    folder.plan(MIDDLE, end=50)
    with pytest.raises(Died):
        commit(Frame(said()[MIDDLE]), MIDDLE)
    assert (commit.central, commit.progress) == before


def test_observers_hear_of_a_batch_once_it_is_public(tmp_path: Path) -> None:
    folder, broker = Folder(tmp_path / "found"), Broker()
    heard: list[tuple[Facts, Progress | None]] = []
    stream(start(Shaky(broker, 7), folder, (lambda facts: heard.append((facts, broker.progress)),)), folder, said())
    assert [facts.batch for facts, _ in heard] == list(range(len(said())))
    assert all(progress and progress.chunk == progress.chunks - 1 for _, progress in heard)
    assert heard[-1][0].closed > heard[0][0].closed


def test_the_last_progress_record_names_query_offsets_and_counts(tmp_path: Path) -> None:
    progress = calm(tmp_path, 7).progress
    assert progress is not None
    assert progress.query == "7f0c"
    assert [json.loads(text) for text in progress.offsets] == [{topics.READINGS: {"0": 10 * progress.batch}}]
    assert progress.counts["rows"] == sum(output.counts["rows"] for output in said()[-1])
