"""Stores to try everything on: SQLite, and a real PostgreSQL of the test's own where Debian's is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from serving.store import open_store
from serving.tables import META

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a server that lives in a folder and listens on a socket in it, nowhere else."""
    if not FOUND:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    folder = tmp_path_factory.mktemp("postgresql").resolve()
    yield from _serve(FOUND[-1].parent, folder)


def _serve(programs: Path, folder: Path) -> Iterator[str]:
    # the server refuses to run as root: Debian's package brings a user for it
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if as_user:
        shutil.chown(folder, "postgres")
        shutil.chown(data, "postgres")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    _run(*as_user, programs / "initdb", "-D", data, "-A", "trust", "-U", "kwadrant", "--no-sync")
    _run(*as_user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://kwadrant@/postgres?host={folder}"
    finally:
        _run(*as_user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _run(*command: str | Path) -> None:
    # the server keeps what it inherits: a pipe would never end
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give an empty store of either kind."""
    if request.param == "sqlite":
        yield open_store(f"sqlite:///{tmp_path / 'store.db'}")
        return
    engine = open_store(request.getfixturevalue("postgresql"))
    yield engine
    META.drop_all(engine)
    engine.dispose()
