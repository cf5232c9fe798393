"""JSON Schema of every record on the wire, generated from the types; `schemas/wire/` holds the files.

After a change of a type: `python -m schemas.wire_contracts` writes them anew, and a test says where they differ.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from schemas.archive import Archive
from schemas.control import Control
from schemas.event import CustomerState, Event
from schemas.expectation import Expectations
from schemas.fitted import Fitted
from schemas.model import Model
from schemas.progress import Progress
from schemas.reading import Clock, Reading
from schemas.transaction import Transaction

FOLDER = Path(__file__).parent / "wire"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

RECORDS: Mapping[str, Any] = MappingProxyType(
    {
        "reading": Reading,
        "clock": Clock,
        "transaction": Transaction,
        "archive": Archive,
        "event": Event,
        "customer-state": CustomerState,
        "expectations": Expectations,
        "model": Model,
        "fitted": Fitted,
        "control": Control,
        "progress": Progress,
    }
)
"""Type of each record by the name of its file."""


def contract(name: str) -> str:
    """Return the JSON Schema of a record as the text of its file."""
    schema = {"$schema": DIALECT, "title": name, **msgspec.json.schema(RECORDS[name])}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write the file of every record into `folder`."""
    folder.mkdir(exist_ok=True)
    for name in RECORDS:
        (folder / f"{name}.json").write_text(contract(name), encoding="utf-8")


if __name__ == "__main__":
    write()
