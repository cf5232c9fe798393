"""The first model: scaling, factor weights, centres, quadrants and names, fitted to history."""

from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clustering.lloyd import Clustering
from clustering.scaling import Scaling, fit_robust
from clustering.seeding import seed
from clustering.weighting import half_eta_squared
from schemas.model import Cluster, Model
from segmentation.answering import FULL_QUALITY
from segmentation.errors import NothingToSeed
from segmentation.history import Portrait
from segmentation.indices import NAMES, REGISTRY
from segmentation.parameters import Parameters
from segmentation.quadrants import names, quadrant, score
from segmentation.reseeding import Before
from segmentation.space import Space, off_grid
from segmentation.traits import NOUNS
from segmentation.value_mapping import ValueMapping, as_told, value_mapping

Floats = NDArray[np.float64]
LARGEST_SAMPLE = 50_000
_HASHES = 1 << 32
CLIP = 3.0
"""Scaled values are cut here [robust standard deviations]: beyond it a customer is no more different."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What a fit is asked for: number of clusters, random state, the last epoch of history, the value mapping.

    `before` is what a new seeding finds.
    """

    k: int = 8
    random_state: int = 0
    epoch: int
    mapping: ValueMapping = field(default_factory=value_mapping)
    before: Before | None = None


def thinned(portrait: Portrait, share: float) -> Portrait:
    """Return about a `share` [1] of the customers, those of the smallest hash: all that a smaller `sample` may need."""
    bound = min(share, 1.0) * _HASHES
    kept = np.flatnonzero([_hash(customer) < bound for customer in portrait.ids])
    return Portrait([portrait.ids[n] for n in kept], portrait.values[kept], portrait.nouns[kept])


def _hash(customer: str) -> int:
    return crc32(customer.encode())


def sample(portraits: list[Portrait], limit: int = LARGEST_SAMPLE) -> Portrait:
    """At most `limit` customers, those of the smallest hash, sorted by id: the same for any grouping."""
    ids = [customer for portrait in portraits for customer in portrait.ids]
    order = sorted(range(len(ids)), key=lambda n: (_hash(ids[n]), ids[n]))[:limit]
    order.sort(key=ids.__getitem__)
    values = np.concatenate([portrait.values for portrait in portraits])
    nouns = np.concatenate([portrait.nouns for portrait in portraits])
    return Portrait([ids[n] for n in order], values[order], nouns[order])


def fit(portrait: Portrait, ask: Fit, parameters: Parameters, *, customers: int | None = None) -> Model:
    """Return the first model from a portrait of (a sample of) the customers; `customers` is how many it stands for.

    Raises
    ------
    NothingToSeed
        Where there are fewer customers than clusters.
    """
    if len(portrait.ids) < ask.k:
        message = f"{ask.k} clusters need at least as many metered customers, history has {len(portrait.ids)}; lower -k"
        raise NothingToSeed(message)
    scaling = _scaling(portrait.values)
    scaled = scaling.apply(portrait.values)
    even = np.ones(len(scaled))
    weights = _weights(scaled, ask)
    space = Space(REGISTRY, scaling, np.sqrt(weights))
    points = off_grid(space.place(portrait.values))
    found = seed(points, even, ask.k, random_state=ask.random_state)
    return _model(portrait, space, found, ask, parameters, scale=(customers or len(scaled)) / len(scaled))


def _scaling(values: Floats) -> Scaling:
    """Robust scaling, no finer than what is worth telling apart; an index that never differs stays silent."""
    found = fit_robust(values, clip=CLIP)
    least = np.array([index.least for index in REGISTRY])
    return Scaling(found.centre, np.where(found.spread > 0, np.maximum(found.spread, least), 0.0), found.clip)


def _weights(scaled: Floats, ask: Fit) -> Floats:
    """Half-strength eta squared on top of the registry's prior, with mean 1 over the indices that speak."""
    prior = np.array([index.prior for index in REGISTRY])
    found = (
        half_eta_squared(scaled * np.sqrt(prior), np.ones(len(scaled)), ask.k, random_state=ask.random_state) * prior
    )
    return np.asarray(found / found[found > 0].mean()) if (found > 0).any() else found


def _model(portrait: Portrait, space: Space, found: Clustering, ask: Fit, parameters: Parameters, *, scale: float
           ) -> Model:  # fmt: skip
    scaled, weights = space.scaling.apply(portrait.values), space.root_weights**2
    axes = [score(scaled, REGISTRY, weights, half) for half in ("current", "potential")]
    thresholds = (float(np.median(axes[0])), float(np.median(axes[1])))
    order = np.lexsort(found.centres.T[::-1])
    centres = found.centres[order]
    profile = space.scaled(centres)
    nouns = _nouns(portrait.nouns, found.labels, order)
    current, potential = (score(profile, REGISTRY, weights, half) for half in ("current", "potential"))
    clusters = tuple(
        Cluster(
            n,
            name,
            quadrant(current[n], potential[n], thresholds),
            tuple(centres[n].tolist()),
            mass,
            mass,
            noun=nouns[n],
        )
        for n, (name, mass) in enumerate(
            zip(names(profile, REGISTRY, nouns), (found.masses[order] * (scale * FULL_QUALITY)).tolist(), strict=True)
        )
    )
    return Model(
        version=1, epoch=ask.epoch, indices=NAMES, scale_centre=_floats(space.scaling.centre),
        scale_spread=_floats(space.scaling.spread), clip=space.scaling.clip, factor_weights=_floats(weights),
        threshold_current=thresholds[0], threshold_potential=thresholds[1], clusters=clusters, sse=float(found.sse),
        random_state=ask.random_state, fingerprint=parameters.fingerprint, value_mapping=as_told(ask.mapping),
    )  # fmt: skip


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())


def _nouns(nouns: NDArray[np.int64], labels: NDArray[np.int32], order: NDArray[np.int64]) -> list[str]:
    """Return what most customers of each cluster are called, in the order of the clusters."""
    counts = [np.bincount(nouns[labels == cluster], minlength=len(NOUNS)) for cluster in order]
    return [NOUNS[int(np.argmax(count))] for count in counts]
