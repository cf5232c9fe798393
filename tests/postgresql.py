"""A PostgreSQL of one's own, for tests and benchmarks, where Debian's is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
USER = "postgres"
GUARDED = "guarded"
"""The user who is asked for a password; the others are trusted."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Give the address of a server that lives in a folder and listens on a socket in it, nowhere else."""
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
        shutil.chown(data, USER)
    _run("initdb", "-D", data, "-A", "trust", "-U", "kwadrant", "--no-sync")
    rules = data / "pg_hba.conf"
    rules.write_text(f"local all {GUARDED} scram-sha-256\n{rules.read_text()}")
    _start(folder)
    try:
        yield f"postgresql+psycopg://kwadrant@/postgres?host={folder}"
    finally:
        _stop(folder)


@contextmanager
def away(folder: Path) -> Iterator[None]:
    """Have the server of a folder away for a while: it dies, and starts again."""
    _stop(folder)
    try:
        yield
    finally:
        _start(folder)


def _start(folder: Path) -> None:
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    _run("pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")


def _stop(folder: Path) -> None:
    _run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")


def _run(program: str, *arguments: str | Path) -> None:
    # the server refuses to run as root: Debian's package brings a user for it
    as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    command = [*as_user, FOUND[-1].parent / program, *arguments]
    # the server keeps what it inherits: a pipe would never end
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/")
