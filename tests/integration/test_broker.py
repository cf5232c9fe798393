"""The embedded broker: real Kafka."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from kwadrant import jars
from kwadrant.broker import Broker
from kwadrant.errors import BrokerError, BrokerInUseError
from kwadrant.processes import LOOPBACK

pytestmark = pytest.mark.integration
TOPIC = "events"


@pytest.fixture(scope="module")
def class_path() -> tuple[Path, ...]:
    """Return the broker's jars."""
    return jars.ensure(report=print, environment=os.environ).broker


@pytest.fixture
def broker(tmp_path: Path, class_path: tuple[Path, ...]) -> Iterator[Broker]:
    """Return a running broker with one topic."""
    with Broker(tmp_path / "kafka", class_path) as broker:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        admin.create_topics([NewTopic(TOPIC, 1, 1)])
        admin.close()
        yield broker


def test_a_committed_record_is_still_there_after_an_orderly_restart(broker: Broker) -> None:
    _publish(broker, b"committed", commit=True)
    _publish(broker, b"aborted", commit=False)
    bootstrap = broker.bootstrap
    broker.stop()

    broker.start()

    assert broker.bootstrap == bootstrap
    assert _records(broker) == [b"committed"]


def test_a_killed_broker_keeps_its_records_and_takes_other_ports_when_its_own_are_taken(broker: Broker) -> None:
    _publish(broker, b"before", commit=True)
    old = int(broker.bootstrap.rpartition(":")[2])
    assert broker.child is not None
    os.kill(broker.child.pid, signal.SIGKILL)
    broker.stop()

    with socket.create_server((LOOPBACK, old)):
        broker.start()

    assert broker.bootstrap != f"{LOOPBACK}:{old}"
    _publish(broker, b"after", commit=True)
    assert _records(broker) == [b"before", b"after"]


def test_a_folder_another_live_broker_uses_is_refused(broker: Broker, class_path: tuple[Path, ...]) -> None:
    with pytest.raises(BrokerInUseError, match=broker.bootstrap):
        Broker(broker.folder, class_path).start()


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="ClassNotFoundException"):
        Broker(tmp_path, [tmp_path / "no.jar"]).start()


def _publish(broker: Broker, value: bytes, *, commit: bool) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="test")
    try:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(TOPIC, value)
        producer.flush()
        if commit:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    finally:
        producer.close()


def _records(broker: Broker) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, isolation_level="read_committed")
    try:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        return [record.value for record in consumer.poll(10_000).get(partition, [])]
    finally:
        consumer.close()
