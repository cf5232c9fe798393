"""The fit on Spark: byte for byte the model of the engine in memory, in at most five passes."""

import os
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from batch_init.batches import Layout
from batch_init.errors import BadColumnError
from batch_init.scans import Distributed
from clustering import asking, fitting
from clustering.asking import Ask
from clustering.errors import BadWeight, NotFinite
from clustering.fitting import Fit, fit
from kwadrant import sources
from segmentation.value_mapping import ValueMapping

pytestmark = pytest.mark.integration
NAMES = ("a", "b", "c")
LAYOUT = Layout(NAMES, "copies", "customer")
BY_VALUES = Layout(NAMES)
ASK = Ask(k=6)
CUTS = [(LAYOUT, 2), (BY_VALUES, 7)]
if "LONG_TESTS" in os.environ:
    CUTS = [(layout, parts) for layout in (LAYOUT, BY_VALUES) for parts in (1, 2, 7, 64)]
quiet = partial(fit, names=NAMES, ask=ASK, report=lambda _: None)


@pytest.fixture(autouse=True, scope="module")
def _small_samples() -> Iterator[None]:
    """Let a few thousand rows count as a large table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "LEAST_ROWS", 100)
        patch.setattr(asking, "ROWS_PER_CLUSTER", 1)
        patch.setattr(fitting, "NEAR", 1_000)
        yield


@pytest.fixture(scope="module")
def table() -> pa.Table:
    source = np.random.default_rng(8)
    values = source.normal(0, 9, (7, 3))[source.integers(7, size=6_000)] + source.standard_t(3, (6_000, 3))
    columns = {name: pa.array(values[:, number]) for number, name in enumerate(NAMES)}
    ids = pa.array([f"C{number}" for number in range(6_000)])
    return pa.table({**columns, "copies": pa.array(source.choice([0.0, 0.5, 1.0, 3.0], 6_000)), "customer": ids})


@pytest.fixture(scope="module")
def path(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("fit") / "table.parquet"
    pq.write_table(table, path)
    return str(path)


def content(found: Fit) -> tuple[bytes, ...]:
    numbers = np.array([found.rows, found.sse, found.bound])
    return tuple(each.tobytes() for each in (found.centres, found.masses, found.metric.factors, numbers))


@pytest.mark.parametrize(("layout", "parts"), CUTS)
def test_spark_finds_the_bytes_of_the_engine_in_memory(
    running: SparkSession, table: pa.Table, path: str, layout: Layout, parts: int
) -> None:
    engine = Distributed(running.read.parquet(path).repartition(parts), layout)
    alone = quiet(sources.rows(table, NAMES, layout.weight, layout.id).engine)
    assert content(quiet(engine)) == content(alone)
    assert engine.passes == 5


def test_a_table_of_moderate_size_is_read_twice(running: SparkSession, table: pa.Table, path: str) -> None:
    small = table.slice(0, 900)
    engine = Distributed(running.read.parquet(path).limit(900).repartition(3), LAYOUT)
    assert content(quiet(engine)) == content(quiet(sources.rows(small, NAMES, "copies", "customer").engine))
    assert engine.passes == 2


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"b": "double('infinity')"}, NotFinite, "numbers in column 'b'; found inf at row .* of partition"),
        ({"c": "if(customer = 'C77', null, c)", "copies": "1.0"}, NotFinite, "column 'c', or in none; found 1 missing"),
        ({"copies": "-1"}, BadWeight, "found -1.0 at row 0 of partition 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused_by_name(
    running: SparkSession, path: str, change: dict[str, str], error: type[Exception], words: str
) -> None:
    kept = [f"{change.get(name, name)} as {name}" for name in (*NAMES, "copies", "customer")]
    with pytest.raises(error, match=words):
        quiet(Distributed(running.read.parquet(path).selectExpr(*kept), LAYOUT))


def test_texts_are_mapped_on_spark_too_and_an_unknown_one_is_refused(running: SparkSession, table: pa.Table) -> None:
    words = pa.array(np.where(table.column("c").to_numpy() < 0, "low", "high").tolist())
    texts = table.slice(0, 900).set_column(2, "c", words.slice(0, 900))
    known = Layout(NAMES, None, "customer", ValueMapping("1", {("c", "low"): -1.0, ("c", "high"): 2.0}))
    frame = running.createDataFrame(texts.to_pandas()).repartition(2)
    alone = sources.rows(texts, NAMES, None, "customer", mapping=known.mapping)
    assert content(quiet(Distributed(frame, known))) == content(quiet(alone.engine))
    part = Layout(NAMES, None, "customer", ValueMapping("1", {("c", "low"): -1.0}))
    with pytest.raises(BadColumnError, match=r"partition 0: column 'c', row \d+ \(id 'C\d+'\): .* found 'high'"):
        quiet(Distributed(frame, part))
