"""Epochs of event time: local days of the deployment's time zone, or hours of UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from schemas.times import iso

Seconds = NDArray[np.int64]
DAY_S = 86_400
SECOND_US = 1_000_000
WEEK, SATURDAY = 7, 5
FIRST_DAY, LAST_DAY = date(1999, 12, 30), date(2200, 1, 3)


@lru_cache(maxsize=8)
def midnights(zone: str) -> Seconds:
    """Local midnights [s since 1970] of every day from `FIRST_DAY` to `LAST_DAY`; the day's number is its index."""
    first, days = datetime.combine(FIRST_DAY, time.min, ZoneInfo(zone)), (LAST_DAY - FIRST_DAY).days + 1
    ahead = ((first + timedelta(days=n)).utcoffset() or timedelta(0) for n in range(days))
    offsets = np.fromiter((offset.total_seconds() for offset in ahead), np.float64, days).astype(np.int64)
    table = int(first.replace(tzinfo=UTC).timestamp()) + DAY_S * np.arange(days) - offsets
    table.flags.writeable = False
    return table


@dataclass(frozen=True)
class Calendar:
    """Maps instants to epochs and back. Epoch n is [start(n), end(n)), and end(n) = start(n + 1).

    With `epoch_s` of one day an epoch is a local day of `zone`, 23 and 25 hours included; shorter epochs must divide a
    day and count from 1970 in UTC.
    """

    zone: str
    epoch_s: int = DAY_S

    def __post_init__(self) -> None:
        if self.epoch_s <= 0 or DAY_S % self.epoch_s:
            message = f"an epoch must divide one day, found {self.epoch_s} s; try PT1H, PT6H or P1D"
            raise ValueError(message)

    def epoch_of(self, seconds: Seconds) -> Seconds:
        """Epoch of each instant (n,) [s since 1970]."""
        return self.day_of(seconds) if self.epoch_s == DAY_S else seconds // self.epoch_s

    def start(self, epoch: Seconds) -> Seconds:
        """First instant (n,) [s since 1970] of each epoch (n,)."""
        return midnights(self.zone)[epoch] if self.epoch_s == DAY_S else epoch * self.epoch_s

    def end(self, epoch: int) -> int:
        """First instant [s since 1970] after `epoch`."""
        return int(self.start(np.array([epoch + 1]))[0])

    def day_of(self, seconds: Seconds) -> Seconds:
        """Return number of the local day of each instant (n,) [s since 1970]."""
        return np.searchsorted(midnights(self.zone), seconds, side="right").astype(np.int64) - 1

    def hour_of(self, seconds: Seconds, day: Seconds) -> Seconds:
        """Return hours since local midnight (n,) [h], at most 23; when the clocks change the wall differs by one."""
        return np.asarray(np.minimum((seconds - midnights(self.zone)[day]) // 3_600, 23))

    def weekend(self, day: Seconds) -> NDArray[np.bool_]:
        """Whether each local day (n,) is a Saturday or a Sunday."""
        return (day + FIRST_DAY.weekday()) % WEEK >= SATURDAY

    def epoch_of_date(self, day: date) -> int:
        """First epoch of a local day."""
        midnight = midnights(self.zone)[(day - FIRST_DAY).days]
        return int(self.epoch_of(np.array([midnight], np.int64))[0])

    def name(self, epoch: int) -> str:
        """Return what people call an epoch: its local day, or where it is shorter the instant (UTC) it begins at."""
        if self.epoch_s == DAY_S:
            return (FIRST_DAY + timedelta(days=epoch)).isoformat()
        return iso(self.end(epoch - 1) * SECOND_US)

    def named(self, text: str) -> int:
        """Return the epoch of a name: the inverse of `name`. An instant names the epoch in which it lies.

        Raises
        ------
        ValueError
            Where `text` is neither a day nor an instant with its offset, or lies before 2000 or after 2199.
        """
        moment = datetime.fromisoformat(text)
        if not FIRST_DAY < moment.date() < LAST_DAY - timedelta(days=2):
            raise ValueError(f"expected a day from 2000 to 2199, found {text!r}")
        if "T" not in text and " " not in text:
            return self.epoch_of_date(moment.date())
        if moment.tzinfo is None:
            raise ValueError(f"expected a day such as 2026-03-24, or an instant with its offset, found {text!r}")
        return int(self.epoch_of(np.array([int(moment.timestamp())]))[0])
