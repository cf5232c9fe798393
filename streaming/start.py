"""What a start finds on the topics: the last seeding, the progress record, the central node's state."""

from collections.abc import Mapping
from contextlib import closing

import msgspec
from kafka import KafkaConsumer

from schemas import topics
from schemas.control import Control, Promote
from schemas.progress import Progress
from segmentation import central_node
from segmentation.central_node import CentralState
from streaming.deployment import Deployment
from streaming.errors import NotSeeded
from streaming.topic import committed_records, last_record

_control = msgspec.json.Decoder(Control)


def last_progress(client: Mapping[str, object], stream: str) -> Progress | None:
    """Return the progress record of `stream`, as a reader who respects transactions sees it."""
    return last_record(client, topics.PROGRESS, stream, msgspec.json.Decoder(Progress))


def last_central(client: Mapping[str, object], stream: str) -> CentralState | None:
    """Return the central node's state as it was last published."""
    return last_record(client, topics.CENTRAL, stream, msgspec.json.Decoder(CentralState))


def central_state(deployment: Deployment) -> CentralState:
    """Return the central node's state as published; after a new seeding the first one, from the seeding's model."""
    seeded = last_seeding(deployment)
    published = last_central(deployment.client, deployment.parameters.stream)
    if published is not None and published.generation == seeded.generation:
        return published
    return central_node.first_state(deployment.parameters, seeded.generation, _lanes(deployment), seeded.model)


def last_seeding(deployment: Deployment) -> Promote:
    """Return the record by which the last seeding put its first model in force.

    Raises
    ------
    NotSeeded
        Where the control topic has none of this stream, or another one than the deployment's folder.
    """
    parameters = deployment.parameters
    newest = newest_seeding(deployment.client, parameters.stream)
    if newest is None:
        message = f"the control topic has no model of stream {parameters.stream!r}; run `kwadrant seed` first"
        raise NotSeeded(message)
    if newest.generation != deployment.generation:
        message = (
            f"the control topic's newest model is of generation {newest.generation}, the initial state of "
            f"{deployment.generation}; use the folder of the last seeding, or seed again"
        )
        raise NotSeeded(message)
    if newest.model.fingerprint != parameters.fingerprint:
        message = (
            f"the model was seeded with parameters {newest.model.fingerprint}, this run has "
            f"{parameters.fingerprint}; restore the settings of the seeding, or seed again"
        )
        raise NotSeeded(message)
    return newest


def newest_seeding(client: Mapping[str, object], stream: str) -> Promote | None:
    """Return the first promotion of the newest generation of `stream`, None before any seeding."""
    records = (_control.decode(value) for _, value in committed_records(client, topics.CONTROL) if value is not None)
    mine = [
        record
        for record in records
        if isinstance(record, Promote) and record.stream == stream and record.model.version == 1
    ]
    return max(mine, key=lambda record: record.generation, default=None)


def _lanes(deployment: Deployment) -> list[int]:
    with closing(KafkaConsumer(**deployment.client)) as consumer:
        partitions = {topic: consumer.partitions_for_topic(topic) or () for topic in topics.INPUTS}
    missing = [topic for topic, found in partitions.items() if not found]
    if missing:
        message = f"the topics {missing} do not exist; run `kwadrant topics` first"
        raise NotSeeded(message)
    return [topics.lane(topic, number) for topic, found in partitions.items() for number in found]
