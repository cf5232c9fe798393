"""`kwadrant replay`: both folds in one process over files; writes events, models and customers."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batch_init.seeding import buckets_for
from kwadrant.common import through
from kwadrant.inputs import Inputs
from kwadrant.settings import Settings
from schemas.event import Event
from schemas.model import Model
from schemas.times import iso, microseconds
from segmentation import replay
from segmentation.calendar import Calendar
from segmentation.first_model import Fit
from segmentation.moves import SECOND_US, place_of
from segmentation.parameters import Parameters
from segmentation.rows import numbers


@dataclass(frozen=True)
class Replayed:
    """What a replay found."""

    events: list[Event]
    models: list[Model]
    replay: replay.Replay
    refused: Mapping[str, int]


def run(settings: Settings, given: Inputs, *, k: int, random_state: int, seed_until: datetime | None, early: bool,
        report: Callable[[int, int], None] | None = None) -> Replayed:  # fmt: skip
    """Seed on the rows before `seed_until` (the first half of the days where None), and fold the rest."""
    taken = list(given.taken(settings.parameters(), microseconds(datetime.now(UTC))))
    log = replay.Log.of(*(block.rows for block in taken))
    customers = len(log.rows.column("customer").unique())
    parameters = settings.parameters(buckets=buckets_for(customers))
    epoch = through(seed_until, parameters, _middle(log, parameters))
    running = replay.begin(log, Fit(k=k, random_state=random_state, epoch=epoch), parameters)
    found = Replayed([], [running.central.force], running, sum((Counter(block.refused) for block in taken), Counter()))
    for step in replay.run(running, log, early=early, report=report):
        found.events.extend(step.events)
        found.models.extend(step.promoted)
    return found


def _middle(log: replay.Log, parameters: Parameters) -> int:
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    ends = numbers(log.rows, "start").astype(np.int64) + numbers(log.rows, "seconds")
    ends = ends[numbers(log.rows, "seconds") > 0]
    first, last = calendar.epoch_of(np.array([ends.min(), ends.max()])).tolist()
    return int(first + last) // 2


def write(found: Replayed, out: Path) -> None:
    """Write `events.jsonl`, `models.jsonl` and `customers.parquet` into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    _lines(out / "events.jsonl", found.events)
    _lines(out / "models.jsonl", found.models)
    pq.write_table(customers_table(found.replay), out / "customers.parquet", compression="zstd")


def _lines(path: Path, records: Iterable[msgspec.Struct]) -> None:
    encode = msgspec.json.Encoder(order="deterministic").encode
    path.write_bytes(b"".join(encode(record) + b"\n" for record in records))


def customers_table(running: replay.Replay) -> pa.Table:
    """Every customer with its class: `customer_id, cluster, name, quadrant, since`; null where it has none yet."""
    customers, model = running.local.customers, running.central.force
    calendar = Calendar(running.parameters.time_zone, running.parameters.epoch_s)
    rows = []
    for customer, cluster, since in zip(
        customers.ids.to_pylist(), customers.cluster.tolist(), customers.since.tolist(), strict=True
    ):
        place = place_of(model, cluster, iso(calendar.end(since) * SECOND_US)) if cluster >= 0 else None
        rows.append({
            "customer_id": customer, "cluster": place and place.cluster, "name": place and place.name,
            "quadrant": place and place.quadrant, "since": place and place.since,
        })  # fmt: skip
    types: dict[str, pa.DataType] = {
        "customer_id": pa.string(), "cluster": pa.int32(), "name": pa.string(), "quadrant": pa.string(),
        "since": pa.string(),
    }  # fmt: skip
    return pa.Table.from_pylist(rows, schema=pa.schema(types))
