"""What people ask the store; each has its index, and none reads more rows than it answers, but those that count.

Pages are keyset pages: the next one begins after the last row of the one before, however deep it lies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, Row, Select, Table, and_, distinct, func, or_, select
from sqlalchemy.exc import DBAPIError

from serving.tables import CUSTOMERS, EVENTS, EXPECTED, FLAGS, MODELS, NOWHERE, ORDERS

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class After:
    """Where a page of the sales list begins: after this rank and customer."""

    rank: float
    customer_id: str


@dataclass(frozen=True)
class Before:
    """Where a page of a history begins: before this event time [us] and event."""

    event_us: int
    event_id: str


def newly_potential(limit: int, after: After | None = None, since_us: int = 0) -> Select[Any]:
    """Newly potential customers, most promising first, from event time `since_us` [us] on."""
    asked = select(FLAGS).order_by(FLAGS.c.rank.desc(), FLAGS.c.customer_id).limit(limit)
    if since_us:
        asked = asked.where(FLAGS.c.event_us >= since_us)
    return asked if after is None else asked.where(*_behind(FLAGS, after))


def expected(limit: int, after: After | None = None) -> Select[Any]:
    """Return customers who may soon become potential ones, most promising first."""
    asked = select(EXPECTED).order_by(EXPECTED.c.rank.desc(), EXPECTED.c.customer_id).limit(limit)
    return asked if after is None else asked.where(*_behind(EXPECTED, after))


def expectation(customer_id: str) -> Select[Any]:
    """Return what is expected of a customer, if anything is."""
    return select(EXPECTED).where(EXPECTED.c.customer_id == customer_id)


def first_event() -> Select[Any]:
    """Time of the earliest event [us], null without one."""
    return select(func.min(EVENTS.c.event_us).label("event_us"))


def latest_event() -> Select[Any]:
    """Time of the latest event [us], null without one."""
    return select(func.max(EVENTS.c.event_us).label("event_us"))


def risen(after_us: int, until_us: int) -> Select[Any]:
    """Count who became newly potential, as confirmed, after one moment [us] and not after the other."""
    span = and_(EVENTS.c.event_us > after_us, EVENTS.c.event_us <= until_us)
    mine = and_(span, EVENTS.c.newly_potential, EVENTS.c.status == "confirmed")
    return select(func.count(distinct(EVENTS.c.customer_id)).label("customers")).where(mine)


def _behind(table: Table, after: After) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that leave the rows of a list behind a place."""
    same = and_(table.c.rank == after.rank, table.c.customer_id > after.customer_id)
    return table.c.rank <= after.rank, or_(table.c.rank < after.rank, same)


def customer(customer_id: str) -> Select[Any]:
    """Present class of a customer."""
    return select(CUSTOMERS).where(CUSTOMERS.c.customer_id == customer_id)


def history(customer_id: str, limit: int, before: Before | None = None) -> Select[Any]:
    """Events of a customer, the latest first."""
    wanted = (EVENTS.c.event_us, EVENTS.c.event_id, EVENTS.c.body, EVENTS.c.seq)
    asked = select(*wanted).where(EVENTS.c.customer_id == customer_id)
    if before is not None:
        same = and_(EVENTS.c.event_us == before.event_us, EVENTS.c.event_id > before.event_id)
        asked = asked.where(EVENTS.c.event_us <= before.event_us, or_(EVENTS.c.event_us < before.event_us, same))
    return asked.order_by(EVENTS.c.event_us.desc(), EVENTS.c.event_id).limit(limit)


def as_of(customer_id: str, moment_us: int) -> Select[Any]:
    """Last confirmed event of a customer up to a moment [us]: where it stood then."""
    mine = and_(EVENTS.c.customer_id == customer_id, EVENTS.c.status == "confirmed", EVENTS.c.event_us <= moment_us)
    return select(EVENTS.c.event_us, EVENTS.c.body).where(mine).order_by(EVENTS.c.event_us.desc()).limit(1)


def first_after(customer_id: str, moment_us: int) -> Select[Any]:
    """First confirmed event of a customer after a moment [us]: it left where it had stood."""
    mine = and_(EVENTS.c.customer_id == customer_id, EVENTS.c.status == "confirmed", EVENTS.c.event_us > moment_us)
    return select(EVENTS.c.event_us, EVENTS.c.body).where(mine).order_by(EVENTS.c.event_us).limit(1)


def members(cluster: int, limit: int, after: str = "") -> Select[Any]:
    """Members of a cluster by id, after the customer `after`."""
    mine = and_(CUSTOMERS.c.cluster == cluster, CUSTOMERS.c.customer_id > after)
    return select(CUSTOMERS).where(mine).order_by(CUSTOMERS.c.customer_id).limit(limit)


def events_since(moment_us: int, limit: int) -> Select[Any]:
    """Events from a moment [us] on, in order of their time."""
    asked = select(EVENTS.c.event_us, EVENTS.c.body).where(EVENTS.c.event_us >= moment_us)
    return asked.order_by(EVENTS.c.event_us, EVENTS.c.event_id).limit(limit)


def model(version: int | None = None) -> Select[Any]:
    """Return the newest model, or that of a version."""
    asked = select(MODELS).order_by(MODELS.c.version.desc()).limit(1)
    return asked if version is None else asked.where(MODELS.c.version == version)


def newest_version() -> Select[Any]:
    """Version of the newest model, null before the first."""
    return select(func.max(MODELS.c.version).label("version"))


def cluster_sizes() -> Select[Any]:
    """Count the customers of every cluster: it reads all, along the index of the clusters."""
    return _counted(CUSTOMERS.c.cluster, CUSTOMERS.c.cluster != NOWHERE)


def quadrant_sizes() -> Select[Any]:
    """Count the customers of every quadrant, along the index of the quadrants."""
    return _counted(CUSTOMERS.c.quadrant, CUSTOMERS.c.quadrant != "closed")


def _counted(column: Column[Any], there: ColumnElement[bool]) -> Select[Any]:
    return select(column, func.count().label("customers")).where(there).group_by(column)


def sample(limit: int) -> Select[Any]:
    """Return an even sample of the customers, the same ones each time."""
    return (
        select(CUSTOMERS).where(CUSTOMERS.c.mark >= 0).order_by(CUSTOMERS.c.mark, CUSTOMERS.c.customer_id).limit(limit)
    )


def newest_events(limit: int) -> Select[Any]:
    """Events of the latest time, the latest first."""
    asked = select(EVENTS.c.event_us, EVENTS.c.body).order_by(EVENTS.c.event_us.desc(), EVENTS.c.event_id.desc())
    return asked.limit(limit)


def events_after(seq: int, limit: int) -> Select[Any]:
    """Events in the order in which they came in, after the number `seq`."""
    return select(EVENTS.c.seq, EVENTS.c.body).where(EVENTS.c.seq > seq).order_by(EVENTS.c.seq).limit(limit)


def customers_after(seq: int, limit: int) -> Select[Any]:
    """Return customers in the order in which their class changed, after the number `seq`."""
    return select(CUSTOMERS).where(CUSTOMERS.c.seq > seq).order_by(CUSTOMERS.c.seq).limit(limit)


def last_event() -> Select[Any]:
    """Return the number of the event that came in last."""
    return select(func.max(EVENTS.c.seq).label("seq"))


def last_customer() -> Select[Any]:
    """Return the number of the change of class that came in last."""
    return select(func.max(CUSTOMERS.c.seq).label("seq"))


def customers_from(prefix: str, limit: int) -> Select[Any]:
    """Return customers by id from `prefix` on."""
    return select(CUSTOMERS.c.customer_id).where(CUSTOMERS.c.customer_id >= prefix).order_by(
        CUSTOMERS.c.customer_id).limit(limit)  # fmt: skip


def models_of(versions: Sequence[int]) -> Select[Any]:
    """Return the models of these versions."""
    return select(MODELS).where(MODELS.c.version.in_(versions)).order_by(MODELS.c.version)


def versions(limit: int) -> Select[Any]:
    """Return the numbers of the last models, the newest first."""
    return select(MODELS.c.version).order_by(MODELS.c.version.desc()).limit(limit)


def orders(limit: int) -> Select[Any]:
    """Return what was decided about models last, the latest first."""
    return select(ORDERS).order_by(ORDERS.c.at.desc()).limit(limit)


def flags() -> Select[Any]:
    """Count who is newly potential now: a table of few rows."""
    return select(func.count().label("customers")).select_from(FLAGS)


def flagged(limit: int) -> Select[Any]:
    """Return who is newly potential now, most promising first: names alone."""
    return select(FLAGS.c.customer_id).order_by(FLAGS.c.rank.desc(), FLAGS.c.customer_id).limit(limit)


def flag(customer_id: str) -> Select[Any]:
    """Return the flag of a customer, nothing where it is not newly potential."""
    return select(FLAGS.c.event_id).where(FLAGS.c.customer_id == customer_id)


def ask(engine: Engine, question: Select[Any]) -> Rows:
    """Return the answer's rows: one round trip, without a transaction, whose begin and end are two more.

    That the server has closed a connection is found out by asking: all that are as old are dropped, and a new one asks.

    Raises
    ------
    sqlalchemy.exc.OperationalError
        Where the store does not answer.
    """
    try:
        return _asked(engine, question)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return _asked(engine, question)


def _asked(engine: Engine, question: Select[Any]) -> Rows:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return connection.execute(question).all()
