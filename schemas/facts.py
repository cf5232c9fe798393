"""Facts: where a stream begins, and what each batch was like, told to observers. Facts may be lost, records not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.event import Event


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """A cluster after a close: members [customers], mass [customers of an epoch], and how far its centre moved [1].

    Name, quadrant and mass are those of the model in force. `shift` is the distance between the centres of the last two
    models made, in the weighted scaled space, whose unit is a robust standard deviation.
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
    `held` is an alarm: why no model is promoted, and what to do; `offsets` are those up to which the topics are read,
    as the progress record has them.
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
    offsets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Where a stream stands before its first batch, as the topics say: the fields mean what they mean in `Facts`."""

    closed_until: int
    pending: int
    model_version: int
    held: str | None


@dataclass(frozen=True, kw_only=True)
class Progressed:
    """Spark's own report of a batch: time by phase and of the whole trigger [s], and records read [1]."""

    phases: Mapping[str, float]
    seconds: float
    records: int


@dataclass(frozen=True, kw_only=True)
class Followed:
    """How far the stream is behind the topics: records not read, by topic [1], and whether its group was told.

    `told` is false where Kafka did not take the group's offsets; `behind` is empty where it did not say either.
    """

    behind: Mapping[str, int]
    told: bool


Observer = Callable[[Facts], None]
