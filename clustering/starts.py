"""The starts by name: where the centres begin, and the clustering that follows."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from clustering.arrays import Floats
from clustering.density_maxmin import density_maxmin
from clustering.errors import BadSetting
from clustering.kmeans_parallel import kmeans_parallel
from clustering.lloyd import Clustering, lloyd
from clustering.seeding import kmeans_plus_plus, random_rows, seed


class Start(Protocol):
    """Centres (k, d) from points (n, d) and weights (n,), both untouched; the same state gives the same bytes."""

    def __call__(self, points: Floats, weights: Floats, k: int, *, random_state: int) -> Floats:
        """Return k distinct centres; fewer distinct rows with weight than k are refused."""


def _seeded(points: Floats, weights: Floats, k: int, *, random_state: int) -> Floats:
    return seed(points, weights, k, random_state=random_state).centres


STARTS: Mapping[str, Start] = MappingProxyType(
    {
        "rgs": _seeded,
        "kmeans++": kmeans_plus_plus,
        "kmeans-parallel": kmeans_parallel,
        "density-maxmin": density_maxmin,
        "random": random_rows,
    }
)
"""By the name that ``--start`` takes; the first is the default and the only one that repairs what it missed."""


def solve(start: str, points: Floats, weights: Floats, k: int, *, random_state: int) -> Clustering:
    """Cluster from nothing: the start of that name, then Lloyd to its end.

    Parameters
    ----------
    start : str
        A key of `STARTS`. ``rgs`` is `seeding.seed`, bit for bit.
    points, weights : (n, d), (n,)
        Untouched. A weight counts as that many copies.
    k : int
        Number of clusters; there must be as many distinct rows with weight.
    random_state : int
        The same state gives the same bytes.

    Returns
    -------
    Clustering
        Cost: that of the start, and O(n k d) per step of Lloyd.
    """
    if start not in STARTS:
        raise BadSetting(expected=f"a start out of {', '.join(STARTS)}", found=repr(start), todo="correct the start")
    if start == "rgs":
        return seed(points, weights, k, random_state=random_state)
    return lloyd(points, weights, STARTS[start](points, weights, k, random_state=random_state))
