"""Webhooks: every event once, signed, in order, and again until it is taken."""

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from schemas.event import Event
from serving import tokens, webhooks
from serving.api import app
from serving.desk import Desk
from serving.store import Taken, take
from serving.tables import DELIVERIES
from serving.webhooks import Post
from tests.serving.made import moved

SECOND = 1_000_000
PAGE = Path(__file__).parents[2] / "docs/http.md"
(CHECK,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@contextmanager
def receiver(statuses: list[int]) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Run a real server that answers with these statuses, then 200; gives its address and what it got."""
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            got.append(({name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length)))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_receiver_that_stumbles_gets_the_event_again_signed_and_only_once_more(store: Engine) -> None:
    with receiver([503]) as (url, got):
        hook = webhooks.create(store, url, newly_potential_only=True)
        take(store, Taken(events=[moved("e1")]))
        assert webhooks.deliver(store, 10 * SECOND, webhooks.post) == 0
        assert webhooks.deliver(store, 11 * SECOND, webhooks.post) == 0
        assert webhooks.deliver(store, 15 * SECOND, webhooks.post) == 1
        assert webhooks.deliver(store, 99 * SECOND, webhooks.post) == 0
    assert [headers["webhook-id"] for headers, _ in got] == ["e1", "e1"]
    headers, body = got[1]
    check: dict[str, Any] = {}
    exec(CHECK, check)  # noqa: S102 - our own page
    assert [check["is_ours"](hook.secret, headers, text) for text in (body, body + b" ")] == [True, False]
    assert msgspec.json.decode(body, type=Event) == moved("e1")
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    signed = hmac.new(key, b"e1.15." + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(signed).decode()


def test_an_address_where_nobody_is_waits_longer_each_time_and_is_given_up_in_the_end(store: Engine) -> None:
    webhooks.create(store, "http://127.0.0.1:9/", newly_potential_only=True)
    take(store, Taken(events=[moved("e1")]))
    tried: list[int] = []

    def nobody(_: Post) -> int:
        raise ConnectionRefusedError(111, "Connection refused")

    row = delivery(store)
    while not row.done:
        tried.append(row.due_us)
        webhooks.deliver(store, row.due_us - 1, nobody)
        webhooks.deliver(store, row.due_us, nobody)
        row = delivery(store)
    waits = [(after - before) // SECOND for before, after in pairwise(tried)]
    assert waits == [webhooks.wait_s(n) for n in range(1, webhooks.MOST_TRIES)]
    assert waits == sorted(waits)
    assert row.tries == webhooks.MOST_TRIES
    assert "refused" in row.last_answer


def test_one_deaf_receiver_does_not_keep_the_others_waiting(store: Engine) -> None:
    deaf = webhooks.create(store, "http://deaf/", newly_potential_only=False)
    webhooks.create(store, "http://keen/", newly_potential_only=False)
    take(store, Taken(events=[moved(f"e{n}") for n in range(5)]))
    keen: list[str] = []

    def send(message: Post) -> int:
        if message.url == deaf.url:
            raise TimeoutError
        keen.append(message.headers["webhook-id"])
        return 204

    webhooks.deliver(store, SECOND, send)
    assert keen == [f"e{n}" for n in range(5)]


def test_admins_make_and_remove_webhooks_and_readers_do_not(store: Engine) -> None:
    reader, admin = tokens.create(store, "sales", "read"), tokens.create(store, "operator", "admin")
    wanted = {"url": "https://crm.example/hook"}
    with TestClient(app(Desk(store))) as client:
        assert client.post("/v1/webhooks", json=wanted, headers=bearer(reader)).status_code == 403
        made = client.post("/v1/webhooks", json=wanted, headers=bearer(admin))
        assert made.status_code == 201
        (known,) = client.get("/v1/webhooks", headers=bearer(admin)).json()
        assert "secret" not in known
        path = f"/v1/webhooks/{known['webhook_id']}"
        assert [client.delete(path, headers=bearer(admin)).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize("url", ["ftp://x", "file:///etc/passwd", "crm", "http://", ""])
def test_an_address_that_is_none_is_refused(store: Engine, url: str) -> None:
    with pytest.raises(ValueError, match="http or https"):
        webhooks.create(store, url, newly_potential_only=True)


def delivery(store: Engine) -> Any:  # noqa: ANN401 - a row
    with store.connect() as connection:
        return connection.execute(select(DELIVERIES)).one()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
