"""Where `kwadrant produce` takes archive rows from: a file, or a database that is asked."""

from dataclasses import dataclass
from pathlib import Path

from kwadrant.common import UsageError
from kwadrant.database import Mark, Memory, Query, ask, is_database, remember
from kwadrant.tables import Given, Held


@dataclass(frozen=True)
class Typed:
    """What was typed about a database."""

    query: str | None = None
    password_file: Path | None = None
    since_column: str | None = None
    state: Path | None = None


@dataclass(frozen=True)
class Source:
    """Archive rows: a file of them, or what a database answered and what to remember of it."""

    rows: Given | None = None
    asked: tuple[Query, Memory] | None = None

    @property
    def known(self) -> Mark | None:
        """Return the last change time that is known of a database, None where change times play no part."""
        return None if self.asked is None else self.asked[1].mark

    def sent(self) -> None:
        """Remember what was taken; call it once the broker has all of it."""
        if self.asked is not None:
            remember(*self.asked)


def source(archive: str | None, typed: Typed, *, partly: bool) -> Source:
    """Return where the rows are; a database is asked at once. `partly`: not all rows will be sent."""
    if archive is None or not is_database(archive):
        if typed != Typed():
            raise UsageError("--query and its like ask a database: --archive postgresql://USER@HOST/NAME")
        return Source(None if archive is None else Path(archive))
    if typed.query is None:
        raise UsageError("what to ask the database? --query 'select customer_id, valid_from, ... from ...'")
    if partly and typed.since_column is not None:
        raise UsageError("--since would leave out rows that --state then remembers as sent: leave one of them out")
    query = Query(archive, typed.query, typed.password_file, typed.since_column, typed.state)
    found = ask(query)
    return Source(Held(found.table, query.called), (query, found.memory))
