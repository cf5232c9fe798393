"""Webhooks: events pushed to whoever asked for them, signed, and tried again until they are taken.

Headers and signature are those of Standard Webhooks: ``webhook-id`` is the event's id, the same at every try;
``webhook-signature`` is ``v1,`` and the HMAC-SHA256 of ``id.timestamp.body`` under the webhook's secret.
"""

import base64
import hashlib
import hmac
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Engine, delete, insert, select, update

from serving.questions import ask
from serving.tables import DELIVERIES, EVENTS, WEBHOOKS

PREFIX = "whsec_"
MOST_TRIES = 16
"""Over about a day; then the delivery is given up."""
FIRST_WAIT_S, LONGEST_WAIT_S = 5, 21_600
TIMEOUT_S = 10
AT_ONCE = 100
SECOND_US = 1_000_000
_TAKEN = range(200, 300)


@dataclass(frozen=True)
class Post:
    """What is sent: where, the headers, the body."""

    url: str
    headers: dict[str, str]
    body: bytes


Sender = Callable[[Post], int]
"""Sends a post and returns the status of the answer; raises OSError where there is none."""


@dataclass(frozen=True)
class Webhook:
    """Who is told; the secret is shown when it is made."""

    webhook_id: str
    url: str
    secret: str
    newly_potential_only: bool


def create(engine: Engine, url: str, *, newly_potential_only: bool) -> Webhook:
    """Make a webhook that is told of every event from now on.

    Raises
    ------
    ValueError
        Where the address is not one of http or https.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"expected an http or https address, found {url!r}")
    made = Webhook(secrets.token_hex(8), url, PREFIX + base64.b64encode(secrets.token_bytes(24)).decode(),
                   newly_potential_only)  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(WEBHOOKS), vars(made))
    return made


def remove(engine: Engine, webhook_id: str) -> bool:
    """Delete a webhook and what it is owed; whether it was there."""
    with engine.begin() as connection:
        connection.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook_id))
        return connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.webhook_id == webhook_id)).rowcount > 0


def deliver(engine: Engine, now_us: int, send: Sender) -> int:
    """Send what is due at `now_us` [us], oldest first; returns how many were taken."""
    return sum(_try(engine, row, now_us, send) for row in _due(engine, now_us))


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a body [v1,base64]."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def wait_s(tries: int) -> int:
    """Return how long to wait after so many tries [s]: twice as long each time, up to six hours."""
    return min(FIRST_WAIT_S << (tries - 1), LONGEST_WAIT_S)


def post(message: Post) -> int:
    """Send a post over the network; an answer of any status is an answer."""
    request = urllib.request.Request(message.url, message.body, message.headers, method="POST")  # noqa: S310 - http(s) by `create`
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - as above
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


@dataclass(frozen=True)
class _Due:
    webhook_id: str
    event_id: str
    tries: int
    url: str
    secret: str
    body: str


def _due(engine: Engine, now_us: int) -> list[_Due]:
    asked = (
        select(DELIVERIES.c.webhook_id, DELIVERIES.c.event_id, DELIVERIES.c.tries, WEBHOOKS.c.url, WEBHOOKS.c.secret,
               EVENTS.c.body)
        .join(WEBHOOKS, WEBHOOKS.c.webhook_id == DELIVERIES.c.webhook_id)
        .join(EVENTS, EVENTS.c.event_id == DELIVERIES.c.event_id)
        .where(DELIVERIES.c.done.is_(False), DELIVERIES.c.due_us <= now_us)
        .order_by(DELIVERIES.c.due_us, EVENTS.c.event_us, EVENTS.c.event_id)
        .limit(AT_ONCE)
    )  # fmt: skip
    return [_Due(*tuple(row)) for row in ask(engine, asked)]


def _try(engine: Engine, due: _Due, now_us: int, send: Sender) -> bool:
    timestamp, body = now_us // SECOND_US, due.body.encode()
    headers = {
        "Content-Type": "application/json", "webhook-id": due.event_id, "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(due.secret, due.event_id, timestamp, body),
    }  # fmt: skip
    try:
        status = send(Post(due.url, headers, body))
        taken, said = status in _TAKEN, f"status {status}"
    except OSError as error:
        taken, said = False, str(error)
    tries = due.tries + 1
    news = {
        "tries": tries, "done": taken or tries >= MOST_TRIES, "due_us": now_us + wait_s(tries) * SECOND_US,
        "last_answer": said,
    }  # fmt: skip
    mine = (DELIVERIES.c.webhook_id == due.webhook_id) & (DELIVERIES.c.event_id == due.event_id)
    with engine.begin() as connection:
        connection.execute(update(DELIVERIES).where(mine), news)
    return taken
