"""A fit on Spark beside MLlib's `KMeans`, in one session over the same cached table: `make scans`.

5,000,000 rows in 16 columns and 32 clusters of unequal sizes with heavy tails, as in `benchmarks.fit`, made by the
executors. MLlib has its settings as they come: k-means||, two steps, at most 20 of Lloyd. Neither scales nor weighs.
They take turns, the one that begins too. The time is that from asking to having the centres; Spark's jobs are counted,
at least one for every pass over the table. The SSE of both is added up by the same code. Of the driver's Python the
peak of its memory is printed, and by how much the fits raised it.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.ml.clustering import KMeans
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from batch_init.batches import Layout
from batch_init.scans import Distributed
from benchmarks.fit import D, K, customers
from clustering.arrays import Floats
from clustering.asking import Ask
from clustering.assignment import nearest
from kwadrant import spark
from kwadrant.api import Said, modelled
from kwadrant.settings import Settings

NAMES = tuple(f"x{number}" for number in range(D))
LAYOUT = Layout(NAMES)
OURS, THEIRS = "kwadrant fit", "MLlib KMeans"
_BLOCK = 50_000
Fit = Callable[[DataFrame, int], Floats]


@dataclass(frozen=True)
class Run:
    """One fit: seconds, jobs of Spark, SSE."""

    seconds: float
    jobs: int
    sse: float


def table(session: SparkSession, rows: int, parts: int, apart: float) -> DataFrame:
    """Return the rows in columns, to the next 50,000, made on the executors and held in memory in so many parts."""
    kinds = ", ".join(f"{name} double" for name in NAMES)
    blocks = session.range(0, -(-rows // _BLOCK), 1, parts)
    held = blocks.mapInArrow(partial(_made, apart=apart), kinds).persist()
    print(f"{held.count():,} x {D} in {held.rdd.getNumPartitions()} parts, k = {K}", flush=True)
    return held


def _made(records: Iterator[pa.RecordBatch], apart: float) -> Iterator[pa.RecordBatch]:
    for record in records:
        for block in record.column(0).to_numpy():
            points = customers(np.random.default_rng([2, int(block)]), _BLOCK, apart)
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in points.T], names=list(NAMES))


def ours(held: DataFrame, state: int) -> Floats:
    """Return the centres of our fit."""
    engine = Distributed(held, LAYOUT)
    ask = Ask(k=K, scale="none", weights="equal", random_state=state)
    model, _ = modelled(engine, LAYOUT, ask, Said("equal"), lambda _: None)
    print(f"{OURS}: {engine.passes} passes", flush=True)
    return np.array(model.centres)


def theirs(held: DataFrame, state: int) -> Floats:
    """Return the centres of MLlib's fit."""
    vectors = held.select(array_to_vector(f.array(*NAMES)).alias("features"))
    return np.array(KMeans(k=K, seed=state).fit(vectors).clusterCenters())


def sse(held: DataFrame, centres: Floats) -> float:
    """Return the sum over all rows of the squared distance to the nearest of the centres (k, d)."""

    def added(records: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        points = (np.stack([column.to_numpy() for column in record.columns]).T for record in records)
        found = [float(nearest(each, centres)[1].sum()) for each in points]
        yield pa.RecordBatch.from_arrays([pa.array([sum(found)], pa.float64())], names=["sse"])

    return float(sum(row[0] for row in held.mapInArrow(added, "sse double").collect()))


def run(held: DataFrame, name: str, fit: Fit, state: int) -> Run:
    """Return what one fit took, and what it is worth."""
    context, group = held.sparkSession.sparkContext, f"{name} {state}"
    context.setJobGroup(group, group)
    began = time.monotonic()
    centres = fit(held, state)
    seconds = time.monotonic() - began
    jobs = len(context.statusTracker().getJobIdsForGroup(group))
    context.setJobGroup("sse", "sse")
    return Run(seconds, jobs, sse(held, centres))


def peak() -> float:
    """Return the most memory that this process had so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(held: DataFrame, states: int) -> None:
    """Print what both take, turn by turn, and the ratios."""
    fits: list[tuple[str, Fit]] = [(OURS, ours), (THEIRS, theirs)]
    found: dict[str, list[Run]] = {OURS: [], THEIRS: []}
    before = peak()
    for state in range(states):
        for name, fit in fits[:: 1 if state % 2 == 0 else -1]:
            one = run(held, name, fit, state)
            found[name].append(one)
            print(f"state {state}  {name:13} {one.seconds:7.1f} s {one.jobs:4} jobs  SSE {one.sse:.6g}", flush=True)
    print(f"MLlib's seconds over ours: {told([(a.seconds, b.seconds) for a, b in zip(*found.values(), strict=True)])}")
    print(f"MLlib's SSE over ours:     {told([(a.sse, b.sse) for a, b in zip(*found.values(), strict=True)])}")
    print(f"the driver's Python: {peak():.0f} MB at most, {peak() - before:.0f} MB of them since the fits began")


def told(pairs: Sequence[tuple[float, float]]) -> str:
    """Return the ratio of the sums, and of every pair."""
    first, second = map(sum, zip(*pairs, strict=True))
    return f"{second / first:.3f} ({', '.join(f'{b / a:.3f}' for a, b in pairs)})"


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--apart", type=float, default=4.0, help="sd of the centres' coordinates")
    parser.add_argument("--states", type=int, default=2)
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--memory", default="6g", help="of the driver's JVM, which holds the table")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        session = spark.session(Settings(folder=Path(folder), driver_memory=asked.memory), (), "scans")
        try:
            measure(table(session, asked.rows, asked.parts, asked.apart), asked.states)
        finally:
            session.stop()


if __name__ == "__main__":
    main()
