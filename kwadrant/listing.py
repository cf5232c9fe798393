"""`kwadrant list newly-potential`: whom to call, from a replay's folder or from the events topic."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
import pyarrow.parquet as pq

from kwadrant import events
from kwadrant.errors import LaunchError
from kwadrant.words import change
from schemas.event import Event
from schemas.times import iso
from segmentation.prospects import Prospect, Standing, last_words, of_events, ranked

Format = Literal["table", "csv", "json"]
COLUMNS = ("rank", "customer_id", "rose", "potential", "confidence", "worth", "class", "because")
_SECOND_US = 1_000_000
_decode = msgspec.json.Decoder(Event).decode


class NoReplayError(LaunchError):
    """The folder holds no replay."""


def of_folder(folder: Path, since: timedelta) -> list[Prospect]:
    """Return the list at the end of a replay, by the customers' present potential.

    Raises
    ------
    NoReplayError
        The folder has no events or customers.
    """
    lines, table = folder / "events.jsonl", folder / "customers.parquet"
    if not lines.exists() or not table.exists():
        raise NoReplayError(f"{folder} holds no replay; make one with `kwadrant replay --out {folder}`")
    said = [_decode(line) for line in lines.read_bytes().splitlines()]
    rows = pq.read_table(table).to_pylist()
    standings = [
        Standing(row["customer_id"], row["rose"], row["potential"], row["confidence"], row["name"])
        for row in rows if row["rose"] is not None
    ]  # fmt: skip
    return _recent(standings, said, since)


def of_topic(client: Mapping[str, object], since: timedelta) -> list[Prospect]:
    """Return the list as the committed events tell it, by the potential that customers had when they became so."""
    said = list(events.read(client))
    return _recent(of_events(said), said, since)


def _recent(standings: Sequence[Standing], said: Sequence[Event], since: timedelta) -> list[Prospect]:
    """Those of the last `since` before the last event: the log's time, not the machine's."""
    if not said:
        return []
    last = max(datetime.fromisoformat(event.event_time) for event in said)
    begin = iso(int((last - since).astimezone(UTC).timestamp()) * _SECOND_US)
    return ranked(standings, last_words(said), begin)


def text(found: Iterable[Prospect], form: Format) -> str:
    """Return the list as a table for people, as CSV with a header, or as one JSON object per line."""
    rows = [_row(number, prospect) for number, prospect in enumerate(found, start=1)]
    if form == "json":
        return "\n".join(msgspec.json.encode(row).decode() for row in rows)
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().rstrip("\n")
    return _table(rows) if rows else "nobody became a potential customer in that time"


def _row(number: int, prospect: Prospect) -> dict[str, object]:
    one = prospect.standing
    return {
        "rank": number, "customer_id": one.customer_id, "rose": one.rose, "potential": round(one.potential, 3),
        "confidence": round(one.confidence, 3), "worth": round(one.worth, 3), "class": one.name,
        "because": "; ".join(map(change, prospect.reasons)),
    }  # fmt: skip


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    cells = [COLUMNS, *(tuple(str(row[name]) for name in COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
