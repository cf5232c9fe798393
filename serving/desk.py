"""What a request is answered with: the store, the rate limit, the clock, and who asks."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from serving import questions
from serving.answers import Basis
from serving.door import Door, cookie_of
from serving.limits import Limit
from serving.problems import Refused, too_often
from serving.teller import Teller
from serving.tokens import Bearer, bearer


@dataclass
class Desk:
    """What the API works with; `taken_at` is when the store last took something in [s since 1970].

    Without a `teller` there is no live page; its streams end when `ending` is set.
    """

    engine: Engine
    limit: Limit = field(default_factory=lambda: Limit(per_second=20.0, burst=60))
    taken_at: float | None = None
    now: Callable[[], float] = time.time
    teller: Teller | None = None
    door: Door = field(default_factory=Door)
    ending: threading.Event = field(default_factory=threading.Event)

    def basis(self) -> Basis:
        """Return what an answer rests on."""
        newest = questions.ask(self.engine, questions.newest_version())[0].version
        age = None if self.taken_at is None else round(max(0.0, self.now() - self.taken_at), 3)
        return Basis(model_version=newest, age_seconds=age)


def desk_of(request: Request) -> Desk:
    """Return the application's desk."""
    found: Desk = request.app.state.desk
    return found


At = Annotated[Desk, Depends(desk_of)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def reader(desk: At, request: Request, given: Credentials) -> Bearer:
    """Let those in who hold a token, in the header or in the page's cookie, and not too often."""
    token = cookie_of(request) if given is None else given.credentials
    found = None if token is None else bearer(desk.engine, token)
    if found is None:
        todo = "send the header Authorization: Bearer TOKEN; `kwadrant token create` makes one"
        raise Refused(401, "No valid token", todo, {"WWW-Authenticate": "Bearer"})
    wait = desk.limit.wait(found.name, desk.now())
    if wait > 0:
        raise too_often(f"{found.name} asks more often than it may", wait)
    return found


def nothing_else(request: Request) -> None:
    """Refuse a parameter that the question does not know: a typing error must not change the answer unsaid."""
    operation = request.app.openapi()["paths"][request.scope["route"].path][request.method.lower()]
    known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        detail = f"unknown parameters {unknown}; known are {sorted(known)}"
        raise Refused(422, "Invalid request", detail)


def admin(who: Annotated[Bearer, Depends(reader)]) -> Bearer:
    """Let those in whose token has the role admin."""
    if who.role != "admin":
        raise Refused(403, "Not allowed", f"{who.name} may read; this needs a token with the role admin")
    return who
