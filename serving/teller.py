"""What the live page needs put into words and pictures; who makes the words gives a `Teller` to the desk."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from schemas.event import Event
from schemas.expectation import Expectation
from schemas.model import Model


@dataclass(frozen=True)
class Part:
    """An index's part in a move: how it changed, in words, and its share of the move [1]."""

    text: str
    share: float


@dataclass(frozen=True)
class Explained:
    """An event explained: its cause, which way it leads, what the parts are parts of, each of them, how sure it is."""

    cause: str
    way: str
    whole: str
    parts: tuple[Part, ...]
    sure: str


@dataclass(frozen=True)
class Trait:
    """An index by which a cluster stands out: in a word, its value with its unit, and how far [robust std. dev.]."""

    index: str
    word: str
    value: str
    away: float


@dataclass(frozen=True)
class Hours:
    """Mean power in hours of the local day, from `start` until `end` [h], against that of the whole day [1]."""

    start: int
    end: int
    level: float


@dataclass(frozen=True)
class Drawn:
    """A cluster's centre as it is drawn: its place on the axes [robust std. dev.], its day, what stands out.

    `day` is empty where the model says nothing of the hours.
    """

    cluster: int
    name: str
    quadrant: str
    words: str
    current: float
    potential: float
    day: tuple[Hours, ...]
    traits: tuple[Trait, ...]


class Teller(Hashable, Protocol):
    """Makes words of events and pictures of models; the same answer for the same question."""

    def sentence(self, event: Event) -> str:
        """Return what happened to whom and why; names of clusters stand between asterisks."""

    def explained(self, event: Event) -> Explained:
        """Return an event explained."""

    def expected(self, one: Expectation) -> str:
        """Return who is expected to become a potential customer, how probable that is, and why."""

    def drawn(self, model: Model) -> tuple[Drawn, ...]:
        """Return the clusters of a model as they are drawn, by rising id."""

    def day(self, epoch: int) -> str:
        """Return the name of an epoch."""
