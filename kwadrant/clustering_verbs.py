"""`kwadrant fit`, `weights` and `export`: clustering of any table, without the stream."""

from pathlib import Path
from typing import Annotated

import typer

from kwadrant.common import load, say, told
from kwadrant.options import RandomState

Mapping = Annotated[
    Path | None, typer.Option(help="CSV version,column,value,number: what the texts of some columns count as")
]


def fit(
    table: Annotated[Path, typer.Argument(help="Parquet or CSV, one row per customer")],
    *,
    k: Annotated[int, typer.Option("-k", "--clusters", min=1, help="number of clusters")],
    out: Annotated[Path, typer.Option(help="model file to write: JSON")],
    columns: Annotated[str | None, typer.Option(help="a,b,...: which columns; else all numeric ones")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="column of ids; else a row's values are its id")] = None,
    weight: Annotated[str | None, typer.Option(help="column that says how many copies a row stands for")] = None,
    mapping: Mapping = None,
    scale: Annotated[str, typer.Option(help="none, zscore, minmax or robust")] = "robust",
    weights: Annotated[str, typer.Option(help="equal, eta2, entropy, critic, sparse, ahp:FILE, fixed:FILE")] = "eta2",
    start: Annotated[str, typer.Option(help="rgs, kmeans++, kmeans-parallel, density-maxmin or random")] = "rgs",
    engine: Annotated[str, typer.Option(help="numpy or spark: the same bits")] = "numpy",
    random_state: RandomState = 0,
    labels: Annotated[Path | None, typer.Option(help="Parquet file of every row's cluster to write")] = None,
    current: Annotated[str | None, typer.Option(help="a,-b: columns of current value, for the quadrants")] = None,
    potential: Annotated[str | None, typer.Option(help="a,-b: columns of potential value, for the quadrants")] = None,
) -> None:
    """Cluster a table: the same model for any order of the rows, on one machine or on Spark."""
    from rich.console import Console

    from kwadrant import fit as verb
    from kwadrant.axes import axes

    with told():
        given = verb.asked(table, k, columns=columns, id_column=id_, weight=weight, scale=scale, weights=weights,
                           start=start, engine=engine, random_state=random_state, mapping=mapping)  # fmt: skip
        of = axes(current, potential, given.layout.columns)
        with verb.progress(Console(stderr=True), lambda text: typer.echo(text, err=True)) as report:
            found = verb.run(given, load(), report)
            if labels is not None:
                report("writing the labels")
                verb.write_labels(found, given, labels)
        found.save(out)
        for warning in found.warnings:
            typer.echo(f"warning: {warning}", err=True)
        Console().print(verb.summary(found.model, of))


def weights(
    table: Annotated[Path, typer.Argument(help="Parquet or CSV, one row per customer")],
    *,
    k: Annotated[int, typer.Option("-k", "--clusters", min=2, help="number of clusters")] = 8,
    columns: Annotated[str | None, typer.Option(help="a,b,...: which columns; else all numeric ones")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="column of ids; else a row's values are its id")] = None,
    weight: Annotated[str | None, typer.Option(help="column that says how many copies a row stands for")] = None,
    mapping: Mapping = None,
    scale: Annotated[str, typer.Option(help="none, zscore, minmax or robust")] = "robust",
    ahp: Annotated[Path | None, typer.Option(help="CSV matrix of pairwise comparisons: AHP beside the others")] = None,
    random_state: RandomState = 0,
    out: Annotated[Path | None, typer.Option(help="JSON file of factors, figures and advice to write")] = None,
) -> None:
    """The weights lab: every method side by side, what each would change, which to trust and why."""
    from rich.console import Console

    from clustering.asking import Ask
    from kwadrant import weights as verb
    from kwadrant.fit import progress

    with told():
        names = None if columns is None else [name.strip() for name in columns.split(",") if name.strip()]
        ask = Ask(k=k, scale=scale, random_state=random_state)
        with progress(Console(stderr=True), lambda text: typer.echo(text, err=True)) as report:
            found = verb.weigh(table, ask, columns=names, id_column=id_, weight=weight, mapping=mapping, ahp=ahp,
                               report=report)  # fmt: skip
        if out is not None:
            verb.write(found, out)
        verb.show(found, Console())


def export(
    model: Annotated[Path, typer.Argument(help="model file of `kwadrant fit`")],
    *,
    to: Annotated[str, typer.Option(help="who is to use it: sklearn or mllib")],
    out: Annotated[Path, typer.Option(help="new folder: model file, parity rows, what the peer loads")],
) -> None:
    """A clustering for scikit-learn or Spark ML, written only once the peer gives 1,000 rows our clusters."""
    from kwadrant import export as verb

    with told():
        say(f"wrote {out}; to use it:\n{verb.run(model, to, out)}")


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (fit, weights, export):
        app.command()(verb)
