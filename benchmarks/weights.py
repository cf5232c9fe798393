"""Factor weights and scalings side by side on tables whose groups are known: `make weights`.

Adjusted Rand index of the clusters and the true groups, as many clusters as groups; mean over random states, which draw
the table, its noise and the start. A table `+10` has 10 columns of noise beside. Then the default method less equal
weights, draw by draw, with the standard error: one draw more or less of a small table is worth more than what is asked
for, so tables of up to 1,000 rows are drawn eight times as often. Ends with status 1 where the mean lies below -0.01.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.labelled import SHIPPED, Labelled, customers, public, shipped, simulated
from clustering.arrays import Floats
from clustering.factors import METHODS, Sample, factors
from clustering.quality import adjusted_rand_index
from clustering.scaling import fit_robust, fit_scaling
from clustering.seeding import seed
from clustering.weighting import half_eta_squared

Weigh = Callable[[Labelled, Floats, int], Floats]
"""Factors of a table from its scaled values with a random state."""
Scale = Callable[[Floats], Floats]
DEFAULT, LEAST = "eta2", -0.01
SMALL = 1_000
"""Rows."""


@dataclass(frozen=True)
class Case:
    """A table with so many columns of noise, drawn by some random states, and by more of them for the default alone."""

    name: str
    noise: int
    drawn: Callable[[int], Labelled]
    states: int
    draws: int

    @property
    def title(self) -> str:
        """Return what the case is called."""
        return f"{self.name}+{self.noise}" if self.noise else self.name

    def tables(self, states: int) -> Iterator[tuple[int, Labelled]]:
        """Yield so many random states and the tables they draw."""
        return ((state, self.drawn(state).beside(self.noise, state)) for state in range(states))


def cases(states: int) -> Iterator[Case]:
    """Yield all cases; a real table without noise is always the same, so one random state will do for all methods."""
    many = 8 * states
    yield from (Case("customers", noise, customers, 2 * states, many) for noise in (0, 5, 10, 20, 30))
    yield from (Case("town", noise, simulated, states, states) for noise in (0, 10, 30))
    for name in SHIPPED:
        table = shipped(name)
        draws = many if len(table.values) <= SMALL else states
        yield from (Case(name, noise, always(table), states if noise else 1, draws) for noise in (0, 5, 15))
    for table in public():
        yield from (Case(table.name, noise, always(table), 1, 1) for noise in (0, 1))


def always(table: Labelled) -> Callable[[int], Labelled]:
    """Return what draws the same table from any random state."""
    return lambda _: table


def by_name(method: str) -> Weigh:
    """Return a method of `factors`."""

    def weigh(table: Labelled, scaled: Floats, state: int) -> Floats:
        sample = Sample(table.values, scaled, np.ones(len(scaled)))
        return factors(method, sample, table.k, random_state=state)

    return weigh


def plain(table: Labelled, scaled: Floats, state: int) -> Floats:
    """Return half-strength η² of clusters that have seen the column they judge."""
    return half_eta_squared(scaled, np.ones(len(scaled)), table.k, random_state=state)


WEIGHTS: Mapping[str, Weigh] = {**{name: by_name(name) for name in METHODS}, "plain η²": plain}
SCALES: Mapping[str, Scale] = {
    "raw": lambda values: fit_scaling("none", values).apply(values),
    "min-max": lambda values: fit_scaling("minmax", values).apply(values),
    "z": lambda values: fit_scaling("zscore", values).apply(values),
    "median/MAD, cut at 5": lambda values: fit_robust(values).apply(values),
    "robust": lambda values: fit_scaling("robust", values).apply(values),
}


def agreement(table: Labelled, scaled: Floats, weights: Floats, state: int) -> float:
    """Return the adjusted Rand index of the clusters of weighted values and the true groups."""
    found = seed(scaled * np.sqrt(weights), np.ones(len(scaled)), table.k, random_state=state)
    return adjusted_rand_index(found.labels, table.label)


def weighed(case: Case) -> dict[str, float]:
    """Return the mean agreement of each method on robust scaling."""
    found: dict[str, list[float]] = {name: [] for name in WEIGHTS}
    for state, table in case.tables(case.states):
        scaled = SCALES["robust"](table.values)
        for name, weigh in WEIGHTS.items():
            found[name].append(agreement(table, scaled, weigh(table, scaled, state), state))
    return {name: float(np.mean(values)) for name, values in found.items()}


def scaled(case: Case) -> dict[str, float]:
    """Return the mean agreement of each scaling under equal weights."""
    found: dict[str, list[float]] = {name: [] for name in SCALES}
    for state, table in case.tables(case.states):
        for name, scale in SCALES.items():
            values = scale(table.values)
            found[name].append(agreement(table, values, np.ones(values.shape[1]), state))
    return {name: float(np.mean(values)) for name, values in found.items()}


def gained(case: Case) -> dict[str, float]:
    """Return what the default method gains over equal weights, its standard error and the number of draws."""
    gains = []
    for state, table in case.tables(case.draws):
        scaled = SCALES["robust"](table.values)
        both = (WEIGHTS[name](table, scaled, state) for name in (DEFAULT, "equal"))
        found, equal = (agreement(table, scaled, weights, state) for weights in both)
        gains.append(found - equal)
    error = np.std(gains, ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else np.nan
    return {"gain": float(np.mean(gains)), "standard error": float(error), "draws": len(gains)}


def printed(title: str, measure: Callable[[Case], dict[str, float]], which: list[Case]) -> dict[str, dict[str, float]]:
    """Print a table row by row, and return it."""
    rows: dict[str, dict[str, float]] = {}
    for case in which:
        row = measure(case)
        if not rows:
            print(f"\n| {title} | {' | '.join(row)} |\n|---|{'---|' * len(row)}")
        rows[case.title] = row
        print(f"| {case.title} | {' | '.join(f'{value:.3f}' for value in row.values())} |", flush=True)
    mean = {name: np.mean([row[name] for row in rows.values()]) for name in row}
    print(f"| **mean** | {' | '.join(f'**{value:.3f}**' for value in mean.values())} |", flush=True)
    return rows


def main() -> None:
    """Print both tables."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--states", type=int, default=3, help="random states of each case; twice as many of customers")
    which = list(cases(ask.parse_args().states))
    printed("scaling", scaled, which)
    printed("weights", weighed, which)
    gain = {title: row["gain"] for title, row in printed(f"{DEFAULT} less equal", gained, which).items()}
    worst = min(gain, key=gain.__getitem__)
    print(f"\n{DEFAULT} less equal weights: {np.mean(list(gain.values())):+.3f} in the mean, "
          f"{gain[worst]:+.3f} at worst ({worst})")  # fmt: skip
    sys.exit(0 if gain[worst] >= LEAST else 1)


if __name__ == "__main__":
    main()
