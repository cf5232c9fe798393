"""The user's value mapping table (`--mapping FILE`): what the texts of its columns count as."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from kwadrant.cells import MissingTableError
from schemas.fitted import MappingUsed
from segmentation.value_mapping import ValueMapping, parse


@dataclass(frozen=True)
class MappingFile:
    """A value mapping table and the sha256 of its file."""

    table: ValueMapping
    sha256: str

    @property
    def used(self) -> MappingUsed:
        """Return what a model says about it."""
        return MappingUsed(self.table.version, self.sha256)


def read_mapping(path: Path) -> MappingFile:
    """Return the value mapping table of a CSV file with the columns version, column, value, number.

    Raises
    ------
    MissingTableError
        Where there is no such file.
    BadMapping
        Where it is no value mapping table; names the line.
    """
    if not path.is_file():
        raise MissingTableError(f"--mapping: no file {path}; expected a CSV file with version,column,value,number")
    content = path.read_bytes()
    return MappingFile(parse(content.decode("utf-8-sig"), str(path)), hashlib.sha256(content).hexdigest())
