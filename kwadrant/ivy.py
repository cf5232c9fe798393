"""Running the Ivy that is inside PySpark: fetches what ``ivy.xml`` names, says how far it is and what failed."""

import importlib.util
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import quoteattr

from kwadrant.errors import JarsFetchError
from kwadrant.processes import Child, start, stop

Report = Callable[[str], None]

MODULE = Path(__file__).with_name("ivy.xml")
CONFIGURATIONS = ("spark", "broker")
_PAUSE = 0.05  # [s] between two looks at Ivy's log
ATTEMPTS = 3  # a dropped connection is common over 50 files; what was fetched stays in the work folder's cache
_PATTERN = "[conf]/[artifact]-[revision](-[classifier]).[ext]"
_CONNECT, _READ = 20_000, 60_000  # [ms]; Ivy by itself waits for ever
_FOUND = re.compile(r"^\s*found (\S+) in ")
_FETCHED = re.compile(r"\[SUCCESSFUL \] (\S+?)(?:\(\w+\))? \(")
_FAILED = re.compile(r"^\s*(?:::|\[\s*FAILED\s*\]|\[NOT FOUND\s*\])\s+([\w.-]+#[^\s:!]+)")
_SETTINGS = """<ivysettings>
  <settings defaultResolver="maven"/>
  <timeout-constraints>
    <timeout-constraint name="patience" connectionTimeout="{connect}" readTimeout="{read}"/>
  </timeout-constraints>
  <resolvers>
    <ibiblio name="maven" m2compatible="true" timeoutConstraint="patience"{root}/>
  </resolvers>
</ivysettings>
"""


def settings(mirror: str | None) -> str:
    """Return an ivysettings file; without a mirror it names no host, and Ivy asks Maven Central."""
    root = "" if mirror is None else f" root={quoteattr(mirror)}"
    return _SETTINGS.format(connect=_CONNECT, read=_READ, root=root)


@dataclass
class Progress:
    """Turns Ivy's lines into "n of m" for the user, and remembers what failed."""

    expected: int
    report: Report
    found: int = 0
    fetched: int = 0
    failed: dict[str, None] = field(default_factory=dict)  # a set that keeps the order

    def hear(self, line: str) -> None:
        """Take one line of Ivy's output."""
        if match := _FOUND.match(line):
            self.found += 1
            self.report(f"jars: looked up {self.found} of about {self.expected} ({match[1]})")
        elif match := _FETCHED.search(line):
            self.fetched += 1
            self.report(f"jars: fetched {self.fetched} of {self.expected} ({match[1].rpartition('!')[2]})")
        elif match := _FAILED.match(line):
            self.failed[match[1]] = None


def resolve(java: Path, work: Path, *, mirror: str | None, expected: int, report: Report) -> Path:
    """Fetch all jars of ``ivy.xml`` and return the folder with ``spark/`` and ``broker/`` in it.

    Parameters
    ----------
    java
        The java to run Ivy with.
    work
        A folder of our own: settings, Ivy's caches, its log and the result are all inside.
    mirror
        Address of a Maven repository, or None for Maven Central.
    expected
        How many jars there will be, for the progress [1].
    report
        Called with one line per step.

    Raises
    ------
    JarsFetchError
        A jar could not be fetched in any attempt: names it, and says what to do.
    """
    (work / "ivysettings.xml").write_text(settings(mirror), encoding="utf-8")
    for attempt in range(1, ATTEMPTS + 1):
        progress = Progress(expected, report)
        if _run(command(java, work), work / "ivy.log", progress) == 0:
            return work / "jars"
        if attempt < ATTEMPTS:
            report(f"jars: attempt {attempt} of {ATTEMPTS} failed ({_listed(progress.failed)}), trying again")
    raise JarsFetchError(_failure(progress.failed, mirror, (work / "ivy.log").read_text(errors="replace")))


def command(java: Path, work: Path) -> list[str]:
    """Return the command line; nothing it writes is outside of `work`."""
    arguments = {
        "-settings": work / "ivysettings.xml",
        "-ivy": MODULE,
        "-cache": work / "cache",
        "-retrieve": work / "jars" / _PATTERN,
    }
    flat = [str(part) for pair in arguments.items() for part in pair]
    return [str(java), f"-Divy.default.ivy.user.dir={work}", "-jar", str(ivy_jar()), *flat, "-confs", *CONFIGURATIONS]


def ivy_jar() -> Path:
    """Return the Ivy inside PySpark, without importing PySpark (0.3 s)."""
    spec = importlib.util.find_spec("pyspark")
    folder = Path(spec.origin).parent / "jars" if spec and spec.origin else Path("pyspark/jars")
    found = sorted(folder.glob("ivy-*.jar"))
    if not found:
        raise JarsFetchError(f"No ivy-*.jar in {folder}. PySpark is not installed whole: remove .venv and ./run again.")
    return found[0]


def _run(arguments: list[str], log: Path, progress: Progress) -> int:
    """Run Ivy as a child that cannot outlive us, and hear what it says while it runs."""
    child = start(arguments, log=log)
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            _hear(file, child, progress)
        return child.process.wait()
    finally:
        stop(child)


def _hear(file: TextIO, child: Child, progress: Progress) -> None:
    line = ""
    while True:
        running = child.running
        line += file.readline()
        if line.endswith("\n"):
            progress.hear(line)
            line = ""
        elif not running:
            return
        else:
            time.sleep(_PAUSE)


def _listed(failed: Iterable[str]) -> str:
    return ", ".join(failed) or "no artefact named"


def _failure(failed: Iterable[str], mirror: str | None, log: str) -> str:
    source = "Maven Central" if mirror is None else f"the mirror {mirror}"
    last = "\n".join(line for line in log.splitlines() if line.strip())[-1500:]
    return (
        f"Could not fetch from {source}: {_listed(failed)}. Behind a firewall, set KWADRANT_MAVEN_MIRROR to the "
        "address of a Maven repository you can reach, or JAVA_TOOL_OPTIONS to '-Dhttps.proxyHost=... "
        "-Dhttps.proxyPort=...'; without any network, copy the folder of a machine that has the "
        f"jars and set KWADRANT_JARS to it. The end of Ivy's log:\n{last}"
    )
