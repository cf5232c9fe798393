"""How many clusters each start finds, how good and how dear it is, beside the peers: `make seeding`.

Every start is followed by Lloyd; `rgs` by Lloyd and swaps. Success is the share of runs with centroid index 0. The SSE
is compared with the lowest that any run found. Cost is CPU time of one thread against k-means++ and Lloyd of this
project, set by set; Spark's is not comparable on sets so small. With `--kept FILE` every run is written there, and none
that stands there is made again: a comparison may be broken off, go on later, and get more peers.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.ml.clustering import KMeans as SparkKMeans
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from sklearn.cluster import KMeans, MiniBatchKMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # ships no types

from benchmarks.known_sets import FOLDER, MADE, PUBLIC, Known, public
from clustering.arrays import Floats
from clustering.lloyd import lloyd
from clustering.quality import centroid_index, sse
from clustering.starts import STARTS, solve
from kwadrant import spark
from kwadrant.settings import Settings

Contender = Callable[[Known, int], Floats]
"""Centres of a set with a random state."""
BASE = "kmeans++"
STEPS = 300


@dataclass(frozen=True)
class Run:
    """One contender on one set with one random state: clusters missed, SSE over the best, CPU time [s]."""

    missed: int
    sse: float
    seconds: float


def ours(start: str) -> Contender:
    """Return a start of this project with what follows it."""
    return lambda known, state: (
        solve(start, known.points, np.ones(len(known.points)), len(known.true), random_state=state).centres
    )


def peers() -> dict[str, Contender]:
    """Return scikit-learn's, with its settings as they come but for the number of starts."""

    def full(starts: int) -> Contender:
        return lambda known, state: (
            KMeans(len(known.true), n_init=starts, random_state=state).fit(known.points).cluster_centers_
        )

    def small(known: Known, state: int) -> Floats:
        found: Floats = MiniBatchKMeans(len(known.true), random_state=state).fit(known.points).cluster_centers_
        return found

    return {"scikit-learn KMeans, n_init=1": full(1), "scikit-learn KMeans, n_init=10": full(10),
            "scikit-learn MiniBatchKMeans": small}  # fmt: skip


@contextmanager
def session() -> Iterator[SparkSession]:
    """Give a Spark session on this machine, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        running = spark.session(Settings(folder=Path(folder)), (), "seeding")
        try:
            yield running
        finally:
            running.stop()


def mllib(running: SparkSession) -> Contender:
    """Return Spark MLlib's KMeans with its settings as they come: k-means||, two steps, at most 20 of Lloyd."""

    @lru_cache(maxsize=1)
    def held(known: Known) -> DataFrame:
        rows = running.createDataFrame(
            pa.table(list(known.points.T), names=[f"x{at}" for at in range(known.points.shape[1])])
        )
        return rows.select(array_to_vector(f.array("*")).alias("features")).coalesce(1).persist()

    def centres(known: Known, state: int) -> Floats:
        return np.array(SparkKMeans(k=len(known.true), seed=state).fit(held(known)).clusterCenters())

    return centres


class Kept:
    """The runs made so far, in a file of one line each where there is one."""

    def __init__(self, path: Path | None) -> None:
        """Read what is there."""
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        self._runs = {
            (line["set"], line["start"], line["state"]): Run(**line["run"]) for line in map(json.loads, lines)
        }

    def run(self, name: str, contender: Contender, known: Known, state: int) -> Run:
        """Return a run, made now where it was not before."""
        key = known.name, name, state
        if key not in self._runs:
            self._runs[key] = _run(contender, known, state)
            if self._path is not None:
                line = {"set": known.name, "start": name, "state": state, "run": asdict(self._runs[key])}
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
        return self._runs[key]


def sets(folder: Path) -> list[Known]:
    """Return the public sets where they are, and the made ones."""
    there = [name for name in PUBLIC if (folder / f"{name}.parquet").exists()]
    if len(there) < len(PUBLIC):
        left_out = ", ".join(sorted(set(PUBLIC) - set(there)))
        print(f"not in {folder}: {left_out}; they are left out. Say where they are: --sets FOLDER, or CLUSTERING_SETS")
    return [*(public(name, folder) for name in there), *(make() for make in MADE.values())]


def _run(contender: Contender, known: Known, state: int) -> Run:
    began = time.process_time()
    centres = contender(known, state)
    seconds = time.process_time() - began
    return Run(centroid_index(centres, known.true), sse(known.points, np.ones(len(known.points)), centres), seconds)


def table(found: Mapping[str, Sequence[Sequence[Run]]], best: Sequence[float]) -> Iterator[str]:
    """Yield the lines of a Markdown table; ``found`` holds, for every contender, its runs set by set."""
    yield "| start | centroid index 0 | SSE, mean | SSE, worst set | cost |"
    yield "|---|---|---|---|---|"
    base = [np.mean([run.seconds for run in each]) for each in found[BASE]]
    for name, by_set in found.items():
        hits = np.mean([run.missed == 0 for each in by_set for run in each])
        ratio = [np.mean([run.sse for run in each]) / least for each, least in zip(by_set, best, strict=True)]
        cost = np.mean([np.mean([run.seconds for run in each]) / one for each, one in zip(by_set, base, strict=True)])
        shown = "–" if "MLlib" in name else f"{cost:.1f}"
        yield f"| {name} | {hits:.1%} | {np.mean(ratio):.4f} | {max(ratio):.4f} | {shown} |"


def missed(name: str, all_sets: Sequence[Known], by_set: Sequence[Sequence[Run]], best: Sequence[float]) -> None:
    """Print on which sets one contender missed a cluster or stayed above the best SSE by more than 0.1 %."""
    for known, each, least in zip(all_sets, by_set, best, strict=True):
        hits, worst = sum(run.missed == 0 for run in each), max(run.sse for run in each) / least
        if hits < len(each) or worst > 1.001:  # noqa: PLR2004 - what is asked of it
            print(f"{name} on {known.name}: every cluster in {hits} of {len(each)} runs, SSE up to {worst:.4f}")


def measure(contenders: Mapping[str, Contender], all_sets: Sequence[Known], states: int, kept: Kept) -> None:
    """Run everybody on everything and print the table."""
    found: dict[str, list[list[Run]]] = {name: [] for name in contenders}
    best = []
    for known in all_sets:
        for name, contender in contenders.items():
            found[name].append([kept.run(name, contender, known, state) for state in range(states)])
        ideal = lloyd(known.points, np.ones(len(known.points)), known.true, steps=STEPS).sse
        best.append(min(ideal, *(run.sse for by_set in found.values() for run in by_set[-1])))
        print(f"{known.name}: done", flush=True)
    print(*table(found, best), sep="\n")
    missed("rgs", all_sets, found["rgs"], best)


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--states", type=int, default=20, help="random states for every start and set")
    ask.add_argument("--sets", type=Path, default=FOLDER, help="folder of the public sets")
    ask.add_argument("--spark", action="store_true", help="Spark MLlib too; takes minutes")
    ask.add_argument("--kept", type=Path, help="file of the runs made so far")
    ask.add_argument("--only", help="names of sets, with commas between")
    given = ask.parse_args()
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(1))
        contenders = {**{start: ours(start) for start in STARTS}, **peers()}
        if given.spark:
            contenders["Spark MLlib KMeans"] = mllib(stack.enter_context(session()))
        every = sets(given.sets)
        which = [known for known in every if given.only is None or known.name in given.only.split(",")]
        if not which:
            ask.error(f"--only {given.only}: there are {', '.join(known.name for known in every)}")
        measure(contenders, which, given.states, Kept(given.kept))


if __name__ == "__main__":
    main()
