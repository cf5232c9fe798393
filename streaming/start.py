"""What a start finds on the topics: the last seeding, the progress record, the central node's state."""

from collections.abc import Iterator, Mapping
from contextlib import closing

import msgspec
from kafka import KafkaConsumer

from schemas import control, topics
from schemas.control import Promote
from schemas.model import Model
from schemas.progress import Progress
from segmentation.central_state import CentralState, first_state, unpack, with_past
from streaming.deployment import Deployment
from streaming.errors import NotSeeded
from streaming.topic import committed_records, last_record


def last_progress(client: Mapping[str, object], stream: str) -> Progress | None:
    """Return the progress record of `stream`, as a reader who respects transactions sees it."""
    return last_record(client, topics.PROGRESS, stream, msgspec.json.Decoder(Progress).decode)


def last_central(client: Mapping[str, object], stream: str) -> CentralState | None:
    """Return the central node's state as it was last published."""
    return last_record(client, topics.CENTRAL, stream, unpack)


def central_state(deployment: Deployment) -> CentralState:
    """Return the central node's state as published; after a new seeding the first one, from the seeding's model."""
    seeded = last_seeding(deployment)
    published = last_central(deployment.client, deployment.parameters.stream)
    if published is not None and published.generation == seeded.generation:
        return with_past(published, promotions(deployment.client, published.stream, published.generation))
    return first_state(deployment.parameters, seeded.generation, _lanes(deployment), seeded.model)


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
    seedings = (record for record in _promotions(client, stream) if record.model.version == 1)
    return max(seedings, key=lambda record: record.generation, default=None)


def promotions(client: Mapping[str, object], stream: str, generation: int) -> list[Model]:
    """Return every model of a generation that was put in force, oldest first."""
    return [record.model for record in _promotions(client, stream) if record.generation == generation]


def _promotions(client: Mapping[str, object], stream: str) -> Iterator[Promote]:
    for _, value in committed_records(client, topics.CONTROL):
        record = None if value is None else control.read(value)
        if isinstance(record, Promote) and record.stream == stream:
            yield record


def _lanes(deployment: Deployment) -> list[int]:
    with closing(KafkaConsumer(**deployment.client)) as consumer:
        partitions = {topic: consumer.partitions_for_topic(topic) or () for topic in topics.INPUTS}
    missing = [topic for topic, found in partitions.items() if not found]
    if missing:
        message = f"the topics {missing} do not exist; run `kwadrant topics` first"
        raise NotSeeded(message)
    return [topics.lane(topic, number) for topic, found in partitions.items() for number in found]
