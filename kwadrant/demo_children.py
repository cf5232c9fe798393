"""The demo's two children, `seed` and `stream`: how they are started, heard, and what their end means."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from kwadrant import demo_town, java
from kwadrant.demo_errors import ChildEndedError
from kwadrant.demo_folder import WorkFolder
from kwadrant.live import Batch
from kwadrant.processes import Child, port_is_free, start

_ROOT = Path(__file__).resolve().parent.parent
_KEPT = ("KWADRANT_JARS", "KWADRANT_MAVEN_MIRROR", "KWADRANT_METRICS__")
_PREFIX = "KWADRANT_"
STREAM = "demo"
"""The demo's stream: what an operator's word is addressed to."""
_CLUSTERS = 8
GRACE = 90.0
"""How long the stream may take to finish the batch in hand [s]."""
PAGE_PORT = 8_080
_READY = b'{"ready"'
_BATCH = b'{"batch"'
_NOISE = (
    "NOTE: Picked up ",
    "{",
    " WARN ",
    "WARNING: ",
    "arnings.warn(",
    " logging level ",
    " log level to ",
    "Using Spark's default",
)
_decode = msgspec.json.Decoder(Batch).decode


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the children's environment: the demo's settings, not those of a deployment that are set here as well.

    Where to fetch from, and where Prometheus asks, holds for the demo too.
    """
    found = {name: value for name, value in ours.items() if not name.startswith(_PREFIX) or name.startswith(_KEPT)}
    paths = [str(_ROOT), *filter(None, found.get("PYTHONPATH", "").split(os.pathsep))]
    return found | {
        "KWADRANT_STREAM": STREAM,
        "KWADRANT_TIME_ZONE": demo_town.ZONE,
        **java.quickly(ours),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONUNBUFFERED": "1",
    }


def seed(work: WorkFolder, bootstrap: str, ours: Mapping[str, str]) -> Child:
    """Start the seeding from the history's tables."""
    tables = [(f"--{name}", work.town / f"{name}.parquet") for name in ("readings", "transactions", "archive")]
    arguments = [part for pair in tables for part in pair]
    more = ("--folder", work.deployment, *arguments, "-k", str(_CLUSTERS), "--until", str(demo_town.UNTIL))
    return _start(work, "seed", bootstrap, ours, *more)


def stream(work: WorkFolder, bootstrap: str, ours: Mapping[str, str]) -> Child:
    """Start the stream; it writes a line of JSON per batch into its log."""
    return _start(work, "stream", bootstrap, ours, "--folder", work.deployment, "--json")


def page(work: WorkFolder, bootstrap: str, ours: Mapping[str, str]) -> Child:
    """Start the service with the live page: on its usual port, or on a free one."""
    port = PAGE_PORT if port_is_free(PAGE_PORT) else 0
    return _start(work, "serve", bootstrap, ours, "--store", f"sqlite:///{work.store}", "--port", str(port))


def _start(work: WorkFolder, verb: str, bootstrap: str, ours: Mapping[str, str], *more: str | Path) -> Child:
    command = [sys.executable, "-m", "kwadrant", verb, "--bootstrap", bootstrap, *more]
    return start(command, log=work.log(verb), env=environment(ours), cwd=work.path)


def ended(child: Child, expected: str) -> ChildEndedError:
    """Return the error that says how a child ended."""
    code = child.process.poll()
    how = f"exit code {code}" if code is None or code >= 0 else f"signal {-code}"
    return ChildEndedError(
        f"`kwadrant {child.log.stem}` {expected}, but ended with {how}. Start again: the demo goes on where it "
        f"stopped; or afresh, with --reset. The end of {child.log}:\n{child.tail()}"
    )


@dataclass
class Lines:
    """What a child has written to its log since the last look."""

    log: Path
    _at: int = field(default=0, init=False)

    def new(self) -> list[bytes]:
        """Return the whole lines that are new."""
        with self.log.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        return whole.splitlines()


def batches(lines: list[bytes]) -> Iterator[Batch]:
    """Yield the batches among a stream's lines; what Spark and Python say besides is not for us."""
    for line in lines:
        at = line.find(_BATCH)
        if at >= 0:
            yield _decode(line[at:])


def progress(lines: list[bytes]) -> list[str]:
    """Return what a child says about how far it is, without Spark's and Java's own words."""
    texts = [line.decode(errors="replace").strip() for line in lines]
    return [text for text in texts if text and not any(noise in text for noise in _NOISE)]


def is_ready(lines: list[bytes]) -> bool:
    """Return whether the stream says that it runs."""
    return any(_READY in line for line in lines)
