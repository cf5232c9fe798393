"""The model on the wire: scaling, factor weights, thresholds and clusters; plain JSON, floats to the last bit."""

import msgspec


class Cluster(msgspec.Struct, frozen=True, rename="camel"):
    """A centre with an identity.

    `centre` (d,) lies in the weighted scaled space [1]; `mass` and `seed_mass` count customers of one epoch with
    forgetting [customers]; `quadrant` is `<current>-<potential>`, each `low` or `high`. A
    `pinned` cluster may move, and is never given up.
    """

    id: int
    name: str
    quadrant: str
    centre: tuple[float, ...]
    mass: float
    seed_mass: float
    pinned: bool = False


class Model(msgspec.Struct, frozen=True, rename="camel"):
    """Everything that judges a customer; frozen but for centres and masses until a re-seed.

    `epoch` is the last epoch whose data it has seen; `scale_centre`, `scale_spread` and `factor_weights` are (d,) in
    the order of `indices`; a spread or a weight of 0 silences its index.
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
