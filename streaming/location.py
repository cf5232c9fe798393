"""Where a deployment keeps its files: a path of this machine, or one of any file system that Hadoop knows.

Both have the names of `pathlib` for what is done with them, so who reads a checkpoint need not know which it is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped] # it has no types
from pyspark import SparkContext
from pyspark.errors import PySparkException

from streaming.errors import NoFileSystem

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/(.*)")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class HadoopPath:
    """A path such as `hdfs://host:8020/kwadrant`, reached through the JVM of the running Spark session.

    Every question is a call to the file system: some milliseconds.

    Raises
    ------
    NoFileSystem
        On first use, where Hadoop knows no such file system, or it does not answer.
    """

    uri: str

    def __str__(self) -> str:
        return self.uri

    def __truediv__(self, name: str) -> "HadoopPath":
        return HadoopPath(f"{self.uri.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """Return the last part."""
        return self.uri.rstrip("/").rpartition("/")[2]

    def exists(self) -> bool:
        """Return whether there is a file or folder."""
        return bool(self._ask(lambda files, path: files.exists(path)))

    def iterdir(self) -> Iterator["HadoopPath"]:
        """Yield what a folder holds, which has to exist."""
        for status in self._ask(lambda files, path: files.listStatus(path)):
            yield self / status.getPath().getName()

    def read_bytes(self) -> bytes:
        """Return a file's content."""
        return bytes(self._ask(_read))

    def write_bytes(self, data: bytes) -> int:
        """Write a file, and the folders above it, over what was there; returns its length [B]."""
        self._ask(lambda files, path: _write(files, path, data))
        return len(data)

    def unlink(self) -> None:
        """Delete a file."""
        self._ask(lambda files, path: files.delete(path, False))  # noqa: FBT003 - Java's

    def take(self, file: Path) -> None:
        """Copy a file of this machine to here, over what was there."""
        self._ask(lambda files, path: files.copyFromLocalFile(_jvm_path(uri(file)), path))

    def _ask(self, question: Callable[[Any, Any], _Answer]) -> _Answer:
        path = _jvm_path(self.uri)
        try:
            return question(path.getFileSystem(_context()._jsc.hadoopConfiguration()), path)  # noqa: SLF001
        except (Py4JJavaError, PySparkException) as error:
            message = (
                f"cannot use {self.uri}: expected a place that Hadoop can read and write, found {_said(error)}. Look "
                "at the address, and, where the file system is none of Hadoop's own (s3a, gs, abfss, ...), name its "
                "jars: [spark] jars.packages"
            )
            raise NoFileSystem(message) from error


Location: TypeAlias = Path | HadoopPath
"""A folder or file; a path of this machine is a plain `Path`."""


def location(text: str | Location) -> Location:
    """Return a path or a URI as what it is; `file:/shared/x` is the path `/shared/x`.

    Examples
    --------
    >>> location("var/town"), location("file:///shared/town"), location("hdfs://node:8020/town")
    (PosixPath('var/town'), PosixPath('/shared/town'), HadoopPath(uri='hdfs://node:8020/town'))
    """
    found = _URI.fullmatch(text) if isinstance(text, str) else None
    if not isinstance(text, str):
        return text
    if found is None:
        return Path(text)
    return Path("/" + found[2].lstrip("/")) if found[1].lower() == "file" else HadoopPath(text)


def uri(of: Location) -> str:
    """Return what Spark finds a location by, whatever its default file system is."""
    return f"file://{of.absolute()}" if isinstance(of, Path) else of.uri


def _context() -> Any:  # noqa: ANN401 - what stands behind is Java
    context = SparkContext._active_spark_context  # noqa: SLF001 - the public way would start one with other settings
    if context is None:
        raise NoFileSystem("a path of Hadoop's is reached through Spark; start a session first")
    return context


def _said(error: "Py4JJavaError | PySparkException") -> str:
    """Return what Java said, without its stack."""
    words = error.java_exception.toString() if isinstance(error, Py4JJavaError) else str(error)
    return str(words).partition("\n")[0]


def _jvm_path(text: str) -> Any:  # noqa: ANN401
    return _context()._jvm.org.apache.hadoop.fs.Path(text)  # noqa: SLF001


def _read(files: Any, path: Any) -> bytes:  # noqa: ANN401
    stream = files.open(path)
    try:
        return bytes(stream.readAllBytes())
    finally:
        stream.close()


def _write(files: Any, path: Any, data: bytes) -> None:  # noqa: ANN401
    stream = files.create(path)
    try:
        stream.write(data)
    finally:
        stream.close()
