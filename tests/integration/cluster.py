"""A standalone Spark cluster out of PySpark itself: a master, two workers, and no package of ours on their path."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from kwadrant.processes import LOOPBACK, Child, free_port, start, stop

WORKERS = 2
_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
_DEPLOY = "org.apache.spark.deploy"
_PATIENCE_S = 90.0


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Give the address of a cluster whose workers have one core each and work in `folder`."""
    address = f"spark://{LOOPBACK}:{(port := free_port())}"
    with ExitStack() as running:
        master = _daemon(folder / "master", "master.Master", "--host", LOOPBACK, "--port", str(port))
        running.callback(stop, master)
        _wait(master, "I have been elected leader")
        for number in range(WORKERS):
            work = folder / f"worker-{number}"
            worker = _daemon(work, "worker.Worker", "-c", "1", "-m", "1g", "--host", LOOPBACK, "-d", str(work), address)
            running.callback(stop, worker)
            _wait(worker, "Successfully registered with master")
        yield address


def _daemon(folder: Path, name: str, *arguments: str) -> Child:
    folder.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"SPARK_LOCAL_IP": LOOPBACK, "SPARK_DAEMON_MEMORY": "256m"}
    command: list[str | Path] = [_CLASS, f"{_DEPLOY}.{name}", "--webui-port", "0", *arguments]
    return start(command, log=folder / "log", env=environment, cwd=folder)


def _wait(child: Child, words: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while words not in child.log.read_text():
        assert child.running, child.tail()
        assert time.monotonic() < end, child.tail()
        time.sleep(0.1)
