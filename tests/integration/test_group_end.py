"""A process group that is told to end: Java waits for us, and the work in hand is finished."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration
PROGRAM = """
import os, signal, time
from kwadrant.settings import Settings
from kwadrant.spark import session

heard = []
signal.signal(signal.SIGTERM, lambda *_: heard.append(True))
spark = session(Settings(), (), "ended")
os.killpg(0, signal.SIGTERM)
time.sleep(2)
print(len(heard), spark.range(7).count(), flush=True)
spark.stop()
"""


def test_java_ignores_what_ends_the_group_and_works_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=120, process_group=0
    )
    assert (done.returncode, done.stdout) == (0, "1 7\n"), done.stderr
