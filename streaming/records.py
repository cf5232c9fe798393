"""What one batch publishes, as Kafka records in a fixed order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from schemas import topics
from schemas.control import Control
from schemas.event import CustomerState, Event
from schemas.expectation import Expectations
from schemas.model import Model
from segmentation import central_state
from segmentation.central_state import CentralState
from segmentation.output import Rejected

_encode = msgspec.json.Encoder(order="deterministic").encode
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Record:
    """One record to send; `value` None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def event_record(event: Event, stream: str) -> Record:
    """Return an event in CloudEvents' binary mode: attributes as headers, bare data; the stream is its source."""
    headers = {
        "ce_specversion": "1.0", "ce_id": event.event_id, "ce_source": f"/kwadrant/{stream}", "ce_type": topics.EVENTS,
        "ce_subject": event.customer_id, "ce_time": event.event_time, "content-type": "application/json",
    }  # fmt: skip
    return Record(topics.EVENTS, event.customer_id.encode(), _encode(event), _headers(headers))


def state_record(state: CustomerState) -> Record:
    """Return the current class of a customer."""
    return Record(topics.STATES, state.customer_id.encode(), _encode(state))


def expected_record(expected: Expectations) -> Record:
    """Return whom a bucket expects."""
    return Record(topics.EXPECTED, f"{expected.stream}/{expected.bucket}".encode(), _encode(expected))


def control_record(control: Control) -> Record:
    """Return a command to all local nodes."""
    return Record(topics.CONTROL, control.stream.encode(), _encode(control))


def model_record(stream: str, model: Model) -> Record:
    """Return a promoted model, whole."""
    return Record(topics.MODELS, f"{stream}/{model.version}".encode(), _encode(model))


def central_record(state: CentralState) -> Record:
    """Return the central node's state."""
    return Record(topics.CENTRAL, state.stream.encode(), central_state.pack(state))


def dead_letter(rejected: Rejected, stream: str) -> Record:
    """Return a refused row with its original bytes, in the headers that Spring Kafka uses, and the reason code."""
    topic, partition = topics.partition_of(rejected.lane)
    headers = {
        "kafka_dlt-original-topic": topic, "kafka_dlt-original-partition": str(partition),
        "kafka_dlt-original-offset": str(rejected.offset), "kafka_dlt-exception-message": rejected.detail,
        "reason": rejected.reason, "stream": stream,
    }  # fmt: skip
    return Record(topics.dead_letters_of(topic), rejected.key, rejected.value, _headers(headers))


def _headers(texts: dict[str, str]) -> Headers:
    return tuple((name, text.encode()) for name, text in texts.items())


def records(
    stream: str,
    *,
    events: Iterable[Event] = (),
    states: Iterable[CustomerState] = (),
    expected: Iterable[Expectations] = (),
    rejected: Iterable[Rejected] = (),
    models: Sequence[Model] = (),
    controls: Sequence[Control] = (),
    central: CentralState | None = None,
) -> list[Record]:
    """Return all records of a batch in the order in which they are sent: the product first.

    The central state stands last: where a batch takes several transactions it belongs to the one that ends the batch,
    for a repeat of an unfinished batch must begin with the state before it.
    """
    return [
        *(event_record(event, stream) for event in events),
        *(state_record(state) for state in states),
        *(expected_record(one) for one in expected),
        *(dead_letter(row, stream) for row in rejected),
        *(model_record(stream, model) for model in models),
        *(control_record(control) for control in controls),
        *([central_record(central)] if central is not None else []),
    ]
