"""Tables whose groups are known, as they come and with columns of noise beside: made, simulated and real."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

from benchmarks.known_sets import FOLDER, PUBLIC
from clustering.arrays import Floats
from kwadrant.inputs import inputs
from kwadrant.settings import Settings
from segmentation.calendar import Calendar
from segmentation.history import Portrait, portrait, remember
from segmentation.replay import Log
from simulator import town

SHIPPED = ("iris", "wine", "breast_cancer", "digits")
"""What scikit-learn carries inside its package."""
_CUSTOMERS, _SEGMENTS = 1_000, 6
_TOWN, _DAYS = 500, 30


@dataclass(frozen=True, eq=False)
class Labelled:
    """Raw values (n, d), and the true group (n,) of each row."""

    name: str
    values: Floats
    label: np.ndarray[tuple[int], np.dtype[np.int64]]

    @property
    def k(self) -> int:
        """Return the number of groups."""
        return len(np.unique(self.label))

    def beside(self, noise: int, state: int) -> "Labelled":
        """Return the table with so many more columns that say nothing, most of them skewed."""
        source = np.random.default_rng([state, 2])
        more = [_noise(source, number, len(self.values)) for number in range(noise)]
        return Labelled(self.name, np.column_stack([self.values, *more]), self.label)


def _noise(source: np.random.Generator, number: int, rows: int) -> Floats:
    """Return what indices look like that say nothing: amounts, shares, changes, counts."""
    kinds: list[Callable[[], Floats]] = [
        lambda: source.lognormal(0.0, 1.3, rows),
        lambda: source.normal(size=rows),
        lambda: source.standard_t(3, rows),
        lambda: source.gamma(0.7, 2.0, rows),
        lambda: source.uniform(size=rows),
        lambda: source.poisson(0.6, rows).astype(np.float64),
    ]
    return kinds[number % len(kinds)]()


def customers(state: int) -> Labelled:
    """Return indices of customers in six segments of unequal size, as skewed as consumption is.

    Every segment has a place in a space of eight independent traits, its customers lie about it with a standard
    deviation of 1, and segments with one of 1.6; each index is a curved image of one trait.
    """
    source = np.random.default_rng([state, 1])
    share = np.maximum(source.dirichlet(np.full(_SEGMENTS, 3.0)), 0.04)
    label = source.choice(_SEGMENTS, size=_CUSTOMERS, p=share / share.sum())
    trait = (source.normal(0.0, 1.6, (_SEGMENTS, 8))[label] + source.normal(size=(_CUSTOMERS, 8))).T
    indices = [
        np.exp(6.0 + 0.9 * trait[0]),  # mean power [W]
        np.exp(2.5 + 0.8 * trait[1]) * source.uniform(0.8, 1.2, _CUSTOMERS),  # spend [money/30 d]
        0.12 * trait[2] + 0.05 * source.standard_t(3, _CUSTOMERS),  # growth [1]
        1 / (1 + np.exp(-0.6 * trait[3])),  # load factor [1]
        0.25 + 0.05 * trait[4],  # evening share [1]
        source.poisson(np.exp(0.5 * trait[5])).astype(np.float64),  # services bought [1]
        np.exp(0.5 * trait[6] - 1),  # volatility [1]
        source.uniform(0.0, 4000.0, _CUSTOMERS) * np.exp(0.3 * trait[7]),  # tenure [d]
    ]
    return Labelled("customers", np.column_stack(indices), label)


@lru_cache(maxsize=4)
def simulated(state: int) -> Labelled:
    """Return the product's own indices of a simulated town's customers after 30 days, by their kinds.

    What is missing is the median here, as it is to the scaling.
    """
    made = town.simulate(_TOWN, _DAYS, random_state=state, history_days=_DAYS, change_days=1)
    seen = _portrait(made)
    kinds = dict(zip(made.truth["customer_id"].to_pylist(), made.truth["from_kind"].to_pylist(), strict=True))
    _, label = np.unique([kinds[customer] for customer in seen.ids], return_inverse=True)
    filled = np.where(np.isnan(seen.values), np.nanmedian(seen.values, axis=0), seen.values)
    return Labelled("town", filled, label.astype(np.int64))


def _portrait(made: town.Town) -> Portrait:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        town.write(made, folder)
        paths = (folder / f"{table}.parquet" for table in ("readings", "transactions", "archive"))
        found = inputs(*paths, pairs=[], duration=None, zone=None)
        parameters = Settings().parameters(buckets=1)
        log = Log.of(*(block.rows for block in found.taken(parameters, made.plan.midnight(_DAYS) * 1_000_000)))
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    last = int(calendar.epoch_of(np.array([made.plan.midnight(_DAYS) - 1]))[0])
    return portrait(remember(log.rows, last, parameters, 1), parameters)


def shipped(name: str) -> Labelled:
    """Return one of scikit-learn's own tables."""
    found = getattr(datasets, f"load_{name}")()
    return Labelled(name, found.data.astype(np.float64), found.target.astype(np.int64))


def public() -> Iterator[Labelled]:
    """Yield the public sets of two columns, where their folder is."""
    for name in PUBLIC:
        if (FOLDER / f"{name}.parquet").exists():
            rows = pd.read_parquet(FOLDER / f"{name}.parquet")
            yield Labelled(name, rows[["x0", "x1"]].to_numpy(np.float64), rows["label"].to_numpy(np.int64))
