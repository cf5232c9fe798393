"""How often the fitting service is named first: `python -m benchmarks.services`.

Simulated towns are replayed at the default settings, each twice: as the utility sees them, where who changes buys the
service from it on the first day, and so holds it when it is flagged; and bought elsewhere, where no transaction tells,
and the meter has to. Of the flags that a real change with a service to sell made, the table counts whose first offer is
one of its services.
"""

import argparse
from collections import defaultdict
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute

from benchmarks.early_flags import BROKER, parameters, seeded
from schemas.event import Event
from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS, lane
from schemas.transaction import SERVICES
from segmentation import replay, tables
from segmentation.rows import pc
from segmentation.truth import FORESEEN
from simulator.kinds import CHANGES
from simulator.town import Town, simulate

SELLS = {change.name: change.sells for change in CHANGES if change.sells}
_DAY = timedelta(days=1)


def log(town: Town, *, told: bool) -> replay.Log:
    """Return a town's log; where nothing is `told`, nothing that has to do with a service."""
    spent = town.transactions
    if not told:
        spent = spent.filter(pc.invert(pc.is_in(spent["service"], value_set=pa.array(SERVICES))))
        spent = spent.filter(pc.not_equal(spent["kind"], "contract_change"))
    asked = parameters(town.plan.customers)
    parts = ((tables.archive, town.archive, ARCHIVE), (tables.transactions, spent, TRANSACTIONS),
             (tables.readings, town.readings, READINGS))  # fmt: skip
    return replay.Log.of(
        *(take(table, tables.Arrival(lane(topic, 0), BROKER, asked)).rows for take, table, topic in parts)
    )


def flags(town: Town, *, told: bool) -> list[tuple[str, Event]]:
    """Return each first flag of a customer within `FORESEEN` of its real change, with the change's name."""
    given, plan = log(town, told=told), town.plan
    changes = {row["customer_id"]: row for row in town.truth.to_pylist() if row["changed_at"] is not None}
    steps = replay.run(seeded(given, plan.customers, plan.history_days), given)
    found: dict[str, tuple[str, Event]] = {}
    for event in (event for step in steps for event in step.events):
        change = changes.get(event.customer_id)
        if change is not None and _is_of(event, change["changed_at"]):
            found.setdefault(event.customer_id, (change["change"], event))
    return list(found.values())


def _is_of(event: Event, changed: datetime) -> bool:
    age = date.fromisoformat(event.event_time[:10]) - changed.date()
    return event.newly_potential and event.status == "confirmed" and timedelta(0) <= age <= FORESEEN + _DAY


def rows(found: list[tuple[str, Event]]) -> list[tuple[str, int, int, int, int]]:
    """Return for each change: flags, those with an offer, those with one of the change's first, or at all."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for name, event in found:
        named = [offer.service for offer in event.services]
        sells = SELLS.get(name, ())
        parts = (True, bool(named), bool(named) and named[0] in sells, any(one in sells for one in named))
        counts[name] = [count + part for count, part in zip(counts[name], parts, strict=True)]
    return [(name, *count) for name, count in sorted(counts.items())]  # type: ignore[misc]


def main() -> None:
    """Print a table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--customers", type=int, default=300)
    ask.add_argument("--history", type=int, default=120)
    ask.add_argument("--changes", type=int, default=45)
    ask.add_argument("--towns", type=int, default=3)
    given = ask.parse_args()
    days = given.history + given.changes + FORESEEN.days
    for told in (False, True):
        found = []
        for state in range(1, given.towns + 1):
            town = simulate(
                given.customers, days, random_state=state, history_days=given.history, change_days=given.changes
            )
            found += flags(town, told=told)
        print(
            "bought from the utility" if told else "bought elsewhere",
            "| flags | with an offer | fitting first | fitting named",
        )
        for name, *counts in rows(found):
            print("|", name, "|", " | ".join(map(str, counts)), "|", flush=True)


if __name__ == "__main__":
    main()
