"""Archive rows out of SQLite and a real PostgreSQL: whole, or only what changed; nothing lost, nothing twice."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from kwadrant.archive_source import Source, Typed, source
from kwadrant.cells import TableError
from kwadrant.common import UsageError
from kwadrant.database import Query, ask, recall, remember
from kwadrant.tables import ARCHIVE, Held, read_archive
from tests.postgresql import GUARDED

SELECT = "select id as customer_id, since as valid_from, branch as industry, kw as capacity_kw, changed_at from firm"
ROWS = (("0007", "2026-01-05", "bakery: small", 12.5, "2026-03-01 10:00:00"),
        ("0008", "2026-01-06", None, None, "2026-03-01 11:00:00"))  # fmt: skip
SECRET = "correct horse"  # noqa: S105 - of a server that lives as long as the tests


class Firms:
    """A relational system of a utility."""

    def __init__(self, engine: Engine, address: str) -> None:
        """Make its table."""
        self.engine, self.address = engine, address
        self.run("create table firm (id varchar(20) primary key, since date, branch text, kw numeric(8, 2), "
                 "changed_at timestamp)")  # fmt: skip
        self.write(*ROWS)

    def run(self, statement: str, *values: dict[str, Any]) -> None:
        """Run a statement."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), list(values) or None)

    def write(self, *rows: tuple[Any, ...]) -> None:
        """Write rows, each in the place of an earlier one of its id."""
        self.run("delete from firm where id = :id", *({"id": row[0]} for row in rows))
        values = [dict(zip(("id", "since", "branch", "kw", "at"), row, strict=True)) for row in rows]
        self.run("insert into firm values (:id, :since, :branch, :kw, :at)", *values)


@pytest.fixture(params=["sqlite", "postgresql"])
def firms(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Firms]:
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'firms.db'}"
        engine = create_engine(address)
        yield Firms(engine, address)
        engine.dispose()
        return
    whole = make_url(request.getfixturevalue("postgresql"))
    engine = create_engine(whole)
    yield Firms(engine, whole.set(drivername="postgresql").render_as_string())
    with engine.begin() as connection:
        connection.execute(text("drop table firm"))
    engine.dispose()


def taken(query: Query) -> list[str]:
    """Ask, remember as `produce` does once all is sent, and return whose rows came."""
    found = ask(query)
    remember(query, found.memory)
    return sorted(str(one) for one in found.table["customer_id"].to_pylist())


def test_all_rows_come_with_our_types(firms: Firms) -> None:
    rows = source(firms.address, Typed(SELECT + ";"), partly=True).rows
    assert isinstance(rows, Held)
    found = read_archive(rows)
    assert found.schema == ARCHIVE.schema
    first, second = (found.slice(row, 1).to_pylist()[0] for row in range(2))
    assert (first["customer_id"], first["industry"], first["capacity_kw"]) == ("0007", "bakery: small", 12.5)
    assert (str(second["valid_from"])[:10], second["industry"], second["capacity_kw"]) == ("2026-01-06", None, None)


def test_only_what_changed_comes_the_second_time_equal_times_included(firms: Firms, tmp_path: Path) -> None:
    query = Query(firms.address, SELECT, since_column="changed_at", state=tmp_path / "kept" / "state.json")
    assert taken(query) == ["0007", "0008"]
    assert taken(query) == []
    # of the very time that was the last: one that is new, one that says something else
    firms.write(("0009", "2026-02-01", "mill", 3, ROWS[1][4]), (*ROWS[1][:2], "dairy", *ROWS[1][3:]))
    assert taken(query) == ["0008", "0009"]
    firms.write(("0007", "2026-03-02", "bakery", 20, "2026-03-02 00:00:00"))
    assert taken(query) == ["0007"]
    assert taken(query) == []


def test_what_was_not_sent_comes_again(firms: Firms, tmp_path: Path) -> None:
    query = Query(firms.address, SELECT, since_column="changed_at", state=tmp_path / "state.json")
    assert len(ask(query).table) == len(ask(query).table) == len(ROWS)
    assert recall(query).mark is None


def test_a_row_without_a_change_time_is_refused_not_forgotten(firms: Firms, tmp_path: Path) -> None:
    query = Query(firms.address, SELECT, since_column="changed_at", state=tmp_path / "state.json")
    taken(query)
    firms.write(("0009", "2026-02-01", "mill", 3, None))
    with pytest.raises(TableError, match=r"column 'changed_at': expected a time.*found None"):
        ask(query)


def test_a_day_and_a_whole_number_are_change_times_too(firms: Firms, tmp_path: Path) -> None:
    for name, column in (("day", "since"), ("number", "n")):
        sql = f"select id as customer_id, since, since as valid_from, cast(id as integer) as n from firm -- {name}"  # noqa: S608
        query = Query(firms.address, sql, since_column=column, state=tmp_path / name)
        assert (taken(query), taken(query)) == (["0007", "0008"], [])
    firms.write(("0011", "2026-03-01", "mill", 3, None))
    assert taken(query) == ["0011"]


def test_nothing_is_written_to_the_database(firms: Firms) -> None:
    if firms.engine.dialect.name == "sqlite":
        query = Query(firms.address, "delete from firm returning id")
    else:
        firms.run("create or replace function empty() returns int language sql as 'delete from firm; select 1'")
        query = Query(firms.address, "select empty()")
    with pytest.raises(TableError, match=r"syntax|read-only"):
        ask(query)
    with firms.engine.connect() as connection:
        assert connection.execute(text("select count(*) from firm")).scalar() == len(ROWS)


@pytest.mark.parametrize(
    ("sql", "column", "words"),
    [
        ("select * from nothing", None, "nothing"),
        ("select id as customer_id from firm", None, "has no column 'valid_from': archive need"),
        (SELECT.replace(" as valid_from", " as customer_id"), None, "'customer_id' twice|customer_id:1"),
        ("select id as customer_id, since as valid_from from firm", "changed_at", "no column 'changed_at'"),
    ],
)
def test_what_is_wrong_is_said(firms: Firms, tmp_path: Path, sql: str, column: str | None, words: str) -> None:
    typed = Typed(sql, None, column, tmp_path / "state.json" if column else None)
    with pytest.raises(TableError, match=words):
        read_archive(source(firms.address, typed, partly=False).rows or Path())


def test_a_password_comes_from_a_file_or_the_environment_and_is_never_said(
    postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(postgresql)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"drop role if exists {GUARDED}")
        connection.exec_driver_sql(f"create role {GUARDED} login password '{SECRET}'")
    engine.dispose()
    file, wrong = tmp_path / "password", tmp_path / "wrong"
    file.write_text(SECRET + "\n")
    wrong.write_text("battery staple")
    address = make_url(postgresql).set(drivername="postgresql", username=GUARDED).render_as_string()
    assert len(ask(Query(address, "select 1 as n", password_file=file)).table) == 1
    with pytest.raises(TableError, match="password authentication failed") as refused:
        ask(Query(address, "select 1 as n", password_file=wrong))
    assert "battery" not in str(refused.value)
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert len(ask(Query(address, "select 1 as n")).table) == 1


ELSEWHERE = "postgresql://me@127.0.0.1:1/firms"
REFUSED = {
    "a password in the address": ("postgresql://me:hush@host/firms", Typed("select 1"), TableError,
                                  "put it into a file"),
    "an address that is none": ("postgresql://:x:y", Typed("select 1"), TableError, "address cannot be read"),
    "a database that is none of ours": ("mysql://me@host/firms", Typed("select 1"), TableError,
                                        "mysql is none of ours"),
    "no file": ("sqlite:///nowhere.db", Typed("select 1"), TableError, "no file nowhere.db"),
    "nobody answers": (ELSEWHERE, Typed("select 1"), TableError, r"postgresql\+psycopg://me@127.0.0.1:1/firms: conn"),
    "no password": (ELSEWHERE, Typed("select 1", Path("nowhere")), TableError, "password's file cannot be read"),
    "no query": (ELSEWHERE, Typed(), UsageError, "what to ask the database"),
    "an empty query": (ELSEWHERE, Typed(" "), TableError, "the query is empty"),
    "a change time kept nowhere": (ELSEWHERE, Typed("select 1", None, "t"), TableError, "belong together"),
    "a query of a file": ("archive.csv", Typed("select 1"), UsageError, "--query and its like ask a database"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, typed, kind, words = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=words) as refused:
        source(address, typed, partly=False)
    assert "hush" not in str(refused.value)


def test_since_and_a_memory_do_not_go_together(tmp_path: Path) -> None:
    typed = Typed("select 1", None, "changed_at", tmp_path / "state.json")
    with pytest.raises(UsageError, match="leave one of them out"):
        source(ELSEWHERE, typed, partly=True)


@pytest.mark.parametrize(("said", "words"), [("[]", "no memory of a query"), ("{", "no memory of a query"),
    ('{"query": "other", "kind": "text", "mark": "a", "taken": []}', "belongs to another query")])  # fmt: skip
def test_a_memory_of_something_else_is_refused(tmp_path: Path, said: str, words: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(said)
    with pytest.raises(TableError, match=re.escape(words)):
        recall(Query(ELSEWHERE, "select 1", since_column="changed_at", state=state))


def test_a_file_is_a_file() -> None:
    assert source("archive.csv", Typed(), partly=False) == Source(Path("archive.csv"))
