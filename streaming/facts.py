"""Facts: what a batch was like, told to observers after its commit. Facts may be lost, records not."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from schemas.event import Event
from segmentation.central_state import CentralState, Held
from segmentation.output import Output


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A batch: rows by fate [1], what moved, how far epochs are closed, how many customers stand where.

    `quadrants` and `clusters` count customers and are empty in a batch that answers no close; `commands` are the
    control records that the batch sent, `pending` the closes that wait for an answer; `held` is an alarm: why no model
    is promoted, and what to do; `arrived` is when the broker took its oldest message [us], 0 without one.
    """

    batch: int
    repeated: bool
    counts: Mapping[str, int]
    events: tuple[Event, ...]
    closed: int
    model_version: int
    quadrants: Mapping[str, int]
    clusters: Mapping[int, int]
    commands: int
    pending: int
    held: str | None
    arrived: int
    seconds: float


Observer = Callable[[Facts], None]
Name = TypeVar("Name")


@dataclass(frozen=True)
class Circumstances:
    """What the outputs of a batch do not say themselves: its number, whether it is a repeat, how long it took [s]."""

    batch: int
    repeated: bool
    seconds: float


def facts_of(outputs: Sequence[Output], central: CentralState, commands: int, of: Circumstances) -> Facts:
    """Put the facts of a batch together."""
    answers = [output.answer for output in outputs if output.answer is not None]
    return Facts(
        batch=of.batch,
        repeated=of.repeated,
        counts=counts_of(outputs),
        events=tuple(event for output in outputs for event in output.events),
        closed=central.answered,
        model_version=central.force.version,
        quadrants=added(answer.quadrants for answer in answers),
        clusters=added(answer.clusters for answer in answers),
        commands=commands,
        pending=central.commanded - central.answered,
        held=None if central.held is None else alarm(central.held),
        arrived=min((output.arrived for output in outputs if output.arrived), default=0),
        seconds=of.seconds,
    )


def alarm(held: Held) -> str:
    """Return why no model is promoted, and what to do."""
    if held.model is None:
        return f"no model is promoted: {held.because}; `kwadrant model promote` ends it"
    known = held.model.version
    return f"version {known} is not promoted: {held.because}; see `kwadrant model list`, then `model promote {known}`"


def counts_of(outputs: Iterable[Output]) -> dict[str, int]:
    """Return rows by fate over all buckets [1]."""
    return added(output.counts for output in outputs)


def added(parts: Iterable[Mapping[Name, int]]) -> dict[Name, int]:
    """Return the sum of several counts, names that count nothing included."""
    total: Counter[Name] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)
