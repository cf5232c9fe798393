"""A Kafka broker of our own, for the demo and the tests: one KRaft node on 127.0.0.1, its data in one folder.

The folder holds ``server.properties`` and ``ports.json`` (rewritten at each start), ``data/`` (Kafka's), ``formatted``
(the cluster id, once formatting is done), ``lock`` and ``broker.log``. It survives ``kill -9``, not a power cut:
Kafka leaves flushing to the operating system.
"""

import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from kwadrant import java
from kwadrant.errors import BrokerError, BrokerInUseError
from kwadrant.processes import LOOPBACK, Child, free_port, port_is_free, start, stop

_READY = 60.0  # [s]; 3 s when nothing else runs
_ANSWER = 5.0  # [s]; short, so that a broker that ended meanwhile is noticed
_STOP = 30.0  # [s]; a controlled shutdown flushes the logs
_LET_GO = 3.0  # [s]; a broker whose parent was just killed needs a moment to end
_POLL = 0.05  # [s]
_LOGGING = ("-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS")
_JVM = ("-Xmx512m", "-XX:+UseSerialGC", java.QUICK, *_LOGGING)


class Broker:
    """An embedded broker that lives as long as the ``with`` block, and never longer than this process.

    Parameters
    ----------
    folder
        Data folder, made when it is not there. The same folder gives the same topics, records and, while they are
        free, the same ports.
    jars
        The broker's class path, ``JarFolder.broker``.
    environment
        To find Java in, and the broker's own environment; None for ours.
    ready
        How long to wait for the first answer [s].
    """

    def __init__(
        self,
        folder: Path,
        jars: Sequence[Path],
        *,
        environment: Mapping[str, str] | None = None,
        ready: float = _READY,
    ) -> None:
        self.folder = folder.absolute()
        self.bootstrap = ""
        self.child: Child | None = None
        self._class_path = os.pathsep.join(str(jar) for jar in jars)
        self._environment = dict(os.environ if environment is None else environment)
        self._ready = ready
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it in order."""
        self.stop()

    def start(self) -> None:
        """Format the folder if it is new, start the broker and wait until an admin call answers.

        Raises
        ------
        BrokerInUseError
            Another live broker uses the folder.
        BrokerError
            It ended or did not answer in time; the message has the end of its log.
        JavaError
            There is no Java.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = _take(self.folder / "lock")
        try:
            port, controller = _ports(self.folder / "ports.json")
            (self.folder / "server.properties").write_text(
                properties(self.folder / "data", port, controller), encoding="utf-8"
            )
            self._format()
            self.bootstrap = f"{LOOPBACK}:{port}"
            _write_whole(self.folder / "lock.json", {"pid": os.getpid(), "bootstrap": self.bootstrap})
            self.child = self._java("broker.log", "kafka.Kafka", "server.properties")
            self._wait_until_ready(self.child, port)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the broker: SIGTERM, so that it flushes its logs, and wait. Harmless when it is not running."""
        if self.child is not None:
            stop(self.child, grace=_STOP)
            self.child = None
        if self._lock is not None:
            self._lock.close()  # releases it
            self._lock = None

    def _format(self) -> None:
        done = self.folder / "formatted"
        if done.exists():
            return
        cluster = "k" + secrets.token_urlsafe(16)[1:]  # an id that begins with "-" would read as an option
        arguments = ("format", "--standalone", "--ignore-formatted", "-t", cluster, "-c", "server.properties")
        child = self._java("format.log", "kafka.tools.StorageTool", *arguments)
        if child.process.wait(self._ready) != 0:
            raise BrokerError(
                f"Kafka could not format {self.folder}. If nothing in it is needed, delete it and start again. "
                f"The end of {child.log}:\n{child.tail()}"
            )
        done.write_text(cluster, encoding="utf-8")

    def _java(self, log: str, *arguments: str) -> Child:
        command = [str(java.find(self._environment)), *_JVM, "-cp", self._class_path, *arguments]
        keep = () if self._lock is None else (self._lock.fileno(),)  # so the lock lasts as long as the broker itself
        return start(command, log=self.folder / log, env=self._environment, cwd=self.folder, keep=keep)

    def _wait_until_ready(self, child: Child, port: int) -> None:
        end = time.monotonic() + self._ready
        while time.monotonic() < end and child.running:
            if _listens(port) and answers(self.bootstrap, within=_ANSWER):
                return
            time.sleep(_POLL)
        how = f"did not answer within {self._ready:.0f} s" if child.running else "ended"
        raise BrokerError(
            f"The embedded broker {how}; expected an answer at {self.bootstrap}. Look for memory, disk space, or a "
            f"program that took the port, and start again. The end of {child.log}:\n{child.tail()}"
        )


def properties(data: Path, port: int, controller: int) -> str:
    """Return the broker's settings: both roles in one process, every internal topic once, nothing made by itself."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{controller}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "broker.heartbeat.interval.ms": 1000,
        "broker.session.timeout.ms": 4000,  # after a kill the old registration stands in the way this long, not 9 s
    }
    return "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())


def answers(bootstrap: str, *, within: float) -> bool:
    """Return whether a broker answers an admin call within some seconds [s]."""
    patience = max(1, int(within * 1000))
    with suppress(KafkaError):
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap, bootstrap_timeout_ms=patience, request_timeout_ms=patience
        )
        try:
            admin.list_topics()
        finally:
            admin.close()
        return True
    return False


def _take(path: Path) -> IO[str]:
    end = time.monotonic() + _LET_GO
    file = path.open("a", encoding="utf-8")
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                file.close()
                raise BrokerInUseError(_in_use(path)) from None
            time.sleep(_POLL)
        else:
            return file


def _in_use(path: Path) -> str:
    owner = _read(path.with_name("lock.json"))
    return (
        f"{path.parent} is used by the live broker of process {owner.get('pid', '?')} at "
        f"{owner.get('bootstrap', 'an unknown port')}. Stop that one, or choose another data folder."
    )


def _ports(path: Path) -> tuple[int, int]:
    """Return the ports of the last run where both are free, else new ones; remember them."""
    remembered = _read(path)
    port, controller = int(remembered.get("broker", 0)), int(remembered.get("controller", 0))
    if not (port and controller and port_is_free(port) and port_is_free(controller)):
        port, controller = free_port(), free_port()
    _write_whole(path, {"broker": port, "controller": controller})
    return port, controller


def _read(path: Path) -> dict[str, int | str]:
    with suppress(OSError, ValueError):
        return dict(json.loads(path.read_text(encoding="utf-8")))
    return {}


def _write_whole(path: Path, content: Mapping[str, int | str]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(path)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\")  # a Java properties file
