"""From Python: `fit` a table, `load` a model, `replay` a history; numpy, Arrow or pandas in, Arrow or pandas out.

>>> import numpy as np
>>> from kwadrant.api import fit
>>> found = fit(np.array([[0.0], [2.0], [9.0], [11.0]]), 2, scale="none")
>>> found.model.centres
((1.0,), (10.0,))
>>> found.labels.tolist()
[0, 0, 1, 1]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from batch_init.batches import Layout
from clustering import fitting
from clustering.arrays import Floats, Labels
from clustering.asking import Ask
from clustering.assignment import nearest_labels
from clustering.blocks import blocks
from clustering.engine import Engine
from clustering.fitting import Fit
from clustering.metric import Metric
from clustering.scaling import Scaling
from kwadrant import replay as verb
from kwadrant.common import load as settings_with
from kwadrant.factor_files import read_method
from kwadrant.frames import Frame, framed, known, table_of
from kwadrant.inputs import Inputs
from kwadrant.listing import COLUMNS, rows_of
from kwadrant.sources import Rows, finite, rows
from kwadrant.tables import AS_READ, Given, Held, parse_duration
from kwadrant.value_mapping import MappingFile, read_mapping
from schemas import fitted
from schemas.event import Event
from schemas.fitted import Fitted
from schemas.model import Model
from schemas.prospects import listed

SOFTWARE = "0.1.0"
_NUMBERS: Mapping[str, pa.DataType] = {
    "rank": pa.int64(), "potential": pa.float64(), "confidence": pa.float64(), "worth": pa.float64(),
}  # fmt: skip
LIST = pa.schema([(name, _NUMBERS.get(name, pa.string())) for name in COLUMNS])
Report = Callable[[str], None]
Warnings = tuple[str, ...]


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """A fitted model, and the rows it was fitted to, where they are at hand."""

    model: Fitted
    warnings: Warnings = ()
    _rows: Rows | None = None

    @cached_property
    def labels(self) -> Labels:
        """Return the cluster (n,) of every row the model was fitted to, rows of weight 0 included."""
        if self._rows is None:
            raise ValueError("the rows it was fitted to are not at hand; use predict(table)")
        return _labels(self.model, self._rows)

    def predict(self, table: object, mapping: Path | str | None = None) -> Labels:
        """Return the cluster (n,) of every row of a table that has the model's columns; a missing value is neutral.

        A model of mapped texts needs the file of the same ``mapping``, or a table with the numbers in their place.
        """
        texts = None if mapping is None else read_mapping(Path(mapping))
        if texts is not None and texts.used != self.model.mapping:
            raise ValueError(f"{mapping}: expected the mapping of the model, {self.model.mapping}; found {texts.used}")
        table_of = None if texts is None else texts.table
        return _labels(self.model, rows(table, self.model.columns, None, None, mapping=table_of))

    def save(self, path: Path | str) -> None:
        """Write the model file."""
        fitted.write(self.model, Path(path))


def load(path: Path | str) -> Clustering:
    """Return the model of a file; its digest is checked."""
    return Clustering(fitted.read(Path(path)))


def fit(table: object, k: int, *, columns: Sequence[str] | None = None, id_column: str | None = None,  # noqa: PLR0913
        weight: str | None = None, scale: str = "robust", weights: str = "eta2", start: str = "rgs",
        mapping: Path | str | None = None, random_state: int = 0, report: Report = _silent) -> Clustering:  # fmt: skip
    """Cluster a table in memory.

    Laws: the order of the rows changes no bit of the centres; a weight counts as that many copies of its row; the same
    random state gives the same bytes, here and on Spark.

    Parameters
    ----------
    table : (n, d) array, pyarrow.Table, pandas.DataFrame, or path of a Parquet or CSV file
        Untouched.
    k : int
        Number of clusters.
    columns : names, optional
        All numeric ones but weight and id when not given.
    id_column, weight : name, optional
        Without ids, equal rows are one row of that much weight.
    scale, weights, start : str
        As the command's options of these names.
    mapping : path, optional
        Value mapping table: what the texts of some columns count as.
    random_state : int
    report : callable
        Told what begins.

    Returns
    -------
    Clustering
        Cost: see `clustering.fitting.fit`; memory: a few MiB more than the table.

    Raises
    ------
    ClusteringError, BadColumnError, TableError
        Naming the column and the row.
    """
    texts = None if mapping is None else read_mapping(Path(mapping))
    found = rows(table, columns, weight, id_column, mapping=None if texts is None else texts.table)
    ask = Ask(k=k, scale=scale, weights=read_method(weights, found.layout.columns), start=start,
              random_state=random_state)  # fmt: skip
    model, warnings = modelled(found.engine, found.layout, ask, Said(weights, texts), report)
    return Clustering(model, warnings, found)


@dataclass(frozen=True, eq=False)
class Replayed:
    """What a replay found, as Arrow tables or as pandas frames: what the verb writes into its three files.

    Attributes
    ----------
    events : one row per reclassification event, in the order of the log; `from`, `to`, `quality` are structs, `reasons`
        is a list of them.
    models : one row per model that was in force, the seeding's first.
    customers : one row per customer: its class at the end, its potential [1] and the confidence in it [1].
    prospects : one row per customer that is newly potential at the end, whom to call first: as `kwadrant list` has it.
    refused : rows that were refused, by reason.
    """

    events: Any
    models: Any
    customers: Any
    prospects: Any
    refused: Mapping[str, int]


def replay(readings: object, *, transactions: object = None, archive: object = None, k: int = 8, random_state: int = 0,
           seed_until: date | None = None, rename: Mapping[str, str] = AS_READ, duration: str | None = None,
           zone: str | None = None, frame: Frame = "arrow") -> Replayed:  # fmt: skip
    """Seed on history and fold the rest, in one process: who moved, who is newly potential, and why.

    The law: what `kwadrant replay` writes for the same tables, bit for bit. Settings count as they do there:
    ``kwadrant.toml`` of the working folder, and the environment.

    Parameters
    ----------
    readings, transactions, archive : pyarrow.Table, pandas.DataFrame, or path of a Parquet or CSV file
        Columns as README's *Tables* lists them. Untouched.
    k : int
        Number of clusters.
    random_state : int
    seed_until : date, optional
        The model is seeded on the days before; on the first half of the days when not given.
    rename : mapping
        Our name of a column of readings and transactions to the table's.
    duration : str, optional
        Length of every reading where the table has none: ``"PT15M"``, ``"P1D"``.
    zone : str, optional
        Of times without one, and of the days, unless the setting `time_zone` says otherwise.
    frame : {"arrow", "pandas"}

    Returns
    -------
    Replayed
        Cost: see README's *Figures*; the whole history in memory.

    Raises
    ------
    TableError, SegmentationError, ValueError
        Saying what was expected, and where.
    """
    known(frame)
    length = None if duration is None else parse_duration(duration)
    until = None if seed_until is None else datetime(seed_until.year, seed_until.month, seed_until.day, tzinfo=UTC)
    given = Inputs(_given(readings, "readings"), _given(transactions, "transactions"), _given(archive, "archive"),
                   dict(rename), length, zone)  # fmt: skip
    found = verb.run(settings_with(zone=zone), given, k=k, random_state=random_state, way=verb.Way(until))
    tables = [table_of(found.events, Event), table_of(found.models, Model), verb.customers_table(found.replay),
              pa.Table.from_pylist(rows_of(listed(found.events)), schema=LIST)]  # fmt: skip
    events, models, customers, prospects = framed(tables, frame)
    return Replayed(events, models, customers, prospects, found.refused)


def _given(table: object, name: str) -> Given | None:
    if table is None:
        return None
    if isinstance(table, str | Path):
        return Path(table)
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    if isinstance(table, pa.Table):
        return Held(table, name)
    raise TypeError(f"{name}: expected a pyarrow.Table, a pandas.DataFrame or a path, found {type(table).__name__}")


@dataclass(frozen=True)
class Said:
    """What was typed and has to stand in the model: the weighting, and the mapping's file."""

    weighting: str
    mapping: MappingFile | None = None


def modelled(engine: Engine, layout: Layout, ask: Ask, said: Said, report: Report) -> tuple[Fitted, Warnings]:
    """Return the model of an engine's rows, and what to warn of."""
    found = fitting.fit(engine, layout.columns, ask, report)
    scaling = found.metric.scaling
    model = Fitted(
        version=1, software=SOFTWARE, columns=layout.columns, id_column=layout.id, weight_column=layout.weight, k=ask.k,
        start=ask.start, random_state=ask.random_state,
        scaling=fitted.Scaling(ask.scale, _numbers(scaling.centre), _numbers(scaling.spread), finite(scaling.clip)),  # type: ignore[arg-type]
        weighting=said.weighting, factor_weights=_numbers(found.metric.factors), grid=tuple(found.metric.grid.tolist()),
        centres=tuple(map(_numbers, scaling.invert(found.centres))),
        scaled_centres=tuple(map(_numbers, found.centres)), masses=_numbers(found.masses), rows=found.rows,
        sse=found.sse, sse_bound=found.bound,
        mapping=None if said.mapping is None else said.mapping.used,
    )  # fmt: skip
    return fitted.sealed(model), tuple(_warnings(found, layout.columns))


def _warnings(found: Fit, columns: Sequence[str]) -> Iterator[str]:
    for which, what in ((found.constant, "has one value in every row"), (found.missing, "has no value in any row")):
        yield from (f"column {columns[number]!r} {what}: it counts 0" for number in which)


def _numbers(values: Floats) -> tuple[float, ...]:
    # minus zero is zero
    return tuple((values + 0.0).tolist())


def _labels(model: Fitted, table: Rows) -> Labels:
    clip = np.inf if model.scaling.clip is None else model.scaling.clip
    scaling = Scaling(np.array(model.scaling.centre), np.array(model.scaling.spread), clip)
    metric = Metric(scaling, np.array(model.factor_weights), np.array(model.grid, np.int64))
    centres = metric.stretched(np.array(model.scaled_centres).T).T
    found = [
        nearest_labels(metric.stretched(metric.places(block.columns)).T, centres)
        for batch in table.batches for block in blocks(batch)
    ]  # fmt: skip
    return np.concatenate([np.empty(0, np.int32), *found])
