"""`kwadrant fit`: a table into a model file, on one machine or on Spark."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from batch_init.batches import Layout
from batch_init.scans import Distributed
from clustering.asking import Ask
from kwadrant import api, sources, spark
from kwadrant.api import Clustering, Report, Said
from kwadrant.axes import Axes, quadrants
from kwadrant.cells import WrongValueError
from kwadrant.factor_files import read_method
from kwadrant.settings import Settings
from kwadrant.value_mapping import read_mapping
from schemas.fitted import Fitted

ENGINES = ("numpy", "spark")
_STEPS = 7  # that a fit of a large table reports
_PATIENCE_S = 2.0
_TELLING = 3
_APART = 0.5  # [scaled unit] from the table's mean, to stand out


@dataclass(frozen=True)
class Asked:
    """What was typed; see `kwadrant.api.fit`."""

    table: Path
    ask: Ask
    said: Said
    layout: Layout
    engine: str


def asked(table: Path, k: int, *, columns: str | None, id_column: str | None, weight: str | None,  # noqa: PLR0913
          scale: str, weights: str, start: str, engine: str, random_state: int, mapping: Path | None = None
          ) -> Asked:  # fmt: skip
    """Return what was typed, checked as far as it can be without reading the rows."""
    if engine not in ENGINES:
        raise WrongValueError(f"--engine: expected {' or '.join(ENGINES)}, found {engine!r}")
    names = None if columns is None else [name.strip() for name in columns.split(",") if name.strip()]
    texts = None if mapping is None else read_mapping(mapping)
    layout = sources.layout(sources.schema(table), names, weight, id_column,
                            mapping=None if texts is None else texts.table)  # fmt: skip
    method = read_method(weights, layout.columns)
    return Asked(table, Ask(k=k, scale=scale, weights=method, start=start, random_state=random_state),
                 Said(weights, texts), layout, engine)  # fmt: skip


def run(asked: Asked, settings: Settings, report: Report) -> Clustering:
    """Return the model of a table."""
    if asked.engine == "spark":
        return _on_spark(asked, settings, report)
    report("reading the table")
    layout = asked.layout
    rows = sources.rows(asked.table, layout.columns, layout.weight, layout.id, mapping=layout.mapping)
    model, warnings = api.modelled(rows.engine, asked.layout, asked.ask, asked.said, report)
    return Clustering(model, warnings, rows)


def _on_spark(asked: Asked, settings: Settings, report: Report) -> Clustering:
    report("starting Spark")
    session = spark.session(settings, (), "fit")
    try:
        engine = Distributed(_table(session, asked).persist(), asked.layout)
        model, warnings = api.modelled(engine, asked.layout, asked.ask, asked.said, report)
    finally:
        session.stop()
    return Clustering(model, warnings)


def _table(session: SparkSession, asked: Asked) -> DataFrame:
    """Return the columns in use; what a CSV file says is read as `sources.read` reads it."""
    path, layout = str(asked.table.absolute()), asked.layout
    if asked.table.suffix == ".parquet":
        table = session.read.parquet(path)
    else:
        numbers = {*layout.columns, layout.weight} - set(sources.texts(layout))
        kinds = {name: "double" if name in numbers else "string" for name in sources.schema(asked.table).names}
        fields = ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())
        table = session.read.schema(fields).option("header", "true").option("mode", "FAILFAST").csv(path)
    return table.select(*(table[f"`{name}`"] for name in layout.needed))


def write_labels(found: Clustering, asked: Asked, out: Path) -> None:
    """Write the cluster of every row, in the table's order, with its id where it has one."""
    rows = sources.rows(asked.table, asked.layout.columns, None, asked.layout.id, mapping=asked.layout.mapping)
    labels = pa.array(Clustering(found.model, (), rows).labels)
    columns = {"cluster": labels} if asked.layout.id is None else {asked.layout.id: rows.ids, "cluster": labels}
    pq.write_table(pa.table(columns), out)


@contextmanager
def progress(console: Console, say: Callable[[str], None]) -> Iterator[Report]:
    """Give what to report to: a bar on a terminal once two seconds are over, plain lines elsewhere."""
    began = time.monotonic()
    if not console.is_terminal:
        yield lambda text: say(f"{time.monotonic() - began:6.1f} s  {text}")
        return
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)
    task = bar.add_task("", total=_STEPS)

    def report(text: str) -> None:
        bar.update(task, description=text, advance=1)
        if time.monotonic() - began > _PATIENCE_S:
            bar.start()

    try:
        yield report
    finally:
        bar.stop()


def summary(model: Fitted, of: Axes) -> Table:
    """Return a table for a person: size and share of each cluster, its quadrant, and what stands out in it."""
    table = Table(title=f"{model.rows:,} rows, {model.k} clusters, SSE {model.sse:.6g}")
    table.add_column("cluster", justify="right")
    table.add_column("size", justify="right")
    table.add_column("share", justify="right")
    if of:
        table.add_column("quadrant")
    table.add_column("what stands out")
    total = sum(model.masses)
    where = [[name] for name in quadrants(model, of)] if of else [[]] * model.k
    for number, (mass, words) in enumerate(zip(model.masses, standing_out(model), strict=True)):
        table.add_row(str(number), f"{mass:,.6g}", f"{mass / total:.1%}", *where[number], words)
    return table


def standing_out(model: Fitted) -> list[str]:
    """Return for each cluster the columns in which it lies farthest from the mean row, in their own units.

    How far is told in standard deviations of the clusters' centres, each counted by its mass.
    """
    masses, centres = np.array(model.masses), np.array(model.centres)
    mean = masses @ centres / masses.sum()
    deviation = np.sqrt(masses @ (centres - mean) ** 2 / masses.sum())
    away = np.where(deviation > 0, (centres - mean) / np.where(deviation > 0, deviation, 1.0), 0.0)
    away *= np.sqrt(model.factor_weights)
    return [_told(model, centre, row) for centre, row in zip(centres, away, strict=True)]


def _told(model: Fitted, centre: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
          away: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:  # fmt: skip
    order = np.argsort(-np.abs(away), kind="stable")[:_TELLING]
    words = [
        f"{model.columns[column]} {'high' if away[column] > 0 else 'low'} ({centre[column]:.4g})"
        for column in order.tolist() if abs(away[column]) > _APART
    ]  # fmt: skip
    return ", ".join(words) or "close to the mean row"
