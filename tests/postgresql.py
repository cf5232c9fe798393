"""A PostgreSQL of one's own, for tests and benchmarks, where Debian's is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
GUARDED = "guarded"
"""The user who is asked for a password; the others are trusted."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Give the address of a server that lives in a folder and listens on a socket in it, nowhere else."""
    programs = FOUND[-1].parent
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
    rules = data / "pg_hba.conf"
    rules.write_text(f"local all {GUARDED} scram-sha-256\n{rules.read_text()}")
    _run(*as_user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://kwadrant@/postgres?host={folder}"
    finally:
        _run(*as_user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _run(*command: str | Path) -> None:
    # the server keeps what it inherits: a pipe would never end
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/")
