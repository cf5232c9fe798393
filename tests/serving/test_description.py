"""What the API says of itself: records as the topics have them, entity tags, and the webhook as it is sent."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator, ValidationError
from sqlalchemy import Engine

from schemas.wire_contracts import contract
from serving import webhooks
from serving.api import app
from serving.desk import Desk
from serving.store import Taken, take
from serving.webhooks import Post
from tests.serving.made import moved


@pytest.fixture
def described(store: Engine) -> dict[str, Any]:
    with TestClient(app(Desk(store))) as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def validator(described: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - jsonschema ships no types
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": described["components"]})


def test_an_event_is_described_as_on_the_topic(described: dict[str, Any]) -> None:
    wire = json.loads(contract("event"))["$defs"]["Event"]
    assert described["components"]["schemas"]["Event"]["properties"].keys() == wire["properties"].keys()
    flagged = described["components"]["schemas"]["Flagged"]["properties"]["event"]
    assert flagged == {"$ref": "#/components/schemas/Event"}


def test_the_webhook_is_described_as_it_is_sent(store: Engine, described: dict[str, Any]) -> None:
    sent: list[Post] = []

    def send(message: Post) -> int:
        sent.append(message)
        return 204

    webhooks.create(store, "http://crm/", newly_potential_only=True)
    take(store, Taken(events=[moved("e1")]))
    webhooks.deliver(store, 1_000_000, send)
    operation = described["webhooks"]["event"]["post"]
    assert {one["name"] for one in operation["parameters"]} == sent[0].headers.keys() - {"Content-Type"}
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Event"}
    event = json.loads(sent[0].body)
    validator(described, "Event").validate(event)
    with pytest.raises(ValidationError):
        validator(described, "Event").validate(event | {"status": "perhaps"})


def test_every_question_may_be_answered_by_its_tag_and_refusals_say_when_to_ask_again(
    described: dict[str, Any],
) -> None:
    questions = [operations["get"] for operations in described["paths"].values() if "get" in operations]
    assert len(questions) > 7
    for one in questions:
        assert "ETag" in one["responses"]["200"]["headers"]
        assert "304" in one["responses"]
        assert "Retry-After" in one["responses"]["429"]["headers"]
        assert "Retry-After" in one["responses"]["503"]["headers"]
        assert one["responses"]["404"]["content"].keys() == {"application/problem+json"}
