"""Options that verbs of several files have in common."""

from typing import Annotated

import typer

Bootstrap = Annotated[str | None, typer.Option(help="Kafka's bootstrap servers, HOST:PORT[,...]; over every setting")]
Folder = Annotated[str | None, typer.Option(help="the deployment's folder, path or URI: first state and checkpoint")]
Because = Annotated[str | None, typer.Option(help="why: stands in the log, and in what follows from it")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="wait for the stream's answer, a minute at most")]
RandomState = Annotated[int, typer.Option(help="random state: the same number, the same model")]
