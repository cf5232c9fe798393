"""The demo's work folder: whose it is, and what it remembers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kwadrant.demo_errors import FolderError
from kwadrant.demo_folder import MARKER, Memory, opened

ROOT = Path(__file__).parents[2]
TOWN = Memory(400, 1)
HOLDER = """
import sys, time
from pathlib import Path
from kwadrant.demo_folder import Memory, opened
with opened(Path(sys.argv[1]), Memory(400, 1), reset=False):
    print("open", flush=True)
    time.sleep(60)
"""


def test_what_is_remembered_is_there_the_next_time(tmp_path: Path) -> None:
    with opened(tmp_path / "demo", TOWN, reset=False) as work:
        work.remember(seeded=True, sent=7)
        work.remember(sent=9)
    with opened(tmp_path / "demo", TOWN, reset=False) as work:
        assert work.memory == Memory(400, 1, seeded=True, sent=9)


def test_a_reset_forgets_all_of_it(tmp_path: Path) -> None:
    with opened(tmp_path, TOWN, reset=False) as work:
        work.remember(seeded=True)
        work.log("stream").parent.mkdir()
        work.log("stream").touch()
    with opened(tmp_path, Memory(50, 2), reset=True) as work:
        assert work.memory == Memory(50, 2)
        assert {entry.name for entry in tmp_path.iterdir()} == {MARKER, "lock"}


@pytest.mark.parametrize("reset", [False, True])
def test_a_folder_that_is_not_ours_is_never_touched(tmp_path: Path, *, reset: bool) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(FolderError, match="is no work folder of the demo"), opened(tmp_path, TOWN, reset=reset):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="is no work folder"), opened(tmp_path / "file", TOWN, reset=True):
        pass


@pytest.mark.parametrize("other", [Memory(401, 1), Memory(400, 2), Memory(400, 1, version=2)])
def test_another_town_is_refused_by_name(tmp_path: Path, other: Memory) -> None:
    with opened(tmp_path, TOWN, reset=False):
        pass
    with pytest.raises(FolderError, match=r"holds a town of 400 customers, random state 1.*--reset"):
        opened(tmp_path, other, reset=False).__enter__()


def test_a_memory_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text('{"customers": "many"}', encoding="utf-8")
    with pytest.raises(FolderError, match=r"cannot be read .*--reset"):
        opened(tmp_path, TOWN, reset=False).__enter__()


@pytest.mark.parametrize("reset", [False, True])
def test_a_second_run_is_refused_while_the_first_is_alive(tmp_path: Path, *, reset: bool) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with pytest.raises(FolderError, match=f"in use by the demo of process {first.pid}"):
            opened(tmp_path, TOWN, reset=reset).__enter__()
        os.kill(first.pid, signal.SIGKILL)
    with opened(tmp_path, TOWN, reset=reset) as work:
        assert work.memory == TOWN
