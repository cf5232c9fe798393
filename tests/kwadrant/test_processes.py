"""Children do not outlive their parent; real processes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kwadrant.errors import ProcessError
from kwadrant.processes import LOOPBACK, Child, free_port, port_is_free, start, stop, tail

ROOT = Path(__file__).parents[2]
SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
PARENT = """
import sys, time
from pathlib import Path
from kwadrant.processes import start
child = start([sys.executable, "-c", sys.argv[2]], log=Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(60)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")


@linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_dies_with_its_killed_parent(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), DEAF]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        _until(lambda: "ready" in tail(tmp_path / "log"))

        parent.send_signal(how)

    _until(lambda: not _alive(child))


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(_start(tmp_path, SLEEP)))
    thread.start()
    thread.join()
    _until(lambda: "ready" in children[0].tail())
    time.sleep(0.2)

    assert children[0].running
    stop(children[0])


def test_a_child_that_listens_is_asked_and_ends(tmp_path: Path) -> None:
    child = _start(tmp_path, SLEEP)

    assert stop(child, grace=10) == -signal.SIGTERM
    assert not child.running


def test_a_child_that_does_not_listen_is_killed_after_the_grace(tmp_path: Path) -> None:
    child = _start(tmp_path, DEAF)
    _until(lambda: "ready" in child.tail())

    assert stop(child, grace=0.1) == -signal.SIGKILL


def test_stopping_twice_gives_the_same_exit_code(tmp_path: Path) -> None:
    child = _start(tmp_path, "raise SystemExit(3)")
    child.process.wait(10)

    assert [stop(child), stop(child)] == [3, 3]


def test_ctrl_c_in_the_terminal_does_not_reach_a_child(tmp_path: Path) -> None:
    child = _start(tmp_path, SLEEP)

    assert os.getpgid(child.pid) == child.pid
    stop(child)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="no-such-program"):
        start(["no-such-program"], log=tmp_path / "log")


def test_the_environment_is_the_one_given(tmp_path: Path) -> None:
    child = start(["/usr/bin/env"], log=tmp_path / "log", env={"ONLY": "this"})
    child.process.wait(10)

    assert child.tail() == "ONLY=this"


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("\n".join(map(str, range(10_000))))

    assert tail(path, 2) == "9998\n9999"
    assert tail(tmp_path / "none") == ""


def test_a_port_somebody_listens_on_is_not_free() -> None:
    port = free_port()
    assert port_is_free(port)

    with socket.create_server((LOOPBACK, port)):
        assert not port_is_free(port)


def _start(folder: Path, code: str) -> Child:
    return start([sys.executable, "-c", code], log=folder / "log")


def _until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    """Return whether a process runs; one that waits to be collected by its new parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
