"""The rules that are compared on a drifting stream: ours and those of the peers, all from the same first centres."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clustering.assignment import nearest
from clustering.cells import Cells, summarise, to_grid
from clustering.identity import identify, shared_mass
from clustering.pool import first_pool, step
from clustering.seeding import seed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MASS = 16
"""Of a customer in an epoch, as the local nodes count it."""
RERUN_BATCHES = 5
MLLIB_HALF_LIVES = (1, 2, 4, 8, 16, 32)
RIVER_ROWS = 200
"""Rows of an epoch that river is given: it takes one at a time, CluStream a few hundred in a second."""


@dataclass(frozen=True)
class Fitted:
    """Centres (k, d) and their identities (k,), rising."""

    centres: Floats
    ids: Ints


class Rule(Protocol):
    """Learns one epoch after the other."""

    def learn(self, rows: Floats, epoch: int, silent: Mapping[int, float]) -> Fitted:
        """Take in `rows` (n, d) of those heard in `epoch`; `silent` is the mass of the others by class."""


Maker = Callable[[Fitted, Floats], Rule]
"""Makes a rule from the first centres and the rows that they were fitted to."""


def makers() -> dict[str, Maker]:
    """Return all rules by name; those of river where it is installed."""
    found: dict[str, Maker] = {"kWadrant, pool of micro-clusters": Ours, "never updated": Never}
    for half_life in MLLIB_HALF_LIVES:
        found[f"MLlib StreamingKMeans, half-life {half_life}"] = partial(Mllib, half_life=half_life)
    found["MLlib StreamingKMeans, no decay"] = partial(Mllib, half_life=None)
    found["scikit-learn MiniBatchKMeans.partial_fit"] = MiniBatch
    found[f"batch k-means on the last {RERUN_BATCHES} epochs"] = Rerun
    return found | (river_makers() if importlib.util.find_spec("river") else {})


def river_makers() -> dict[str, Maker]:
    """Return river's two stream clusterings."""
    return {f"river {name}": partial(River, name) for name in ("STREAMKMeans", "CluStream")}


def cells_of(rows: Floats) -> Cells:
    """Return the micro-clusters that a local node would send of these customers."""
    masses, groups = np.full(len(rows), MASS), np.zeros(len(rows), np.int32)
    return summarise(to_grid(rows), masses, groups, max(len(rows), 1))[0]


class Ours:
    """The pool as the central node uses it."""

    def __init__(self, first: Fitted, rows: Floats) -> None:
        self.pool = first_pool(cells_of(rows), first.centres, first.ids, 0)

    def learn(self, rows: Floats, epoch: int, silent: Mapping[int, float]) -> Fitted:
        """Take in the epoch's cells."""
        self.pool = step(self.pool, cells_of(rows), epoch, silent=silent).pool
        return Fitted(self.pool.centres, self.pool.ids)


class Never:
    """The first centres for ever."""

    def __init__(self, first: Fitted, rows: Floats) -> None:
        del rows
        self.first = first

    def learn(self, rows: Floats, epoch: int, silent: Mapping[int, float]) -> Fitted:
        """Learn nothing."""
        del rows, epoch, silent
        return self.first


class Mllib:
    """The update of MLlib's `StreamingKMeansModel`, line for line what it computes, with batches as unit of time."""

    def __init__(self, first: Fitted, rows: Floats, half_life: float | None) -> None:
        self.centres, self.ids = first.centres.copy(), first.ids
        self.weights = np.bincount(nearest(rows, first.centres)[0], minlength=len(first.ids)).astype(np.float64)
        self.decay = 1.0 if half_life is None else float(np.exp(np.log(0.5) / half_life))

    def learn(self, rows: Floats, epoch: int, silent: Mapping[int, float]) -> Fitted:
        """Decay all weights, move the centres that have rows, and split the largest if the smallest is dying."""
        del epoch, silent
        self.weights *= self.decay
        label = nearest(rows, self.centres)[0]
        for centre in np.unique(label):
            mine = rows[label == centre]
            total = self.weights[centre] + len(mine)
            share = len(mine) / max(total, 1e-16)
            self.centres[centre] = (1 - share) * self.centres[centre] + share * mine.mean(axis=0)
            self.weights[centre] = total
        self._revive()
        return Fitted(self.centres.copy(), self.ids)

    def _revive(self) -> None:
        largest, smallest = int(self.weights.argmax()), int(self.weights.argmin())
        if self.weights[smallest] < 1e-8 * self.weights[largest]:
            self.weights[[largest, smallest]] = (self.weights[largest] + self.weights[smallest]) / 2
            place = self.centres[largest].copy()
            apart = 1e-14 * np.maximum(np.abs(place), 1.0)
            self.centres[largest], self.centres[smallest] = place + apart, place - apart


class MiniBatch:
    """`MiniBatchKMeans.partial_fit`, an epoch at a time."""

    def __init__(self, first: Fitted, rows: Floats) -> None:
        cluster = importlib.import_module("sklearn.cluster")
        self.ids = first.ids
        self.model = cluster.MiniBatchKMeans(len(first.ids), init=first.centres, n_init=1, random_state=0)
        self.model.partial_fit(rows)

    def learn(self, rows: Floats, epoch: int, silent: Mapping[int, float]) -> Fitted:
        """Take in the rows."""
        del epoch, silent
        self.model.partial_fit(rows)
        return Fitted(self.model.cluster_centers_.copy(), self.ids)


class Matched:
    """Centres that come in no particular order, given the identities of those that they resemble, as ours are."""

    def __init__(self, first: Fitted) -> None:
        self.last, self.next_id = first, len(first.ids)

    def matched(self, rows: Floats, centres: Floats) -> Fitted:
        """Return the centres with identities, by the overlap on `rows`."""
        labels = nearest(rows, self.last.centres)[0], nearest(rows, centres)[0]
        shared = shared_mass(np.ones(len(rows)), *labels, (len(self.last.ids), len(centres)))
        found = identify(shared, self.last.ids, self.next_id)
        order = np.argsort(found.ids)
        self.last, self.next_id = Fitted(centres[order], found.ids[order]), found.next_id
        return self.last


class Rerun(Matched):
    """Cluster the rows of the last epochs from nothing, every time."""

    def __init__(self, first: Fitted, rows: Floats) -> None:
        super().__init__(first)
        self.batches = [rows]

    def learn(self, rows: Floats, epoch: int, silent: Mapping[int, float]) -> Fitted:
        """Seed anew, with a random state of its own."""
        del silent
        self.batches = [*self.batches[1 - RERUN_BATCHES :], rows]
        recent = np.concatenate(self.batches)
        return self.matched(rows, seed(recent, np.ones(len(recent)), len(self.last.ids), random_state=epoch).centres)


class River(Matched):
    """One of river's, at about its own defaults; the rows of the seeding come first, a start cannot be given."""

    def __init__(self, name: str, first: Fitted, rows: Floats) -> None:
        super().__init__(first)
        self.model = river_model(name, len(first.ids))
        self._feed(rows)

    def learn(self, rows: Floats, epoch: int, silent: Mapping[int, float]) -> Fitted:
        """Take in the first rows, one by one."""
        del epoch, silent
        return self.matched(rows, self._feed(rows))

    def _feed(self, rows: Floats) -> Floats:
        for row in rows[:RIVER_ROWS].tolist():
            self.model.learn_one(dict(enumerate(row)))
        return river_centres(self.model, rows.shape[1])


def river_model(name: str, k: int) -> Any:  # noqa: ANN401 - river ships no types
    """Return river's `STREAMKMeans` or `CluStream` for k clusters and epochs of RIVER_ROWS rows."""
    cluster = importlib.import_module("river.cluster")
    if name == "CluStream":
        window = {"time_window": 5 * RIVER_ROWS, "time_gap": RIVER_ROWS}
        return cluster.CluStream(n_macro_clusters=k, max_micro_clusters=5 * k, seed=0, **window)
    return cluster.STREAMKMeans(chunk_size=RIVER_ROWS, n_clusters=k, halflife=0.5, sigma=1.5, seed=0)


def river_centres(model: Any, d: int) -> Floats:  # noqa: ANN401 - river ships no types
    """Return the centres of one of river's models, (k, d)."""
    centres: Sequence[Mapping[int, float]] = list(model.centers.values())
    return np.array([[centre[axis] for axis in range(d)] for centre in centres])
