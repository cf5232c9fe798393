"""`kwadrant weights`: every method of weighting the columns of a table, side by side."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from clustering import sketch
from clustering.asking import Ask
from clustering.factors import METHODS, Given, Method, Sample
from clustering.faults import check_survey
from clustering.lab import Comparison, compare
from clustering.masses import STEPS
from clustering.measuring import fit_metric
from clustering.survey import Surveying
from kwadrant import sources
from kwadrant.advice import Advice, advise, recommended
from kwadrant.api import Report
from kwadrant.factor_files import read_comparisons
from kwadrant.value_mapping import read_mapping

VERSION = 1
"""Of the file that is written."""
_WIDE = 1_000


@dataclass(frozen=True, eq=False)
class Weighed:
    """What the lab found: the columns, the comparison, an advice for each method, the method to take and why."""

    columns: tuple[str, ...]
    ask: Ask
    rows: int
    compared: Comparison
    advice: list[Advice]
    take: str
    why: str


def weigh(table: object, ask: Ask, *, columns: Sequence[str] | None = None, id_column: str | None = None,
          weight: str | None = None, mapping: Path | None = None, ahp: Path | None = None, report: Report
          ) -> Weighed:  # fmt: skip
    """Compare all methods on a table.

    Parameters
    ----------
    table, columns, id_column, weight, mapping
        As for `kwadrant.api.fit`.
    ask : Ask
        Its weights are not used.
    ahp : path, optional
        Comparison matrix; tried beside the others.
    report : callable
        Told what begins.

    Raises
    ------
    ClusteringError, BadColumnError, TableError
        Naming the column and the row.
    """
    report("reading the table")
    texts = None if mapping is None else read_mapping(mapping).table
    rows = sources.rows(table, columns, weight, id_column, mapping=texts)
    names = rows.layout.columns
    said = None if ahp is None else read_comparisons(ahp, names)
    methods: list[Method] = [method for method in METHODS if method != "equal"]
    if said is not None:
        methods.append(Given("ahp", said.weights))
    found = compare(methods, _sample(rows, ask), ask.k, random_state=ask.random_state, report=report)
    advice = advise(found, names, None if said is None else said.ratio)
    return Weighed(names, ask, len(rows), found, advice, *recommended(found))


def _sample(rows: sources.Rows, ask: Ask) -> Sample:
    """Return the rows that a fit with this request would find its factors on."""
    engine, names = rows.engine, rows.layout.columns
    survey = engine.run(Surveying(len(names), ask.sample, ask.random_state))
    check_survey(survey, names, engine)
    survey = replace(survey, sample=sketch.settled(survey.sample))
    scaling = fit_metric(survey, replace(ask, weights="equal")).scaling
    kept = survey.sample.kept.take(slice(ask.rows))
    return Sample(kept.columns.T, scaling.apply(kept.columns.T), kept.masses / STEPS)


def write(found: Weighed, path: Path) -> None:
    """Write factors, figures and advice as JSON; a figure that could not be worked out is null."""
    facts, names = found.compared.facts, found.columns
    methods = [
        {
            "method": trial.method, "factors": dict(zip(names, trial.factors.tolist(), strict=True)),
            "agreement": trial.agreement, "moved": trial.moved, "unexplained": trial.unexplained,
            "stability": None if math.isnan(trial.stability) else trial.stability,
            "trust": advice.trust, "why": advice.why,
        }
        for trial, advice in zip(found.compared.trials, found.advice, strict=True)
    ]  # fmt: skip
    columns = {
        name: {"skewness": skewness, "confirmed": confirmed}
        for name, skewness, confirmed in zip(names, facts.skewness.tolist(), facts.confirmed.tolist(), strict=True)
    }
    content = {
        "version": VERSION, "rows": found.rows, "k": found.ask.k, "scale": found.ask.scale,
        "randomState": found.ask.random_state, "take": found.take, "why": found.why, "columns": columns,
        "methods": methods,
    }  # fmt: skip
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def changes(found: Weighed) -> Table:
    """Return the table of what each method would change."""
    title = f"{found.rows:,} rows, {found.ask.k} clusters, {found.ask.scale} scaling: what each method changes"
    table = Table("method", title=title)
    for heading in ("agrees with equal", "rows that move", "SSE share", "stability", "trust"):
        table.add_column(heading, justify="right")
    for trial, advice in zip(found.compared.trials, found.advice, strict=True):
        stability = "-" if math.isnan(trial.stability) else f"{trial.stability:.2f}"
        table.add_row(trial.method, f"{trial.agreement:.2f}", f"{trial.moved:.1%}", f"{trial.unexplained:.1%}",
                      stability, advice.trust)  # fmt: skip
    return table


def weights(found: Weighed) -> Table:
    """Return the table of every column's factor under each method."""
    table = Table("column", title="factor weights on squared distances, 1 is the mean")
    for trial in found.compared.trials:
        table.add_column(trial.method, justify="right")
    for heading in ("skewness", "confirmed"):
        table.add_column(heading, justify="right")
    facts = found.compared.facts
    for number, name in enumerate(found.columns):
        factors = [f"{trial.factors[number]:.2f}" for trial in found.compared.trials]
        table.add_row(name, *factors, f"{facts.skewness[number]:.1f}", f"{facts.confirmed[number]:.2f}")
    return table


def show(found: Weighed, console: Console) -> None:
    """Print both tables and the advice: in boxes on a terminal, as Markdown elsewhere, where no name is cut."""
    for table in (weights(found), changes(found)):
        if console.is_terminal:
            console.print(table)
        else:
            table.box = box.MARKDOWN
            console.print(table, width=_WIDE, no_wrap=True, crop=False)
    for line in words(found):
        console.print(line, soft_wrap=True, highlight=False)


def words(found: Weighed) -> list[str]:
    """Return the advice as lines: each method, and the one to take."""
    lines = [f"{advice.method}: {advice.trust}; {advice.why}" for advice in found.advice]
    return [*lines, f"take {found.take}: {found.why}"]
