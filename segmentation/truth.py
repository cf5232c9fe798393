"""Moves against a known truth: how many are right, how many changes they find, how late, and how often they flap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from schemas.event import Event

FORESEEN = timedelta(days=45)
"""How long after a real change a move may come and still be of it."""


@dataclass(frozen=True)
class Change:
    """A customer's real change."""

    customer: str
    time: datetime


@dataclass(frozen=True)
class Score:
    """Precision and recall [1], median and ninth decile of the delay [d], and what was counted [1].

    `flaps` are the events beyond the first of each found change, per change; all of it NaN where nothing counts.
    """

    events: int
    changes: int
    precision: float
    recall: float
    delay: float
    late: float
    flaps: float


def against(events: Iterable[Event], changes: Iterable[Change], span: tuple[datetime, datetime]) -> Score:
    """Compare events with the changes inside `span`; those whose `FORESEEN` is not over at its end do not count.

    An event is right if its customer changed at most `FORESEEN` before it.
    """
    return compared(((_time(event), event.customer_id) for event in events), changes, span)


def compared(moves: Iterable[tuple[datetime, str]], changes: Iterable[Change], span: tuple[datetime, datetime]
             ) -> Score:  # fmt: skip
    """Compare moves, as time and customer, with the changes inside `span`, as `against` does."""
    begin, end = span
    times = {change.customer: change.time for change in changes}
    said = sorted(moves)
    ages = [(who, at - times[who]) for at, who in said if who in times]
    right = [(who, age) for who, age in ages if timedelta(0) <= age <= FORESEEN]
    counted = {who for who, time in times.items() if begin <= time <= end - FORESEEN}
    first: dict[str, timedelta] = {}
    for who, age in right:
        if who in counted:
            first.setdefault(who, age)
    days = [age / timedelta(days=1) for age in first.values()]
    beyond = len(said) - len({who for who, _ in right})
    return Score(
        events=len(said), changes=len(counted), precision=_share(len(right), len(said)),
        recall=_share(len(first), len(counted)), delay=_quantile(days, 0.5), late=_quantile(days, 0.9),
        flaps=_share(beyond, len(times)),
    )  # fmt: skip


def confirmed_share(events: Sequence[Event]) -> float:
    """Return the share of early flags that were confirmed [1], of those that are decided; NaN where there are none."""
    early = {event.event_id for event in events if event.status == "early"}
    decided = [event.status for event in events if event.supersedes in early]
    return _share(decided.count("confirmed"), len(decided))


def _time(event: Event) -> datetime:
    return datetime.fromisoformat(event.event_time)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _quantile(values: list[float], at: float) -> float:
    return float(np.quantile(values, at)) if values else float("nan")
