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
from kwadrant import control_file
from kwadrant.common import through
from kwadrant.inputs import Inputs
from kwadrant.settings import Settings
from schemas.control import Reply
from schemas.event import Event
from schemas.model import Model
from schemas.times import iso, microseconds
from segmentation import replay
from segmentation.calendar import Calendar
from segmentation.expecting import awaited
from segmentation.first_model import Fit
from segmentation.moves import SECOND_US, place_of
from segmentation.parameters import Parameters
from segmentation.rises import rose_of
from segmentation.rows import numbers
from segmentation.sight import present


@dataclass(frozen=True)
class Replayed:
    """What a replay found; `answers` are those to what operators ask for."""

    events: list[Event]
    models: list[Model]
    replay: replay.Replay
    refused: Mapping[str, int]
    answers: list[Reply]


@dataclass(frozen=True)
class Way:
    """How to replay: where history ends (None: in the middle), with early flags or not, what operators ask for."""

    seed_until: datetime | None
    early: bool = False
    control: Path | None = None


def run(settings: Settings, given: Inputs, *, k: int, random_state: int, way: Way,
        report: Callable[[int, int], None] | None = None) -> Replayed:  # fmt: skip
    """Seed on the rows before `way.seed_until` (the first half of the days where None), and fold the rest."""
    running, log, refused = begun(settings, given, k=k, random_state=random_state, way=way)
    found = Replayed([], [running.central.force], running, refused, [])
    for step in replay.run(running, log, early=way.early, report=report):
        found.events.extend(step.events)
        found.models.extend(step.promoted)
        found.answers.extend(step.answers)
    return found


def begun(settings: Settings, given: Inputs, *, k: int, random_state: int, way: Way
          ) -> tuple[replay.Replay, replay.Log, Mapping[str, int]]:  # fmt: skip
    """Return a replay that is seeded, the log that it is to fold, and how many rows were refused and why."""
    taken = list(given.taken(settings.parameters(), microseconds(datetime.now(UTC))))
    log = replay.Log.of(*(block.rows for block in taken))
    customers = len(log.rows.column("customer").unique())
    parameters = settings.parameters(buckets=buckets_for(customers))
    epoch = through(way.seed_until, parameters, _middle(log, parameters))
    asked = () if way.control is None else control_file.read(way.control, parameters)
    running = replay.begin(log, Fit(k=k, random_state=random_state, epoch=epoch), parameters, asked)
    return running, log, sum((Counter(block.refused) for block in taken), Counter())


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
    """Every customer with its class and its potential: `customer_id, cluster, name, quadrant, since`, and `rose`.

    The class is null where a customer has none yet; `rose` is when its potential became high, null where it is not, or
    was so at the seeding. `slope` is that of its power [1/week], `expected` the probability that it becomes a potential
    customer soon; each null where there is none.
    """
    customers, model = running.local.customers, running.central.force
    ahead = present(running.local, running.parameters)
    soon = awaited(running.local, running.parameters)
    calendar = Calendar(running.parameters.time_zone, running.parameters.epoch_s)
    rows = []
    for row, (customer, cluster, since) in enumerate(zip(
        customers.ids.to_pylist(), customers.cluster.tolist(), customers.since.tolist(), strict=True
    )):  # fmt: skip
        place = place_of(model, cluster, iso(calendar.end(since) * SECOND_US)) if cluster >= 0 else None
        rows.append({
            "customer_id": customer, "cluster": place and place.cluster, "name": place and place.name,
            "quadrant": place and place.quadrant, "since": place and place.since,
            "rose": rose_of(customers, row, calendar), "potential": float(ahead.potential[row]),
            "confidence": float(ahead.confidence[row]), "slope": _known(soon.slope[row]),
            "expected": _known(soon.probability[row]),
        })  # fmt: skip
    types: dict[str, pa.DataType] = {
        "customer_id": pa.string(), "cluster": pa.int32(), "name": pa.string(), "quadrant": pa.string(),
        "since": pa.string(), "rose": pa.string(), "potential": pa.float64(), "confidence": pa.float64(),
        "slope": pa.float64(), "expected": pa.float64(),
    }  # fmt: skip
    return pa.Table.from_pylist(rows, schema=pa.schema(types))


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
