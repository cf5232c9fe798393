"""A stream that kills itself, driver and JVM, after the transaction of its n-th batch and before Spark's commit."""

import os
import signal
import sys
import threading
from pathlib import Path

from kwadrant import jars, spark
from kwadrant.seed import deployment_of
from kwadrant.settings import Settings
from kwadrant.stream import seeded
from schemas.facts import Facts
from streaming import job
from streaming.ending import Ending


def children(pid: int) -> list[int]:
    """Every descendant of a process."""
    found = [
        int(entry.name) for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and f"\nPPid:\t{pid}\n" in _status(entry)
    ]  # fmt: skip
    return found + [below for child in found for below in children(child)]


def _status(entry: Path) -> str:
    try:
        return (entry / "status").read_text()
    except OSError:
        return ""


def main() -> None:
    """Arguments: bootstrap servers, folder, number of batches to survive."""
    bootstrap, folder, lives = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    settings = Settings(kafka={"bootstrap.servers": bootstrap}, folder=folder, rows_per_batch=7_000)
    parameters, generation = seeded(settings)
    session = spark.session(settings, jars.ensure(report=print, environment=os.environ).spark, "doomed")
    left = [lives]

    def die(_: Facts) -> None:
        left[0] -= 1
        if left[0] <= 0:
            for pid in children(os.getpid()):
                os.kill(pid, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    job.run(session, deployment_of(settings, parameters, generation), Ending(threading.Event()), (die,))


if __name__ == "__main__":
    main()
