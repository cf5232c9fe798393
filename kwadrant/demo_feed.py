"""What sends the town's days to Kafka at a pace a person can follow, and remembers how far it came."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

import numpy as np

from kwadrant import demo_town
from kwadrant.order import Clock, Rows, plan
from kwadrant.produce import Pace, ProduceError, Sender
from schemas.times import instant
from segmentation.parameters import Parameters
from simulator.town import Town

_DAY_US = 86_400_000_000
_AHEAD_US = 4 * _DAY_US
"""How far the town may be ahead of what the stream has closed: on a slow machine it waits."""
_HORIZON = 200
"""How many days are made at once [d]: their transactions are 0.1 s of work."""
_POLL = 0.05  # [s]
_BEHIND = 0.5  # [s]; what is later than this is not caught up with
_CLIENT = {"delivery_timeout_ms": 15_000, "request_timeout_ms": 10_000}
"""Short: the broker is on this machine, and Ctrl-C waits for it."""


class Feed(threading.Thread):
    """The town's readings, transactions and archive rows as they happen, from the instant `sent` [us] on.

    Parameters
    ----------
    town : makes the town of so many days.
    days : after how many days the feed ends [d].
    client : options of `KafkaProducer`.
    sent, closed : event times up to which all was sent before, and up to which the stream has closed [us].
    seconds_per_day : real time that a day takes [s].
    remember : called with both about once a day and at the end; all up to the first has arrived then.
    """

    def __init__(
        self,
        town: Callable[[int], Town],
        client: Mapping[str, object],
        *,
        days: int,
        sent: int,
        closed: int,
        seconds_per_day: float,
        remember: Callable[[int, int], None],
    ) -> None:
        super().__init__(name="kwadrant-feed", daemon=True)
        self.error: ProduceError | None = None
        self.sent = sent
        self.closed = closed
        self._town, self._days, self._remember = town, days, remember
        self._client = {**client, **_CLIENT}
        self._seconds_per_us = seconds_per_day / _DAY_US
        self._halt = threading.Event()
        self._due = time.monotonic()

    def run(self) -> None:
        """Send until told to stop, or until the town ends."""
        try:
            sender = Sender(self._client, Pace(), self._halt, None)
            try:
                self._send_days(sender)
            finally:
                sender.close()
        except ProduceError as error:
            self.error = error

    def stop(self) -> None:
        """Send nothing more, and return once all that was sent has arrived and is remembered."""
        self._halt.set()
        if self.is_alive():
            self.join()

    def _send_days(self, sender: Sender) -> None:
        town = self._town(1)
        for day in range(demo_town.day_at(town, self.sent), self._days):
            if day >= town.plan.days:
                town = self._town(min(day + _HORIZON, self._days))
            for part in _parts(town, day, self.sent):
                self._wait(part.time if isinstance(part, Clock) else int(part.times[-1]))
                if self._halt.is_set():
                    break
                self._send(sender, part)
            sender.flushed()
            self._remember(self.sent, self.closed)
            if self._halt.is_set():
                return

    def _send(self, sender: Sender, part: Rows | Clock) -> None:
        sender.send(part)
        if isinstance(part, Rows) and not self._halt.is_set():
            self.sent = int(part.times[-1])

    def _wait(self, moment: int) -> None:
        """Wait until `moment` [us] is due, and the stream is near enough."""
        while moment - self.closed > _AHEAD_US and not self._halt.is_set():
            self._halt.wait(_POLL)
        self._due += max(0, moment - self.sent) * self._seconds_per_us
        now = time.monotonic()
        self._due = max(self._due, now - _BEHIND)
        if self._due > now:
            self._halt.wait(self._due - now)


def _parts(town: Town, day: int, since: int) -> Iterator[Rows | Clock]:
    """Yield a day's rows, those of one instant together, and its clock."""
    clock = instant(demo_town.midnight(town, day)) + timedelta(seconds=Parameters().lateness_s)
    for step in plan(demo_town.of_day(town, day), [clock], instant(since)):
        if isinstance(step, Clock):
            yield step
            continue
        edges = [0, *(np.flatnonzero(np.diff(step.times)) + 1).tolist(), len(step)]
        yield from (step.part(first, after) for first, after in pairwise(edges))
