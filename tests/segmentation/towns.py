"""Small towns with everything that goes wrong: the logs that the laws of the folds are tried on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from schemas.archive import Archive
from schemas.reading import Clock, Interval, Quality, Reading
from schemas.times import instant
from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS, lane
from schemas.transaction import Kind, Service, Transaction
from segmentation.calendar import Calendar
from segmentation.intake import Message
from segmentation.parameters import Parameters

HOUR, DAY = 3_600, 86_400
PARAMETERS = Parameters(
    stream="town", buckets=3, time_zone="Europe/Berlin", correction_s=2 * DAY, witnesses=2, margin=0.2, decisive=4.0,
    dwell_s=DAY, cool_down_s=2 * DAY, settling_s=2 * DAY, short_memory_s=2 * DAY, long_memory_s=8 * DAY,
)  # fmt: skip
CALENDAR = Calendar(PARAMETERS.time_zone)
FIRST = CALENDAR.epoch_of_date(date(2026, 3, 22))
"""A week before the clocks go forward."""
SEEDED = FIRST + 4
DAYS = 13
CUSTOMERS = 18
LANES = (lane(READINGS, 0), lane(READINGS, 1), lane(TRANSACTIONS, 0), lane(ARCHIVE, 0))
READ, SPENT, FILED = LANES[:2], LANES[2], LANES[3]
Status = Literal["missing", "estimated", "measured", "edited"]
SERVICES: tuple[Service, ...] = get_args(Service)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Sent:
    """A record, and the moment [s] at which the broker takes it; its own clock may be wrong."""

    at: int
    lane: int
    record: Reading | Transaction | Archive | Clock
    broker: int = 0


@dataclass(frozen=True)
class Town:
    """Messages of each lane in the order of their offsets."""

    messages: dict[int, tuple[Message, ...]]

    @property
    def all(self) -> list[Message]:
        """Every message, one lane after the other."""
        return [message for messages in self.messages.values() for message in messages]


def name(number: int) -> str:
    return f"C-{number:03d}"


def reading(customer: str, start: int, kwh: float, *, hours: int = 1, status: Status = "measured") -> Reading:
    interval = Interval(instant(start * 1_000_000), f"PT{hours}H")
    return Reading(customer, interval, kwh, "kWh", Quality(status), usage_point_id="UP-1")


def transaction(customer: str, time: int, kind: Kind, service: Service, number: int) -> Transaction:
    moment = instant(time * 1_000_000)
    due = moment + timedelta(days=number % 3 - 1)
    return Transaction(f"T-{number}", customer, moment, kind, service, 9.5 * (number % 7), "EUR", due)


def message(sent: Sent, offset: int) -> Message:
    key = None if isinstance(sent.record, Clock) else sent.record.customer_id.encode()
    value = msgspec.json.encode(sent.record)
    return Message(sent.lane, offset, max(sent.at, sent.broker) * 1_000_000, key, value, len(value))


def town_of(sent: list[Sent]) -> Town:
    """Offsets in the order of arrival; every lane exists, if need be without a message."""
    lanes: dict[int, list[Sent]] = {number: [] for number in LANES}
    for one in sorted(sent, key=lambda one: one.at):
        lanes[one.lane].append(one)
    return Town({n: tuple(message(one, offset) for offset, one in enumerate(lane)) for n, lane in lanes.items()})


@lru_cache(maxsize=16)
def town(state: int) -> Town:
    """Return eighteen customers' thirteen days: growth, repeats, revisions, late rows, newcomers, a clock far ahead."""
    source = np.random.default_rng(state)
    sent = [one for number in range(CUSTOMERS) for one in _customer(number, source)]
    sent += [_shaken(one, source) for one in sent if source.random() < 0.25]
    ahead = CALENDAR.end(FIRST + 6)
    sent.append(Sent(ahead, READ[0], reading(name(0), ahead + 30 * DAY, 1.0), broker=ahead + 31 * DAY))
    sent += [one for number in range(25) for one in _business(number, source)]
    sent += _turns()
    sent += [
        Sent(CALENDAR.end(epoch) + 3 * HOUR, number, clock(CALENDAR.end(epoch) + 2 * HOUR))
        for epoch in range(FIRST, FIRST + DAYS) for number in (SPENT, FILED)
    ]  # fmt: skip
    return town_of(sent)


def _customer(number: int, source: np.random.Generator) -> Iterator[Sent]:
    level, growth = source.choice([0.2, 1.0, 5.0]), source.choice([1.0, 1.0, 6.0, 0.2])
    first, change = (SEEDED + 2 if number % 6 == 5 else FIRST), SEEDED + source.integers(1, 4)
    drift = 1.3 if number % 3 else 1.0  # two of three slowly grow: the centres move, and those left behind change class
    for epoch in range(first, FIRST + DAYS):
        midnight = CALENDAR.end(epoch - 1)
        for hour in (2, 9, 18, 23):
            grown = (growth if epoch >= change else 1.0) * drift ** max(epoch - SEEDED, 0)
            kwh = round(float(level * grown * source.uniform(0.6, 1.4)), 3)
            status: Status = "estimated" if source.random() < 0.1 else "measured"
            start = midnight + hour * HOUR
            # the last one of the day crosses midnight
            record = reading(name(number), start, kwh, hours=2 if hour == 23 else 1, status=status)
            yield Sent(start + 3 * HOUR + int(source.integers(0, HOUR)), READ[number % 2], record)


def _shaken(one: Sent, source: np.random.Generator) -> Sent:
    """Send it again: the same, or revised, at once, or some days later: inside the correction window and beyond."""
    record = one.record
    if isinstance(record, Reading) and source.random() < 0.5:
        record = msgspec.structs.replace(record, value=record.value * 4, quality=Quality("edited"))
    return replace(one, at=one.at + int(source.choice([0, 1, DAY, 2 * DAY, 5 * DAY])), record=record)


def _business(number: int, source: np.random.Generator) -> Iterator[Sent]:
    customer = name(int(source.integers(0, CUSTOMERS)))
    time = CALENDAR.end(FIRST) + int(source.integers(0, (DAYS - 2) * DAY))
    kind, service = KINDS[number % len(KINDS)], SERVICES[int(source.integers(0, len(SERVICES)))]
    yield Sent(time + 60, SPENT, transaction(customer, time, kind, service, number))
    if number % 3 == 0:
        industry = str(source.choice(["metal", "retail", "unheard of"]))
        moment = instant((time - 5 * DAY) * 1_000_000)
        record = Archive(
            customer, moment, industry=industry, capacity_kw=float(source.integers(1, 60)), contract_start=moment
        )
        yield Sent(time + 90, FILED, record)


def _turns() -> Iterator[Sent]:
    """Yield what becomes of customers: one closes and opens again, two merge, one splits, some told ahead."""

    def filed(number: int, day: int, told: int, **said: Any) -> Sent:  # noqa: ANN401 - attributes of every type
        begins = CALENDAR.end(SEEDED + day - 1) + HOUR
        return Sent(begins + told, FILED, Archive(name(number), instant(begins * 1_000_000), **said))

    yield filed(1, 2, HOUR, closed=True)
    yield filed(1, 5, -2 * DAY, industry="metal")
    yield filed(2, 3, 2 * HOUR, closed=True, successors=(name(4),))
    yield filed(4, 3, HOUR, predecessors=(name(2), name(4)))
    yield filed(6, 4, -DAY, closed=True, successors=(name(7), "C-new"))
    yield filed(7, 4, HOUR, predecessors=(name(6),))
    yield filed(8, 6, -3 * DAY, capacity_kw=77.0)
    yield filed(4, 3, 3 * HOUR, predecessors=(name(2), name(4)))


def clock(second: int) -> Clock:
    return Clock(instant(second * 1_000_000))
