"""The service against a real broker: what a committed transaction says is answered, what an aborted one says is not."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from kafka import KafkaProducer

from kwadrant import topics
from kwadrant.broker import Broker
from kwadrant.jars import JarFolder
from serving import tokens
from serving.consumer import SILENT_S
from serving.desk import Desk
from serving.service import DELIVERY_PERIOD_S, Address, serve
from serving.store import open_store
from streaming.records import Record, event_record, expected_record, model_record, state_record
from tests import postgresql
from tests.serving.made import MODEL, expects, moved, stands

pytestmark = pytest.mark.integration


@contextmanager
def served(store: str, client: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Run the service over a store; gives its port and a token."""
    desk = Desk(open_store(store))
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


def until(port: int, token: str, customers: set[str]) -> list[str]:
    """Ask until the sales list holds these customers; gives all of it."""
    deadline = time.monotonic() + 30
    found: list[str] = []
    while not customers <= set(found) and time.monotonic() < deadline:
        found = [one["customer_id"] for one in ask(port, token, "/v1/newly-potential")["customers"]]
        time.sleep(0.1)
    assert customers <= set(found), found
    return found


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
    store = f"sqlite:///{tmp_path / 'store.db'}"
    first = [event_record(moved("a", "C-1"), "t"), state_record(stands("C-1")), expected_record(expects(0, "C-7")),
             model_record("t", MODEL)]  # fmt: skip
    with served(store, client) as (port, token):
        publish(client, first)
        publish(client, [event_record(moved("b", "C-2"), "t")], abort=True)
        until(port, token, {"C-1"})
        assert [one["customer_id"] for one in ask(port, token, "/v1/expected")["customers"]] == ["C-7"]
        assert ask(port, token, "/v1/customers/C-1")["basis"]["age_seconds"] < 30
    publish(client, [event_record(moved("c", "C-3", confidence=0.9), "t")])
    with served(store, client) as (port, token):
        assert "C-2" not in until(port, token, {"C-3", "C-1"})


@pytest.mark.skipif(not postgresql.FOUND, reason="no PostgreSQL: apt-get install postgresql")
def test_a_database_that_is_away_is_said_to_be_and_asked_again(tmp_path: Path, client: dict[str, str]) -> None:
    topics.create(client, 2)
    with postgresql.served(tmp_path) as store, served(store, client) as (port, token):
        publish(client, [event_record(moved("d", "C-4"), "t")])
        until(port, token, {"C-4"})
        with postgresql.away(tmp_path):
            with pytest.raises(HTTPError) as refused:
                ask(port, token, "/v1/newly-potential")
            assert (refused.value.code, refused.value.headers["Retry-After"]) == (503, "5")
            assert refused.value.headers["Content-Type"] == "application/problem+json"
            publish(client, [event_record(moved("e", "C-5"), "t")])
            # what takes in and what sends have found it away, too
            time.sleep(2 * DELIVERY_PERIOD_S)
        until(port, token, {"C-5"})


@pytest.mark.long  # make own
def test_answers_grow_old_while_kafka_is_away_and_the_service_ends_all_the_same(
    tmp_path: Path, fetched: JarFolder
) -> None:
    with Broker(tmp_path / "broker", fetched.broker) as broker:
        client = {"bootstrap_servers": broker.bootstrap}
        topics.create(client, 2)
        with served(f"sqlite:///{tmp_path / 'store.db'}", client) as (port, token):
            publish(client, [event_record(moved("a", "C-1"), "t")])
            until(port, token, {"C-1"})
            broker.stop()
            deadline, age = time.monotonic() + 60, 0.0
            while age < 2 * SILENT_S and time.monotonic() < deadline:
                age = ask(port, token, "/v1/newly-potential")["basis"]["age_seconds"]
                time.sleep(0.5)
            assert age >= 2 * SILENT_S
