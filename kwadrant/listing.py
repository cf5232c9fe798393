"""`kwadrant list newly-potential`: whom to call, from a replay's folder or from the events topic."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from kwadrant import events, explain
from kwadrant.quantities import change
from kwadrant.words import service_name
from schemas.event import Event
from schemas.prospects import listed, worth
from schemas.times import iso

Format = Literal["table", "csv", "json"]
COLUMNS = ("rank", "customer_id", "status", "since", "potential", "confidence", "worth", "class", "because", "services")
_SECOND_US = 1_000_000
_TOLD = 3
"""Reasons that are told of each customer; the event has them all."""


def of_folder(folder: Path, since: timedelta) -> list[Event]:
    """Return the list at the end of a replay."""
    return lately(explain.of_folder(folder), since)


def of_topic(client: Mapping[str, object], since: timedelta) -> list[Event]:
    """Return the list as the committed events tell it."""
    return lately(list(events.in_order(client)), since)


def lately(said: Sequence[Event], since: timedelta) -> list[Event]:
    """Return the flags of the last `since` before the last event: the log's time, not the machine's."""
    if not said:
        return []
    last = max(datetime.fromisoformat(event.event_time) for event in said)
    return listed(said, iso(int((last - since).astimezone(UTC).timestamp()) * _SECOND_US))


def text(flags: Iterable[Event], form: Format) -> str:
    """Return the list as a table for people, as CSV with a header, or as one JSON object per line."""
    return written(rows_of(flags), COLUMNS, form, "nobody became a potential customer in that time")


def written(rows: Sequence[Mapping[str, object]], columns: Sequence[str], form: Format, nobody: str) -> str:
    """Return rows in one of the forms; `nobody` is what the table says where there are none."""
    if form == "json":
        return "\n".join(msgspec.json.encode(row).decode() for row in rows)
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().rstrip("\n")
    return _table(rows, columns) if rows else nobody


def rows_of(flags: Iterable[Event]) -> list[dict[str, object]]:
    """Return the list's rows, numbered from 1."""
    return [_row(number, flag) for number, flag in enumerate(flags, start=1)]


def _row(number: int, flag: Event) -> dict[str, object]:
    return {
        "rank": number, "customer_id": flag.customer_id, "status": flag.status, "since": flag.event_time,
        "potential": round(flag.potential, 3), "confidence": round(flag.confidence, 3), "worth": round(worth(flag), 3),
        "class": flag.to.name, "because": "; ".join(map(change, flag.reasons[:_TOLD])),
        "services": "; ".join(f"{service_name(one.service)}: {one.because}" for one in flag.services),
    }  # fmt: skip


def _table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    cells = [tuple(columns), *(tuple(str(row[name]) for name in columns) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
