"""Seeding: from tables of history to the local nodes' initial state and the first model on the control topic."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

import msgspec
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from batch_init.folder import Folder, spark_path
from batch_init.history import initial, nobody, remembered, sampled, stood_by_bucket
from schemas import topics
from schemas.control import Promote
from schemas.model import Model
from segmentation.first_model import Fit, fit
from segmentation.parameters import Parameters
from segmentation.reseeding import Reseeded, identified

CUSTOMERS_PER_BUCKET = 8_000
LEAST_BUCKETS = 8
_DESCRIPTION = "deployment.json"
Report = Callable[[str], None]
_Folder = TypeVar("_Folder", bound=Folder)


@dataclass(frozen=True)
class Seeded:
    """What a seeding made: the first model, the number of customers it stands on, what a new one does to the old."""

    model: Model
    customers: int
    generation: int
    again: Reseeded | None = None


class Description(msgspec.Struct, frozen=True):
    """A deployment's identity, written beside its initial state: parameters by name, generation."""

    parameters: Mapping[str, int | float | str | bool]
    generation: int


def buckets_for(customers: int) -> int:
    """Return the number of buckets [1] for so many customers: few fat ones, for a call costs per bucket."""
    return max(LEAST_BUCKETS, -(-customers // CUSTOMERS_PER_BUCKET))


def write_description(folder: Folder, parameters: Parameters, generation: int) -> None:
    """Write the identity of a deployment into its folder."""
    text = msgspec.json.format(msgspec.json.encode(Description(asdict(parameters), generation)), indent=2)
    (folder / _DESCRIPTION).write_bytes(text)


def read_description(folder: Folder) -> tuple[Parameters, int] | None:
    """Identity of the deployment seeded in `folder`, None where there is none."""
    path = folder / _DESCRIPTION
    if not path.exists():
        return None
    found = msgspec.json.decode(path.read_bytes(), type=Description)
    return Parameters(**found.parameters), found.generation  # type: ignore[arg-type]


def initial_state_path(folder: _Folder, generation: int) -> _Folder:
    """Where the initial state of a generation lies."""
    return folder / f"initial-state-{generation}"


def seed(spark: SparkSession, rows: Folder, ask: Fit, parameters: Parameters, *, folder: Folder, generation: int,
         report: Report) -> Seeded:  # fmt: skip
    """Fold history, fit the first model, write the initial state of all buckets under `folder`.

    Three Spark jobs: the fold (one shuffle by bucket), a sample, and the first classes. The fit runs on the driver over
    at most 50,000 customers, and hardly more come there, whatever the size of the data.
    """
    report("folding history by bucket")
    work = spark_path(folder / f"history-{generation}")
    remembered(spark, rows, ask, parameters, generation).write.mode("overwrite").parquet(work)
    states = spark.read.parquet(work)
    parts = states.select("customers", "seen", "bucket").toPandas()
    customers = int(parts["customers"].sum())
    seen = sampled(states, int(parts["seen"].sum()))
    report(f"seeding {ask.k} clusters from {len(seen.ids)} of {customers} customers")
    model = fit(seen, ask, parameters, customers=customers)
    again = None if ask.before is None else identified(model, ask.before, seen, parameters)
    model = model if again is None else again.model
    report("assigning first classes")
    path = spark_path(initial_state_path(folder, generation))
    _first_classes(spark, states, model, ask, parameters, again).write.mode("overwrite").parquet(path)
    missing = set(range(parameters.buckets)) - {int(bucket) for bucket in parts["bucket"]}
    if missing:
        rest = spark.createDataFrame(nobody(missing, model, parameters, generation), "bucket int, payload binary")
        rest = rest.withColumn("states", f.lit(None).cast("array<struct<key: binary, value: binary>>"))
        rest.write.mode("append").parquet(path)
    write_description(folder, parameters, generation)
    return Seeded(model, customers, generation, again)


def _first_classes(spark: SparkSession, states: DataFrame, model: Model, ask: Fit, parameters: Parameters,
                   again: Reseeded | None) -> DataFrame:  # fmt: skip
    """Return the initial state of the buckets; after an earlier seeding customers may stand where they stood."""
    if again is None or ask.before is None or again.before is None:
        return initial(states, model, parameters)
    stood = spark.createDataFrame(stood_by_bucket(ask.before.stood, parameters), "bucket int, stood binary")
    return initial(states.join(stood, "bucket", "left"), model, parameters, again.before)


def publish_states(spark: SparkSession, folder: Folder, generation: int, options: Mapping[str, str]) -> None:
    """Send every customer's first class to the state topic, from the executors."""
    rows = spark.read.parquet(spark_path(initial_state_path(folder, generation)))
    records = rows.select(f.explode("states").alias("state")).select("state.key", "state.value")
    records.write.format("kafka").options(**options).option("topic", topics.STATES).save()


def promotion(parameters: Parameters, seeded: Seeded) -> Promote:
    """Return the control record that puts the first model in force."""
    return Promote(parameters.stream, seeded.generation, seeded.model)
