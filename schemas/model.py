"""The model on the wire: scaling, factor weights, thresholds and clusters; plain JSON, floats to the last bit."""

from typing import Literal

import msgspec


class Cluster(msgspec.Struct, frozen=True, rename="camel"):
    """A centre with an identity.

    `centre` (d,) lies in the weighted scaled space [1]; `mass` is what stands for it, by the half-life in use, and
    `seed_mass` what did when its identity began [sixteenths of a customer, per epoch]; `quadrant` is
    `<current>-<potential>`, each `low` or `high`; `noun` is what most of its customers are called. A `pinned` cluster
    may move, and is never given up.
    """

    id: int
    name: str
    quadrant: str
    centre: tuple[float, ...]
    mass: float
    seed_mass: float
    pinned: bool = False
    noun: str = "customer"


class Lineage(msgspec.Struct, frozen=True, rename="camel"):
    """What befell a cluster's identity: a ``birth`` or ``split`` began it, a ``death`` or ``merge`` ended it.

    `other` is the cluster that it was part of before, or that most of it went to; `share` is how much of its mass did
    [1], the largest share where there is no such one.
    """

    version: int
    epoch: int
    kind: Literal["birth", "split", "death", "merge"]
    cluster: int
    name: str
    quadrant: str
    other: int | None
    share: float


class MappedValue(msgspec.Struct, frozen=True, rename="camel"):
    """What a `value` of an archive `column` counts as [1]."""

    column: str
    value: str
    number: float


class ValueMap(msgspec.Struct, frozen=True, rename="camel"):
    """A value mapping table with its version: how categorical values of the archive become numbers."""

    version: str
    numbers: tuple[MappedValue, ...]


class Model(msgspec.Struct, frozen=True, rename="camel", cache_hash=True):
    """Everything that judges a customer; frozen but for centres and masses until a re-seed.

    `epoch` is the last epoch whose data it has seen; `scale_centre`, `scale_spread` and `factor_weights` are (d,) in
    the order of `indices`; a spread or a weight of 0 silences its index. `clusters` rise by their ids, which are never
    given twice; `lineage` tells how the last ones began and ended.

    `definition` counts seedings: between models of two definitions customers move by the definition. `next_id`: no
    cluster that begins later has an id below it. Without a `value_mapping` the program's own table counts.
    """

    version: int
    epoch: int
    indices: tuple[str, ...]
    scale_centre: tuple[float, ...]
    scale_spread: tuple[float, ...]
    clip: float
    factor_weights: tuple[float, ...]
    threshold_current: float
    threshold_potential: float
    clusters: tuple[Cluster, ...]
    sse: float
    random_state: int
    fingerprint: str
    lineage: tuple[Lineage, ...] = ()
    definition: int = 1
    next_id: int = 0
    value_mapping: ValueMap | None = None
