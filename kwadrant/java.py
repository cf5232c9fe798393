"""Finding the Java that runs Ivy, the broker and Spark."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from kwadrant.errors import JavaError

OLDEST = 17
MODULE = "jdk.incubator.vector"  # Spark 4.2 passes --add-modules for it: a Java without it stops at once
MEND = "Install a Java 17 or newer, e.g. apt-get install openjdk-17-jre-headless, or point JAVA_HOME to one."
_OPTIONS = "JDK_JAVA_OPTIONS"
ANSWER_TIMEOUT = 30  # [s]
QUICK = "-XX:TieredStopAtLevel=1"
"""For JVMs that live for minutes: the quick compiler alone; over a four-minute stream it takes 4 s, both take 76."""


def quickly(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what an environment has to say so that Java, and Spark's too, takes the quick compiler alone."""
    return {_OPTIONS: " ".join(filter(None, (QUICK, environment.get(_OPTIONS))))}


def find(environment: Mapping[str, str]) -> Path:
    """Return the java that Spark would take too: that of JAVA_HOME, else the first on PATH.

    Raises
    ------
    JavaError
        There is none, or JAVA_HOME points to a folder without one.
    """
    home = environment.get("JAVA_HOME")
    if home:
        java = Path(home) / "bin" / "java"
        if not java.is_file():
            raise JavaError(f"JAVA_HOME is {home}, but {java} does not exist. Correct or unset JAVA_HOME. {MEND}")
        return java
    found = shutil.which("java", path=environment.get("PATH"))
    if found is None:
        raise JavaError(f"No java on the PATH and no JAVA_HOME. {MEND}")
    return Path(found)


def version(java: Path) -> int:
    """Return the feature version of a java, e.g. 17.

    Raises
    ------
    JavaError
        It does not run or does not say its version.
    """
    answer = _ask(java, "-version")
    match = re.search(r'version "(?:1\.)?(\d+)', answer)
    if match is None:
        raise JavaError(f"{java} -version should name a version, but said {answer[:200]!r}. {MEND}")
    return int(match[1])


def modules(java: Path) -> frozenset[str]:
    """Return the names of the modules a java has, without their versions."""
    return frozenset(line.partition("@")[0] for line in _ask(java, "--list-modules").splitlines())


def _ask(java: Path, question: str) -> str:
    try:
        done = subprocess.run(
            [java, question],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=ANSWER_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JavaError(f"{java} {question} does not run: {error}. {MEND}") from error
    return done.stdout
