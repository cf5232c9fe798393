"""Ten towns that change in ten ways: every customer with its true group, epoch by epoch.

Lengths are in standard deviations of a group along one axis [sd]. A customer lies at its group's mean, plus an offset
that stays its own, plus noise with the memory that an index of a short half-life has. All sizes and speeds stand here
and were fixed before any rule was tried.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

EPOCHS = 60
"""After the seeding, which is epoch 0."""
AXES = 8
GROUPS = 8
"""Groups alive but while one replaces another; also the number of clusters that every rule is given."""
SPREAD = 2.0
"""Standard deviation of the groups' means along one axis [sd]."""
LEAST_APART = 5.0
"""Least distance of two groups [sd]."""
STAYING = 0.7
"""Share of a group's variance that is the customers' own offset; the rest is noise [1]."""
NOISE_MEMORY = 0.95
"""Correlation of the noise of one epoch with the next: a half-life of 14 [1]."""
MOVING = 0.0025
"""Share of the customers that change group in an epoch, whatever else happens: about once in a year [1]."""
ARRIVING = 3.0
"""Half-life of the way from the old group to the new one [epochs]."""
MISSING = 0.02
"""Share of the customers that are not heard in an epoch, at random [1]."""
SLOW, FAST = 0.03, 0.3
"""Speed of every group in a direction of its own [sd/epoch]."""
JUMP = 4.0
"""Length of an abrupt change: half of the groups at epoch 20, the others at epoch 40 [sd]."""
SWING, SEASON = 2.0, 20
"""Amplitude [sd] and length [epochs] of the seasons; one group reports in the first half of each only."""
OUTLIERS, OUTSIDE = 0.02, 10.0
"""Share of the rows that lie anywhere within +-OUTSIDE [sd] on every axis."""
BORN, BIRTH = 0.03, 5
"""Share of every group that joins a new one in each epoch of its birth, and how many these are."""
PARTED = 6.0
"""Distance of the two halves of a group that splits within ten epochs [sd]; two other groups become one meanwhile."""
UNEVEN = (0.45, 0.25, 0.14, 0.08, 0.045, 0.02, 0.012, 0.003)
REGIONS = 4
HOME = 0.7
"""Share of a group that lives in one region, where regions report in turn [1]."""


@dataclass(frozen=True)
class Scenario:
    """What befalls a town of g groups in T = EPOCHS + 1 epochs.

    `means` (T, g, AXES) [sd]; `flows` (T, g, g): the share of each group that changes to each other at the start of an
    epoch; `shares` (g,): of the customers at epoch 0; `heard` (T, REGIONS, g): who reports; `homes` (g, REGIONS): where
    customers live; `outliers`: share of rows [1].
    """

    name: str
    means: Floats
    flows: Floats
    shares: Floats
    heard: Flags
    homes: Floats
    outliers: float = 0.0


@dataclass(frozen=True)
class Moment:
    """An epoch of n customers: `points` (n, AXES) [sd], who is `heard`, true `group`, who `changed` it, all (n,)."""

    points: Floats
    heard: Flags
    group: Ints
    changed: Flags


def stationary(source: np.random.Generator) -> Scenario:
    """Nothing moves but the customers."""
    return _town("stationary", _apart(source, _still))


def slow(source: np.random.Generator) -> Scenario:
    """Every group walks its own way, 0.03 an epoch."""
    return _town("slow", _apart(source, lambda source: _walking(source, SLOW)))


def fast(source: np.random.Generator) -> Scenario:
    """Every group walks its own way, 0.3 an epoch."""
    return _town("fast", _apart(source, lambda source: _walking(source, FAST)))


def abrupt(source: np.random.Generator) -> Scenario:
    """Half of the groups jump at epoch 20, the others at epoch 40."""

    def jumping(source: np.random.Generator) -> Floats:
        means, ways = _still(source), _directions(source)
        means[20:, : GROUPS // 2] += JUMP * ways[: GROUPS // 2]
        means[40:, GROUPS // 2 :] += JUMP * ways[GROUPS // 2 :]
        return means

    return _town("abrupt", _apart(source, jumping))


def birth_death(source: np.random.Generator) -> Scenario:
    """Twice a group is born from all others within five epochs, and an old one dissolves into all others."""
    groups = GROUPS + 2
    forced = np.tile(np.eye(groups), (EPOCHS + 1, 1, 1))
    for old, new, start in ((0, GROUPS, 20), (1, GROUPS + 1, 40)):
        others = np.isin(np.arange(groups), np.arange(old + 1, new + 1)) / GROUPS
        for step in range(BIRTH):
            forced[start + step] = (1 - BORN) * np.eye(groups) + BORN * np.eye(groups)[new]
        for step in range(BIRTH):
            leaving = np.eye(groups)
            leaving[old] += (others - leaving[old]) / (BIRTH - step)
            forced[start + 2 + step] = forced[start + 2 + step] @ leaving
    shares = np.where(np.arange(groups) < GROUPS, 1 / GROUPS, 0.0)
    return _town("birth/death", _apart(source, lambda source: _still(source, groups)), shares=shares, forced=forced)


def split_merge(source: np.random.Generator) -> Scenario:
    """Group 0 becomes 8 and 9, which part from epoch 20 to 30; 1 and 2 approach meanwhile and are 10 from then on."""
    groups = GROUPS + 3
    way = np.clip((np.arange(EPOCHS + 1) - 20) / 10, 0.0, 1.0)[:, None]

    def parting(source: np.random.Generator) -> Floats:
        means, ways = _still(source, groups), _directions(source)
        means[:, 8] = means[:, 0] + way * PARTED / 2 * ways[0]
        means[:, 9] = means[:, 0] - way * PARTED / 2 * ways[0]
        means[:, 10] = (means[:, 1] + means[:, 2]) / 2
        for group in (1, 2):
            means[:, group] += way * (means[0, 10] - means[0, group])
        return means

    forced = np.tile(np.eye(groups), (EPOCHS + 1, 1, 1))
    forced[20, 0] = np.isin(np.arange(groups), [8, 9]) / 2
    forced[30, [1, 2]] = np.eye(groups)[10]
    shares = np.where(np.arange(groups) < GROUPS, 1 / GROUPS, 0.0)
    related = {(0, 8), (0, 9), (8, 9), (1, 2), (1, 10), (2, 10)}
    return _town("split/merge", _apart(source, parting, related), shares=shares, forced=forced)


def seasonal(source: np.random.Generator) -> Scenario:
    """All groups but the last swing, each in a direction and phase of its own; the last is silent half of the time."""

    def swinging(source: np.random.Generator) -> Floats:
        phase = source.uniform(0, 2 * np.pi, GROUPS)
        swing = np.sin(2 * np.pi * np.arange(EPOCHS + 1)[:, None] / SEASON + phase)
        swing[:, -1] = 0.0
        return _still(source) + SWING * swing[:, :, None] * _directions(source)

    heard = np.ones((EPOCHS + 1, REGIONS, GROUPS), np.bool_)
    heard[np.arange(EPOCHS + 1) % SEASON >= SEASON // 2, :, -1] = False
    return _town("seasonal", _apart(source, swinging), heard=heard)


def outliers(source: np.random.Generator) -> Scenario:
    """Two rows of a hundred lie anywhere."""
    return _town("outliers", _apart(source, _still), outliers=OUTLIERS)


def imbalance(source: np.random.Generator) -> Scenario:
    """Walk slowly, in groups from 45 % to 0.3 %."""
    return _town("imbalance", _apart(source, lambda source: _walking(source, SLOW)), shares=np.array(UNEVEN))


def regional(source: np.random.Generator) -> Scenario:
    """Regions with different customers report in turn, one in an epoch."""
    heard = np.zeros((EPOCHS + 1, REGIONS, GROUPS), np.bool_)
    heard[np.arange(EPOCHS + 1), np.arange(EPOCHS + 1) % REGIONS] = True
    heard[0] = True  # history holds everybody
    homes = np.full((GROUPS, REGIONS), (1 - HOME) / (REGIONS - 1))
    homes[np.arange(GROUPS), np.arange(GROUPS) % REGIONS] = HOME
    return _town("regional", _apart(source, _still), heard=heard, homes=homes)


SCENARIOS = {
    "stationary": stationary, "slow": slow, "fast": fast, "abrupt": abrupt, "birth/death": birth_death,
    "split/merge": split_merge, "seasonal": seasonal, "outliers": outliers, "imbalance": imbalance,
    "regional": regional,
}  # fmt: skip


def town(name: str, random_state: int) -> Scenario:
    """Return one of the ten towns; another random state means other means and directions."""
    return SCENARIOS[name](np.random.default_rng([random_state, list(SCENARIOS).index(name)]))


def life(scenario: Scenario, customers: int, random_state: int, *, heard: float = 1.0) -> Iterator[Moment]:
    """Yield epoch 0, 1, ... of a town; another number of customers means others with the same fate.

    `heard` is the share of the customers who report in an epoch at all, drawn anew each time [1].
    """
    source = np.random.default_rng([random_state, customers])
    group = source.choice(len(scenario.shares), customers, p=scenario.shares)
    region = _draw(source, scenario.homes[group])
    offset = source.normal(0, np.sqrt(STAYING), (customers, AXES))
    fresh = np.sqrt(1 - STAYING)
    noise = source.normal(0, fresh, (customers, AXES))
    way = np.zeros((customers, AXES))
    for epoch, means in enumerate(scenario.means):
        before = group
        group = _draw(source, scenario.flows[epoch][group]) if epoch else group
        way = (way + means[before] - means[group]) * 2 ** (-1 / ARRIVING)
        noise = NOISE_MEMORY * noise + np.sqrt(1 - NOISE_MEMORY**2) * source.normal(0, fresh, (customers, AXES))
        points = means[group] + way + offset + noise
        strange = source.random(customers) < scenario.outliers
        points[strange] = source.uniform(-OUTSIDE, OUTSIDE, (int(strange.sum()), AXES))
        reports = source.random(customers) < (heard * (1 - MISSING) if epoch else 1.0)
        yield Moment(points, reports & scenario.heard[epoch, region, group], group, group != before)


def _still(source: np.random.Generator, groups: int = GROUPS) -> Floats:
    return np.tile(source.normal(0, SPREAD, (groups, AXES)), (EPOCHS + 1, 1, 1))


def _directions(source: np.random.Generator) -> Floats:
    ways = source.normal(size=(GROUPS, AXES))
    return np.asarray(ways / np.linalg.norm(ways, axis=1, keepdims=True))


def _walking(source: np.random.Generator, speed: float) -> Floats:
    return _still(source) + speed * np.arange(EPOCHS + 1)[:, None, None] * _directions(source)


def _apart(source: np.random.Generator, make: Callable[[np.random.Generator], Floats],
           related: Collection[tuple[int, int]] = ()) -> Floats:  # fmt: skip
    """Return the first means drawn that keep all groups apart in all epochs, but for those that are `related`."""
    while True:
        means = make(source)
        distance = np.linalg.norm(means[:, :, None] - means[:, None], axis=3)
        pairs = [pair for pair in combinations(range(means.shape[1]), 2) if pair not in related]
        if min(distance[:, a, b].min() for a, b in pairs) >= LEAST_APART:
            return means


def _town(name: str, means: Floats, *, shares: Floats | None = None, forced: Floats | None = None,
          heard: Flags | None = None, homes: Floats | None = None, outliers: float = 0.0) -> Scenario:  # fmt: skip
    """Fill in what a scenario leaves as it is, and let some customers change group in every epoch."""
    epochs, groups, _ = means.shape
    shares = np.full(groups, 1 / groups) if shares is None else shares
    flows = np.tile(np.eye(groups), (epochs, 1, 1)) if forced is None else forced.copy()
    now = shares
    for epoch in range(1, epochs):
        flows[epoch] = flows[epoch] @ ((1 - MOVING) * np.eye(groups) + MOVING * (now @ flows[epoch]))
        now = now @ flows[epoch]
    heard = np.ones((epochs, REGIONS, groups), np.bool_) if heard is None else heard
    homes = np.full((groups, REGIONS), 1 / REGIONS) if homes is None else homes
    return Scenario(name, means, flows, shares, heard, homes, outliers)


def _draw(source: np.random.Generator, shares: Floats) -> Ints:
    """Draw one number per row of `shares` (n, m), each of which adds up to 1."""
    drawn: Ints = (source.random(len(shares))[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return drawn
