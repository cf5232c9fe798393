"""The state of a local node: a value, in parts that change at different times.

`customers`, `tiles`, `window` change only when an epoch closes, models, `recent`, `risen` and `dismissed` by a command
too; `open` grows batch by batch; `early` holds the few flags that wait for a close; `gathered` is derived from `open`
and never saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.event import Event
from schemas.model import Model
from segmentation.customers import Customers, newcomers
from segmentation.errors import WrongPassport
from segmentation.parameters import Parameters
from segmentation.recent import Recent
from segmentation.risen import Risen
from segmentation.sums import Tiles


def _nothing() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Passport:
    """Whose state this is: anything else is an error."""

    stream: str
    generation: int
    fingerprint: str

    def check(self, parameters: Parameters) -> None:
        """Refuse a state of another stream or other parameters."""
        if (self.stream, self.fingerprint) != (parameters.stream, parameters.fingerprint):
            message = (
                f"the state belongs to stream {self.stream!r} with parameters {self.fingerprint}, the job runs "
                f"{parameters.stream!r} with {parameters.fingerprint}; restore the settings it was seeded with, "
                "or seed again"
            )
            raise WrongPassport(message)


@dataclass(frozen=True)
class Models:
    """The model in force, the one on trial, the shadow, and the centres by version that anchors still refer to.

    `undo` is a version after a rollback to it, until the next close has undone what later ones did.
    """

    force: Model | None = None
    trial: Model | None = None
    past: Mapping[int, Model] = field(default_factory=_nothing)
    shadow: Model | None = None
    undo: int | None = None


@dataclass(frozen=True)
class Flag:
    """An early event, and the epoch at whose close it is confirmed or withdrawn."""

    epoch: int
    event: Event


class Dismissal(msgspec.Struct, frozen=True, array_like=True):
    """A customer is not newly potential, `because`, at any close up to that of epoch `until`."""

    until: int
    because: str


@dataclass(frozen=True)
class Gathered:
    """Derived from a state and never saved: memories (n, 2, WIDTH) as of the close, open sums (n, WIDTH) by epoch."""

    memories: NDArray[np.float64]
    sums: Mapping[int, NDArray[np.int64]]


@dataclass(frozen=True)
class LocalState:
    """State of one bucket (or of several: a fold of a union is the union of the folds).

    `seeded`, `settled`, `closed` are epochs: what history held, what is folded for good, what is closed. `window` keeps
    the distinct rows of closed epochs that may still be corrected, packed: they are read only where a correction comes.
    `recent` is the last confirmed move of each customer who moved lately, `risen` the last rise of each who rose so,
    `dismissed` who is not newly potential by an operator's word.
    """

    passport: Passport
    seeded: int
    settled: int
    closed: int
    customers: Customers
    models: Models = field(default_factory=Models)
    tiles: Mapping[int, Tiles] = field(default_factory=_nothing)
    window: Mapping[int, bytes] = field(default_factory=_nothing)
    open: tuple[pa.Table, ...] = ()
    early: Mapping[str, Flag] = field(default_factory=_nothing)
    recent: Mapping[str, Recent] = field(default_factory=_nothing)
    risen: Mapping[str, Risen] = field(default_factory=_nothing)
    dismissed: Mapping[str, Dismissal] = field(default_factory=_nothing)
    gathered: Gathered | None = None


def empty_state(parameters: Parameters, generation: int, epoch: int) -> LocalState:
    """Return a state that knows nobody, as of the end of `epoch`."""
    passport = Passport(parameters.stream, generation, parameters.fingerprint)
    return LocalState(passport, epoch, epoch, epoch, newcomers([], parameters.buckets))
