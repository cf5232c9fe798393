"""The class archive: Java takes what was written down, and one that does not fit keeps nobody from starting."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.verbs import ROOT

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long,  # make own
    pytest.mark.timeout(600),
]
LEAST = 5_000
"""Classes that a start takes out of the archive [1]."""
MAKE = """
import sys
from pathlib import Path
from kwadrant import class_archive

class_archive.make(Path(sys.argv[1]))
"""
START = """
import sys
from pathlib import Path
from kwadrant import spark
from kwadrant.settings import Settings

spark.ARCHIVE = Path(sys.argv[1])
session = spark.session(Settings(master="local[1]"), [], "start")
print("counted", session.range(3).count())
session.stop()
"""


def python(program: str, archive: Path, options: str = "") -> str:
    """Run a program that has to end well; return what it says."""
    command = [sys.executable, "-c", program, str(archive)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JDK_JAVA_OPTIONS": options}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-2_000:] + ended.stderr[-4_000:]
    return ended.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive that was just made."""
    made = tmp_path_factory.mktemp("archive") / "spark.jsa"
    python(MAKE, made)
    return made


def taken(archive: Path, log: Path) -> int:
    """Return how many classes a start takes out of an archive."""
    assert "counted 3" in python(START, archive, f"-Xlog:class+load:file={log}")
    return len(re.findall(r"shared objects file \(top\)", log.read_text()))


def test_a_start_takes_its_classes_out_of_the_archive(archive: Path, tmp_path: Path) -> None:
    assert taken(archive, tmp_path / "classes") >= LEAST
    assert list(archive.parent.iterdir()) == [archive]


@pytest.mark.parametrize("content", [None, b"", b"no archive" * 1_000], ids=["none", "empty", "another"])
def test_what_is_no_archive_keeps_nobody_from_starting(content: bytes | None, tmp_path: Path) -> None:
    found = tmp_path / "spark.jsa"
    if content is not None:
        found.write_bytes(content)
    assert taken(found, tmp_path / "classes") == 0
