"""The demo's work folder: whose it is, what it remembers from run to run, and the lock of the run that uses it.

It holds ``kwadrant-demo.json`` (the marker, and the memory), ``lock``, ``town/`` (tables of the history), ``broker/``,
``deployment/`` (initial state and checkpoint), ``store.db`` (what the live page shows) and ``logs/``.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kwadrant.demo_errors import FolderError

MARKER = "kwadrant-demo.json"
_LOCK = "lock"
_VERSION = 1


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder remembers: its town, whether it is seeded, and the event times of its stream [us].

    All before `sent` has been sent, and the stream is known to have closed all before `closed`.
    """

    customers: int
    random_state: int
    seeded: bool = False
    sent: int = 0
    closed: int = 0
    version: int = _VERSION


class WorkFolder:
    """An open work folder; `memory` is what it remembers, and `remember` changes that in one step."""

    def __init__(self, path: Path, memory: Memory) -> None:
        self.path = path
        self.memory = memory

    @property
    def town(self) -> Path:
        """Return where the history's tables lie."""
        return self.path / "town"

    @property
    def broker(self) -> Path:
        """Return the broker's folder."""
        return self.path / "broker"

    @property
    def deployment(self) -> Path:
        """Return the folder of initial state and checkpoint."""
        return self.path / "deployment"

    @property
    def store(self) -> Path:
        """Return the file of the service's store."""
        return self.path / "store.db"

    def log(self, name: str) -> Path:
        """Return the log of a child."""
        return self.path / "logs" / f"{name}.log"

    def remember(self, *, seeded: bool | None = None, sent: int | None = None, closed: int | None = None) -> None:
        """Write down what changed; a kill leaves the old memory or the new one."""
        told = {"seeded": seeded, "sent": sent, "closed": closed}
        changes = {name: value for name, value in told.items() if value is not None}
        self.memory = msgspec.structs.replace(self.memory, **changes)
        part = self.path / f"{MARKER}.part"
        part.write_bytes(msgspec.json.encode(self.memory))
        part.replace(self.path / MARKER)


@contextmanager
def opened(path: Path, town: Memory, *, reset: bool) -> Iterator[WorkFolder]:
    """Open the work folder of a town for this run alone; the kernel releases it when we die.

    Parameters
    ----------
    path : made where it is not there.
    town : what a new folder begins with.
    reset : forget all that is in it, if it is a work folder.

    Raises
    ------
    FolderError
        Another run uses it, it holds another town, or something that is not ours.
    """
    path = path.absolute()
    _refuse_foreign(path)
    path.mkdir(parents=True, exist_ok=True)
    with (path / _LOCK).open("a+", encoding="utf-8") as lock:
        _take(lock, path)
        if reset:
            _empty(path)
        yield _of(path, town)


def _refuse_foreign(path: Path) -> None:
    there = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
    if (path.exists() and not path.is_dir()) or (there - {_LOCK, f"{MARKER}.part"} and MARKER not in there):
        raise FolderError(
            f"{path} is no work folder of the demo (there is no {MARKER} in it), and nothing in it is touched. "
            "Choose another one with --folder."
        )


def _take(lock, path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a text file
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise FolderError(
            f"{path} is in use by the demo of process {lock.read().strip() or '?'}. Stop that one, or give this one "
            "another folder with --folder."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _empty(path: Path) -> None:
    """Delete all but the lock; the marker last, so that a kill in between leaves a work folder."""
    for entry in sorted(path.iterdir(), key=lambda entry: entry.name == MARKER):
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != _LOCK:
            entry.unlink()


def _of(path: Path, town: Memory) -> WorkFolder:
    marker = path / MARKER
    if not marker.exists():
        work = WorkFolder(path, town)
        work.remember()
        return work
    try:
        memory = msgspec.json.decode(marker.read_bytes(), type=Memory)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise FolderError(f"{marker} cannot be read ({error}): another version's? Begin afresh: --reset.") from error
    found, asked = ((m.version, m.customers, m.random_state) for m in (memory, town))
    if found != asked:
        raise FolderError(
            f"{path} holds a town of {memory.customers} customers, random state {memory.random_state} (version "
            f"{memory.version}); asked for were {town.customers}, {town.random_state} (version {town.version}). "
            "Go on with that one, start afresh with --reset, or choose another --folder."
        )
    return WorkFolder(path, memory)
