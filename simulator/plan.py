"""What a simulation was asked for, its calendar, and its random numbers."""

import math
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Plan:
    """The settings of one simulation; equal plans give equal towns, byte for byte.

    Attributes
    ----------
    customers, days : size of the town [1] and length of the simulation [d].
    random_state : of all its generators.
    start : first local day; local days have 23 to 25 hours where the zone changes its clocks.
    resolution : length of a reading: a whole local day, or a divisor of an hour.
    history_days : days without any change at the beginning [d].
    change_days : days after the history over which the changes are spread evenly [d].
    change_share : share of the customers that change once in that time [1].
    unrest : how restless the loads are: 0 as the kinds say, 1 about as those of real enterprises [1].
    """

    customers: int
    days: int
    random_state: int
    start: date
    resolution: timedelta
    zone: str
    history_days: int
    change_days: int
    change_share: float
    unrest: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        whole = {"customers": self.customers, "days": self.days, "change_days": self.change_days}
        for name, value in whole.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if not 0 <= self.unrest < math.inf:
            raise ValueError(f"unrest must not be negative, nor infinite, and is {self.unrest}")
        if self.random_state < 0 or self.history_days < 0 or not 0 <= self.change_share <= 1:
            raise ValueError("random_state and history_days must not be negative, change_share must lie in 0 to 1")
        seconds = self.resolution.total_seconds()
        if seconds != DAY and (seconds < 1 or HOUR % seconds):
            raise ValueError(f"resolution must be one day or divide an hour into whole seconds, not {self.resolution}")

    @property
    def step(self) -> int:
        """Return the length of a reading, 86,400 for a local day whatever its true length [s]."""
        return int(self.resolution.total_seconds())

    @property
    def shape_steps(self) -> int:
        """Return how many steps of the load shape make 24 hours: hourly ones for daily readings [1]."""
        return DAY // min(self.step, HOUR)

    def midnight(self, day: int) -> int:
        """Return the UTC second at which the local day number `day` begins [s since 1970]."""
        local = datetime.combine(self.start + timedelta(days=day), time(), ZoneInfo(self.zone))
        return int(local.astimezone(UTC).timestamp())

    def generator(self, purpose: str, number: int = 0) -> np.random.Generator:
        """Return the generator of one purpose and one day or month.

        Its draws are shaped (customers, …): row i is the same however many customers follow it.
        """
        return np.random.default_rng([self.random_state, zlib.crc32(purpose.encode()), number])
