"""A running page: the real application over a store of a town, whose last news are still to come."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from kwadrant.teller import PageTeller
from segmentation.calendar import Calendar
from serving.api import app
from serving.desk import Desk
from serving.service import Address, answering
from serving.store import Taken, open_store, take

HOST = "127.0.0.1"


@dataclass
class Site:
    """A service that runs: its desk, where it listens, and the portions that its consumer has not taken in yet."""

    desk: Desk
    port: int
    coming: list[Taken] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the page's address."""
        return f"http://{HOST}:{self.port}/"

    @property
    def link(self) -> str:
        """Return the link that lets a browser in, once."""
        return f"{self.url}?key={self.desk.door.key}"

    def hear(self, portion: Taken) -> Taken:
        """Take a portion in, as the consumer does."""
        take(self.desk.engine, portion)
        self.desk.taken_at = self.desk.now()
        return portion

    def next_moves(self) -> Taken:
        """Take in what is still to come, up to the next confirmed move; returns the portion that told it."""
        while self.coming:
            portion = self.hear(self.coming.pop(0))
            if any(one.status == "confirmed" for one in portion.events) and portion.states:
                return portion
        raise AssertionError("nothing more is to come: make the town live longer")


def desk_of(engine: Engine, taken_at: float | None = None) -> Desk:
    """Return a desk with words."""
    return Desk(engine, taken_at=taken_at, teller=PageTeller(Calendar("Europe/Berlin")))


def cut(portions: Sequence[Taken], moves: int) -> int:
    """Return how many portions come before the last `moves` that tell of confirmed moves."""
    telling = [n for n, one in enumerate(portions) if any(e.status == "confirmed" for e in one.events) and one.states]
    return telling[-moves]


def filled(folder: Path, portions: Sequence[Taken]) -> Path:
    """Return the file of a store that has taken these portions in."""
    file = folder / "filled.db"
    engine = open_store(f"sqlite:///{file}")
    for portion in portions:
        take(engine, portion)
    engine.dispose()  # the last one to leave writes all into the one file
    return file


@contextmanager
def site(folder: Path, coming: Sequence[Taken] = (), begun: Path | None = None) -> Iterator[Site]:
    """Run the page over a copy of the store `begun`, an empty one without."""
    if begun is not None:
        shutil.copy(begun, folder / "store.db")
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    desk = desk_of(engine, time.time())
    with answering(app(desk), Address(HOST, 0)) as port:
        yield Site(desk, port, list(coming))
        desk.ending.set()
    engine.dispose()
