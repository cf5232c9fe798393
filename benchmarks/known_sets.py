"""Sets whose clusters are known: the public ones from a folder, and families like them, made here.

Lengths of the made sets are in standard deviations of a cluster along one axis [sd].
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from clustering.arrays import Floats

FOLDER = Path(os.environ.get("CLUSTERING_SETS", "../shared/data/clustering"))
"""Of the public sets: one Parquet file each (x0, x1, label), and `true_centroids.csv` for those with published ones."""
PUBLIC = ("s1", "s2", "s3", "s4", "a1", "a2", "a3", "d31", "r15", "unbalance")
GRID_STEP = 5.66
"""Distance of neighbours in the first of the BIRCH sets [sd]."""
SHAPES = 0.6, 1.4
"""Least and greatest standard deviation along a main axis of a cluster that is no ball [sd]."""
TRIES = 2_000


@dataclass(frozen=True, eq=False)
class Known:
    """Points (n, d) in k clusters, and their true centres (k, d)."""

    name: str
    points: Floats
    true: Floats


def public(name: str, folder: Path) -> Known:
    """Return a public set; where no centres are published the means of the true labels are the true ones."""
    rows = pd.read_parquet(folder / f"{name}.parquet")
    published = pd.read_csv(folder / "true_centroids.csv").query("dataset == @name")
    axes = ["x0", "x1"]
    true = published[axes] if len(published) else rows.groupby("label")[axes].mean()
    return Known(name, rows[axes].to_numpy(np.float64), true.to_numpy(np.float64))


def balls(name: str, true: Floats, sizes: Sequence[int], *, spread: Sequence[float] | None = None) -> Known:
    """Return round normal clusters with these numbers of rows, and standard deviations [sd] where they are not 1."""
    source = _source(name)
    parts = [
        centre + wide * source.normal(size=(size, true.shape[1]))
        for centre, size, wide in zip(true, sizes, spread or [1.0] * len(sizes), strict=True)
    ]
    return Known(name, source.permutation(np.concatenate(parts)), true)


def dim(d: int) -> Known:
    """Sixteen clusters of 64 rows far from each other, as in the Dim sets."""
    name = f"dim{d:03d}"
    return balls(name, _apart(_source(name + " centres"), 16, d, gap=15, side=60), [64] * 16)


def birch_grid(side: int, size: int) -> Known:
    """Clusters on a square grid, as in the first of the BIRCH sets."""
    true = GRID_STEP * np.array([(x, y) for x in range(side) for y in range(side)], dtype=np.float64)
    return balls(f"birch1 {side}x{side}", true, [size] * side**2)


def birch_sine(k: int, size: int) -> Known:
    """Clusters along a sine curve, as in the second of the BIRCH sets."""
    along = np.arange(k)
    true = np.column_stack([2 * np.pi * along, k / 4 * np.sin(8 * np.pi * along / k)])
    return balls(f"birch2 {k}", true, [size] * k)


def mixture(d: int, k: int, n: int, gap: float) -> Known:
    """General Gaussian mixtures: turned ellipsoids of unequal sizes, no two centres nearer than ``gap`` [sd]."""
    name = f"gmd {d}d k={k}"
    source = _source(name)
    true = _apart(source, k, d, gap=gap, side=gap * max(1.2, k ** (1 / d)))
    share = np.maximum(source.dirichlet(np.full(k, 2.0)), 0.25 / k)
    parts = [
        centre + _ellipsoid(source, int(n * size / share.sum()), d) for centre, size in zip(true, share, strict=True)
    ]
    return Known(name, source.permutation(np.concatenate(parts)), true)


def unbalanced(d: int, crowded: int, sparse: int) -> Known:
    """Crowded clusters of 2,000 rows side by side and, far off, wide ones of 100, as in Unbalance."""
    name = f"unbalance {d}d k={crowded + sparse}"
    source = _source(name)
    near = _apart(source, crowded, d, gap=9, side=14)
    far = _apart(source, sparse, d, gap=18, side=60) + 60.0 * (np.arange(d) == 0)
    sizes = [2_000] * crowded + [100] * sparse
    return balls(name, np.concatenate([near, far]), sizes, spread=[1.0] * crowded + [2.0] * sparse)


MADE: Mapping[str, Callable[[], Known]] = {
    "dim 8": lambda: dim(8),
    "dim 64": lambda: dim(64),
    "birch grid": lambda: birch_grid(10, 200),
    "birch sine": lambda: birch_sine(100, 200),
    "gmd 2": lambda: mixture(2, 50, 10_000, 8),
    "gmd 4": lambda: mixture(4, 30, 6_000, 8),
    "gmd 16": lambda: mixture(16, 50, 10_000, 8),
    "gmd 64": lambda: mixture(64, 20, 4_000, 6),
    "unbalance 8": lambda: unbalanced(8, 3, 5),
    "unbalance 3": lambda: unbalanced(3, 6, 14),
}
"""The families, by a short name."""


def pair(d: int, gap: float) -> Known:
    """Two clusters of 1,024 rows whose centres are ``gap`` apart along every axis, as in the G2 sets."""
    return balls(f"g2 {d}d", gap * np.array([[0.0], [1.0]]) * np.ones(d), [1_024] * 2)


def crowd(k: int, size: int) -> Known:
    """Clusters of equal size anywhere in a plane, as in the A and D31 sets."""
    name = f"a k={k}"
    return balls(name, _apart(_source(name + " centres"), k, 2, gap=6, side=6 * k**0.5), [size] * k)


def beside_noise(known: Known, columns: int) -> Known:
    """Return the set with more columns that say nothing, as wide as a cluster."""
    name = f"{known.name} + {columns}"
    noise = _source(name).normal(size=(len(known.points), columns))
    return Known(name, np.hstack([known.points, noise]), np.pad(known.true, [(0, 0), (0, columns)]))


LARGE: Mapping[str, Callable[[], Known]] = {
    "gmd 2, 100,000": lambda: mixture(2, 100, 100_000, 8),
    "gmd 8, 100,000": lambda: mixture(8, 100, 100_000, 7),
    "gmd 32, 100,000": lambda: mixture(32, 100, 100_000, 8),
    "gmd 64, 50,000": lambda: mixture(64, 100, 50_000, 8),
    "a, 100,000": lambda: crowd(100, 1_000),
    "unbalance 16": lambda: unbalanced(16, 20, 40),
    "unbalance 64": lambda: unbalanced(64, 3, 5),
    "gmd 4 beside noise": lambda: beside_noise(mixture(4, 30, 30_000, 8), 4),
    "unbalance 4 beside noise": lambda: beside_noise(unbalanced(4, 6, 14), 6),
    "g2 64": lambda: pair(64, 1.4),
}
"""More of them, up to 100,000 rows, 100 clusters and 64 columns."""
SMALL: Mapping[str, Callable[[], Known]] = {
    "g2 2": lambda: pair(2, 3.3),
    "g2 16": lambda: pair(16, 2.0),
    "a": lambda: crowd(20, 150),
    "unbalance 4 beside noise": lambda: beside_noise(unbalanced(4, 2, 4), 2),
}
"""A few that are found in a moment."""


def _source(name: str) -> np.random.Generator:
    return np.random.default_rng(list(name.encode()))


def _apart(source: np.random.Generator, k: int, d: int, *, gap: float, side: float) -> Floats:
    """Draw k places in a cube that are at least ``gap`` from each other; the cube grows where they do not fit."""
    places = source.uniform(0, side, (1, d))
    tries = 0
    while len(places) < k:
        place, tries = source.uniform(0, side, d), tries + 1
        if ((places - place) ** 2).sum(axis=1).min() >= gap**2:
            places = np.vstack([places, place])
        if tries % TRIES == 0:
            side *= 1.1
    return places


def _ellipsoid(source: np.random.Generator, size: int, d: int) -> Floats:
    axes, _ = np.linalg.qr(source.normal(size=(d, d)))
    rows: Floats = (source.normal(size=(size, d)) * source.uniform(*SHAPES, d)) @ axes
    return rows
