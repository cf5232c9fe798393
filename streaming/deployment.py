"""What a run of the stream needs to know: where things are, and the parameters that are its identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segmentation.parameters import Parameters


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where a stream runs.

    `kafka` are client options in Kafka's own dotted names (`bootstrap.servers`, `security.protocol`, ...), passed through
    to source, publisher and admin alike. `checkpoint` and `initial_state` are paths that executors can read.
    `rows_per_batch` [rows] limits the data topics; control records are never limited.
    """

    parameters: Parameters
    kafka: Mapping[str, str]
    checkpoint: Path
    initial_state: Path
    rows_per_batch: int = 200_000
    trigger_s: float = 0.0
    records_per_transaction: int = 50_000

    @property
    def options(self) -> dict[str, str]:
        """Spark's options for a Kafka source or sink."""
        return {f"kafka.{name}": value for name, value in self.kafka.items()}

    @property
    def client(self) -> dict[str, object]:
        """The same options in kafka-python's names."""
        return client_options(self.kafka)


NUMBERS = ("timeout", "_ms", "_bytes", "_size", "retries", "records")


def client_options(kafka: Mapping[str, str]) -> dict[str, object]:
    """Kafka's dotted options in kafka-python's names; numbers become numbers. Options it does not know it refuses by name."""
    return {_python_name(name): _python_value(name, value) for name, value in kafka.items()}


def _python_name(name: str) -> str:
    return {"sasl.username": "sasl_plain_username", "sasl.password": "sasl_plain_password"}.get(name, name.replace(".", "_"))


def _python_value(name: str, value: str) -> object:
    return int(value) if value.isdigit() and any(part in name.replace(".", "_") for part in NUMBERS) else value
