"""Is who is expected to become potential becoming it? `python -m benchmarks.expected`.

Simulated towns are folded day by day at the default settings by their first model; every week everybody who is no
potential customer yet is given a probability, and is looked at again after 28 days. Printed is how often those of a
probability became one, and the Brier score beside that of the base rate, once with all tables and once with readings
alone, where nothing is seen but consumption. The coefficients come from other towns: `--fit`.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from batch_init.seeding import buckets_for
from kwadrant.settings import Settings
from schemas.control import Close
from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS, lane
from segmentation import local_node, replay, tables
from segmentation.calendar import Calendar
from segmentation.expecting import AHEAD, Expected, awaited, signs
from segmentation.first_model import Fit
from segmentation.parameters import Parameters
from segmentation.rows import names, numbers
from simulator.town import simulate

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
ZONE = "Europe/Berlin"
BROKER = 4_000_000_000_000_000
"""The broker's time [us], after all rows."""
SHOWN, FITTED = (1, 2, 3), (101, 102, 103)
"""Random states of the towns that figures are shown for, and of those that the coefficients come from."""
CUSTOMERS, HISTORY, DAYS = 250, 150, 290
EVERY = 7
"""Days between two looks."""
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)


@dataclass(frozen=True)
class Looks:
    """What was seen at every look at everybody: `signs` (m, 2), `probability` (m,), who `rose` (m,) within AHEAD."""

    signs: Floats
    probability: Floats
    rose: Flags


def parameters(customers: int) -> Parameters:
    """Return the default settings' parameters."""
    return Settings(stream="expected", time_zone=ZONE).parameters(buckets=buckets_for(customers))


def log(random_state: int, *, whole: bool) -> replay.Log:
    """Return a town's log: all tables, or readings alone."""
    town = simulate(
        CUSTOMERS, DAYS, random_state=random_state, resolution=timedelta(days=1), history_days=HISTORY,
        change_days=DAYS - HISTORY,
    )  # fmt: skip
    asked = parameters(CUSTOMERS)
    given = [(tables.readings, town.readings, READINGS)]
    if whole:
        given = [
            (tables.archive, town.archive, ARCHIVE),
            (tables.transactions, town.transactions, TRANSACTIONS),
            *given,
        ]
    return replay.Log.of(
        *(take(table, tables.Arrival(lane(topic, 0), BROKER, asked)).rows for take, table, topic in given)
    )


def looks(random_state: int, *, whole: bool) -> Looks:
    """Return what was seen of a town."""
    given, asked = log(random_state, whole=whole), parameters(CUSTOMERS)
    starts = numbers(given.rows, "start")[numbers(given.rows, "seconds") > 0]
    seeded = int(Calendar(ZONE).epoch_of(np.array([starts.min()]))[0]) + HISTORY - 1
    running = replay.begin(given, Fit(k=8, epoch=seeded), asked)
    seen: list[tuple[int, list[str], Expected]] = []
    rose: dict[str, list[int]] = {}
    state = running.local
    for intake in replay.cut(given, seeded, asked):
        if not intake.crossings:
            continue
        upto = {str(one.lane): one.offset for one in intake.crossings}
        order = Close(asked.stream, replay.GENERATION, state.closed + 1, upto)
        state, said = local_node.fold(state, [order], intake, 0, asked, early=False)
        for event in said.events:
            if event.newly_potential:
                rose.setdefault(event.customer_id, []).append(state.closed)
        if (state.closed - seeded) % EVERY == 0:
            found = awaited(state, asked)
            seen.append((state.closed, names(state.customers.ids), found))
    return _together(seen, rose, state.closed)


def _together(seen: Sequence[tuple[int, list[str], Expected]], rose: dict[str, list[int]], last: int) -> Looks:
    made, probability, outcome = [], [], []
    for epoch, ids, found in seen:
        if epoch + AHEAD > last:
            continue
        may = ~np.isnan(found.probability)
        became = np.array([any(epoch < day <= epoch + AHEAD for day in rose.get(who, ())) for who in ids])
        made.append(signs(found.missing, found.slope)[may])
        probability.append(found.probability[may])
        outcome.append(became[may])
    return Looks(np.concatenate(made), np.concatenate(probability), np.concatenate(outcome))


def joined(parts: Sequence[Looks]) -> Looks:
    """Return the looks of several towns as one."""
    return Looks(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("signs", "probability", "rose")))


def fitted(found: Looks) -> Floats:
    """Return intercept and factors of the logistic curve of most likelihood, by Newton's method, slightly held."""
    columns = np.column_stack([np.ones(len(found.rose)), found.signs])
    factors = np.zeros(columns.shape[1])
    for _ in range(50):
        share = 1 / (1 + np.exp(-columns @ factors))
        slope = columns.T @ (found.rose - share) - 1e-3 * factors
        factors += np.linalg.solve((columns * (share * (1 - share))[:, None]).T @ columns + 1e-3 * np.eye(3), slope)
    return factors


def reliability(found: Looks) -> Iterator[str]:
    """Yield the lines of a Markdown table, and the scores."""
    yield "| probability said | looks | mean said | became potential |"
    yield "|---|---|---|---|"
    for low, high in pairwise(EDGES):
        mine = (found.probability >= low) & (found.probability < high)
        if mine.any():
            said, became = found.probability[mine].mean(), found.rose[mine].mean()
            yield f"| {low:g} to {high:g} | {mine.sum():,} | {said:.3f} | {became:.3f} |"
    base = found.rose.mean()
    brier = float(np.mean((found.probability - found.rose) ** 2))
    plain = float(base * (1 - base))
    yield f"Brier score {brier:.4f}; base rate {base:.3f} alone {plain:.4f}; skill {1 - brier / plain:.2f}"
    best = np.argsort(-found.probability, kind="stable")[: max(len(found.rose) // 100, 1)]
    yield f"of the hundredth with the greatest probability {found.rose[best].mean():.2f} became potential"


def main() -> None:
    """Print the tables, or the coefficients."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--fit", action="store_true", help="print the coefficients from the other towns")
    given = ask.parse_args()
    if given.fit:
        for whole in (False, True):
            curve = fitted(joined([looks(state, whole=whole) for state in FITTED]))
            print("all tables:" if whole else "readings alone:", *(f"{factor:.2f}" for factor in curve))
        return
    for whole in (False, True):
        print(f"\n{len(SHOWN)} towns, {'all tables' if whole else 'readings alone'}\n", flush=True)
        print("\n".join(reliability(joined([looks(state, whole=whole) for state in SHOWN]))), flush=True)


if __name__ == "__main__":
    main()
