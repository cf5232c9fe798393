"""`kwadrant preview`: hysteresis before it is set."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kwadrant.common import load, say, told
from kwadrant.options import (
    NOTHING,
    Archive,
    Clusters,
    Day,
    Duration,
    Map,
    RandomState,
    Readings,
    Transactions,
    Zone,
)


def preview(
    *,
    readings: Readings = None, transactions: Transactions = None, archive: Archive = None, k: Clusters = 8,
    random_state: RandomState = 0, map_: Map = NOTHING, duration: Duration = None, zone: Zone = None,
    seed_until: Annotated[datetime | None, typer.Option(formats=Day, help="seed on the days before; else half")] = None,
    margin: Annotated[str | None, typer.Option(help="margins to try, such as 0,0.5,1")] = None,
    dwell: Annotated[str | None, typer.Option(help="dwells to try [d], such as 0,3,7")] = None,
    cool_down: Annotated[str | None, typer.Option(help="cool-downs to try [d], such as 0,30,60")] = None,
    truth: Annotated[Path | None, typer.Option(help="a town's truth.parquet: found, delay, flaps by it")] = None,
    out: Annotated[Path | None, typer.Option(help="page to write: HTML with pictures, whole in itself")] = None,
) -> None:  # fmt: skip
    """Hysteresis before it is set: events per week and delay for a grid of margin, dwell and cool-down.

    The tables are replayed once, by the present settings; every cell of the grid judges the same customers at every
    close. Exact for the present settings, and for all cells as long as no model is promoted. Otherwise approximate: all
    cells share the models of the present settings, and a stream with other settings promotes slightly other ones.

    Without --truth a change is one of side: another class has become the nearest and stays so for 30 days. The delay
    runs from its first day to the confirmed move. A flap is a move that finds no change; one to a side that is nearest
    at the end, but not for 30 days yet, does not count.
    """
    from rich.console import Console

    from kwadrant import preview as verb
    from kwadrant.inputs import inputs
    from kwadrant.preview_page import page
    from kwadrant.progress import bar

    with told():
        given = inputs(readings, transactions, archive, pairs=map_, duration=duration, zone=zone)
        grid = verb.grid(margin, dwell, cool_down)
        ask = verb.Ask(grid=grid, k=k, random_state=random_state, seed_until=seed_until, truth=truth)
        with bar(Console(stderr=True), "epochs", lambda text: typer.echo(text, err=True)) as report:
            found = verb.run(load(zone=zone), given, ask, report)
        verb.show(found, Console())
        if out is not None:
            out.write_text(page(found), encoding="utf-8")
            say(f"wrote {out}")


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(preview)
