"""The AsyncAPI document: made from the types, complete, and its references lead somewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from schemas.asyncapi_contract import DEAD_LETTER_HEADERS, FILE, HEADERS, document, text
from schemas.topics import CENTRAL, TOPICS
from segmentation.output import Rejected
from streaming.records import dead_letter, event_record
from tests.schemas.test_wire import EVENT

DOCUMENT = document()


def references(part: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from references(one)


def test_the_file_agrees_with_the_types() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run: python -m schemas.asyncapi_contract"
    assert yaml.safe_load(text()) == DOCUMENT


def test_every_topic_but_the_central_node_s_own_is_described() -> None:
    assert set(DOCUMENT["channels"]) == {topic.name for topic in TOPICS} - {CENTRAL}


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize("name", [name for name, one in DOCUMENT["components"]["messages"].items() if "payload" in one])
def test_every_payload_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(DOCUMENT["components"]["messages"][name]["payload"])


def test_the_headers_are_those_that_are_sent() -> None:
    refused = Rejected(0, 1, "negative", "found -1", b"C", b"{}")
    assert {name for name, _ in event_record(EVENT, "town").headers} == set(HEADERS)
    assert {name for name, _ in dead_letter(refused, "town").headers} == set(DEAD_LETTER_HEADERS)
