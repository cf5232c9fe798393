"""The verbs as a user types them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def attempt(*arguments: str | Path, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a verb in a folder, with more in the environment; return how it ended and what it said."""
    command = [sys.executable, "-m", "kwadrant", *map(str, arguments)]
    every = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=folder, env=every, capture_output=True, text=True, check=False)


def kwadrant(*arguments: str | Path, folder: Path, **environment: str) -> str:
    """Run a verb that has to end well; return what it writes to stdout."""
    ended = attempt(*arguments, folder=folder, **environment)
    assert ended.returncode == 0, f"{arguments}\n{ended.stdout[-2_000:]}\n{ended.stderr[-4_000:]}"
    return ended.stdout
