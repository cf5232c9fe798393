"""Kafka's options in the words of both clients: Spark's, which is Java's, and kafka-python.

Settings spell an option once, in Kafka's dotted names; user and password as `sasl.username` and `sasl.password`, or
inside Java's `sasl.jaas.config`. A secret may stand in a file: `sasl.password.file` names it.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from streaming.errors import UnknownOption, UnreadableSecret

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
"""How both clients can prove who they are."""
_IN_FILE = ".file"
_JAAS = "sasl.jaas.config"
_CHECK_HOST = "ssl.endpoint.identification.algorithm"
_NUMBERS = ("timeout", "_ms", "_bytes")
_RENAMED = {
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.truststore.location": "ssl_cafile",
    "ssl.keystore.location": "ssl_certfile",
    "ssl.key.password": "ssl_password",
}
_STORE_TYPES = ("ssl.truststore.type", "ssl.keystore.type")
_JAVA_ONLY = (_JAAS, _CHECK_HOST, *_STORE_TYPES)
_COMMON = frozenset.intersection(
    *(frozenset(client.DEFAULT_CONFIG) for client in (KafkaProducer, KafkaConsumer, KafkaAdminClient))
)


def client_options(kafka: Mapping[str, str]) -> dict[str, object]:
    """Kafka's dotted options in kafka-python's names; numbers become numbers.

    Raises
    ------
    UnknownOption
        An option that source, publisher and admin do not have in common, or a trust store that is no PEM file.
    UnreadableSecret
        A file that should hold a secret is not there.
    """
    given = _whole(kafka)
    common = {name: value for name, value in given.items() if name not in _JAVA_ONLY}
    options = {_python_name(name): _python_value(name, value) for name, value in common.items()}
    if _CHECK_HOST in given:
        options["ssl_check_hostname"] = bool(given[_CHECK_HOST])
    return options


def java_options(kafka: Mapping[str, str]) -> dict[str, str]:
    """Return the same options for Kafka's Java client, which takes user and password in a sentence of their own."""
    given = _whole(kafka)
    options = {name: value for name, value in given.items() if name not in ("sasl.username", "sasl.password")}
    if "sasl.username" in given:
        options.setdefault(_JAAS, _jaas(given))
    for store in ("truststore", "keystore"):
        if f"ssl.{store}.location" in given:
            options.setdefault(f"ssl.{store}.type", "PEM")
    return options


def _whole(kafka: Mapping[str, str]) -> dict[str, str]:
    """Return the options with secrets out of their files, user and password by name, and nothing that one refuses."""
    given = dict(_out_of_file(name, value) for name, value in kafka.items())
    if _JAAS in given and "sasl.username" not in given:
        given |= _user(given[_JAAS])
    for name in _STORE_TYPES:
        if given.get(name, "PEM") != "PEM":
            message = f"kafka.{name} is {given[name]}; both clients read PEM: convert the store, and name its .pem file"
            raise UnknownOption(message)
    mechanism = given.get("sasl.mechanism", "none")
    if given.get("security.protocol", "").startswith("SASL") and mechanism not in MECHANISMS:
        message = f"kafka.sasl.mechanism is {mechanism}; both clients know {', '.join(MECHANISMS)}: choose one of them"
        raise UnknownOption(message)
    return given


def _out_of_file(name: str, value: str) -> tuple[str, str]:
    if not name.endswith(_IN_FILE):
        return name, value
    try:
        return name.removesuffix(_IN_FILE), Path(value).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"kafka.{name} is {value}: expected a file that holds the secret, found {type(error).__name__}"
        raise UnreadableSecret(message) from error


def _jaas(kafka: Mapping[str, str]) -> str:
    scram = kafka.get("sasl.mechanism", "PLAIN").startswith("SCRAM")
    module = "scram.ScramLoginModule" if scram else "plain.PlainLoginModule"
    user, password = (_quoted(kafka.get(name, "")) for name in ("sasl.username", "sasl.password"))
    return f"org.apache.kafka.common.security.{module} required username={user} password={password};"


def _user(sentence: str) -> dict[str, str]:
    """Return user and password out of Java's sentence."""
    pairs = re.findall(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', sentence)
    found = {f"sasl.{name}": re.sub(r"\\(.)", r"\1", value) for name, value in pairs}
    if not found.keys() >= {"sasl.username", "sasl.password"}:
        message = (
            f'kafka.{_JAAS}: expected username="..." and password="..." in it, which kafka-python needs too; '
            "give kafka.sasl.username and kafka.sasl.password instead"
        )
        raise UnknownOption(message)
    return {name: found[name] for name in ("sasl.username", "sasl.password")}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _python_name(name: str) -> str:
    known = _RENAMED.get(name, name.replace(".", "_"))
    if known not in _COMMON:
        message = (
            f"kafka.{name}: not an option that source, publisher and admin have in common; "
            "give what reaches the broker: bootstrap.servers, security.protocol, sasl.*, ssl.*, timeouts"
        )
        raise UnknownOption(message)
    return known


def _python_value(name: str, value: str) -> object:
    numeric = any(part in name.replace(".", "_") for part in _NUMBERS)
    return int(value) if numeric and value.isdigit() else value
