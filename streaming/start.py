"""What a start finds on the topics: the last seeding, the progress record, the central node's state."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime

import msgspec
import numpy as np
from kafka import KafkaConsumer

from schemas import control, topics
from schemas.control import Candidate, Control, Promote
from schemas.event import CustomerState
from schemas.model import Model
from schemas.progress import Progress
from segmentation.calendar import Calendar
from segmentation.central_state import CentralState, first_state, unpack, with_past
from segmentation.decision import NEVER
from segmentation.history import Stood
from segmentation.reseeding import Before
from streaming.deployment import Deployment
from streaming.errors import NotSeeded
from streaming.topic import committed_records, last_record


def check_topics(client: Mapping[str, object]) -> None:
    """Refuse to start where a topic that the stream writes is missing: an older version may have made them.

    Raises
    ------
    NotSeeded
        With the topics that are missing.
    """
    with closing(KafkaConsumer(**client)) as consumer:
        written = (topics.EVENTS, topics.STATES, topics.EXPECTED, topics.MODELS)
        missing = [name for name in written if not consumer.partitions_for_topic(name)]
    if missing:
        raise NotSeeded(f"the topics {missing} do not exist; run `kwadrant topics` first")


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
    return max(_promotions(client, stream), key=lambda record: record.generation, default=None)


def before_seeding(client: Mapping[str, object], stream: str, calendar: Calendar) -> Before | None:
    """Return what a new seeding of `stream` finds: the model in force, and where every customer stands; else None."""
    made = [
        record for record in _controls(client) if isinstance(record, Promote | Candidate) and record.stream == stream
    ]
    force = [record for record in made if isinstance(record, Promote)]
    if not force:
        return None
    model = max(enumerate(force), key=lambda one: (one[1].generation, one[0]))[1].model
    given = [one.id for record in made for one in record.model.clusters]
    given += [one.cluster for record in made for one in record.model.lineage]
    next_id = max(max(given) + 1, *(record.model.next_id for record in made))
    return Before(model, next_id, max(record.model.version for record in made), _stood(client, calendar))


def _stood(client: Mapping[str, object], calendar: Calendar) -> dict[str, Stood]:
    decode = msgspec.json.Decoder(CustomerState).decode
    found: dict[str, Stood] = {}
    for _, value in committed_records(client, topics.STATES):
        if value is None:
            continue
        state = decode(value)
        found.pop(state.customer_id, None)
        if state.closed is None:
            rose = None if state.rose is None else _epoch(state.rose, calendar)
            found[state.customer_id] = Stood(state.place.cluster, _epoch(state.place.since, calendar), rose)
    return found


def _epoch(end: str | None, calendar: Calendar) -> int:
    """Return the epoch that ended then."""
    if end is None:
        return NEVER
    return int(calendar.epoch_of(np.array([int(datetime.fromisoformat(end).timestamp())]))[0]) - 1


def promotions(client: Mapping[str, object], stream: str, generation: int) -> list[Model]:
    """Return every model of a generation that was put in force, oldest first."""
    return [record.model for record in _promotions(client, stream) if record.generation == generation]


def _promotions(client: Mapping[str, object], stream: str) -> Iterator[Promote]:
    return (record for record in _controls(client) if isinstance(record, Promote) and record.stream == stream)


def _controls(client: Mapping[str, object]) -> Iterator[Control]:
    for _, value in committed_records(client, topics.CONTROL):
        record = None if value is None else control.read(value)
        if record is not None:
            yield record


def _lanes(deployment: Deployment) -> list[int]:
    with closing(KafkaConsumer(**deployment.client)) as consumer:
        partitions = {topic: consumer.partitions_for_topic(topic) or () for topic in topics.INPUTS}
    missing = [topic for topic, found in partitions.items() if not found]
    if missing:
        message = f"the topics {missing} do not exist; run `kwadrant topics` first"
        raise NotSeeded(message)
    return [topics.lane(topic, number) for topic, found in partitions.items() for number in found]
