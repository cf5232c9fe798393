"""The HTTP API: what is in the store, for those who hold a token.

Every answer says which model it rests on and how old it is; pages are keyset pages; errors are problem documents; an
answer that has not changed is answered with 304 where the client says which one it has.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from serving import customer_routes, model_routes, page_routes, problems, webhook_routes
from serving.description import Described, tell_webhook
from serving.desk import Desk

_AGE = re.compile(rb'"age_seconds":[^,}]*')
_GOOD, _SAME = 200, 304
_SECONDS = {"description": "when to ask again [s]", "schema": {"type": "integer", "minimum": 1}}
_HEADERS = {429: {"Retry-After": _SECONDS}, 503: {"Retry-After": _SECONDS}}
_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": problems.Problem, "content": {problems.MEDIA_TYPE: {}}, "description": text,
           "headers": _HEADERS.get(code, {})}
    for code, text in (
        (400, "unreadable request"), (401, "no valid token"), (403, "not allowed"), (404, "not there"),
        (422, "invalid request"), (429, "too many requests"), (503, "the store does not answer"),
    )
}  # fmt: skip


def app(desk: Desk) -> FastAPI:
    """Return the application."""
    made = Described(title="kWadrant", version="1", responses=_ERRORS, docs_url=None, redoc_url=None)
    made.state.desk = desk
    problems.install(made)
    made.middleware("http")(_tagged)
    made.include_router(customer_routes.ROUTES)
    made.include_router(model_routes.ROUTES)
    made.include_router(webhook_routes.ROUTES)
    tell_webhook(made)
    if desk.teller is not None:
        page_routes.install(made)
    return made


async def _tagged(request: Request, go_on: Callable[[Request], Awaitable[Any]]) -> Response:
    """Give an answer its entity tag, and say 304 where the client has that one; its age does not count."""
    answer = await go_on(request)
    if answer.status_code != _GOOD or not answer.headers.get("content-type", "").startswith("application/json"):
        plain: Response = answer
        return plain
    content = b"".join([part async for part in answer.body_iterator])
    tag = f'W/"{hashlib.sha256(_AGE.sub(b"", content)).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=_SAME, headers=headers)
    return Response(content, _GOOD, headers, "application/json")
