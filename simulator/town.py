"""The town: four tables from one random state, whole or streamed to files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.load import READINGS, day_of_readings
from simulator.plan import Plan
from simulator.population import Population, settle
from simulator.records import archive, truth
from simulator.trade import transactions

Report = Callable[[int, int], object]

_MONDAY = date(2025, 1, 6)
_HOUR = timedelta(hours=1)
_ROW_GROUP = 1 << 18


def _silent(done_days: int, days: int) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Town:
    """A simulated town. Its tables are made when asked for; `reading_blocks` holds one day at a time.

    A change is real because it is made of the other group itself: from the end of its ramp (0 to 3 days) a customer's
    load is drawn from its new kind's shape, noise and season, at a level that keeps the customer's place in the new
    kind's spread. Who knows only what follows cannot tell a changed customer from one born that way. Archive and
    monthly fees follow on the same day.
    """

    plan: Plan
    people: Population

    def reading_blocks(self) -> Iterator[pa.Table]:
        """Yield the readings of one local day after the other, each by interval end, then customer."""
        return (day_of_readings(self.plan, self.people, day) for day in range(self.plan.days))

    @cached_property
    def readings(self) -> pa.Table:
        """All readings in event-time order; 100 bytes a row: for a long simulation use `reading_blocks`."""
        return pa.concat_tables(self.reading_blocks())

    @cached_property
    def transactions(self) -> pa.Table:
        """All transactions by time."""
        return transactions(self.plan, self.people)

    @cached_property
    def archive(self) -> pa.Table:
        """All archive rows by the time from which they are valid."""
        return archive(self.plan, self.people)

    @cached_property
    def truth(self) -> pa.Table:
        """One row per customer, and what really happened to it. No stream ever reads it."""
        return truth(self.plan, self.people)


def simulate(
    customers: int,
    days: int,
    *,
    random_state: int,
    start: date = _MONDAY,
    resolution: timedelta = _HOUR,
    zone: str = "Europe/Berlin",
    history_days: int = 60,
    change_days: int = 60,
    change_share: float = 0.3,
    unrest: float = 0.0,
) -> Town:
    """Return the town of `customers` over `days` local days.

    The law: a longer simulation begins with the shorter one, and a larger town's first customers are the smaller town.
    So the days of change cannot follow from `days`: they lie evenly in the `change_days` after the history, and a
    simulation that ends sooner has only seen those that came by then (`truth` knows no others).

    Parameters
    ----------
    customers, days : size of the town [1], length of the simulation [d].
    random_state : of all generators, not negative.
    start : first local day.
    resolution : length of a reading: one day, or what divides an hour.
    zone : IANA name of the zone of the local days.
    history_days, change_days : see above [d].
    change_share : share of the customers that change once [1].
    unrest : 0 for loads as calm as their kinds, 1 for loads about as restless as those of real enterprises [1].
    """
    plan = Plan(customers, days, random_state, start, resolution, zone, history_days, change_days, change_share, unrest)
    return Town(plan, settle(plan))


def write(town: Town, folder: Path, *, report: Report = _silent) -> None:
    """Write `readings`, `transactions`, `archive` and `truth` as .parquet files into the folder, made where missing.

    Readings are written in row groups of about 260,000 rows, so the memory stays that of a few days, however many
    there are. `report(done_days, days)` is called after every day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(folder / "readings.parquet", READINGS, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for done, block in enumerate(town.reading_blocks(), start=1):
            waiting.append(block)
            if done == town.plan.days or sum(map(len, waiting)) >= _ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting), row_group_size=_ROW_GROUP)
                waiting.clear()
            report(done, town.plan.days)
    for name in ("transactions", "archive", "truth"):
        pq.write_table(getattr(town, name), folder / f"{name}.parquet", compression="zstd")
