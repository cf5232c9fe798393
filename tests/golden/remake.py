"""Golden folders: a case, and what `kwadrant replay` writes for it. `make golden` makes them anew, on purpose.

A case is `case.toml` (options of `simulate` and `replay`) and the `kwadrant.toml` that both run with.
"""

import contextlib
import tempfile
import tomllib
from pathlib import Path

from typer.testing import CliRunner

from kwadrant.cli import app

FOLDER = Path(__file__).parent
CASES = sorted(path.parent for path in FOLDER.glob("*/case.toml"))
FILES = ("events.jsonl", "models.jsonl", "customers.parquet")
TABLES = ("readings", "transactions", "archive")


def make(case: Path, out: Path, work: Path) -> str:
    """Simulate and replay a case into `out`; returns what the replay said."""
    asked = tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))
    with contextlib.chdir(case):
        invoke(["simulate", "--out", str(work), *asked["simulate"]])
        tables = [option for name in TABLES for option in (f"--{name}", str(work / f"{name}.parquet"))]
        return invoke(["replay", "--out", str(out), *tables, *asked["replay"]])


def invoke(arguments: list[str]) -> str:
    """Run a verb in this process; it has to succeed."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    if result.exit_code != 0:
        message = f"kwadrant {arguments[0]} ended with {result.exit_code}: {result.output}"
        raise RuntimeError(message)
    return result.output


if __name__ == "__main__":
    for found in CASES:
        with tempfile.TemporaryDirectory() as name:
            make(found, found, Path(name))
