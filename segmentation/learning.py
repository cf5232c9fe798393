"""How the model learns: the pool of micro-clusters that goes with it, and the identities that begin and end."""

import zlib
from collections.abc import Mapping
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from clustering.ageing import Layer
from clustering.arrays import Floats
from clustering.cells import Cells, summarise, to_grid
from clustering.identity import Change
from clustering.pool import Pool, first_pool, step
from schemas.model import Cluster, Lineage, Model
from segmentation.quadrants import axes, named, quadrant
from segmentation.space import centres_of, distances, ids_of, space_of

LINEAGE = 100
"""Changes of identity that a model remembers."""
replaced = msgspec.structs.replace


class Learning:
    """What a model has learned from: its pool, as one value that is published as bytes; never changed."""

    def __init__(self, pool: Pool) -> None:
        """Hold a pool."""
        self.pool = pool

    def __eq__(self, other: object) -> bool:
        """Whether both are the same to the last bit."""
        return self is other or (isinstance(other, Learning) and pack(self) == pack(other))

    def __hash__(self) -> int:
        """Return the hash of the bytes."""
        return hash(pack(self))

    @property
    def next_id(self) -> int:
        """Return the counter of identities: none from it on was ever used."""
        return self.pool.next_id


def begun(model: Model, *, next_id: int = 0) -> Learning:
    """Return what a model begins with: a pool in which each cluster is a single cell of its mass.

    No identity below `next_id` is given to a new cluster, whether or not `model` has it.
    """
    masses = np.array([max(round(cluster.mass), 1) for cluster in model.clusters])
    cells, _ = summarise(to_grid(centres_of(model)), masses, np.zeros(len(masses), np.int32), len(masses))
    pool = first_pool(cells, centres_of(model), ids_of(model), model.epoch)
    first = np.array([cluster.seed_mass for cluster in model.clusters])
    return Learning(replace(pool, first_masses=first, sse=model.sse, next_id=max(pool.next_id, next_id)))


def learned(before: Learning, model: Model, cells: Cells, silent: Mapping[int, float], epoch: int
            ) -> tuple[Learning, Model]:  # fmt: skip
    """Return both one epoch later.

    Known clusters keep identity, name and quadrant; a new one gets a name from what stands out in it. An epoch without
    cells changes nothing but the version. `silent` is the mass of customers of each cluster who were not heard [mass of
    an epoch]. Inputs untouched. Cost: as `clustering.pool.step`.
    """
    after = replaced(model, version=model.version + 1, epoch=epoch)
    if len(cells.mass) == 0:
        return before, after
    pinned = [cluster.id for cluster in model.clusters if cluster.pinned]
    taken = step(before.pool, cells, epoch, silent=silent, pinned=pinned)
    known = {cluster.id: cluster for cluster in model.clusters}
    changes = {change.cluster: change for change in taken.changes}
    clusters: list[Cluster] = []
    rows = zip(taken.pool.ids.tolist(), taken.pool.centres, taken.pool.masses.tolist(), strict=True)
    for cluster, centre, mass in rows:
        names = {one.name for one in (*model.clusters, *clusters)}
        told = known.get(cluster) or _born(model, changes[cluster], centre, mass, names)
        clusters.append(replaced(told, centre=tuple(centre.tolist()), mass=mass))
    told_of = {**known, **{cluster.id: cluster for cluster in clusters}}
    lineage = (_lineage(change, told_of[change.cluster], after) for change in taken.changes)
    return Learning(taken.pool), replaced(
        after, clusters=tuple(clusters), sse=taken.pool.sse, lineage=(*model.lineage, *lineage)[-LINEAGE:]
    )


def toward(force: Model, learned: Model, pace: float) -> Model:
    """Return the model with its centres only so far [1] from those in force; as learned where its clusters are others.

    A budget that a whole step exceeds is kept by a part of it: the model follows at the pace that the budget allows.
    """
    if pace >= 1 or [one.id for one in learned.clusters] != [one.id for one in force.clusters]:
        return learned
    centres = centres_of(force) + pace * (centres_of(learned) - centres_of(force))
    moved = zip(learned.clusters, centres, strict=True)
    return replaced(learned, clusters=tuple(replaced(one, centre=tuple(centre.tolist())) for one, centre in moved))


def _born(model: Model, change: Change, centre: Floats, mass: float, taken: set[str]) -> Cluster:
    """Return a new cluster: its customers are called what its parent's are, or its nearest neighbour's."""
    space, row = space_of(model), centre[None, :]
    current, potential = axes(row, model)[0].tolist()
    parents = {cluster.id: cluster for cluster in model.clusters}
    nearest = model.clusters[int(distances(row, centres_of(model))[0].argmin())]
    noun = nearest.noun if change.other is None else parents[change.other].noun
    name = named(space.scaled(row)[0], space.indices, noun, taken)
    where = quadrant(current, potential, (model.threshold_current, model.threshold_potential))
    return Cluster(change.cluster, name, where, tuple(centre.tolist()), mass, mass, noun=noun)


def _lineage(change: Change, one: Cluster, model: Model) -> Lineage:
    return Lineage(
        model.version, model.epoch, change.kind, one.id, one.name, one.quadrant, change.other, change.share
    )  # fmt: skip


class _Layer(msgspec.Struct, frozen=True, array_like=True):
    epochs: tuple[int, ...]
    mass: bytes
    sums: bytes
    squares: bytes


class _Pool(msgspec.Struct, frozen=True, array_like=True):
    shape: tuple[int, int, int]
    layers: tuple[_Layer, ...]
    candidates: bytes
    losses: bytes
    chosen: int
    ids: bytes
    masses: bytes
    first_masses: bytes
    sse: float
    next_id: int


_decoder = msgspec.msgpack.Decoder(_Pool)


def pack(learning: Learning) -> bytes:
    """Bytes of what was learned, to the last bit."""
    pool = learning.pool
    layers = tuple(
        _Layer(layer.epochs, layer.cells.mass.tobytes(), layer.cells.sums.tobytes(), layer.cells.squares.tobytes())
        for layer in pool.layers
    )
    h, k, d = pool.candidates.shape
    plain = _Pool(
        (h, k, d), layers, pool.candidates.tobytes(), pool.losses.tobytes(), pool.chosen, pool.ids.tobytes(),
        pool.masses.tobytes(), pool.first_masses.tobytes(), pool.sse, pool.next_id,
    )  # fmt: skip
    return zlib.compress(msgspec.msgpack.encode(plain), 1)


def unpack(data: bytes) -> Learning:
    """Return the inverse of `pack`."""
    plain = _decoder.decode(zlib.decompress(data))
    _, _, d = plain.shape
    layers = tuple(
        Layer(layer.epochs, Cells(_ints(layer.mass), _ints(layer.sums).reshape(-1, d), _ints(layer.squares)))
        for layer in plain.layers
    )
    return Learning(Pool(
        layers=layers, candidates=_floats(plain.candidates).reshape(plain.shape), losses=_floats(plain.losses),
        chosen=plain.chosen, ids=_ints(plain.ids), masses=_floats(plain.masses),
        first_masses=_floats(plain.first_masses), sse=plain.sse, next_id=plain.next_id,
    ))  # fmt: skip


def _ints(data: bytes) -> NDArray[np.int64]:
    return np.frombuffer(data, np.int64)


def _floats(data: bytes) -> Floats:
    return np.frombuffer(data, np.float64)
