"""The API's own description: what FastAPI finds by itself, and besides the records, the entity tags and the webhook.

An answer's part that is a record of a topic is described as such, out of the record's type, like `schemas/wire`.
"""

import threading
from typing import Annotated, Any

import msgspec
from fastapi import Body, FastAPI, Header
from pydantic import WithJsonSchema

from schemas.event import Event, Place
from schemas.expectation import Expectation
from schemas.model import Model
from serving.problems import MEDIA_TYPE
from serving.webhooks import FIRST_WAIT_S, LONGEST_WAIT_S, MOST_TRIES, TIMEOUT_S

RECORDS = (Event, Expectation, Model, Place)
_RECORD = "x-record"
_SCHEMAS = "#/components/schemas/"
_TAG = {"ETag": {"description": "of the answer without its age", "schema": {"type": "string"}}}
_SAME = {"description": "not changed since the answer whose tag was sent; no body", "headers": _TAG}
_KNOWN = {
    "name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "`ETag` of an earlier answer to the same question: 304 where it would be answered again",
}  # fmt: skip
_PUSHED = f"""An event for who asked by `POST /v1/webhooks`; headers and signature are those of Standard Webhooks.

It comes until an answer of 2xx, {MOST_TRIES} times in all: {FIRST_WAIT_S} s after the first time, then after twice as
long each time, up to {LONGEST_WAIT_S // 3_600} h. Events may come in another order than on the topic, and twice."""


def record(kind: type[msgspec.Struct]) -> WithJsonSchema:
    """Return how a record of a topic is described where it is a part of an answer."""
    return WithJsonSchema({_RECORD: kind.__name__})


class Described(FastAPI):
    """An application whose description names what FastAPI does not see."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        """Make an application that has not described itself yet."""
        super().__init__(**options)
        self._once, self._whole = threading.Lock(), dict[str, Any]()

    def openapi(self) -> dict[str, Any]:
        """Return the description, made once."""
        with self._once:
            if not self._whole:
                self._whole = whole(super().openapi())
        return self._whole


def whole(found: dict[str, Any]) -> dict[str, Any]:
    """Return a description with the records' schemas, the problems' media type, and what entity tags do."""
    _, schemas = msgspec.json.schema_components(RECORDS, ref_template=_SCHEMAS + "{name}")
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"] = {code: _problem(one) for code, one in operation["responses"].items()}
        if "get" in operations:
            _tagged(operations["get"])
    found["components"]["schemas"] |= schemas
    described: dict[str, Any] = _referred(found)
    return described


def pushed(
    event: Annotated[dict[str, Any], record(Event), Body()],
    webhook_id: Annotated[str, Header(description="the event's id, the same at every try")],
    webhook_timestamp: Annotated[int, Header(description="when it was sent [s since 1970]")],
    webhook_signature: Annotated[str, Header(description="`v1,` and base64 of HMAC-SHA256 of `id.timestamp.body`")],
) -> None:
    """Stand for a receiver: what it is sent, and what its answer means."""


def tell_webhook(app: FastAPI) -> None:
    """Describe what is sent to those who asked for it."""
    again = f"anything else, or no answer within {TIMEOUT_S} s: it is sent again"
    app.webhooks.add_api_route(
        "event", pushed, methods=["POST"], status_code=204, description=_PUSHED, tags=["webhooks"],
        response_description="taken; any 2xx will do", responses={"default": {"description": again}},
    )  # fmt: skip


def _problem(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response; a problem document under its own media type alone."""
    content = response.get("content", {})
    if MEDIA_TYPE not in content:
        return response
    return response | {"content": {MEDIA_TYPE: content["application/json"]}}


def _tagged(operation: dict[str, Any]) -> None:
    """Describe that an answer bears its tag, and is not sent again to who has it."""
    operation["parameters"] = [*operation.get("parameters", ()), _KNOWN]
    operation["responses"]["200"]["headers"] = _TAG
    operation["responses"]["304"] = _SAME


def _referred(part: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a description in which records are referred to by name."""
    if isinstance(part, list):
        return [_referred(one) for one in part]
    if not isinstance(part, dict):
        return part
    if _RECORD in part:
        return {"$ref": _SCHEMAS + part[_RECORD]}
    return {name: _referred(one) for name, one in part.items()}
