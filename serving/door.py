"""How a browser comes in: by a link that works once, or with a token; then by a cookie that scripts cannot read.

The cookie holds a token of the API. It counts for reading alone, so that no other site can make a browser change
anything, and it bears the port in its name: browsers do not part cookies by port.
"""

import secrets
import threading

from fastapi import Request, Response
from sqlalchemy import Engine

from serving import tokens

NAME = "page"
"""Whose the tokens of links are: `kwadrant token revoke page` shuts them all out."""
LASTS_S = 7 * 86_400
"""How long a browser is remembered [s]."""
_SAFE = ("GET", "HEAD")


class Door:
    """A key that opens once."""

    def __init__(self) -> None:
        """Make the key."""
        self.key = secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._used = False

    def enter(self, engine: Engine, key: str) -> str | None:
        """Return a new token for the key, None where it is wrong or was used; who came by an earlier link is out."""
        with self._lock:
            if self._used or not secrets.compare_digest(key.encode(), self.key.encode()):
                return None
            self._used = True
        tokens.revoke(engine, NAME)
        return tokens.create(engine, NAME, "read")


def cookie_of(request: Request) -> str | None:
    """Return the token in a browser's cookie, None where it asks for more than to read."""
    return request.cookies.get(_name(request)) if request.method in _SAFE else None


def remember(request: Request, response: Response, token: str) -> None:
    """Have the browser send the token from now on."""
    secure = request.url.scheme == "https"
    response.set_cookie(_name(request), token, httponly=True, samesite="strict", secure=secure,
                        max_age=LASTS_S)  # fmt: skip


def forget(request: Request, response: Response) -> None:
    """Have the browser forget the token."""
    response.delete_cookie(_name(request), httponly=True, samesite="strict")


def _name(request: Request) -> str:
    return f"kwadrant-{request.url.port or request.url.scheme}"
