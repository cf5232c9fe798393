"""The demo with the real broker and real Spark, as `./run` starts it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
CUSTOMERS = "60"
pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(900)]
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "kwadrant", "demo", "--customers", CUSTOMERS, "--folder", str(folder), *more]


def demo(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command(folder, *more), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def working_in(folder: Path) -> list[str]:
    """Return the command lines of the processes whose working folder lies in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it ended meanwhile, or is not ours
            continue
    return found


def nothing_is_left(folder: Path) -> bool:
    end = time.monotonic() + 10
    while working_in(folder) and time.monotonic() < end:
        time.sleep(0.1)
    return not working_in(folder)


def streamed(text: str) -> tuple[str, str]:
    """Return the first and the last day that the summary names."""
    found = re.search(r"\((\S+) to (\S+)\)", text)
    assert found is not None, text
    return found[1], found[2]


@linux
def test_a_demo_runs_goes_on_where_it_stopped_and_survives_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = demo(folder, "--for", "5s")
    assert first.returncode == 0, first.stdout + first.stderr
    assert re.search(r"^Kafka: 127\.0\.0\.1:\d+, stream demo$", first.stdout, re.MULTILINE)
    assert nothing_is_left(folder)

    with subprocess.Popen(command(folder), cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        link = next(found[1] for line in killed.stdout if (found := re.search(r"live page: (http://127\S+)", line)))
        with urlopen(link.partition("?")[0]) as page:  # noqa: S310 - our own service
            assert "kWadrant" in page.read().decode()
        assert any("closed until" in line for line in killed.stdout)
        assert len(working_in(folder)) > 3
        killed.send_signal(signal.SIGKILL)
    assert nothing_is_left(folder)

    last = demo(folder, "--for", "5s")
    assert last.returncode == 0, last.stdout + last.stderr
    assert "seeding" not in last.stdout
    assert streamed(last.stdout)[0] >= streamed(first.stdout)[1]
    assert nothing_is_left(folder)
