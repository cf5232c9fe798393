"""What a deployment fixes for the folds: part of its identity, like the number of buckets."""

import hashlib
import json
from dataclasses import asdict, dataclass

from segmentation.errors import BadParameters
from segmentation.value_mapping import value_mapping

DAY_S = 86_400
LEAST_POTENTIAL = 1.0
"""Lasting potential [1] down to which a customer who is a potential one stays one: it is worth what it was."""
LONGEST_CORRECTION_S = 28 * DAY_S
"""The correction window is shorter [s]: the base (see `weeks`) ends four weeks ago, and has to be settled."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Parameters of both folds; every one of them changes results, so every one is in the fingerprint.

    Lengths of event time are in seconds [s]; `margin` and `decisive` are parts of the squared distance [1];
    `potential` is the lasting potential that makes a customer a potential one [1]; `blast_radius` is the share of the
    customers whom a model that is promoted by itself may move alone [1].
    """

    stream: str = "kwadrant"
    buckets: int = 8
    time_zone: str = "UTC"
    epoch_s: int = DAY_S
    lateness_s: int = 7_200
    correction_s: int = 3 * DAY_S
    future_skew_s: int = 300
    witnesses: int = 3
    margin: float = 1.0
    decisive: float = 8.0
    dwell_s: int = 7 * DAY_S
    cool_down_s: int = 30 * DAY_S
    settling_s: int = 7 * DAY_S
    short_memory_s: int = 14 * DAY_S
    long_memory_s: int = 112 * DAY_S
    blast_radius: float = 0.02
    potential: float = 1.5
    largest_message: int = 16_384
    sparse_clocks: bool = True

    def __post_init__(self) -> None:
        """Refuse what no deployment can run with."""
        if self.window * self.epoch_s >= LONGEST_CORRECTION_S:
            message = (
                f"the correction window is {self.correction_s / DAY_S:g} days; it has to be less than "
                f"{LONGEST_CORRECTION_S // DAY_S}, for potential is told from weeks that no correction reaches any more"
            )
            raise BadParameters(message)
        if not self.potential >= LEAST_POTENTIAL:
            message = (
                f"potential is {self.potential:g}; it has to be at least {LEAST_POTENTIAL:g}, where a customer falls"
            )
            raise BadParameters(message)

    def epochs(self, seconds: int) -> int:
        """Return number of epochs [1] that `seconds` [s] of event time span, rounded up."""
        return -(-seconds // self.epoch_s)

    def decay(self, half_life_s: int) -> float:
        """Factor [1] by which an exponentially forgetting sum shrinks in one epoch."""
        return float(2.0 ** (-self.epoch_s / half_life_s))

    @property
    def window(self) -> int:
        """Correction window [epochs], at least one."""
        return max(1, self.epochs(self.correction_s))

    @property
    def fingerprint(self) -> str:
        """Short hash of all parameters and the value mapping's version: two deployments agree only if it is equal."""
        text = json.dumps({**asdict(self), "value_mapping": value_mapping().version}, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
