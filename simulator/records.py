"""What the utility has on file about its customers, and what really happened to them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from simulator.kinds import CHANGES, KINDS
from simulator.load import INSTANT, names

if TYPE_CHECKING:
    from simulator.plan import Plan
    from simulator.population import Ints, Population

ARCHIVE = pa.schema(
    [
        ("customer_id", pa.string()),
        ("valid_from", INSTANT),
        ("industry", pa.string()),
        ("voltage_level", pa.string()),
        ("customer_class", pa.string()),
        ("capacity_kw", pa.float64()),
        ("contract_start", INSTANT),
        ("transformer", pa.string()),
        ("feeder", pa.string()),
        ("zone", pa.string()),
        ("tariff", pa.string()),
        ("protected", pa.bool_()),
        ("closed", pa.bool_()),
        ("successors", pa.string()),
        ("predecessors", pa.string()),
    ]
)
TRUTH = pa.schema(
    [
        ("customer_id", pa.string()),
        ("changed_at", INSTANT),
        ("from_kind", pa.string()),
        ("to_kind", pa.string()),
        ("change", pa.string()),
    ]
)
_ZONES = ("north", "east", "south", "west")
_PER_FEEDER, _PER_TRANSFORMER, _PER_ZONE = 8, 40, 200


def archive(plan: "Plan", people: "Population") -> pa.Table:
    """Return the archive by validity, then customer: all customers at the start, and a new row on a change's day."""
    everybody = np.arange(len(people))
    moved = np.flatnonzero(people.day < plan.days)
    moved = moved[np.lexsort((moved, people.day[moved]))]
    first = _entries(plan, people, everybody, people.born)
    return pa.concat_tables([first, _entries(plan, people, moved, people.after, people.day[moved])])


def _entries(plan: "Plan", people: "Population", who: "Ints", kind: "Ints", since: "Ints | None" = None) -> pa.Table:
    """Return one archive row for each number in `who`, as a customer of its entry in `kind`, valid from day `since`."""
    days = np.zeros(len(who), np.int64) if since is None else since
    kinds = [KINDS[k] for k in kind[who]]
    capacity = np.ceil(people.level(kind)[who] * np.array([k.peak for k in kinds]))
    columns = {
        "customer_id": names("C", len(people)).take(who),
        "valid_from": _midnights(plan, days),
        "industry": [_industry(people, i) for i in who.tolist()],
        "voltage_level": [k.voltage_level for k in kinds],
        "customer_class": [k.customer_class for k in kinds],
        "capacity_kw": capacity,
        "contract_start": _midnights(plan, -np.floor(30 + people.habit[who, 1] * 4000).astype(np.int64)),
        "transformer": [f"TR-{i // _PER_TRANSFORMER:05d}" for i in who.tolist()],
        "feeder": [f"F-{i // _PER_FEEDER:06d}" for i in who.tolist()],
        "zone": [_ZONES[i // _PER_ZONE % len(_ZONES)] for i in who.tolist()],
        "tariff": [k.tariff for k in kinds],
        **dict.fromkeys(("protected", "closed", "successors", "predecessors"), [None] * len(who)),
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in ARCHIVE], schema=ARCHIVE)


def _industry(people: "Population", i: int) -> str:
    """Return the industry of customer number `i`, which no change touches."""
    options = KINDS[int(people.born[i])].industries
    return options[int(float(people.habit[i, 0]) * len(options))]


def _midnights(plan: "Plan", days: "Ints") -> "pa.Array[Any]":
    return pa.array([plan.midnight(day) * 1_000_000 for day in days.tolist()], pa.int64()).cast(INSTANT)


def truth(plan: "Plan", people: "Population") -> pa.Table:
    """Return one row per customer: when it really changed, null for those that did not in the simulated time."""
    moved = people.day < plan.days
    after = np.where(moved, people.after, people.born)
    changed = [plan.midnight(day) * 1_000_000 if happened else None
               for day, happened in zip(people.day.tolist(), moved.tolist(), strict=True)]  # fmt: skip
    columns: list[Any] = [
        names("C", len(people)),
        pa.array(changed, pa.int64()).cast(INSTANT),
        [KINDS[k].name for k in people.born],
        [KINDS[k].name for k in after],
        [CHANGES[c].name if m else None for c, m in zip(people.change, moved, strict=True)],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, TRUTH, strict=True)], schema=TRUTH)
