"""In which order rows and clock records are sent: a plan made from tables alone, without Kafka.

Event time is a reading's interval end, a transaction's time, and the time from which an archive row is valid.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kwadrant import encode
from kwadrant.tables import instants_us, interval_ends
from schemas.times import microseconds
from schemas.topics import ARCHIVE, INPUTS, READINGS, TRANSACTIONS

Times: TypeAlias = npt.NDArray[np.int64]
Blocks: TypeAlias = pa.Table | Iterable[pa.Table]

_BLOCK = 1 << 15


class OrderError(Exception):
    """A stream of blocks goes back in event time."""


@dataclass(frozen=True)
class Tables:
    """What is to be sent: tables, which are sorted by event time in memory, or blocks that are in that order."""

    readings: Blocks = ()
    transactions: Blocks = ()
    archive: Blocks = ()


@dataclass(frozen=True)
class Rows:
    """Rows in event-time order.

    Attributes
    ----------
    times : (n,) event times [us since 1970].
    topics : (n,) numbers of the topics in `INPUTS`.
    keys, values : (n,) what is sent.
    """

    times: Times
    topics: npt.NDArray[np.int8]
    keys: "pa.Array[Any]"
    values: "pa.Array[Any]"

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.times)

    def part(self, first: int, after: int) -> "Rows":
        """Return rows `first` to `after`, without the latter; shares memory."""
        n = after - first
        return Rows(
            self.times[first:after], self.topics[first:after], self.keys.slice(first, n), self.values.slice(first, n)
        )


@dataclass(frozen=True)
class Clock:
    """A clock record for every partition of the three topics; `time` [us since 1970]."""

    time: int


def event_times(topic: str, table: pa.Table) -> Times:
    """Return (n,) event times: end of the interval, time of the transaction, validity of the archive row [us]."""
    if topic == READINGS:
        return interval_ends(table)
    return instants_us(table["time" if topic == TRANSACTIONS else "valid_from"])


def plan(tables: Tables, epoch_ends: Iterable[datetime] = (), since: datetime | None = None) -> Iterator[Rows | Clock]:
    """Yield what to send, in order.

    The law: a clock T comes after every row with event time < T and before the first with event time >= T; no clock
    lies beyond the last row. Rows of one topic with equal times keep their order. With `since`, rows and clocks before
    it are left out. Memory: a few blocks, and whatever comes as a whole table.
    """
    first = None if since is None else microseconds(since)
    ends = deque(sorted({t for t in map(microseconds, epoch_ends) if first is None or t >= first}))
    for rows in _merged(tables, first):
        at = 0
        while ends and ends[0] <= rows.times[-1]:
            cut = int(np.searchsorted(rows.times, ends[0]))
            if cut > at:
                yield rows.part(at, cut)
            yield Clock(ends.popleft())
            at = cut
        yield rows.part(at, len(rows))


def _merged(tables: Tables, first: int | None) -> Iterator[Rows]:
    """Yield the rows of the three tables in one order, in blocks that are not empty."""
    sources = ((READINGS, tables.readings), (TRANSACTIONS, tables.transactions), (ARCHIVE, tables.archive))
    streams = [_stream(topic, blocks, first) for topic, blocks in sources]
    heads = {i: rows for i, stream in enumerate(streams) if (rows := next(stream, None))}
    while heads:
        horizon = min(int(rows.times[-1]) for rows in heads.values())
        cuts = {i: int(np.searchsorted(rows.times, horizon, side="right")) for i, rows in heads.items()}
        yield _sorted([rows.part(0, cuts[i]) for i, rows in heads.items() if cuts[i]])
        left = {i: rows.part(cuts[i], len(rows)) or next(streams[i], None) for i, rows in heads.items()}
        heads = {i: rows for i, rows in left.items() if rows}


def _stream(topic: str, blocks: Blocks, first: int | None) -> Iterator[Rows]:
    """Yield one topic's rows from `first` on, in order, in blocks that are not empty."""
    last = np.iinfo(np.int64).min
    for block in _in_order(topic, blocks) if isinstance(blocks, pa.Table) else blocks:
        times = event_times(topic, block)
        if len(times) and (times[0] < last or (np.diff(times) < 0).any()):
            raise OrderError(f"{topic}: the blocks go back in event time; give the whole table, which is then sorted")
        last = int(times[-1]) if len(times) else last
        begin = 0 if first is None else int(np.searchsorted(times, first))
        if begin < len(times):
            yield _encoded(topic, block.slice(begin), times[begin:])


def _in_order(topic: str, table: pa.Table) -> Iterator[pa.Table]:
    order = np.argsort(event_times(topic, table), kind="stable")
    return (table.take(order[i : i + _BLOCK]) for i in range(0, len(order), _BLOCK))


def _encoded(topic: str, table: pa.Table, times: Times) -> Rows:
    keys = table["customer_id"].cast(pa.binary()).combine_chunks()
    values = encode.JSON[topic](table).cast(pa.binary()).combine_chunks()
    return Rows(times, np.full(len(times), INPUTS.index(topic), np.int8), keys, values)


def _sorted(parts: list[Rows]) -> Rows:
    """Return the rows of several parts by time; equal times in the order of the parts."""
    if len(parts) == 1:
        return parts[0]
    times = np.concatenate([part.times for part in parts])
    order = np.argsort(times, kind="stable")
    topics = np.concatenate([part.topics for part in parts])
    keys, values = (pa.concat_arrays([getattr(part, name) for part in parts]) for name in ("keys", "values"))
    return Rows(times[order], topics[order], keys.take(order), values.take(order))
