"""`kwadrant model …`: which model is in force, and what an operator does about it."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from kwadrant import shifts, versions
from kwadrant.asking import ask_and_say, history_of
from kwadrant.common import UsageError, calendar_of, client_of, load, say, told
from kwadrant.options import Because, Bootstrap, Wait
from schemas.model import Model

app = typer.Typer(help="The model's versions: list, diff, promote, hold, rollback, pin, unpin, name, shadow.",
                  no_args_is_help=True)  # fmt: skip
Version = Annotated[int, typer.Argument(min=1)]
Cluster = Annotated[int, typer.Argument(min=0, help="the cluster's id, as `kwadrant model list` shows it")]


@app.command(name="list")
def list_(
    *,
    bootstrap: Bootstrap = None,
    rows: Annotated[int, typer.Option(min=1, help="so many of the last versions")] = 20,
) -> None:
    """Versions, what became of them, whom they would have moved, and the clusters of the one in force."""
    with told():
        settings = load(bootstrap)
        found = history_of(client_of(settings), settings.stream)
        Console().print(versions.listing(found, calendar_of(settings), rows))


@app.command()
def diff(before: Version, after: Version, *, bootstrap: Bootstrap = None) -> None:
    """How far the centres of version AFTER lie from those of BEFORE, biggest first, in the indices' units."""
    with told():
        settings = load(bootstrap)
        models = history_of(client_of(settings), settings.stream).models
        for version in (before, after):
            if version not in models:
                raise UsageError(f"no version {version}; the control topic has {min(models)} to {max(models)}")
        for line in shifts.lines(models[before], models[after]):
            say(line)


@app.command()
def promote(
    version: Annotated[int | None, typer.Argument(min=1, help="the held version; refused if it is another")] = None,
    *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True,
) -> None:  # fmt: skip
    """Put the held model in force, and promote by budget again."""
    ask_and_say(bootstrap, "promote", {} if version is None else {"version": version}, because, wait=wait)


@app.command()
def hold(*, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True) -> None:
    """Promote nothing until somebody says `promote`; candidates go on learning, and are tried at every close."""
    ask_and_say(bootstrap, "hold", {}, because, wait=wait)


@app.command()
def rollback(version: Version, *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True) -> None:
    """Put the centres of VERSION in force again, undo what later models did alone, and hold."""
    ask_and_say(bootstrap, "rollback", {"version": version}, because, wait=wait)


@app.command()
def pin(cluster: Cluster, *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True) -> None:
    """Never give a cluster up: it may move, but is not recycled."""
    ask_and_say(bootstrap, "pin", {"cluster": cluster}, because, wait=wait)


@app.command()
def unpin(cluster: Cluster, *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True) -> None:
    """Treat a cluster like the others again."""
    ask_and_say(bootstrap, "unpin", {"cluster": cluster}, because, wait=wait)


@app.command()
def name(cluster: Cluster, text: str, *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True
         ) -> None:  # fmt: skip
    """Call a cluster TEXT, from the next model on; its id and quadrant stay."""
    ask_and_say(bootstrap, "name", {"cluster": cluster, "name": text}, because, wait=wait)


@app.command()
def shadow(
    file: Annotated[str, typer.Argument(help="a model as JSON (of a models.jsonl the last one), or: off")],
    *, bootstrap: Bootstrap = None, because: Because = None, wait: Wait = True,
) -> None:  # fmt: skip
    """Judge another model beside the live one at every close; it is counted, and reaches nobody."""
    with told():
        model = None if file == "off" else _model(Path(file))
    ask_and_say(bootstrap, "shadow", {"model": model}, because, wait=wait)


def _model(path: Path) -> object:
    lines = path.read_bytes().strip().splitlines() if path.is_file() else []
    try:
        return msgspec.to_builtins(msgspec.json.decode(lines[-1] if lines else b"", type=Model))
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path} is no model: {error}; give one line of the models.jsonl of `kwadrant replay`"
        ) from error
