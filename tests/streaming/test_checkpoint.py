"""When a start may go on: every way in which the progress record and Spark's checkpoint can disagree."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from schemas.progress import Progress
from streaming import checkpoint
from streaming.errors import CannotResume
from tests.streaming.hand import Folder

GENERATION = 2
RECORD = Progress(
    stream="town", generation=GENERATION, query="7f0c", batch=4, chunk=0, chunks=1, digest="", closed=0, counts={},
    offsets=('{"metering.reading.recorded.v1": {"0": 40}}',),
)  # fmt: skip


def record(batch: int = 4, *, generation: int = GENERATION, query: str = "7f0c", end: int = 40) -> Progress:
    offsets = (f'{{"metering.reading.recorded.v1": {{"0": {end}}}}}',)
    return msgspec.structs.replace(RECORD, batch=batch, generation=generation, query=query, offsets=offsets)


@dataclass(frozen=True)
class Case:
    """A checkpoint that has committed and planned up to a batch, and the record that it is compared with."""

    committed: int
    planned: int
    progress: Progress | None

    def folder(self, path: Path) -> Path:
        """Write the checkpoint; batch n ends at offset 10 n."""
        made = Folder(path)
        for batch in range(self.planned + 1):
            made.plan(batch, end=10 * batch)
        for batch in range(self.committed + 1):
            made.commit(batch)
        return path


GOES_ON = {
    "nothing was ever said or done": Case(-1, -1, None),
    "planned, but nothing published": Case(-1, 0, None),
    "p = c": Case(4, 4, record(4)),
    "p = c, and the next batch is planned": Case(4, 5, record(4)),
    "p = c + 1 with the same offsets": Case(3, 4, record(4)),
    "the very first batch, published": Case(-1, 0, record(0, end=0)),
    "a new generation beside the old one's record": Case(-1, -1, record(4, generation=1, query="old")),
}
REFUSED = {
    "p = c + 1 with other offsets": (Case(3, 4, record(4, end=41)), "batch 4 was published with other offsets than"),
    "p = c + 1, but never planned": (Case(3, 3, record(4)), "batch 4 was published with other offsets than"),
    "a gap": (Case(2, 5, record(4)), "the progress record is at batch 4, the checkpoint at 2"),
    "a checkpoint that is ahead": (Case(5, 5, record(4)), "the progress record is at batch 4, the checkpoint at 5"),
    "a lost checkpoint": (Case(-1, -1, record(4)), "the progress record is at batch 4, the checkpoint at -1"),
    "another query": (Case(4, 4, record(4, query="b1d5")), "is of query b1d5, the checkpoint of 7f0c"),
    "a lost progress topic": (Case(4, 4, None), "has committed batch 4, but the progress topic has no record"),
    "only an earlier generation's record": (Case(4, 4, record(generation=1)), "the progress topic has no record"),
    "a later generation": (Case(4, 4, record(4, generation=3)), "is of generation 3, the model of 2"),
}


@pytest.mark.parametrize("name", GOES_ON)
def test_goes_on(name: str, tmp_path: Path) -> None:
    case = GOES_ON[name]
    checkpoint.check(case.folder(tmp_path / "cp"), case.progress, generation=GENERATION)


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_what_was_found_and_what_to_do(name: str, tmp_path: Path) -> None:
    case, words = REFUSED[name]
    with pytest.raises(CannotResume, match=words) as refusal:
        checkpoint.check(case.folder(tmp_path / "cp"), case.progress, generation=GENERATION)
    assert "Restore the checkpoint folder 'cp'" in str(refusal.value)
    assert "or seed again" in str(refusal.value)


def test_a_folder_that_is_not_there_has_neither_batches_nor_a_query(tmp_path: Path) -> None:
    absent = tmp_path / "cp"
    checkpoint.prepare(absent)
    assert (checkpoint.committed(absent), checkpoint.planned(absent), checkpoint.query_id(absent)) == (-1, -1, None)


def test_a_batch_written_only_half_is_none(tmp_path: Path) -> None:
    case = Case(3, 3, None).folder(tmp_path / "cp")
    (case / "offsets" / ".4.8d1f.tmp").write_text("v1\n{")
    (case / "commits" / ".4.8d1f.tmp").write_text("")
    assert (checkpoint.committed(case), checkpoint.planned(case)) == (3, 3)


LEFT = (".0.91aa.tmp", "0.tmp", ".0.91aa.tmp.crc")


def left(offsets: Path) -> set[str]:
    return {path.name for path in offsets.iterdir()}


def test_before_the_first_batch_prepare_removes_temporary_files_and_nothing_else(tmp_path: Path) -> None:
    offsets = Folder(tmp_path / "cp").path / "offsets"
    for name in (*LEFT, "notes"):
        (offsets / name).write_text("")
    checkpoint.prepare(tmp_path / "cp")
    assert left(offsets) == {"notes"}
    assert checkpoint.query_id(tmp_path / "cp") == "7f0c"


def test_after_the_first_batch_prepare_removes_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "cp")
    folder.plan(0, end=0)
    for name in LEFT:
        (folder.path / "offsets" / name).write_text("")
    checkpoint.prepare(folder.path)
    assert left(folder.path / "offsets") == {"0", *LEFT}
