"""Centres that follow drift: a pool of micro-clusters, forgotten at several speeds, of which the stream itself chooses.

Every epoch adds its cells to the pool. For each half-life the published centres are moved on the pool weighted by it,
and single centres are swapped to where they are missing. Published next is the half-life that foresaw the last epochs
best: the smallest sum of its losses on each new epoch before that epoch was used, older ones forgotten by `SMOOTHING`.
There is no detector of drift, no learning rate and no threshold.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from clustering.ageing import HALF_LIVES, Layer, aged, points_of, weights_of
from clustering.arrays import Flags, Floats, Longs, check_points
from clustering.assignment import nearest, nearest_labels, own_distances
from clustering.cells import Cells, inner_scatter, means, merge
from clustering.errors import BadSetting, BadShape
from clustering.following import Followed, follow, followed, nearest_of, stepped, whole
from clustering.identity import Change, identify, shared_mass
from clustering.lloyd import lloyd
from clustering.sums import group_totals
from clustering.swaps import hopeless, removal_costs, removal_gain_swaps

SMOOTHING = 0.8
"""What a loss keeps of its weight from one epoch to the next [1]."""
FLOOR = 0.05
"""Share of a cluster's first mass that forgetting leaves it, at its centre [1]."""
STEPS = 8
SWAPS = 2
Numbers = TypeVar("Numbers", npt.NDArray[np.float64], npt.NDArray[np.int64])
_WORTH = 1.4
"""A swap is tried where a split gains as many times what a removal costs; it is kept where in the end it gains twice
that [1]."""


@dataclass(frozen=True, eq=False)
class Pool:
    """What is published, and all that the next step needs; arrays of k clusters are in the order of ``ids``.

    Attributes
    ----------
    layers : tuple of Layer
        Cells of the last epochs that had any, oldest first.
    candidates : (h, k, d)
        Centres of every half-life, started from the centres published before [1].
    losses : (h,)
        Smoothed loss of every half-life on epochs before it saw them [mass x squared unit].
    chosen : int
        Which of the candidates is published.
    ids : (k,) int64
        Identities of the published clusters, rising.
    masses : (k,)
        Of the published clusters, forgotten by the half-life chosen [mass of an epoch]; what is only remembered counts.
    first_masses : (k,)
        Of every cluster when its identity began [mass of an epoch].
    sse : float
        Of the newest epoch at the centres published, from above: the cells' own scatter counts [mass x squared unit].
    next_id : int
        No identity from here on was ever used.
    """

    layers: tuple[Layer, ...]
    candidates: Floats
    losses: Floats
    chosen: int
    ids: Longs
    masses: Floats
    first_masses: Floats
    sse: float
    next_id: int

    @property
    def centres(self) -> Floats:
        """Published centres, (k, d)."""
        centres: Floats = self.candidates[self.chosen]
        return centres


@dataclass(frozen=True, eq=False)
class Step:
    """The pool after an epoch, and the identities that began or ended with it."""

    pool: Pool
    changes: tuple[Change, ...] = ()


def first_pool(cells: Cells, centres: Floats, ids: Longs, epoch: int) -> Pool:
    """Return the pool of a seeding: its centres, and cells of its customers as of its last epoch.

    Parameters
    ----------
    cells : Cells
        At least one; untouched.
    centres : (k, d)
        In the space of the cells; untouched.
    ids : (k,)
        Rising; untouched.
    epoch : int
        Last epoch of the history.
    """
    centres = check_points(centres, "centres", columns=cells.sums.shape[1])
    layers = aged((), Layer((epoch,), cells), len(centres))
    labels = nearest(points_of(layers), centres)[0].astype(np.intp)
    masses = group_totals(weights_of(layers, 0), labels, len(centres))
    sse = float(_losses(np.asfortranarray(means(cells)), cells, centres[None])[0]) + _inner(cells)
    return Pool(
        layers=layers, candidates=np.tile(centres, (len(HALF_LIVES), 1, 1)), losses=np.zeros(len(HALF_LIVES)),
        chosen=len(HALF_LIVES) - 1, ids=ids, masses=masses, first_masses=masses, sse=sse,
        next_id=int(ids.max()) + 1,
    )  # fmt: skip


def step(pool: Pool, cells: Cells, epoch: int, *, silent: Mapping[int, float] | None = None,
         pinned: Collection[int] = ()) -> Step:  # fmt: skip
    """Take in one epoch of event time.

    Laws: the order of the cells changes no bit; an epoch without cells changes nothing at all; a mass counts as that
    many copies, but for the rounding of weights. A cluster without cells stays where it is. It gives way to a new one
    only if that gains twice what its customers lose, silent ones included; a pinned one never does.

    Parameters
    ----------
    pool : Pool
        Untouched.
    cells : Cells
        Of all customers heard in the epoch; untouched.
    epoch : int
        Later than all before. Epochs may be missing: forgetting goes by event time.
    silent : mapping of int to float
        By identity, the mass of customers who are confirmed in a cluster but were not heard [mass of an epoch].
    pinned : collection of int
        Identities that must go on.

    Returns
    -------
    Step
        Cost: O(n k d) for all half-lives together, for each up to 16 moves as in `follow`, and the swaps.
    """
    if len(cells.mass) == 0:
        return Step(pool)
    _check(pool, cells, epoch)
    cells = merge([cells])
    told = _told(pool, cells)
    part = replace(cells, sums=cells.sums.compress(told, axis=1))
    taken = _stepped(_narrow(pool, told), part, epoch, silent or {}, pinned)
    after = _wide(taken.pool, told)
    return replace(taken, pool=replace(after, sse=after.sse + _inner(cells)))


def _told(pool: Pool, cells: Cells) -> Flags:
    """Return in which columns (d,) anything lies elsewhere than at 0, one of them at least; the others tell nothing."""
    sums = (cells.sums, *(layer.cells.sums for layer in pool.layers))
    told: Flags = pool.candidates.any(axis=(0, 1)) | np.any([each.any(axis=0) for each in sums], axis=0)
    told[0] |= not told.any()
    return told


def _narrow(pool: Pool, told: Flags) -> Pool:
    layers = [_with(layer, layer.cells.sums.compress(told, axis=1)) for layer in pool.layers]
    return replace(pool, layers=tuple(layers), candidates=pool.candidates.compress(told, axis=2))


def _wide(pool: Pool, told: Flags) -> Pool:
    layers = [_with(layer, _put(layer.cells.sums, told)) for layer in pool.layers]
    return replace(pool, layers=tuple(layers), candidates=_put(pool.candidates, told))


def _with(layer: Layer, sums: Longs) -> Layer:
    return Layer(layer.epochs, Cells(layer.cells.mass, sums, layer.cells.squares))


def _put(values: Numbers, told: Flags) -> Numbers:
    """Return values (..., m) in the columns of (..., d) that are told of, 0 in the others."""
    whole = np.zeros((*values.shape[:-1], len(told)), values.dtype)
    whole[..., told] = values
    return whole


def _stepped(pool: Pool, cells: Cells, epoch: int, silent: Mapping[int, float], pinned: Collection[int]) -> Step:
    k = len(pool.ids)
    quiet = np.array([float(silent.get(int(cluster), 0.0)) for cluster in pool.ids])
    rest = _Rest(np.maximum(FLOOR * pool.first_masses, quiet), np.isin(pool.ids, list(pinned)))
    points = np.asfortranarray(means(cells))
    losses = SMOOTHING * pool.losses + _losses(points, cells, pool.candidates)
    # of equal losses the longest memory
    chosen = len(losses) - 1 - int(np.argmin(losses[::-1]))
    layers = aged(pool.layers, Layer((epoch,), cells), k)
    view = _View(pool, layers, rest)
    candidates = _moved(view, rest)
    sse = float(_losses(points, cells, candidates[chosen][None])[0])
    after = replace(pool, layers=layers, candidates=candidates, losses=losses, chosen=chosen, sse=sse)
    return _identified(pool, after, view, pinned)


@dataclass(frozen=True, eq=False)
class _Rest:
    """What holds k clusters where they are: the least mass (k,) that each counts [mass of an epoch], who is pinned."""

    least: Floats
    pinned: Flags


class _View:
    """All cells, then the k centres published before: every half-life only weighs these rows (n, d) anew."""

    def __init__(self, before: Pool, layers: tuple[Layer, ...], rest: _Rest) -> None:
        """Find who is nearest to which of the centres published before."""
        self.points = stepped(np.concatenate([points_of(layers), before.centres]))
        self.now = followed(self.points, before.centres)
        self.weights = {half_life: self._held(weights_of(layers, half_life), rest) for half_life in HALF_LIVES}
        self.ever = self._held(weights_of(layers, HALF_LIVES[-1], ever=True), rest)
        self.newest = self.weights[0].copy()
        self.newest[-len(rest.least) :] = 0.0

    def _held(self, weights: Floats, rest: _Rest) -> Floats:
        """Return the weights of all rows: at its centre every cluster has what its mass falls short of the least."""
        masses = group_totals(weights, self.now.labels[: len(weights)], len(rest.least))
        return whole(np.concatenate([weights, np.maximum(rest.least - masses, 0.0)]))


def _moved(view: _View, rest: _Rest) -> Floats:
    """Return the centres of every half-life, started from those published before."""
    weights = np.stack([view.weights[half_life] for half_life in HALF_LIVES])
    found = follow(view.points, weights, view.now, steps=2 * STEPS)
    return np.stack([_swapped(view.points, *each, rest) for each in zip(weights, found, strict=True)])


def _swapped(points: Floats, weights: Floats, now: Followed, rest: _Rest) -> Floats:
    """Return the centres of one half-life, single ones swapped to where they are missing."""
    points, weights = points.T.take(now.rows, axis=1).T, weights[now.rows]
    if hopeless(points, weights, now.labels, now.centres, worth=_WORTH):
        return now.centres
    # once more than it costs: the customers of a centre that is given up lose a class with a name
    held = np.where(rest.pinned, np.inf, removal_costs(points, weights, now.centres))
    found = lloyd(points, weights, now.centres, steps=0)
    return removal_gain_swaps(points, weights, found, swaps=SWAPS, steps=STEPS, held=held).centres


def _identified(before: Pool, after: Pool, view: _View, pinned: Collection[int]) -> Step:
    """Give the clusters published after the step their identities, and put them in their order."""
    labels = nearest_labels(view.points, after.centres).astype(np.intp)
    # the longest memory, with the history of the seeding, tells best which of two halves was the cluster
    shape = len(before.ids), len(after.ids)
    shared, recent = (shared_mass(weights, view.now.labels, labels, shape) for weights in (view.ever, view.newest))
    found = identify(shared, before.ids, before.next_id, recent=recent, pinned=pinned)
    order = np.argsort(found.ids)
    masses = group_totals(view.weights[HALF_LIVES[after.chosen]], labels, len(order))
    known = dict(zip(before.ids.tolist(), before.first_masses.tolist(), strict=True))
    first = np.array([known.get(int(found.ids[n]), masses[n]) for n in order])
    pool = replace(
        after, candidates=after.candidates[:, order], ids=found.ids[order], masses=masses[order], first_masses=first,
        next_id=found.next_id,
    )  # fmt: skip
    return Step(pool, found.changes)


def _losses(points: Floats, cells: Cells, candidates: Floats) -> Floats:
    """Return the loss (h,) of the cells, whose means are ``points`` (n, d), at each of the centres (h, k, d)."""
    h, k, d = candidates.shape
    runs, columns = np.repeat(np.arange(h), len(points)), np.tile(points.T, h)
    labels = nearest_of(columns, candidates, runs)[0] + k * runs
    distance = own_distances(columns.T, candidates.reshape(h * k, d), labels).reshape(h, -1)
    # one row after the other: a row of weight 0 changes no bit
    return np.asarray(np.cumsum(cells.mass * distance, axis=1)[:, -1])


def _inner(cells: Cells) -> float:
    return float(np.cumsum(inner_scatter(cells))[-1])


def _check(pool: Pool, cells: Cells, epoch: int) -> None:
    d = pool.candidates.shape[2]
    if cells.sums.shape[1] != d:
        raise BadShape(
            expected=f"cells with {d} columns", found=f"{cells.sums.shape[1]}", todo="a new space needs a new pool"
        )
    if epoch <= pool.layers[-1].epochs[-1]:
        raise BadSetting(
            expected=f"an epoch after {pool.layers[-1].epochs[-1]}",
            found=f"{epoch}",
            todo="take in every epoch once, in order",
        )
