"""A fit on Spark beside MLlib's KMeans with its settings as they come, in one session: 5,000,000 x 16, k = 32.

The rows of `benchmarks.fit`. Each gets a cached table, made before the clock starts: ours columns, MLlib's vectors.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
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
from clustering.fitting import fit
from kwadrant import spark
from kwadrant.settings import Settings

NAMES = tuple(f"x{number}" for number in range(D))


def ours(table: DataFrame) -> tuple[Floats, str]:
    """Return the centres of a fit, and in how many passes."""
    engine = Distributed(table, Layout(NAMES))
    found = fit(engine, NAMES, Ask(k=K, scale="none", weights="equal"), lambda _: None)
    return found.centres, f"{engine.passes} passes"


def mllib(table: DataFrame) -> tuple[Floats, str]:
    """Return the centres of MLlib's, and after how many steps."""
    model = KMeans(k=K, seed=0).fit(table)
    return np.array(model.clusterCenters()), f"{model.summary.numIter} steps"


def measured(name: str, run: Callable[[DataFrame], tuple[Floats, str]], table: DataFrame, points: Floats) -> None:
    """Cache the table, run, and print time and SSE."""
    table = table.cache()
    table.count()
    began = time.monotonic()
    centres, how = run(table)
    spent = time.monotonic() - began
    table.unpersist(blocking=True)
    print(f"{name:14} {spent:7.1f} s  {how:9}  SSE {nearest(points, centres)[1].sum():.6g}", flush=True)


def compare(session: SparkSession, path: Path, points: Floats) -> None:
    """Print both."""
    rows = session.read.parquet(str(path))
    measured("kwadrant fit", ours, rows, points)
    measured("MLlib KMeans", mllib, rows.select(array_to_vector(f.array(*NAMES)).alias("features")), points)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--apart", type=float, default=4.0)
    asked = parser.parse_args()
    points = customers(asked.rows, asked.apart)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "rows.parquet"
        table = pa.table({column: points[:, number] for number, column in enumerate(NAMES)})
        pq.write_table(table, path, row_group_size=500_000)
        session = spark.session(Settings(folder=folder, driver_memory="5g"), (), "fit benchmark")
        try:
            compare(session, path, points)
        finally:
            session.stop()


if __name__ == "__main__":
    main()
