"""The store: events, present classes and models in SQLite or PostgreSQL, taken in exactly once.

What is read from a partition and how far it was read go into one transaction; an event that comes again is dropped by
its id, and a portion that does not go on where the store stands by its positions. So a consumer may die at any moment
and begin again from `positions`, and two consumers of one store do no harm.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Engine, Table, create_engine, delete, event, func, inspect, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from schemas.control import Candidate, Hold, Promote
from schemas.event import CustomerState, Event
from schemas.expectation import Expectation, Expectations
from schemas.expectation import worth as promise
from schemas.model import Model
from schemas.prospects import after, worth
from schemas.times import microseconds
from schemas.topics import STATES
from serving import tables
from serving.questions import ask
from serving.tables import CUSTOMERS, DELIVERIES, EVENTS, EXPECTED, FLAGS, META, MODELS, ORDERS, POSITIONS, WEBHOOKS

_ROWS = 2_000
"""Rows of one statement."""
_event = msgspec.json.Decoder(Event)


Order = Candidate | Hold | Promote


@dataclass(frozen=True)
class Taken:
    """What was read in one go, in the order of the log, and where each (topic, partition) goes on.

    `orders` are what was decided about models, by their offset in the control topic.
    """

    events: Sequence[Event] = ()
    states: Sequence[CustomerState] = ()
    models: Sequence[Model] = ()
    orders: Mapping[int, Order] = field(default_factory=dict)
    positions: Mapping[tuple[str, int], int] = field(default_factory=dict)
    expected: Sequence[Expectations] = ()


class MovedError(Exception):
    """The store does not stand where a portion begins: another consumer has taken something in."""


class StoreError(ValueError):
    """The store cannot be opened."""


def open_store(url: str) -> Engine:
    """Return the store at an SQLAlchemy address, its tables made where they are missing.

    SQLite is set to write-ahead logging: readers and the one writer do not wait for each other.

    Raises
    ------
    StoreError
        Where nobody answers there, nobody may come in, or the address is none.
    """
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _write_ahead)
        META.create_all(engine)
        _grow(engine)
    except (SQLAlchemyError, ImportError) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(f"the store cannot be opened: {said}") from error
    return engine


def file_of(url: str) -> Path | None:
    """Return the file of a store in SQLite, None of another one.

    Raises
    ------
    StoreError
        Where the address is none.
    """
    try:
        address = make_url(url)
    except SQLAlchemyError as error:
        raise StoreError(f"the store cannot be opened: {error}") from error
    return Path(address.database or ":memory:") if address.get_backend_name() == "sqlite" else None


def _grow(engine: Engine) -> None:
    """Give a store of an earlier version its new columns and indexes; the states are read again to fill them."""
    known = inspect(engine)
    for table in META.sorted_tables:
        there = {column["name"] for column in known.get_columns(table.name)}
        _add(engine, table, [column for column in table.c if column.name not in there])
        _drop(engine, {str(one["name"]) for one in known.get_indexes(table.name)} - {one.name for one in table.indexes})
        for index in table.indexes:
            index.create(engine, checkfirst=True)


def _add(engine: Engine, table: Table, columns: Sequence[Column[Any]]) -> None:
    with engine.begin() as connection:
        for column in columns:
            kind = column.type.compile(engine.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))
            connection.execute(delete(POSITIONS).where(POSITIONS.c.topic == STATES))


def _drop(engine: Engine, indexes: Iterable[str]) -> None:
    """Drop the indexes that an earlier version made and nobody uses any more."""
    with engine.begin() as connection:
        for name in sorted(indexes):
            connection.execute(text(f"DROP INDEX {name}"))


def positions(engine: Engine) -> dict[tuple[str, int], int]:
    """Return where each (topic, partition) goes on."""
    return {(row.topic, row.part): row.next_offset for row in ask(engine, select(POSITIONS))}


def take(engine: Engine, taken: Taken, known: Mapping[tuple[str, int], int] | None = None) -> int:
    """Take in what was read, whole or not at all; returns how many events were new. Taking it again changes nothing.

    `known` is where its reader takes the store to stand.

    Raises
    ------
    MovedError
        Where the store stands elsewhere: an old state would otherwise come after a newer one. Nothing is taken in.
    """
    with engine.begin() as connection:
        if known is not None:
            _still_there(connection, taken, known)
        fresh = _new(connection, taken.events)
        _insert(connection, EVENTS, _numbered(connection, EVENTS, map(_event_row, fresh)))
        _flags(connection, fresh)
        _owed(connection, fresh)
        states = _changed(connection, _last(map(_customer_row, taken.states), "customer_id"))
        _insert(connection, CUSTOMERS, _numbered(connection, CUSTOMERS, states), replace=True)
        _expect(connection, taken.expected)
        _insert(connection, MODELS, map(_model_row, taken.models), replace=True)
        _insert(connection, ORDERS, (_order_row(at, order) for at, order in taken.orders.items()))
        rows = [{"topic": topic, "part": part, "next_offset": at} for (topic, part), at in taken.positions.items()]
        _insert(connection, POSITIONS, rows, replace=True)
        return len(fresh)


def _still_there(connection: Connection, taken: Taken, known: Mapping[tuple[str, int], int]) -> None:
    """Refuse a portion that begins elsewhere than the store stands; nobody else writes from here on."""
    alone = "LOCK TABLE position IN SHARE ROW EXCLUSIVE MODE"
    if connection.dialect.name == "sqlite":
        alone = "UPDATE position SET part = part WHERE 0 = 1"  # the first writing statement takes the lock
    connection.execute(text(alone))
    stands = {(row.topic, row.part): row.next_offset for row in connection.execute(select(POSITIONS))}
    moved = sorted(key for key in taken.positions if stands.get(key) != known.get(key))
    if moved:
        raise MovedError(f"partitions {moved} were taken in by somebody else meanwhile")


def _write_ahead(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's own connection
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _new(connection: Connection, events: Sequence[Event]) -> list[Event]:
    """Return the events that are not in the store, each once, in their order."""
    known: set[str] = set()
    for some in _some([one.event_id for one in events]):
        known.update(connection.scalars(select(EVENTS.c.event_id).where(EVENTS.c.event_id.in_(some))))
    fresh = {one.event_id: one for one in events if one.event_id not in known}
    return list(fresh.values())


def _numbered(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with their place in the order in which they came in."""
    last = connection.scalar(select(func.max(table.c.seq))) or 0
    return [{**row, "seq": last + 1 + number} for number, row in enumerate(rows)]


def _changed(connection: Connection, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the customers whose row says something new."""
    asked = {row["customer_id"]: row for row in rows}
    known: dict[str, dict[str, Any]] = {}
    for some in _some(list(asked)):
        for row in connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.customer_id.in_(some))).mappings():
            known[row["customer_id"]] = {name: value for name, value in row.items() if name != "seq"}
    return (row for customer, row in asked.items() if known.get(customer) != row)


def _flags(connection: Connection, events: Sequence[Event]) -> None:
    """Bring the sales list up to date, event by event."""
    before: dict[str, Event] = {}
    for some in _some(sorted({one.customer_id for one in events})):
        rows = connection.execute(select(FLAGS.c.customer_id, FLAGS.c.body).where(FLAGS.c.customer_id.in_(some)))
        before |= {row.customer_id: _event.decode(row.body) for row in rows}
    flags: dict[str, Event | None] = dict(before)
    for one in events:
        flags[one.customer_id] = after(flags.get(one.customer_id), one)
    changed = [customer for customer, flag in flags.items() if flag != before.get(customer)]
    for some in _some(changed):
        connection.execute(delete(FLAGS).where(FLAGS.c.customer_id.in_(some)))
    _insert(connection, FLAGS, (_flag_row(flag) for who in changed if (flag := flags[who]) is not None))


def _expect(connection: Connection, said: Sequence[Expectations]) -> None:
    """Put each bucket's last word in the place of the one before; what an older seeding said is no more."""
    if not said:
        return
    newest = max(one.generation for one in said)
    last = {one.bucket: one for one in said if one.generation == newest}
    over = EXPECTED.c.bucket.in_(list(last)) | (EXPECTED.c.generation != newest)
    connection.execute(delete(EXPECTED).where(over))
    rows = (_expected_row(one, bucket) for bucket in last.values() for one in bucket.customers)
    _insert(connection, EXPECTED, rows, replace=True)


def _owed(connection: Connection, events: Sequence[Event]) -> None:
    """Note for every webhook what it has to be told."""
    for hook in connection.execute(select(WEBHOOKS.c.webhook_id, WEBHOOKS.c.newly_potential_only)).all():
        due = (one for one in events if one.newly_potential or not hook.newly_potential_only)
        _insert(connection, DELIVERIES, (
            {"webhook_id": hook.webhook_id, "event_id": one.event_id, "tries": 0, "due_us": 0, "done": False}
            for one in due
        ))  # fmt: skip


def mark_of(customer_id: str) -> int:
    """Return what decides whether a customer is in an even sample [1]: those of the smallest marks are."""
    return zlib.crc32(customer_id.encode())


def _event_row(one: Event) -> dict[str, Any]:
    return {
        "event_id": one.event_id, "customer_id": one.customer_id, "event_us": _time(one), "status": one.status,
        "cause": one.cause, "from_cluster": one.from_.cluster, "to_cluster": one.to.cluster,
        "newly_potential": one.newly_potential, "rank": worth(one), "batch": one.batch_id, "body": _text(one),
    }  # fmt: skip


def _flag_row(one: Event) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id, "event_id": one.event_id, "event_us": _time(one), "status": one.status,
        "rank": worth(one), "body": _text(one),
    }  # fmt: skip


def _expected_row(one: Expectation, bucket: Expectations) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id, "generation": bucket.generation, "bucket": bucket.bucket,
        "as_of": bucket.as_of, "rank": promise(one), "body": _text(one),
    }  # fmt: skip


def _customer_row(state: CustomerState) -> dict[str, Any]:
    place, closed = state.place, state.closed
    cluster, quadrant = (place.cluster, place.quadrant) if closed is None else (tables.NOWHERE, "closed")
    return {
        "customer_id": state.customer_id, "cluster": cluster, "name": place.name, "quadrant": quadrant,
        "since": place.since, "model_version": state.model_version, "event_id": state.event_id,
        "current_value": state.current_value, "potential_value": state.potential_value,
        "mark": mark_of(state.customer_id) if closed is None else tables.NOWHERE,
        "closed": None if closed is None else closed.since,
        "successors": None if closed is None else " ".join(closed.successors),
    }  # fmt: skip


def _model_row(model: Model) -> dict[str, Any]:
    return {"version": model.version, "epoch": model.epoch, "body": _text(model)}


def _order_row(at: int, order: Order) -> dict[str, Any]:
    version = order.trial.version if isinstance(order, Hold) else order.model.version
    kind = str(type(order).__struct_config__.tag)
    return {"at": at, "generation": order.generation, "kind": kind, "version": version, "body": _text(order)}


def _time(one: Event) -> int:
    return microseconds(datetime.fromisoformat(one.event_time))


def _text(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()


def _last(rows: Iterable[dict[str, Any]], key: str) -> Iterable[dict[str, Any]]:
    """Return the last row of each key: one statement must not touch a row twice."""
    return {row[key]: row for row in rows}.values()


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]], *, replace: bool = False) -> None:
    """Insert rows; one that is there already is left as it is, or replaced."""
    dialect = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    keys = [column.name for column in table.primary_key]
    for some in _some(list(rows)):
        statement = dialect(table)
        if replace:
            others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=keys)
        connection.execute(statement, some)


def _some(whole: list[Any]) -> Iterator[list[Any]]:
    return (whole[start : start + _ROWS] for start in range(0, len(whole), _ROWS))
