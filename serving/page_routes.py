"""The live page: its files, what it asks for, and the stream of news; not a part of the API's promise."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from starlette.staticfiles import StaticFiles

from serving import picture
from serving.customer_routes import Customer, unknown
from serving.desk import At, Desk, reader
from serving.door import forget, remember
from serving.problems import Refused, not_found, too_often
from serving.teller import Teller
from serving.tokens import bearer

FILES = Path(__file__).parent / "page"
POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache",
}  # fmt: skip
BEAT_S, LOOK_S, LIFE_S = 5.0, 0.25, 600.0
"""Between two heartbeats, between two looks into the store, and how long a stream lasts before it is asked for anew:
who has lost the right to read is out by then."""
MOST_STREAMS = 50
FOUND = 8

PAGE = APIRouter(include_in_schema=False)
DATA = APIRouter(prefix="/page", dependencies=[Depends(reader)], include_in_schema=False)


def teller_of(desk: At) -> Teller:
    """Return who makes the words; without one these routes are not there."""
    if desk.teller is None:
        raise not_found("this service has no live page")
    return desk.teller


Words = Annotated[Teller, Depends(teller_of)]


class _Files(StaticFiles):
    """Files of the page, with the rules a browser has to keep."""

    def file_response(self, *args: Any, **more: Any) -> Response:  # noqa: ANN401 - Starlette's own
        answer = super().file_response(*args, **more)
        answer.headers.update(POLICY)
        return answer


class Given(BaseModel):
    """A token that somebody types in."""

    token: str = Field(min_length=1, max_length=200)


def install(app: FastAPI) -> None:
    """Give the application its page."""
    app.state.streams = 0
    app.include_router(PAGE)
    app.include_router(DATA)
    app.mount("/page/files", _Files(directory=FILES))


@PAGE.get("/")
def page(desk: At, request: Request, key: str | None = None) -> Response:
    """Give the page; a link with a key lets the browser in first, and is gone from its address afterwards."""
    if key is None:
        return FileResponse(FILES / "index.html", headers=POLICY)
    answer = RedirectResponse("/", 303, POLICY)
    token = desk.door.enter(desk.engine, key)
    if token is not None:
        remember(request, answer, token)
    return answer


@PAGE.post("/page/enter", status_code=204)
def enter(desk: At, request: Request, given: Given) -> Response:
    """Let a browser in with a token of the API."""
    wait = desk.limit.wait("at the door", desk.now())
    if wait > 0:
        raise too_often("too many try to come in", wait)
    if bearer(desk.engine, given.token) is None:
        raise Refused(401, "No valid token", "`kwadrant token create NAME` makes one")
    answer = Response(status_code=204)
    remember(request, answer, given.token)
    return answer


@PAGE.post("/page/leave", status_code=204)
def leave(request: Request) -> Response:
    """Have the browser forget its token."""
    answer = Response(status_code=204)
    forget(request, answer)
    return answer


@DATA.get("/overview")
def overview(desk: At, words: Words) -> dict[str, Any]:
    """Return what the page begins with."""
    return picture.overview(desk, words)


@DATA.get("/model")
def model(desk: At, words: Words) -> dict[str, Any]:
    """Return the model as it is drawn."""
    return picture.model(desk, words)


@DATA.get("/calls")
def calls(desk: At, words: Words) -> dict[str, Any]:
    """Return who is newly potential now."""
    return picture.calls(desk, words)


@DATA.get("/expected")
def expected(desk: At, words: Words) -> dict[str, Any]:
    """Return who may soon become a potential customer."""
    return picture.expected(desk, words)


@DATA.get("/find")
def find(desk: At, begin: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]) -> list[str]:
    """Return ids that begin so."""
    return picture.found(desk, begin, FOUND)


@DATA.get("/customers/{customer_id}")
def customer(desk: At, words: Words, customer_id: Customer) -> dict[str, Any]:
    """Return a customer with its history, explained."""
    found = picture.customer(desk, words, customer_id)
    if found is None:
        raise not_found(unknown(customer_id))
    return found


@DATA.get("/stream")
def stream(desk: At, request: Request, words: Words, last_event_id: Annotated[str | None, Header()] = None,
           seen: str = "") -> StreamingResponse:  # fmt: skip
    """Push what is new, from where the browser stopped: its `Last-Event-ID`, or `seen` of the overview."""
    if request.app.state.streams >= MOST_STREAMS:
        raise Refused(503, "Too many pages", f"{MOST_STREAMS} pages are open already", {"Retry-After": "30"})
    begin = picture.Seen.read(last_event_id or seen) or picture.newest(desk.engine)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_pushed(request.app, desk, words, begin), 200, headers, "text/event-stream")


async def _pushed(app: FastAPI, desk: Desk, words: Teller, seen: picture.Seen) -> AsyncIterator[str]:
    app.state.streams += 1
    try:
        yield "retry: 2000\n\n"
        # a browser comes again by itself, and hears then that the store is away
        with suppress(OperationalError):
            async for frame in _frames(desk, words, seen):
                yield frame
    finally:
        app.state.streams -= 1


async def _frames(desk: Desk, words: Teller, seen: picture.Seen) -> AsyncIterator[str]:
    begun, beat = time.monotonic(), 0.0
    while not desk.ending.is_set() and time.monotonic() - begun < LIFE_S:
        found = await run_in_threadpool(picture.news, desk, words, seen)
        if found is not None:
            seen, told = found
            yield _frame("news", told, seen)
        elif time.monotonic() - beat >= BEAT_S:
            beat = time.monotonic()
            basis = await run_in_threadpool(desk.basis)
            yield _frame("beat", basis.model_dump(), seen)
        await asyncio.sleep(LOOK_S)


def _frame(name: str, told: dict[str, Any], seen: picture.Seen) -> str:
    return f"id: {seen}\nevent: {name}\ndata: {json.dumps(told, separators=(',', ':'))}\n\n"
