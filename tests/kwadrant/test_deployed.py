"""What doctor says of model, folder and checkpoint, over topics and folders made by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batch_init.seeding import write_description
from kwadrant import deployed
from kwadrant.doctor import Case, Finding
from kwadrant.settings import Settings
from schemas.control import Promote
from schemas.progress import Progress
from segmentation.parameters import Parameters
from tests.segmentation.runs import first_model
from tests.streaming.hand import Folder

CASE = Case({}, Path(), {"bootstrap_servers": "nowhere:1"})
GENERATION = 2
RECORD = Progress(
    stream="demo", generation=GENERATION, query="7f0c", batch=4, chunk=0, chunks=1, digest="", closed=0, counts={},
    offsets=('{"metering.reading.recorded.v1": {"0": 40}}',),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the control topic have a second seeding of the stream demo."""
    monkeypatch.chdir(tmp_path)
    newest = {"demo": Promote("demo", GENERATION, first_model(0))}
    monkeypatch.setattr(deployed, "newest_seeding", lambda _, stream: newest.get(stream))
    monkeypatch.setattr(deployed, "streams", lambda _: ["demo", "other"])


def told(monkeypatch: pytest.MonkeyPatch, *records: Progress | None) -> None:
    """Let the progress topic have these records, one after the other; the last one stays."""
    read: Iterator[Progress | None] = iter(records)
    monkeypatch.setattr(deployed, "last_progress", lambda *_: next(read, records[-1]))


def found(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in (check(CASE) for check in deployed.checks(settings))}


def checkpoint(committed: int) -> None:
    write_description(Path(), Parameters(stream="demo"), GENERATION)
    made = Folder(Path(f"checkpoint-{GENERATION}"))
    for batch in range(committed + 1):
        made.plan(batch, end=10 * batch)
        made.commit(batch)


FOLDERS: dict[str, tuple[Any, ...]] = {
    "nothing there": (None, {}, "demo was seeded, but not into {}/absent", "Set `folder` (KWADRANT_FOLDER) to where"),
    "another stream": (("other", 2), {}, "but {} is of the stream other", "or `stream` (KWADRANT_STREAM)"),
    "an earlier seeding": (("demo", 1), {}, "{} is of generation 1, the newest model of 2", "that of the last seeding"),
    "another zone": (
        ("demo", 2), {"time_zone": "Europe/Berlin"}, "time_zone is Europe/Berlin, was UTC when", "Restore",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_not_the_deployments_is_named_with_what_to_set(name: str, tmp_path: Path) -> None:
    description, settings, words, mend = FOLDERS[name]
    if description is not None:
        write_description(tmp_path, Parameters(stream=description[0]), description[1])
    place = tmp_path if description else tmp_path / "absent"
    seen = found(Settings(stream="demo", folder=place, **settings))
    assert words.format(tmp_path) in seen["folder"].found
    assert mend in seen["folder"].mend
    assert "seed again" not in seen["folder"].mend
    assert (seen["folder"].ok, seen["model"].ok, seen["checkpoint"].seen) == (False, True, False)


def test_a_stream_that_nobody_seeded_is_told_with_those_that_somebody_did() -> None:
    seen = found(Settings(stream="dmeo"))
    assert seen["model"].found == "the stream dmeo was never seeded on this Kafka"
    assert "Seeded here: demo, other. Set `stream` (KWADRANT_STREAM)" in seen["model"].mend
    assert (seen["model"].ok, seen["folder"].ok) == (False, True)


@pytest.mark.parametrize(("committed", "words"), [(4, "batch 4 committed"), (-1, "no batch yet")])
def test_folder_and_checkpoint_that_go_with_the_topics_are_well(
    committed: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint(committed)
    told(monkeypatch, RECORD if committed >= 0 else None)
    seen = found(Settings(stream="demo", folder=Path()))
    assert [finding.ok for finding in seen.values()] == [True] * 3
    assert seen["checkpoint"].found == f"{words} in checkpoint-{GENERATION}"


def test_a_running_stream_that_is_a_batch_further_than_its_record_was_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint(6)
    told(monkeypatch, RECORD, msgspec.structs.replace(RECORD, batch=5))
    assert found(Settings(stream="demo", folder=Path()))["checkpoint"].ok


NOT_RUNNING = {"the record stands": (RECORD,), "the folder stands": tuple(
    msgspec.structs.replace(RECORD, batch=batch) for batch in (8, 9, 10, 11)
)}  # fmt: skip


@pytest.mark.parametrize("name", NOT_RUNNING)
def test_a_checkpoint_of_another_time_is_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint(6)
    told(monkeypatch, *NOT_RUNNING[name])
    seen = found(Settings(stream="demo", folder=Path()))["checkpoint"]
    assert (seen.ok, "cannot go on" in seen.mend) == (False, True)
