"""Children that never outlive us, and free ports.

On Linux the kernel kills a child when the thread that forked it ends, so every child is forked by one thread that
lives as long as this process: the caller may come from any thread, however short-lived.
"""

import ctypes
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO

from kwadrant.errors import ProcessError

LOOPBACK = "127.0.0.1"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_TAIL_BYTES = 16_384
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before any fork: a fork must not import

_Order = tuple[Callable[[], "subprocess.Popen[bytes]"], "Future[subprocess.Popen[bytes]]"]


@dataclass(frozen=True)
class Child:
    """A running program and the file its output goes to."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of its output."""
        return tail(self.log, lines)


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    keep: Sequence[int] = (),
) -> Child:
    """Start a program whose output goes to `log` (overwritten).

    It dies with us, also when we are killed (Linux). It has a process group of its own: Ctrl-C in the terminal
    reaches only us, and we stop it in order.

    Parameters
    ----------
    command
        Program and arguments; no shell.
    log
        File for stdout and stderr; its folder is made.
    env
        The whole environment; None for ours.
    cwd
        Working folder; None for ours.
    keep
        File descriptors the child keeps open, e.g. of a lock file.

    Raises
    ------
    ProcessError
        The program cannot be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    future: Future[subprocess.Popen[bytes]] = Future()
    with log.open("wb") as output:
        spawn = partial(
            _spawn,
            [str(part) for part in command],
            output=output,
            env=env,
            cwd=cwd,
            keep=keep,
        )
        _forker(os.getpid()).put((spawn, future))
        try:
            return Child(future.result(), log)
        except (OSError, subprocess.SubprocessError) as error:
            raise ProcessError(f"Cannot start {command[0]}: {error}. Is it installed, and may it be run?") from error


def stop(child: Child, *, grace: float = 20.0) -> int:
    """Ask a child to end (SIGTERM), wait up to `grace` [s], then kill exactly that process; return its exit code."""
    if child.running:
        child.process.terminate()
        try:
            child.process.wait(grace)
        except subprocess.TimeoutExpired:
            child.process.kill()
    return child.process.wait()


def tail(path: Path, lines: int = 20) -> str:
    """Return the last lines of a text file; reads at most its last 16 KiB; empty when there is no such file."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """Return a TCP port nobody listens on at 127.0.0.1 now; another program may still take it before you do."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this port at 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: TIME_WAIT is no hindrance
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _spawn(
    command: list[str],
    *,
    output: IO[bytes],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    keep: Sequence[int],
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        pass_fds=tuple(keep),
        process_group=0,
        preexec_fn=partial(_die_with, os.getpid()) if _LIBC else None,  # noqa: PLW1509 - it only makes two system calls
    )


def _die_with(parent: int) -> None:
    """Run in the child between fork and exec."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        os._exit(1)


@cache
def _forker(_process: int) -> "queue.SimpleQueue[_Order]":
    """Return the queue of this process's forking thread (a fork of ours inherits the cache, not the thread)."""
    orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
    threading.Thread(target=_fork_forever, args=(orders,), name="kwadrant-forker", daemon=True).start()
    return orders


def _fork_forever(orders: "queue.SimpleQueue[_Order]") -> None:
    while True:
        spawn, future = orders.get()
        try:
            future.set_result(spawn())
        except Exception as error:  # noqa: BLE001 - it is raised again where start() waits
            future.set_exception(error)
        del spawn, future  # or this frame keeps the last child until the next one
