"""Kafka's own options reach Spark's Java client and kafka-python alike, each in its own words."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from segmentation.parameters import Parameters
from streaming.clients import client_options
from streaming.deployment import Deployment
from streaming.errors import UnknownOption, UnreadableSecret

SECURE = {
    "bootstrap.servers": "a:9093,b:9093",
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "reader",
    "sasl.password": 'pa"ss',
    "ssl.truststore.location": "ca.pem",
    "request.timeout.ms": "30000",
}


def deployment(kafka: Mapping[str, str]) -> Deployment:
    return Deployment(
        parameters=Parameters(), generation=1, kafka=kafka, checkpoint=Path("cp"), initial_state=Path("state")
    )


def test_kafka_python_gets_its_own_names_and_numbers() -> None:
    assert deployment(SECURE).client == {
        "bootstrap_servers": "a:9093,b:9093", "security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "reader", "sasl_plain_password": 'pa"ss', "ssl_cafile": "ca.pem",
        "request_timeout_ms": 30_000,
    }  # fmt: skip


@pytest.mark.parametrize("client", [KafkaProducer, KafkaConsumer, KafkaAdminClient])
def test_every_client_knows_every_option_that_passes(client: type) -> None:
    assert set(client_options(SECURE)) <= set(client.DEFAULT_CONFIG)  # type: ignore[attr-defined] # kafka has no types


def test_sparks_client_gets_user_and_password_as_java_wants_them() -> None:
    options = deployment(SECURE).options
    assert options["kafka.sasl.jaas.config"] == (
        "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="reader" password="pa\\"ss";'
    )  # fmt: skip
    assert "kafka.sasl.password" not in options
    assert options["kafka.ssl.truststore.type"] == "PEM"


def test_a_sentence_for_java_that_was_given_stays() -> None:
    given = {**SECURE, "sasl.jaas.config": "mine;"}
    assert deployment(given).options["kafka.sasl.jaas.config"] == "mine;"
    assert "sasl_jaas_config" not in deployment(given).client


def test_a_sentence_for_java_alone_names_the_user_for_kafka_python_too() -> None:
    sentence = deployment(SECURE).options["kafka.sasl.jaas.config"]
    bare = {name: value for name, value in SECURE.items() if name not in ("sasl.username", "sasl.password")}
    given = deployment({**bare, "sasl.jaas.config": sentence})
    assert given.client == deployment(SECURE).client
    assert given.options == deployment(SECURE).options


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text('pa"ss\n')
    given = {name: value for name, value in SECURE.items() if name != "sasl.password"}
    given["sasl.password.file"] = str(secret)
    assert deployment(given).client == deployment(SECURE).client
    assert deployment(given).options == deployment(SECURE).options


def test_a_file_that_is_not_there_is_named_and_its_absence_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSecret, match=r"kafka.sasl.password.file is .*none: expected a file .*FileNotFound"):
        client_options({**SECURE, "sasl.password.file": str(tmp_path / "none")})


@pytest.mark.parametrize(("given", "expected"), [("", False), ("https", True)])
def test_whether_the_hosts_name_is_checked_is_the_same_for_both(given: str, *, expected: bool) -> None:
    found = deployment({**SECURE, "ssl.endpoint.identification.algorithm": given})
    assert found.client["ssl_check_hostname"] is expected
    assert found.options["kafka.ssl.endpoint.identification.algorithm"] == given


def test_a_deployment_does_not_show_its_secrets() -> None:
    assert "hush" not in repr(deployment({"sasl.password": "hush"}))


REFUSED = {
    "max.poll.records": ("5", "kafka.max.poll.records: not an option that source, publisher and admin have in common"),
    "bootstrap.server": ("a:1", "kafka.bootstrap.server: not an option"),
    "ssl.truststore.type": ("JKS", "kafka.ssl.truststore.type is JKS; both clients read PEM"),
    "security.protocol": ("SASL_SSL", "kafka.sasl.mechanism is none; both clients know PLAIN, SCRAM-SHA-256"),
    "sasl.jaas.config": ("Krb5LoginModule required;", r"expected username=.* give kafka.sasl.username"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_is_refused_by_name(name: str) -> None:
    value, words = REFUSED[name]
    with pytest.raises(UnknownOption, match=words):
        client_options({name: value})
