"""What a run of the stream needs to know: where things are, and the parameters that are its identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segmentation.parameters import Parameters
from streaming.clients import client_options, java_options
from streaming.location import Location


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where a stream runs.

    `kafka` are client options in Kafka's own dotted names (`bootstrap.servers`, `security.protocol`, ...), passed
    through to source, publisher and admin alike. `checkpoint` and `initial_state` are locations that executors can
    reach; `generation` is that of the seeding which made the initial state. `rows_per_batch` [rows] limits the data
    topics; control records are never limited.
    """

    parameters: Parameters
    generation: int
    kafka: Mapping[str, str] = field(repr=False)
    checkpoint: Location
    initial_state: Location
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
