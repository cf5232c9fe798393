"""What is skipped is told, and is a failure where nothing may be missing; what takes minutes is left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

@pytest.mark.skipif(True, reason="no chromium here")
def test_a_part_is_missing(): ...

@pytest.mark.foreign
@pytest.mark.skipif(True, reason="not of this repository")
def test_foreign_data_are_missing(): ...

def test_found_out_late():
    pytest.skip("no server here")

@pytest.mark.xfail(reason="known", strict=True)
def test_known(): assert False

@pytest.mark.long
def test_long(): ...
"""


@pytest.mark.parametrize(
    ("options", "environment", "code", "words"),
    [
        ([], {}, 0, "3 skipped, 1 deselected, 1 xfailed"),
        (["--no-skips"], {}, 1, "1 failed, 1 skipped, 1 deselected, 1 xfailed, 1 error"),
        ([], {"LONG_TESTS": "1"}, 0, "1 passed, 3 skipped, 1 xfailed"),
    ],
)
def test_a_skip_is_a_failure_only_where_that_is_asked_for(
    options: list[str], environment: dict[str, str], code: int, words: str, tmp_path: Path
) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    foreign: f\n    long: l\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        *options,
        str(tmp_path),
    ]
    clean = {name: value for name, value in os.environ.items() if name != "LONG_TESTS"}
    clean |= environment | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=clean, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, words in done.stdout) == (code, True), done.stdout
    assert ("no chromium here" in done.stdout) == bool(options)
