"""Public sets whose clusters are known: all of them are found, from any random state, at the least SSE known.

A slice of the grid; `make known-clusters` runs all of it, and on Spark too.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.known_sets import LARGE, PUBLIC, SMALL, Known, public
from clustering.lloyd import lloyd
from clustering.quality import centroid_index
from kwadrant import api

SETS = Path(__file__).parents[3] / "shared" / "data" / "clustering"
STATES = int(os.environ.get("KNOWN_STATES", "3"))

NEARLY = 1.001
"""Of the least SSE known [1]."""


def load(name: str) -> Known:
    """Return a set, where its folder is."""
    if not (SETS / f"{name}.parquet").exists():
        pytest.skip(f"{SETS / name}.parquet is not here: the public clustering sets are not part of this repository")
    return public(name, SETS)


@pytest.mark.foreign
@pytest.mark.parametrize("name", PUBLIC)
def test_every_cluster_is_found(name: str) -> None:
    found_all(load(name))


@pytest.mark.parametrize("name", SMALL)
def test_every_cluster_of_sets_like_the_public_ones_is_found(name: str) -> None:
    found_all(SMALL[name]())


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_every_cluster_of_large_sets_is_found(name: str) -> None:
    found_all(LARGE[name]())


def found_all(known: Known) -> None:
    """Assert that all clusters are found from every random state, at the least SSE known."""
    k, mass = len(known.true), np.ones(len(known.points))
    found = [
        api.fit(known.points, k, scale="none", weights="equal", random_state=state).model for state in range(STATES)
    ]
    assert [centroid_index(np.array(model.centres), known.true) for model in found] == [0] * STATES
    least = min(*(model.sse for model in found), lloyd(known.points, mass, known.true, steps=100).sse)
    assert max(model.sse for model in found) <= NEARLY * least
