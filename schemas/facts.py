"""Facts: what a batch was like, told to observers after its commit. Facts may be lost, records not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.event import Event


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """A cluster after a close: members [customers], mass [customers of an epoch], and how far its centre moved [1].

    `shift` is the distance between the centres of the last two models, in robust standard deviations.
    """

    cluster: int
    name: str
    quadrant: str
    members: int
    mass: float
    shift: float


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A batch: rows by fate [1], what moved, how far epochs are closed, how many customers stand where.

    `clusters` and `quadrants` are empty in a batch that answers no close; `rejected` counts by reason; `commands` are
    the control records that the batch sent, `pending` the closes that wait for an answer; `closed_until` is the end of
    the last closed epoch [s since 1970]; `arrived` is when the broker took its oldest message [us], 0 without one;
    `held` says why the model on trial is held, None where it is not.
    """

    batch: int
    repeated: bool
    counts: Mapping[str, int]
    events: tuple[Event, ...]
    closed: int
    closed_until: int
    model_version: int
    commands: int
    pending: int
    arrived: int
    seconds: float
    rejected: Mapping[str, int] = field(default_factory=dict)
    quadrants: Mapping[str, int] = field(default_factory=dict)
    clusters: tuple[ClusterFacts, ...] = ()
    held: str | None = None


@dataclass(frozen=True, kw_only=True)
class Progressed:
    """Spark's own report of a batch: time by phase and of the whole trigger [s], and records not read by topic."""

    phases: Mapping[str, float]
    seconds: float
    behind: Mapping[str, int]


Observer = Callable[[Facts], None]
