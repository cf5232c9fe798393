"""How many early flags are confirmed later: `python -m benchmarks.early_flags`.

Simulated towns are replayed at the default settings, every epoch in so many looks; each flag that has found its end is
counted. A flag that is withdrawn and raised anew counts as two.
"""

import argparse
from collections import Counter

import numpy as np

from batch_init.seeding import buckets_for
from kwadrant.settings import Settings
from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS, lane
from segmentation import replay, tables
from segmentation.calendar import Calendar
from segmentation.first_model import Fit
from segmentation.parameters import Parameters
from segmentation.rows import numbers
from simulator.town import simulate

ZONE = "Europe/Berlin"
BROKER = 4_000_000_000_000_000
"""The broker's time [us], after all rows."""


def parameters(customers: int) -> Parameters:
    """Return the default settings' parameters."""
    return Settings(stream="early", time_zone=ZONE).parameters(buckets=buckets_for(customers))


def log(customers: int, days: int, random_state: int, history: int, unrest: float) -> replay.Log:
    """Return a town's log."""
    town = simulate(
        customers, days, random_state=random_state, history_days=history, change_days=days - history, unrest=unrest
    )
    asked = parameters(customers)
    taken = [
        take(table, tables.Arrival(lane(topic, 0), BROKER, asked)).rows
        for take, table, topic in (
            (tables.archive, town.archive, ARCHIVE), (tables.transactions, town.transactions, TRANSACTIONS),
            (tables.readings, town.readings, READINGS),
        )
    ]  # fmt: skip
    return replay.Log.of(*taken)


def seeded(given: replay.Log, customers: int, history: int) -> replay.Replay:
    """Return a replay that was seeded on the town's first days."""
    starts = numbers(given.rows, "start")[numbers(given.rows, "seconds") > 0]
    first = int(Calendar(ZONE).epoch_of(np.array([starts.min()]))[0])
    return replay.begin(given, Fit(k=8, epoch=first + history - 1), parameters(customers))


def outcomes(running: replay.Replay, given: replay.Log, looks: int) -> Counter[str]:
    """Return how many flags were raised (early), foreseen rightly and withdrawn, and the moves that no flag foresaw."""
    found: Counter[str] = Counter()
    flags: set[str] = set()
    for step in replay.run(running, given, early=True, looks=looks):
        for event in step.events:
            if event.status == "early":
                flags.add(event.event_id)
            foreseen = event.status == "confirmed" and event.supersedes in flags
            found["foreseen" if foreseen else event.status] += 1
    return found


def main() -> None:
    """Print one row per town."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--customers", type=int, default=300)
    ask.add_argument("--days", type=int, default=120)
    ask.add_argument("--history", type=int, default=60)
    ask.add_argument("--looks", type=int, default=24)
    ask.add_argument("--towns", type=int, default=3)
    ask.add_argument("--unrest", type=float, default=0.0)
    given = ask.parse_args()
    whole: Counter[str] = Counter()
    for state in range(1, given.towns + 1):
        of = log(given.customers, given.days, state, given.history, given.unrest)
        found = outcomes(seeded(of, given.customers, given.history), of, given.looks)
        whole += found
        print(state, dict(found), flush=True)
    ended = whole["foreseen"] + whole["withdrawn"]
    kept = whole["foreseen"] / max(ended, 1)
    print(f"| {given.towns} towns | {whole['early']} flags | {whole['foreseen']} of {ended} confirmed | {kept:.0%} |")


if __name__ == "__main__":
    main()
