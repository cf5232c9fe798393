"""What sends the town: everything once, in order, and on from where it stopped."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from kwadrant import demo_feed, demo_town
from kwadrant.demo_feed import Feed
from kwadrant.order import Clock, Rows
from kwadrant.produce import DeliveryError, ProduceError
from schemas.topics import INPUTS, READINGS
from simulator.town import Town

DAYS = demo_town.HISTORY_DAYS + 14
BEGIN = demo_town.midnight(demo_town.town(7, 1, 1), demo_town.HISTORY_DAYS)
"""End of the history [us]."""


def make(days: int) -> Town:
    return demo_town.town(7, 1, days)


class Sender:
    """Takes what the real one would send."""

    def __init__(self, *_: object) -> None:
        self.parts: list[Rows | Clock] = []
        self.enough = 1 << 30
        self.full = threading.Event()

    def send(self, part: Rows | Clock) -> None:
        """Keep it."""
        self.parts.append(part)
        if len(self.parts) >= self.enough:
            self.full.set()

    def flushed(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Sender:
    found = Sender()
    monkeypatch.setattr(demo_feed, "Sender", lambda *_: found)
    return found


def feed(sent: int = BEGIN, seconds_per_day: float = 0.0) -> tuple[Feed, list[int]]:
    remembered: list[int] = []
    made = Feed(
        make, {}, days=DAYS, sent=sent, closed=sent, seconds_per_day=seconds_per_day,
        remember=lambda until, _: remembered.append(until),
    )  # fmt: skip
    return made, remembered


def ran(made: Feed) -> Feed:
    made.closed = 1 << 60
    made.start()
    made.join(20)
    return made


def rows_of(sender: Sender) -> list[tuple[Any, Any, Any]]:
    parts = [part for part in sender.parts if isinstance(part, Rows)]
    return [row for p in parts for row in zip(p.times.tolist(), p.topics.tolist(), p.values.to_pylist(), strict=True)]


def test_every_row_after_the_history_is_sent_once_and_in_order(sender: Sender) -> None:
    ran(feed()[0])
    rows = rows_of(sender)
    assert [time for time, _, _ in rows] == sorted(time for time, _, _ in rows)
    readings = [row for row in rows if INPUTS[row[1]] == READINGS]
    assert len(set(rows)) == len(rows)
    assert len(readings) == 7 * 24 * (DAYS - demo_town.HISTORY_DAYS)
    first, end = BEGIN, demo_town.midnight(make(DAYS), DAYS)
    known = np.array([t.as_py().timestamp() * 1e6 for t in make(DAYS).transactions["time"]])
    assert len(rows) - len(readings) >= ((known >= first) & (known < end)).sum() > 0


def test_a_clock_follows_every_midnight_two_hours_later(sender: Sender) -> None:
    ran(feed()[0])
    clocks = [part.time for part in sender.parts if isinstance(part, Clock)]
    days = range(demo_town.HISTORY_DAYS, DAYS)
    assert clocks == [demo_town.midnight(make(DAYS), day) + 7_200_000_000 for day in days]


def test_what_was_sent_is_remembered_once_a_day(sender: Sender) -> None:
    _, remembered = (found := feed())
    ran(found[0])
    assert sender.parts
    assert remembered == [demo_town.midnight(make(DAYS), day + 1) for day in range(demo_town.HISTORY_DAYS, DAYS)]


@pytest.mark.parametrize("enough", [1, 7, 24, 25, 26, 40])
def test_a_stopped_feed_goes_on_without_a_gap(sender: Sender, enough: int) -> None:
    ran(feed()[0])
    whole = set(rows_of(sender))
    sender.parts, sender.enough = [], enough
    made, remembered = feed(seconds_per_day=0.5)
    made.start()
    sender.full.wait(20)
    made.stop()
    assert len(rows_of(sender)) < len(whole)
    ran(feed(sent=remembered[-1])[0])
    assert set(rows_of(sender)) == whole


def test_the_pace_is_kept(sender: Sender) -> None:
    began = time.monotonic()
    made, _ = feed(seconds_per_day=0.1)
    ran(made)
    assert sender.parts
    assert 0.3 < time.monotonic() - began < 5


def test_the_town_waits_for_a_stream_that_cannot_follow(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_feed, "_AHEAD_US", 86_400_000_000)
    made, _ = feed()
    made.start()
    time.sleep(0.5)
    waiting = made.sent
    made.closed = 1 << 60
    made.join(20)
    assert waiting <= BEGIN + 86_400_000_000 < made.sent
    assert sender.parts


def test_what_cannot_be_sent_ends_the_feed_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DeliveryError("no broker")

    monkeypatch.setattr(demo_feed, "Sender", refuse)
    made = ran(feed()[0])
    assert isinstance(made.error, ProduceError)
    made.stop()


def test_every_instant_lies_in_its_day() -> None:
    town = make(400)
    for day in (0, 60, 83, 84, 85, 300, 301):
        first, after = demo_town.midnight(town, day), demo_town.midnight(town, day + 1)
        assert [demo_town.day_at(town, moment) for moment in (first, after - 1, after)] == [day, day, day + 1]


def test_the_town_ends_before_the_present() -> None:
    now = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)
    end = demo_town.midnight(make(1), demo_town.days_until(now)) / 1e6
    assert 0 < now.timestamp() - end < 3 * 86_400
