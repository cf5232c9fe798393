"""Options that verbs of several files have in common."""

from pathlib import Path
from typing import Annotated

import typer

Bootstrap = Annotated[str | None, typer.Option(help="Kafka's bootstrap servers, HOST:PORT[,...]; over every setting")]
Folder = Annotated[str | None, typer.Option(help="the deployment's folder, path or URI: first state and checkpoint")]
Because = Annotated[str | None, typer.Option(help="why: stands in the log, and in what follows from it")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="wait for the stream's answer, a minute at most")]
RandomState = Annotated[int, typer.Option(help="random state: the same number, the same model")]
Readings = Annotated[Path | None, typer.Option(help="readings: customer_id, start, duration_s, kwh; Parquet or CSV")]
Transactions = Annotated[Path | None, typer.Option(help="transactions: transaction_id, customer_id, time, kind, ...")]
Archive = Annotated[Path | None, typer.Option(help="archive data: customer_id, valid_from and attributes")]
Map = Annotated[list[str], typer.Option("--map", help="OURS=THEIRS: the file's name of one of our columns; repeatable")]
Duration = Annotated[str | None, typer.Option(help="length of every reading where the file has none: PT15M, P1D, ...")]
Zone = Annotated[str | None, typer.Option(help="zone of times without one; and of the days, unless time_zone is set")]
Clusters = Annotated[int, typer.Option("-k", "--clusters", min=2, help="number of clusters")]
Day = ["%Y-%m-%d"]
NOTHING: list[str] = []
"""No option was typed; Typer copies it."""
