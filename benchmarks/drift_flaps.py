"""Who changes class when: hysteresis as the local nodes have it, and moves beside the truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.drift_rules import MASS, Fitted
from benchmarks.drift_streams import Moment
from segmentation.decision import NEVER, NONE, Standing, judge
from segmentation.parameters import Parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HORIZON = 30
"""Epochs in which a true change has to be found."""
NO_HYSTERESIS = Parameters(margin=0.0, dwell_s=0, cool_down_s=0)


@dataclass(frozen=True)
class Diary:
    """What happened to n customers in T epochs.

    `classes` (T, n) are identities, `group` and `changed` (T, n) the truth, and `target` (T, g) the identity whose
    centre was nearest to each group's mean.
    """

    classes: Ints
    group: Ints
    changed: NDArray[np.bool_]
    target: Ints


@dataclass(frozen=True)
class Flaps:
    """Counts: true changes, those that lasted HORIZON epochs, how many of these were found, moves that are no find."""

    changes: int
    lasting: int
    found: int
    flaps: int
    delays: tuple[int, ...]

    def __add__(self, other: "Flaps") -> "Flaps":
        return Flaps(
            self.changes + other.changes, self.lasting + other.lasting, self.found + other.found,
            self.flaps + other.flaps, self.delays + other.delays,
        )  # fmt: skip


class Classes:
    """The classes of n customers, judged epoch by epoch; a customer who is not heard stays where it was last seen."""

    def __init__(self, points: Floats, first: Fitted, parameters: Parameters) -> None:
        n = len(points)
        self.points, self.parameters = points.copy(), parameters
        best = judge(points, first.centres, _standing(n), 0, parameters).best
        self.own = first.ids[best]
        self.moved, self.challenged = np.full(n, NEVER), np.zeros(n, np.int64)
        self.challenger = np.full(n, NONE)

    def judge(self, moment: Moment, points: Floats, fitted: Fitted, epoch: int) -> None:
        """Judge everybody by the model in force; whose class has ended is given the nearest."""
        self.points[moment.heard] = points[moment.heard]
        standing = Standing(
            _positions(self.own, fitted.ids), self.moved, _positions(self.challenger, fitted.ids), self.challenged
        )
        verdict = judge(self.points, fitted.centres, standing, epoch, self.parameters)
        lost = standing.own == NONE
        calm = verdict.move | lost | ~verdict.contested
        self.own = np.where(verdict.move | lost, fitted.ids[verdict.best], self.own)
        self.moved = np.where(verdict.move, epoch, self.moved)
        self.challenger = np.where(calm, NONE, fitted.ids[verdict.best])
        self.challenged = np.where(calm, epoch, verdict.challenged)

    def silent(self, moment: Moment) -> dict[int, float]:
        """Return the mass of those not heard, by class."""
        ids, counts = np.unique(self.own[~moment.heard], return_counts=True)
        return dict(zip(ids.tolist(), (MASS * counts).astype(np.float64).tolist(), strict=True))


def counted(diary: Diary) -> Flaps:
    """Compare the moves of a diary with the true changes.

    A change is found if within HORIZON epochs the class is the identity nearest to the new group's mean. The first move
    to it explains itself by the change; every other move is a flap.
    """
    moves = int((diary.classes[1:] != diary.classes[:-1]).sum())
    delays, lasting, explained = [], 0, 0
    for start, end, customer in _changes(diary.changed):
        group = diary.group[start, customer]
        right = diary.classes[start:end, customer] == diary.target[start:end, group]
        first = start + int(right.argmax())
        explained += bool(right.any() and diary.classes[first, customer] != diary.classes[first - 1, customer])
        if end - start >= HORIZON:
            lasting += 1
            delays += [first - start] if right[:HORIZON].any() else []
    return Flaps(int(diary.changed.sum()), lasting, len(delays), moves - explained, tuple(delays))


def _changes(changed: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Yield (epoch, epoch of the customer's next change or the end, customer) of every change."""
    for customer in np.flatnonzero(changed.any(axis=0)):
        epochs = [*np.flatnonzero(changed[:, customer]).tolist(), len(changed)]
        yield from ((start, end, int(customer)) for start, end in pairwise(epochs))


def _positions(classes: Ints, ids: Ints) -> Ints:
    """Return the place of each class in the rising `ids`, or NONE."""
    at = np.minimum(np.searchsorted(ids, classes), len(ids) - 1)
    return np.where(ids[at] == classes, at, NONE)


def _standing(n: int) -> Standing:
    nobody = np.full(n, NONE)
    return Standing(nobody, np.full(n, NEVER), nobody, np.zeros(n, np.int64))
