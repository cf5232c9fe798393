"""The user's three tables, read once with one set of options."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa

from kwadrant.order import Blocks, Tables
from kwadrant.tables import Given, parse_duration, read_archive, read_transactions, reading_blocks
from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS, lane
from segmentation import tables
from segmentation.parameters import Parameters
from segmentation.tables import Arrival, Taken


@dataclass(frozen=True)
class Inputs:
    """Where the tables are and how they fit: `rename` maps our column names to the files'."""

    readings: Given | None = None
    transactions: Given | None = None
    archive: Given | None = None
    rename: dict[str, str] = field(default_factory=dict)
    duration: timedelta | None = None
    zone: str | None = None

    @property
    def timed(self) -> bool:
        """Whether clock records may go with it: archive rows alone do not tell how far the readings are."""
        return self.readings is not None or self.transactions is not None

    def blocks(self) -> Iterator[pa.Table]:
        """Yield readings in event-time order, block by block."""
        if self.readings is not None:
            yield from reading_blocks(self.readings, rename=self.rename, duration=self.duration, zone=self.zone)

    def to_send(self) -> Tables:
        """Return what `produce` sends."""
        return Tables(readings=self.blocks(), transactions=self._transactions(), archive=self._archive())

    def taken(self, parameters: Parameters, now: int) -> Iterator[Taken]:
        """Yield whole rows for the folds, block by block, archive and transactions first, as if sent `now` [us]."""
        if self.archive is not None:
            arrival = Arrival(lane(ARCHIVE, 0), now, parameters)
            yield tables.archive(read_archive(self.archive, zone=self.zone), arrival)
        if self.transactions is not None:
            arrival = Arrival(lane(TRANSACTIONS, 0), now, parameters)
            yield tables.transactions(read_transactions(self.transactions, zone=self.zone), arrival)
        for block in self.blocks():
            yield tables.readings(block, Arrival(lane(READINGS, 0), now, parameters))

    def _transactions(self) -> Blocks:
        return () if self.transactions is None else read_transactions(self.transactions, zone=self.zone)

    def _archive(self) -> Blocks:
        return () if self.archive is None else read_archive(self.archive, zone=self.zone)


def refusals(refused: Mapping[str, int]) -> str:
    """Return how many rows were refused and why, as a sentence; empty where none was.

    Examples
    --------
    >>> refusals({"negative": 2, "future": 1})
    'refused 3 rows: 1 future, 2 negative'
    """
    parts = [f"{count} {reason}" for reason, count in sorted(refused.items())]
    return f"refused {sum(refused.values())} rows: {', '.join(parts)}" if parts else ""


def parse_map(pairs: list[str]) -> dict[str, str]:
    """`start=record_date` texts as our name to theirs."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        message = f"--map takes OURS=THEIRS, such as start=record_date; found {wrong[0]!r}"
        raise ValueError(message)
    return dict(pair.split("=", 1) for pair in pairs)


def inputs(
    readings: Given | None,
    transactions: Given | None,
    archive: Given | None,
    *,
    pairs: list[str],
    duration: str | None,
    zone: str | None,
) -> Inputs:
    """Return the inputs as they were typed."""
    length = parse_duration(duration) if duration else None
    return Inputs(readings, transactions, archive, parse_map(pairs), length, zone)
