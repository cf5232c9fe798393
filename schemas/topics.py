"""The Kafka topics: names, partitions and policies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

READINGS = "metering.reading.recorded.v1"
TRANSACTIONS = "energyservice.transaction.completed.v1"
ARCHIVE = "customer.archive.changed.v1"
CONTROL = "segmentation.control.v1"
EVENTS = "segmentation.customer.reclassified.v1"
STATES = "segmentation.customer.state.v1"
EXPECTED = "segmentation.customer.expected.v1"
MODELS = "segmentation.model.v1"
PROGRESS = "segmentation.progress.v1"
CENTRAL = "segmentation.central.v1"

INPUTS = (READINGS, TRANSACTIONS, ARCHIVE)
"""The data topics, in the order in which their index is written into a lane."""

LANES_PER_TOPIC = 4096
"""A lane numbers one data partition: index of its topic x LANES_PER_TOPIC + partition [1]."""

LARGEST_RECORD = 8_388_608
"""Of the central node's state, which holds the micro-clusters of the last epochs [bytes]."""


@dataclass(frozen=True)
class Topic:
    """A topic as it has to be, and with what it is created besides.

    `partitions` None means the deployment's choice for data topics. `config` has to hold; `chosen` is set when the
    topic is created, and the utility may change it.
    """

    name: str
    partitions: int | None
    config: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)


def _days(number: int) -> dict[str, str]:
    return {"retention.ms": str(number * 86_400_000)}


_DELETE = {"cleanup.policy": "delete"}
_KEPT = {**_DELETE, "retention.ms": "-1", "retention.bytes": "-1"}
_COMPACT = {"cleanup.policy": "compact"}
_ARRIVAL = {"message.timestamp.type": "LogAppendTime"}

TOPICS = (
    Topic(READINGS, None, {**_DELETE, **_ARRIVAL}, _days(30)),
    Topic(TRANSACTIONS, None, {**_DELETE, **_ARRIVAL}, _days(30)),
    Topic(ARCHIVE, None, {**_KEPT, **_ARRIVAL}),
    Topic(CONTROL, 1, _KEPT),
    Topic(EVENTS, None, _KEPT),  # few; a store that is lost is filled again from them
    Topic(STATES, None, _COMPACT),
    Topic(EXPECTED, 1, _COMPACT),
    Topic(MODELS, 1, _COMPACT),
    Topic(PROGRESS, 1, _COMPACT),
    Topic(CENTRAL, 1, {**_COMPACT, "max.message.bytes": str(LARGEST_RECORD)}),
    *(Topic(f"{name}.dlq", 1, _DELETE, _days(90)) for name in INPUTS),
)


def dead_letters_of(topic: str) -> str:
    """Name of the topic that takes the rejected rows of `topic`."""
    return f"{topic}.dlq"


def lane(topic: str, partition: int) -> int:
    """Return number [1] of a data partition; lanes order partitions over all data topics."""
    return INPUTS.index(topic) * LANES_PER_TOPIC + partition


def partition_of(lane_number: int) -> tuple[str, int]:
    """Topic and partition of a lane: the inverse of `lane`."""
    return INPUTS[lane_number // LANES_PER_TOPIC], lane_number % LANES_PER_TOPIC
