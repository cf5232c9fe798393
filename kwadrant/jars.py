"""The jars: fetched once, checked against ``jars.lock``, kept in a cache folder.

A folder of jars holds ``spark/`` and ``broker/``. It is complete or it is not there: jars are fetched into a
temporary folder beside it, checked, and moved into place in one step.
"""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kwadrant import ivy, java
from kwadrant.errors import JarsChangedError, JarsExtraError, JarsLockError, JarsMissingError

LOCK = Path(__file__).with_name("jars.lock")
MIRROR_VARIABLE = "KWADRANT_MAVEN_MIRROR"
OFFLINE_VARIABLE = "KWADRANT_JARS"
_STAMP = ".verified"
_HEX = 64

Sums = Mapping[str, str]  # "spark/x.jar" -> sha256


@dataclass(frozen=True)
class JarFolder:
    """Two class paths that must stay apart."""

    spark: tuple[Path, ...]
    broker: tuple[Path, ...]


def ensure(
    folder: Path | None = None,
    *,
    report: Callable[[str], None],
    environment: Mapping[str, str],
) -> JarFolder:
    """Return the jars of the lock, fetching them when they are not there yet.

    A jar is hashed once; later calls compare size and time with a stamp (a few milliseconds). Two calls at once
    fetch once. Nothing unchecked is ever left at `folder`.

    Parameters
    ----------
    folder
        Where they are kept; None for a cache folder named after the lock.
    report
        Called with one line per step while fetching.
    environment
        ``KWADRANT_JARS``: a folder that has the jars, then nothing is fetched. ``KWADRANT_MAVEN_MIRROR``: a Maven
        repository to ask instead of Maven Central. ``JAVA_HOME``, ``PATH``, ``XDG_CACHE_HOME``, ``HOME``: as usual.

    Raises
    ------
    JarsError
        A jar cannot be fetched, is missing, extra or changed; each says what to do.
    JavaError
        Jars have to be fetched, and there is no Java.
    """
    sums = read_lock()
    offline = environment.get(OFFLINE_VARIABLE)
    if offline:
        return _checked(Path(offline), sums)
    folder = folder or cache_folder(environment)
    if not folder.exists():
        with _alone(folder, report):
            if not folder.exists():  # another run may have fetched them while we waited
                _fetch(folder, sums, report, environment)
    return _checked(folder, sums)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the default folder: another lock has another folder, so versions never mix."""
    home = Path(environment.get("HOME") or Path.home())
    base = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "kwadrant" / f"jars-{_sha256(LOCK)[:16]}"


def read_lock(path: Path = LOCK) -> dict[str, str]:
    """Return the sha256 of every jar by ``configuration/name``.

    Raises
    ------
    JarsLockError
        A line is not ``sha256 configuration name``.
    """
    sums = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        digest, configuration, name = (*line.split(), "", "", "")[:3]
        if len(digest) != _HEX or configuration not in ivy.CONFIGURATIONS or not name.endswith(".jar"):
            raise JarsLockError(
                f"{path} line {number}: expected 'sha256 configuration file.jar', found {line!r}. "
                "Take the file from the repository again."
            )
        sums[f"{configuration}/{name}"] = digest
    return sums


def verify(folder: Path, sums: Sums | None = None) -> JarFolder:
    """Compare the sha256 of every jar in the folder with the lock; reads every byte (54 MB, about 0.2 s).

    Raises
    ------
    JarsMissingError, JarsExtraError, JarsChangedError
        Naming the jars, and what to do.
    """
    sums = read_lock() if sums is None else sums
    present = {str(path.relative_to(folder)): path for path in _jars_in(folder)}
    _refuse(JarsMissingError, folder, "is missing", sorted(sums.keys() - present.keys()))
    _refuse(JarsExtraError, folder, "is not in the lock", sorted(present.keys() - sums.keys()))
    changed = sorted(name for name, path in present.items() if _sha256(path) != sums[name])
    _refuse(JarsChangedError, folder, "has another sha256 than the lock says", changed)
    return JarFolder(*(_of(folder, configuration, sums) for configuration in ivy.CONFIGURATIONS))


def _of(folder: Path, configuration: str, sums: Sums) -> tuple[Path, ...]:
    return tuple(folder / name for name in sorted(sums) if name.startswith(f"{configuration}/"))


def _refuse(kind: type[Exception], folder: Path, what: str, names: list[str]) -> None:
    if names:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004
        raise kind(
            f"{shown}: {what} ({folder} against kwadrant/jars.lock). Delete that folder and start again, and the jars "
            f"are fetched anew; if {OFFLINE_VARIABLE} points there, copy it whole from a machine of this version."
        )


def _checked(folder: Path, sums: Sums) -> JarFolder:
    stamp, now = folder / _STAMP, _fingerprint(folder, sums)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == now:
        return JarFolder(*(_of(folder, configuration, sums) for configuration in ivy.CONFIGURATIONS))
    jars = verify(folder, sums)
    with suppress(OSError):  # a read-only folder is hashed each time
        stamp.write_text(now, encoding="utf-8")
    return jars


def _fingerprint(folder: Path, sums: Sums) -> str:
    expected = "".join(f"{name} {digest}\n" for name, digest in sorted(sums.items()))
    stats = ((path, path.stat()) for path in _jars_in(folder))
    return expected + "".join(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n" for path, stat in stats)


def _jars_in(folder: Path) -> list[Path]:
    return sorted(path for configuration in ivy.CONFIGURATIONS for path in (folder / configuration).glob("*.jar"))


def _fetch(folder: Path, sums: Sums, report: Callable[[str], None], environment: Mapping[str, str]) -> None:
    for left in folder.parent.glob(f"{folder.name}.part-*"):  # of a run that was killed: we alone hold the lock
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.part-", dir=folder.parent))
    try:
        report(f"jars: fetching {len(sums)} files (54 MB) once, into {folder}")
        mirror = environment.get(MIRROR_VARIABLE) or None
        fetched = ivy.resolve(java.find(environment), work, mirror=mirror, expected=len(sums), report=report)
        verify(fetched, sums)
        fetched.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _alone(folder: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock beside the folder; the kernel releases it when we die."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("jars: another run is fetching them, waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
