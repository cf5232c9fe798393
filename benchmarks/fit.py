"""CPU time and SSE of a fit beside scikit-learn: 1,000,000 rows in 16 columns, 32 clusters, one thread.

Clusters of unequal sizes with heavy tails (Student's t with 3 degrees of freedom); `--apart` says how far apart the
centres lie [sd of their coordinates]. The peers get the same array; nobody scales or weighs. Then the peak of what
numpy and Python allocate in one more fit, as a share of the array.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from clustering.arrays import Floats
from clustering.assignment import nearest
from kwadrant import api

D, K = 16, 32
Fitted = Callable[[Floats, int], Floats]


def customers(source: np.random.Generator, rows: int, apart: float) -> Floats:
    """Return rows (n, 16) that a source draws around 32 centres, always the same ones."""
    same = np.random.default_rng(1)
    share = same.dirichlet(np.full(K, 0.5)) * 0.9 + 0.1 / K
    centres = same.normal(0, apart, (K, D))
    wide = same.uniform(0.5, 1.5, K)
    of = source.choice(K, rows, p=share)
    return centres[of] + source.standard_t(3, (rows, D)) * wide[of][:, None]


def ours(points: Floats, state: int) -> Floats:
    """Return the centres of a fit."""
    found = api.fit(points, K, scale="none", weights="equal", random_state=state)
    return np.array(found.model.centres)


def peer(kind: type[KMeans | MiniBatchKMeans], points: Floats, state: int) -> Floats:
    """Return the centres of scikit-learn's."""
    centres: Floats = kind(K, n_init=1, random_state=state).fit(points).cluster_centers_
    return centres


def memory(points: Floats) -> float:
    """Return the peak of what a fit allocates above the rows, as a share of them [1]."""
    tracemalloc.start()
    try:
        ours(points, 0)
        return tracemalloc.get_traced_memory()[1] / points.nbytes
    finally:
        tracemalloc.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--apart", type=float, default=4.0)
    parser.add_argument("--states", type=int, default=8)
    asked = parser.parse_args()
    points = customers(np.random.default_rng(2), asked.rows, asked.apart)
    fits: dict[str, Fitted] = {
        "kwadrant fit": ours, "KMeans": partial(peer, KMeans), "MiniBatchKMeans": partial(peer, MiniBatchKMeans),
    }  # fmt: skip
    print(f"{asked.rows:,} x {D}, k = {K}, one thread; CPU [s], and how many times ours")
    print(f"{'state':>5}  {'':16} {'CPU':>6} {'ratio':>6} {'SSE':>12}")
    with threadpool_limits(1):
        for state in range(asked.states):
            first = 0.0
            for name, fit in fits.items():
                began = time.process_time()
                centres = fit(points, state)
                spent = time.process_time() - began
                first = first or spent
                sse = float(nearest(points, centres)[1].sum())
                print(f"{state:5}  {name:16} {spent:6.2f} {spent / first:6.1f} {sse:12.6g}", flush=True)
    print(f"peak memory of kwadrant fit above the table: {memory(points):.1%} of it")


if __name__ == "__main__":
    main()
