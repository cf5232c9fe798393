"""Public sets whose clusters are known: all of them are found, from any random state."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clustering.arrays import Floats
from clustering.quality import centroid_index
from clustering.seeding import seed

SETS = Path(__file__).parents[3] / "shared" / "data" / "clustering"


def load(name: str) -> tuple[Floats, Floats]:
    """Return the points and the true centres, which are the means of the true labels where no centres are published."""
    if not (SETS / f"{name}.parquet").exists():
        pytest.skip(f"{SETS / name}.parquet is not here: the public clustering sets are not part of this repository")
    rows = pd.read_parquet(SETS / f"{name}.parquet")
    published = pd.read_csv(SETS / "true_centroids.csv")
    published = published[published["dataset"] == name]
    true = published[["x0", "x1"]] if len(published) else rows.groupby("label")[["x0", "x1"]].mean()
    return rows[["x0", "x1"]].to_numpy(np.float64), true.to_numpy(np.float64)


@pytest.mark.parametrize("name", ["s1", "a1", "d31", "r15", "unbalance"])
def test_every_cluster_is_found(name: str) -> None:
    points, true = load(name)
    weights = np.ones(len(points))
    found = [seed(points, weights, len(true), random_state=state).centres for state in range(5)]
    assert [centroid_index(centres, true) for centres in found] == [0] * 5
