"""A rate limit for each token: a bucket that fills by the second."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_BUCKETS = 10_000


@dataclass
class Limit:
    """At most `burst` requests at once, and `per_second` in the long run [1/s]."""

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        """Begin with full buckets."""
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str, now: float) -> float:
        """Take one request of `who` at `now` [s]; returns how long to wait instead [s], 0 where it may go on."""
        left, last = self._left.get(who, (float(self.burst), now))
        left = min(self.burst, left + max(now - last, 0.0) * self.per_second)
        allowed = left >= 1.0
        self._left[who] = (left - 1.0 if allowed else left, now)
        self._left.move_to_end(who)
        while len(self._left) > MOST_BUCKETS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self.per_second
