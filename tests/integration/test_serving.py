"""The service against a real broker: what a committed transaction says is answered, what an aborted one says is not."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from kafka import KafkaProducer

from kwadrant import topics
from serving import tokens
from serving.desk import Desk
from serving.service import Address, serve
from serving.store import open_store
from streaming.records import Record, event_record, expected_record, model_record, state_record
from tests.serving.made import MODEL, expects, moved, stands

pytestmark = pytest.mark.integration


@contextmanager
def served(store: Path, client: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Run the service over a store; gives its port and a token."""
    desk = Desk(open_store(f"sqlite:///{store}"))
    stop, ports = threading.Event(), []
    heard = threading.Event()

    def ready(port: int) -> None:
        ports.append(port)
        heard.set()

    thread = threading.Thread(target=serve, args=(desk, client, Address("127.0.0.1", 0), stop, ready))
    thread.start()
    assert heard.wait(30)
    try:
        yield ports[0], tokens.create(desk.engine, "test", "read")
    finally:
        stop.set()
        thread.join(30)
        desk.engine.dispose()
    assert not thread.is_alive()


def ask(port: int, token: str, path: str) -> Any:  # noqa: ANN401 - any JSON
    request = Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"})
    with urlopen(request) as answer:  # noqa: S310 - our own service
        return json.load(answer)


def until(port: int, token: str, customers: list[str]) -> None:
    """Ask until the sales list holds just these customers."""
    deadline = time.monotonic() + 30
    found: list[str] = []
    while found != customers and time.monotonic() < deadline:
        found = [one["customer_id"] for one in ask(port, token, "/v1/newly-potential")["customers"]]
        time.sleep(0.1)
    assert found == customers


def publish(client: dict[str, str], records: list[Record], *, abort: bool = False) -> None:
    producer = KafkaProducer(**client, transactional_id="served", acks="all")
    producer.init_transactions()
    producer.begin_transaction()
    for record in records:
        producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
    producer.flush()
    producer.abort_transaction() if abort else producer.commit_transaction()
    producer.close()


def test_what_is_committed_is_answered_and_a_service_that_starts_again_goes_on(
    tmp_path: Path, client: dict[str, str]
) -> None:
    topics.create(client, 2)
    first = [event_record(moved("a", "C-1"), "t"), state_record(stands("C-1")), expected_record(expects(0, "C-7")),
             model_record("t", MODEL)]  # fmt: skip
    with served(tmp_path / "store.db", client) as (port, token):
        publish(client, first)
        publish(client, [event_record(moved("b", "C-2"), "t")], abort=True)
        until(port, token, ["C-1"])
        assert [one["customer_id"] for one in ask(port, token, "/v1/expected")["customers"]] == ["C-7"]
        assert ask(port, token, "/v1/customers/C-1")["basis"]["age_seconds"] < 30
    publish(client, [event_record(moved("c", "C-3", confidence=0.9), "t")])
    with served(tmp_path / "store.db", client) as (port, token):
        until(port, token, ["C-3", "C-1"])
