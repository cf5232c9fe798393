"""Where a seeding reads and writes: a folder of this machine, or of another file system."""

from pathlib import Path
from typing import Protocol, Self


class Folder(Protocol):
    """What a seeding needs of a file or folder: `Path` has it; `str` of any other is a URI that Spark knows."""

    def __truediv__(self, name: str, /) -> Self:
        """Return what is inside under this name."""

    def exists(self) -> bool:
        """Return whether it is there."""

    def read_bytes(self) -> bytes:
        """Return a file's content."""

    def write_bytes(self, data: bytes, /) -> int:
        """Write a file over what was there."""


def spark_path(of: Folder) -> str:
    """Return what Spark finds a folder by, whatever its default file system is."""
    return f"file://{of.absolute()}" if isinstance(of, Path) else str(of)
