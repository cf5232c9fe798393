"""`kwadrant serve` and `kwadrant token`: the store, the HTTP API, and who may ask."""

from typing import Annotated, Literal

import typer

from kwadrant.common import UsageError, calendar_of, client_of, load, say, told
from kwadrant.options import Bootstrap

app = typer.Typer(help="Tokens of the HTTP API: who may ask, as what.", no_args_is_help=True)
Store = Annotated[str, typer.Option(help="SQLAlchemy address: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")]
STORE = "sqlite:///var/store.db"
LIVE_PAGE = "live page:"
"""What stands before the page's address in what `serve` says."""


def serve(
    *,
    bootstrap: Bootstrap = None,
    store: Store = STORE,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="port to listen on; 0 takes a free one")] = 8_080,
) -> None:
    """The live page and the HTTP API over all that the stream says: sales list, history, webhooks. Ctrl-C ends it."""
    from kwadrant.stream import stopped_by_signals
    from kwadrant.teller import PageTeller
    from serving import service
    from serving.consumer import NoTopicsError
    from serving.desk import Desk
    from serving.store import open_store

    with told():
        stop = stopped_by_signals()
        settings = load(bootstrap)
        desk = Desk(open_store(_address(store)), teller=PageTeller(calendar_of(settings)))

        def ready(at: int) -> None:
            who = "`kwadrant token create NAME`, of the same --store, lets somebody in"
            say(f"http://{host}:{at}  (openapi.json describes it; {who})")
            say(f"{LIVE_PAGE} http://{host}:{at}/?key={desk.door.key}  (the link opens once)")

        try:
            service.serve(desk, client_of(settings), service.Address(host, port), stop, ready)
        except NoTopicsError as error:
            raise UsageError(str(error)) from error


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="whose it is")],
    *,
    role: Annotated[Literal["read", "admin"], typer.Option(help="admin may also make webhooks")] = "read",
    store: Store = STORE,
) -> None:
    """Make a token. It is shown this once; the store keeps a digest of it."""
    from serving import tokens
    from serving.store import open_store

    with told():
        say(tokens.create(open_store(_there(store)), name, role))


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="whose tokens")], *, store: Store = STORE) -> None:
    """Make all tokens of a name worthless."""
    from serving import tokens
    from serving.store import open_store

    with told():
        number = tokens.revoke(open_store(_there(store)), name)
        if not number:
            raise UsageError(f"nobody in this store has a token as {name!r}; give the --store of `kwadrant serve`")
        say(f"{number} revoked")


def _there(store: str) -> str:
    """Return the address of a store that is there: a token in a new one would be a token that nobody accepts."""
    from serving.store import file_of

    file = file_of(store)
    if file is not None and not file.exists():
        raise UsageError(f"no store at {file}: name the one of `kwadrant serve`, which makes it, with --store")
    return store


def _address(store: str) -> str:
    """Return the address, its folder made where SQLite would miss it."""
    from serving.store import file_of

    file = file_of(store)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    return store
