"""The demo's town: when it lives, the tables of one day, and how many confirmed moves its truth knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from kwadrant.order import Tables
from kwadrant.tables import instants_us
from schemas.event import Event
from simulator import town as simulated
from simulator.load import day_of_readings
from simulator.town import Town

ZONE = "Europe/Berlin"
START = date(2018, 1, 1)
"""A Monday so long ago that nobody sees the town reach the present: messages of the future are refused."""
HISTORY_DAYS = 60
CHANGE_DAYS = 480
CHANGE_SHARE = 0.7
UNTIL = START + timedelta(days=HISTORY_DAYS)
"""The day on which the stream begins."""
FORESEEN = timedelta(days=45)
"""How long ago a customer may have really changed for a move to be right."""


@lru_cache(maxsize=2)
def town(customers: int, random_state: int, days: int) -> Town:
    """Return the town over so many days; a longer one begins with the shorter one."""
    return simulated.simulate(
        customers, days, random_state=random_state, start=START, zone=ZONE, history_days=HISTORY_DAYS,
        change_days=CHANGE_DAYS, change_share=CHANGE_SHARE,
    )  # fmt: skip


def days_until(now: datetime) -> int:
    """Return how many whole days the town has, from its first to the one before yesterday [d]."""
    return (now.date() - START).days - 1


def midnight(place: Town, day: int) -> int:
    """Return when a day of the town begins [us since 1970]."""
    return place.plan.midnight(day) * 1_000_000


def day_at(place: Town, moment: int) -> int:
    """Return number of the day to which an instant [us] belongs; midnight begins it."""
    guess = (datetime.fromtimestamp(moment / 1e6, UTC).date() - START).days
    return max(day for day in (guess - 1, guess, guess + 1) if midnight(place, day) <= moment)


def of_day(place: Town, day: int) -> Tables:
    """Return what a day adds: its readings, and the transactions and archive rows from its midnight to the next."""
    span = midnight(place, day), midnight(place, day + 1)
    return Tables(
        day_of_readings(place.plan, place.people, day),
        _between(place.transactions, "time", span),
        _between(place.archive, "valid_from", span),
    )


def _between(table: pa.Table, column: str, span: tuple[int, int]) -> pa.Table:
    first, after = np.searchsorted(instants_us(table[column]), span)
    return table.slice(int(first), int(after - first))


def write_history(place: Town, folder: Path) -> None:
    """Write the tables of the days before the stream begins, without the truth."""
    simulated.write(place, folder)
    (folder / "truth.parquet").unlink()


@dataclass(frozen=True)
class Judged:
    """Confirmed moves by what the truth says: right, of a customer that changed longer ago, or of none that did [1]."""

    right: int
    late: int
    wrong: int

    @property
    def all(self) -> int:
        """Return the number of moves."""
        return self.right + self.late + self.wrong


def truth(place: Town) -> dict[str, datetime]:
    """Return when each customer that changes really changes."""
    rows = place.truth.select(["customer_id", "changed_at"]).to_pylist()
    return {row["customer_id"]: row["changed_at"] for row in rows if row["changed_at"] is not None}


def judged(events: Iterable[Event], changes: Mapping[str, datetime]) -> Judged:
    """Compare confirmed moves with the truth: right is one at most `FORESEEN` after the customer's real change."""
    ages = [_age(event, changes) for event in events if event.status == "confirmed"]
    right = sum(age is not None and age <= FORESEEN for age in ages)
    wrong = sum(age is None for age in ages)
    return Judged(right, len(ages) - right - wrong, wrong)


def _age(event: Event, changes: Mapping[str, datetime]) -> timedelta | None:
    changed = changes.get(event.customer_id)
    age = None if changed is None else datetime.fromisoformat(event.event_time) - changed
    return None if age is None or age < timedelta(0) else age
