"""The facts of a batch, out of what its buckets and the central node say."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from schemas.facts import Begun, ClusterFacts, Facts
from segmentation.calendar import Calendar
from segmentation.central_state import CentralState, Held
from segmentation.output import Output
from segmentation.parameters import Parameters

Name = TypeVar("Name")


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the outputs of a batch do not say themselves.

    Its number, whether it is a repeat, how long it took [s], how many commands it sent, the offsets where it ends, and
    the central state before it.
    """

    batch: int
    repeated: bool
    seconds: float
    commands: int
    offsets: tuple[str, ...]
    before: CentralState


def begun_of(central: CentralState, parameters: Parameters) -> Begun:
    """Return what the central state says before the first batch of a run."""
    return Begun(
        closed_until=Calendar(parameters.time_zone, parameters.epoch_s).end(central.answered),
        pending=central.commanded - central.answered,
        model_version=central.force.version,
        held=None if central.held is None else alarm(central.held),
    )


def facts_of(outputs: Sequence[Output], central: CentralState, of: Circumstances, parameters: Parameters) -> Facts:
    """Put the facts of a batch together; `central` is the state after it."""
    answers = [output.answer for output in outputs if output.answer is not None]
    members = added(answer.clusters for answer in answers)
    now = begun_of(central, parameters)
    return Facts(
        batch=of.batch,
        repeated=of.repeated,
        counts=counts_of(outputs),
        events=tuple(event for output in outputs for event in output.events),
        closed=central.answered,
        closed_until=now.closed_until,
        model_version=now.model_version,
        commands=of.commands,
        pending=now.pending,
        arrived=min((output.arrived for output in outputs if output.arrived), default=0),
        seconds=of.seconds,
        rejected=Counter(row.reason for output in outputs for row in output.rejected),
        quadrants=added(answer.quadrants for answer in answers),
        clusters=clusters_of(members, of.before, central) if answers else (),
        held=now.held,
        offsets=of.offsets,
    )


def clusters_of(members: Mapping[int, int], before: CentralState, after: CentralState) -> tuple[ClusterFacts, ...]:
    """Return the clusters of the model in force, and how far each centre moved with the model made last."""
    old, new = ({one.id: one.centre for one in state.newest.clusters} for state in (before, after))
    return tuple(
        ClusterFacts(
            cluster=one.id, name=one.name, quadrant=one.quadrant, members=members.get(one.id, 0), mass=one.mass,
            shift=math.dist(old[one.id], new[one.id]) if one.id in old and one.id in new else 0.0,
        )
        for one in after.force.clusters
    )  # fmt: skip


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
