"""Archive rows out of a relational database: all that a query finds, or what has changed since the last time.

What was taken is remembered in a small file by the greatest change time, and by digests of the rows of just that time:
they are asked again, and only those that are new are taken. So rows of one change time may come in any portions.

::

    TableError
    └── DatabaseError    no such database, it does not answer the query, or the file belongs to another query
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import URL, Connection, Engine, Row, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from kwadrant.cells import MissingColumnError, TableError, WrongValueError

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_KINDS = ("sqlite", "postgresql+psycopg")
Mark = datetime | date | int | str
_KIND_OF = {datetime: "instant", date: "day", int: "number", str: "text"}


class DatabaseError(TableError):
    """The database cannot be asked, or not this."""


@dataclass(frozen=True)
class Query:
    """What to ask of which database.

    Attributes
    ----------
    url : sqlite:///FILE or postgresql://USER@HOST/NAME, without a password.
    sql : a select whose columns have the archive's names.
    password_file : its first line is the password; where None, PostgreSQL's own ways count (PGPASSWORD, ~/.pgpass,
        PGSERVICEFILE).
    since_column : the column of the change time; None asks for everything.
    state : the file that remembers what was taken.
    """

    url: str
    sql: str
    password_file: Path | None = None
    since_column: str | None = None
    state: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked before anything is."""
        if (self.since_column is None) != (self.state is None):
            raise DatabaseError("--since-column and --state belong together: the change time, and where it is kept")
        if not self.sql.strip():
            raise DatabaseError("the query is empty; expected such as: select customer_id, valid_from from customer")
        _address(self)

    @property
    def called(self) -> str:
        """Return what to call it in messages: never with a password."""
        return _address(self).render_as_string(hide_password=True)

    @property
    def digest(self) -> str:
        """Return what tells one query's memory from another's."""
        return hashlib.sha256("\n".join((self.called, self.sql, self.since_column or "")).encode()).hexdigest()


@dataclass(frozen=True)
class Memory:
    """What was taken: the greatest change time, and digests of the rows of that time."""

    mark: Mark | None = None
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """What the database said, and what is to be remembered once it has been sent."""

    table: pa.Table
    memory: Memory


def is_database(source: str) -> bool:
    """Whether a source is a database's address rather than a file's name."""
    return "://" in source


def ask(query: Query) -> Answer:
    """Return the rows of a query, those taken before left out; it writes nowhere."""
    before = recall(query)
    engine = _engine(query)
    try:
        with engine.connect() as connection:
            names, rows = _rows(_reading_only(connection), query, before.mark)
    except SQLAlchemyError as error:
        raise DatabaseError(f"{query.called}: {_said(error)}") from error
    finally:
        engine.dispose()
    if query.since_column is None:
        return Answer(_table(names, rows, query), before)
    return _news(query, before, names, rows)


def recall(query: Query) -> Memory:
    """Return what is remembered, nothing at the first time."""
    if query.state is None or not query.state.is_file():
        return Memory()
    try:
        said = json.loads(query.state.read_text(encoding="utf-8"))
        theirs, kind, value, taken = said["query"], said["kind"], said["mark"], frozenset(said["taken"])
        mark: Mark | None = {"instant": datetime.fromisoformat, "day": date.fromisoformat}.get(kind, lambda it: it)(
            value
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DatabaseError(
            f"{query.state} is no memory of a query ({error}); delete it, and everything is sent again"
        ) from error
    if theirs != query.digest:
        raise DatabaseError(f"{query.state} belongs to another query or database; give this one a file of its own")
    return Memory(mark, taken)


def remember(query: Query, memory: Memory) -> None:
    """Write what was taken, whole or not at all."""
    if query.state is None or memory.mark is None:
        return
    kind = _KIND_OF[type(memory.mark)]
    mark = memory.mark.isoformat() if isinstance(memory.mark, date) else memory.mark
    said = {"query": query.digest, "kind": kind, "mark": mark, "taken": sorted(memory.taken)}
    query.state.parent.mkdir(parents=True, exist_ok=True)
    half = query.state.with_name(query.state.name + ".half")
    half.write_text(json.dumps(said), encoding="utf-8")
    half.replace(query.state)


def _address(query: Query) -> URL:
    try:
        url = make_url(query.url)
    except (ArgumentError, ValueError):
        raise DatabaseError(
            "the database's address cannot be read; expected postgresql://USER@HOST/NAME or sqlite:///FILE"
        ) from None
    if url.password is not None:
        raise DatabaseError("a password in an address can be read by whoever lists processes: "
                            "put it into a file (--password-file), PGPASSWORD or ~/.pgpass")  # fmt: skip
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername not in _KINDS:
        raise DatabaseError(f"{url.drivername} is none of ours; expected postgresql://USER@HOST/NAME or sqlite:///FILE")
    return url


def _engine(query: Query) -> Engine:
    url = _address(query)
    if url.drivername == "sqlite":
        path = Path(url.database or "")
        if not path.is_file():
            raise DatabaseError(f"no file {path}; expected sqlite:///FILE, four slashes before an absolute path")
        url = url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    elif query.password_file is not None:
        url = url.set(password=_password(query.password_file))
    try:
        return create_engine(url)
    except (SQLAlchemyError, NoSuchModuleError) as error:
        raise DatabaseError(f"{query.called}: {_said(error)}") from error


def _password(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DatabaseError(f"the password's file cannot be read: {error}") from error
    if not lines or not lines[0]:
        raise DatabaseError(f"{path}: its first line has to be the password, and is empty")
    return lines[0]


def _reading_only(connection: Connection) -> Connection:
    return (
        connection.execution_options(postgresql_readonly=True)
        if connection.dialect.name == "postgresql"
        else connection
    )


def _rows(connection: Connection, query: Query, mark: Mark | None) -> tuple[list[str], Sequence[Row[Any]]]:
    """Return the names of the columns, and the rows from the mark on: those of just that time included."""
    # a colon is no parameter of ours
    asked = query.sql.strip().rstrip(";").replace(":", r"\:")
    statement, values = f"SELECT * FROM (\n{asked}\n) AS asked", {}  # noqa: S608 - the user's own query, run as the user
    if query.since_column is not None and mark is not None:
        column = connection.dialect.identifier_preparer.quote(query.since_column)
        statement, values = f"{statement} WHERE {column} >= :mark OR {column} IS NULL", {"mark": mark}
    answer = connection.execute(text(statement), values)
    return list(answer.keys()), answer.all()


def _news(query: Query, before: Memory, names: list[str], rows: Sequence[Row[Any]]) -> Answer:
    """Leave out what was taken before, and say what is to be remembered."""
    if query.since_column not in names:
        raise MissingColumnError(f"{query.called}: no column {query.since_column!r} in the query's answer; "
                                 f"it has: {', '.join(names)}")  # fmt: skip
    at = names.index(query.since_column)
    marks = [_mark(row[at], query) for row in rows]
    kinds = {type(one) for one in [*marks, *([] if before.mark is None else [before.mark])]}
    if len(kinds) > 1:
        raise WrongValueError(f"{query.called}: column {query.since_column!r}: expected one type, found {len(kinds)}")
    told = [_told(row) for row in rows]
    new = [row for row, mark, digest in zip(rows, marks, told, strict=True)
           if mark != before.mark or digest not in before.taken]  # fmt: skip
    last: Any = max(marks, default=before.mark)
    taken = {digest for mark, digest in zip(marks, told, strict=True) if mark == last}
    if last == before.mark:
        taken |= before.taken
    return Answer(_table(names, new, query), replace(before, mark=last, taken=frozenset(taken)))


def _mark(value: object, query: Query) -> Mark:
    """Return a change time in one of the types that can be compared and remembered."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date | int | str) and not isinstance(value, bool) and value != "":
        return value
    raise WrongValueError(f"{query.called}: column {query.since_column!r}: expected a time, a day, a whole number or "
                          f"a text that sorts like its time, in every row; found {value!r}")  # fmt: skip


def _told(row: Row[Any]) -> str:
    return hashlib.blake2b(repr(tuple(row)).encode(), digest_size=12).hexdigest()


def _table(names: list[str], rows: Sequence[Row[Any]], query: Query) -> pa.Table:
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise MissingColumnError(f"{query.called}: the query's answer has the column {double[0]!r} twice")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: _column(name, values, query) for name, values in zip(names, columns, strict=True)})


def _column(name: str, values: Sequence[Any], query: Query) -> "pa.Array[Any]":
    try:
        found: pa.Array[Any] = pa.array([str(value) if isinstance(value, UUID) else value for value in values])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise WrongValueError(f"{query.called}: column {name!r}: expected values of one type: {error}") from error
    return found.cast(pa.string()) if pa.types.is_null(found.type) else found


def _said(error: Exception) -> str:
    """Return a driver's own words, on one line, without SQLAlchemy's frame."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
