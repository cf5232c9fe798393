"""Changes of side: customers whose nearest class has become another one, and stays it. A truth where there is none.

What hysteresis has to tell from this is not who changed, but which of the changes that would be seen without any
hysteresis are worth a word: those that last.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmentation.decision import NONE
from segmentation.previewing import Moved

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """A customer is nearest to one cluster in the epochs from `begin` up to but not `end`."""

    begin: int
    end: int
    cluster: int


@dataclass(frozen=True)
class Sides:
    """What is known of every customer: `first` class, `lasting` changes of side, and the `open` run at the end.

    Of a run that is too short yet at the end nobody knows what it is.
    """

    first: Mapping[str, int]
    lasting: Mapping[str, Sequence[Run]]
    open: Mapping[str, Run]

    @property
    def changes(self) -> int:
        """Return how many changes of side last."""
        return sum(map(len, self.lasting.values()))


@dataclass(frozen=True)
class Told:
    """What moves make of the changes of side: share `found` [1], days of `delays` of these, moves that are `flaps`."""

    changes: int
    found: float
    delays: tuple[int, ...]
    flaps: float


def sides(ids: Sequence[str], nearest: Ints, epoch: int, least: int) -> Sides:
    """Return the changes of side in `nearest` (T, n), identities from `epoch` on; a run of `least` epochs lasts.

    A customer's first run counts however short it is: it is where it began. O(T n).
    """
    first: dict[str, int] = {}
    lasting: dict[str, list[Run]] = {}
    unfinished: dict[str, Run] = {}
    for customer, column in zip(ids, nearest.T, strict=True):
        runs = _runs(column, epoch)
        if not runs:
            continue
        first[customer] = before = runs[0].cluster
        kept = []
        for run in runs[1:]:
            if run.end - run.begin < least:
                continue
            if run.cluster != before:
                kept.append(run)
            before = run.cluster
        if kept:
            lasting[customer] = kept
        if len(runs) > 1 and runs[-1].end - runs[-1].begin < least:
            unfinished[customer] = runs[-1]
    return Sides(first, lasting, unfinished)


def _runs(column: Ints, epoch: int) -> list[Run]:
    edges = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), len(column)]
    runs = (Run(epoch + begin, epoch + end, int(column[begin])) for begin, end in pairwise(edges))
    return [run for run in runs if run.cluster != NONE]


def told(moves: Sequence[Moved], known: Sides, least: int) -> Told:
    """Compare moves with the changes of side.

    A change is found if within `least` epochs the class is that of the new side; the first move to it, however late, is
    explained by it. Every other move is a flap, but for those to a side that nobody knows yet whether it lasts.
    """
    mine: defaultdict[str, list[Moved]] = defaultdict(list)
    for move in moves:
        mine[move.customer].append(move)
    delays: list[int] = []
    flaps = 0
    for customer, said in mine.items():
        flaps += sum(not _undecided(move, known.open.get(customer)) for move in said)
    for customer, runs in known.lasting.items():
        said = mine.get(customer, [])
        for run in runs:
            late, explained = _delay(said, run, known.first[customer])
            flaps -= explained
            delays += [late] if late is not None and late < least else []
    changes = known.changes
    share = (len(delays) / changes, flaps / changes) if changes else (float("nan"), float("nan"))
    return Told(changes, share[0], tuple(delays), share[1])


def _undecided(move: Moved, run: Run | None) -> bool:
    return run is not None and move.epoch >= run.begin and move.to == run.cluster


def _delay(said: Sequence[Moved], run: Run, first: int) -> tuple[int | None, bool]:
    """Return after how many epochs the class is that of the run, None if never, and whether a move made it so."""
    before = [move for move in said if move.epoch < run.begin]
    if (before[-1].to if before else first) == run.cluster:
        return 0, False
    for move in said:
        if run.begin <= move.epoch < run.end and move.to == run.cluster:
            return move.epoch - run.begin, True
    return None, False
