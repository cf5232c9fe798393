"""Make ``kwadrant/jars.lock`` anew from ``kwadrant/ivy.xml``; read the difference before you commit it."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from kwadrant import ivy, jars, java

HEADER = "# sha256, configuration, file name: one line per jar of kwadrant/ivy.xml. Made by: make lock-jars"


def say(line: str) -> None:
    """Show one step."""
    sys.stderr.write(line + "\n")


def main() -> None:
    """Fetch, hash, write."""
    with tempfile.TemporaryDirectory() as work:
        mirror = os.environ.get(jars.MIRROR_VARIABLE) or None
        expected = len(jars.read_lock())
        folder = ivy.resolve(java.find(os.environ), Path(work), mirror=mirror, expected=expected, report=say)
        found = [
            path for configuration in ivy.CONFIGURATIONS for path in sorted((folder / configuration).glob("*.jar"))
        ]
        lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.parent.name} {path.name}" for path in found]
    jars.LOCK.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    say(f"{jars.LOCK}: {len(lines)} jars")


if __name__ == "__main__":
    main()
