"""What a run of the stream needs to know: where things are, and the parameters that are its identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from segmentation.parameters import Parameters
from streaming.errors import UnknownOption


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where a stream runs.

    `kafka` are client options in Kafka's own dotted names (`bootstrap.servers`, `security.protocol`, ...), passed
    through to source, publisher and admin alike. `checkpoint` and `initial_state` are paths that executors can read;
    `generation` is that of the seeding which made the initial state. `rows_per_batch` [rows] limits the data topics;
    control records are never limited.
    """

    parameters: Parameters
    generation: int
    kafka: Mapping[str, str]
    checkpoint: Path
    initial_state: Path
    rows_per_batch: int = 200_000
    trigger_s: float = 0.0
    records_per_transaction: int = 50_000

    @property
    def options(self) -> dict[str, str]:
        """Spark's options for a Kafka source or sink."""
        return {f"kafka.{name}": value for name, value in java_options(self.kafka).items()}

    @property
    def client(self) -> dict[str, object]:
        """The same options in kafka-python's names."""
        return client_options(self.kafka)


_NUMBERS = ("timeout", "_ms", "_bytes")
_RENAMED = {
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.truststore.location": "ssl_cafile",
    "ssl.keystore.location": "ssl_certfile",
    "ssl.key.password": "ssl_password",
}
_JAVA_ONLY = ("sasl.jaas.config", "ssl.truststore.type", "ssl.keystore.type")
_COMMON = frozenset.intersection(
    *(frozenset(client.DEFAULT_CONFIG) for client in (KafkaProducer, KafkaConsumer, KafkaAdminClient))
)


def client_options(kafka: Mapping[str, str]) -> dict[str, object]:
    """Kafka's dotted options in kafka-python's names; numbers become numbers.

    Raises
    ------
    UnknownOption
        An option that source, publisher and admin do not have in common, or a trust store that is no PEM file.
    """
    for name in ("ssl.truststore.type", "ssl.keystore.type"):
        if kafka.get(name, "PEM") != "PEM":
            message = f"kafka.{name} is {kafka[name]}; both clients read PEM: convert the store, and name its .pem file"
            raise UnknownOption(message)
    return {_python_name(name): _python_value(name, value) for name, value in kafka.items() if name not in _JAVA_ONLY}


def java_options(kafka: Mapping[str, str]) -> dict[str, str]:
    """Return the same options for Kafka's Java client, which takes user and password in a sentence of their own."""
    options = {name: value for name, value in kafka.items() if name not in ("sasl.username", "sasl.password")}
    if "sasl.username" in kafka:
        options.setdefault("sasl.jaas.config", _jaas(kafka))
    for store in ("truststore", "keystore"):
        if f"ssl.{store}.location" in kafka:
            options.setdefault(f"ssl.{store}.type", "PEM")
    return options


def _jaas(kafka: Mapping[str, str]) -> str:
    scram = kafka.get("sasl.mechanism", "PLAIN").startswith("SCRAM")
    module = "scram.ScramLoginModule" if scram else "plain.PlainLoginModule"
    user, password = (_quoted(kafka.get(name, "")) for name in ("sasl.username", "sasl.password"))
    return f"org.apache.kafka.common.security.{module} required username={user} password={password};"


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
