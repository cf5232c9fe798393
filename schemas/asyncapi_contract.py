"""The topics and their messages as an AsyncAPI 3 document, generated from the types: `schemas/asyncapi.yaml`.

After a change of a type or a topic: `python -m schemas.asyncapi_contract` writes it anew, and a test says where it
differs. Topics that only kWadrant itself reads (control, progress, central state) are described too, but no operation
is offered on them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas import topics
from schemas.wire_contracts import contract

FILE = Path(__file__).parent / "asyncapi.yaml"
HEADERS = {
    "ce_specversion": "CloudEvents version, 1.0", "ce_id": "the event's id: of two with the same id drop one",
    "ce_source": "/kwadrant/ and the stream's name", "ce_type": "the topic", "ce_subject": "the customer",
    "ce_time": "the event's time", "content-type": "application/json",
}  # fmt: skip
"""CloudEvents 1.0 in Kafka's binary mode."""
DEAD_LETTER_HEADERS = {
    "kafka_dlt-original-topic": "where the row was sent", "kafka_dlt-original-partition": "its partition",
    "kafka_dlt-original-offset": "its offset", "kafka_dlt-exception-message": "what was found",
    "reason": "code of the rule it broke", "stream": "who refused it",
}  # fmt: skip


@dataclass(frozen=True)
class Channel:
    """A topic as a reader or writer sees it; `action` is what a client of kWadrant does with it, None for nothing."""

    topic: str
    key: str
    records: tuple[str, ...]
    action: str | None
    text: str


CHANNELS = (
    Channel(topics.READINGS, "customer id; null for a clock record", ("reading", "clock"), "send",
            "Interval readings, and clock records without a key."),
    Channel(topics.TRANSACTIONS, "customer id; null for a clock record", ("transaction", "clock"), "send",
            "Energy-service transactions."),
    Channel(topics.ARCHIVE, "customer id; null for a clock record", ("archive", "clock"), "send",
            "Dated changes of archive data."),
    Channel(topics.EVENTS, "customer id", ("event",), "receive",
            "The product: who has become a potential customer, and why. Read with isolation.level=read_committed."),
    Channel(topics.STATES, "customer id", ("customer-state",), "receive", "The present class of every customer."),
    Channel(topics.EXPECTED, "stream and bucket", ("expectations",), "receive",
            "Who may soon become a potential customer, as of the last close."),
    Channel(topics.MODELS, "stream and version", ("model",), "receive", "Every promoted model, whole."),
    Channel(topics.CONTROL, "stream", ("control",), None, "Commands to the local nodes."),
    Channel(topics.PROGRESS, "stream", ("progress",), None, "The fence of the commit."),
)  # fmt: skip


def document() -> dict[str, Any]:
    """Return the whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "kWadrant", "version": "1.0.0", "license": {"name": "Apache-2.0"},
            "description": "Reclassification of electricity customers as events on Kafka.",
        },
        "defaultContentType": "application/json",
        "channels": {channel.topic: _channel(channel) for channel in CHANNELS} | _dead_letters(),
        "operations": {
            f"{channel.action}.{channel.topic}": _operation(channel) for channel in CHANNELS if channel.action
        },
        "components": {"messages": {name: _message(name) for name in _records()} | {"dead-letter": _dead_letter()}},
    }  # fmt: skip


def text() -> str:
    """Return the file's text."""
    head = "# Made by: python -m schemas.asyncapi_contract\n"
    return head + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)


def _records() -> list[str]:
    return list(dict.fromkeys(name for channel in CHANNELS for name in channel.records))


def _channel(channel: Channel) -> dict[str, Any]:
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in channel.records}
    return {"address": channel.topic, "description": f"{channel.text} Key: {channel.key}.", "messages": messages}


def _dead_letters() -> dict[str, Any]:
    messages = {"dead-letter": {"$ref": "#/components/messages/dead-letter"}}
    return {
        name: {"address": name, "description": "Refused rows with their original bytes.", "messages": messages}
        for name in map(topics.dead_letters_of, topics.INPUTS)
    }


def _operation(channel: Channel) -> dict[str, Any]:
    return {"action": channel.action, "channel": {"$ref": f"#/channels/{channel.topic}"}, "summary": channel.text}


def _message(name: str) -> dict[str, Any]:
    schema = json.loads(contract(name))
    schema.pop("$schema")
    message = {"name": name, "contentType": "application/json", "payload": _inlined(schema)}
    return message | ({"headers": _headers(HEADERS)} if name == "event" else {})


def _dead_letter() -> dict[str, Any]:
    return {"name": "dead-letter", "contentType": "application/octet-stream", "headers": _headers(DEAD_LETTER_HEADERS)}


def _headers(names: dict[str, str]) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": text} for name, text in names.items()}
    return {"type": "object", "properties": properties, "required": list(names)}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose references point to nothing outside of it: definitions take their place."""
    definitions = schema.pop("$defs", {})

    def walk(part: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(part, list):
            return [walk(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return walk(definitions[part["$ref"].rpartition("/")[2]])
        # AsyncAPI's own discriminator is a field's name; ours is told by the constants
        return {name: walk(one) for name, one in part.items() if name != "discriminator"}

    found: dict[str, Any] = walk(schema)
    return found


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
