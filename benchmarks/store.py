"""The store with 1,000,000 customers: how long each look-up takes, p50 and p99 [ms], on SQLite and on PostgreSQL.

The store is filled as the service fills it, by `serving.store.take`. Every customer has a class; three in ten have been
spoken of, three times on average; one in fifty is newly potential; one has 2,000 events. Each question is asked many
times, each time of another customer, page or day, through SQLAlchemy as the API asks it; `SELECT 1` in the same way is
the floor.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Engine, Select, literal, select, text

from schemas.event import CustomerState, Event, Place
from serving import questions
from serving.store import Taken, open_store, take
from tests.postgresql import FOUND, served
from tests.serving.made import EVENT

CLUSTERS, PORTION, PAGE = 8, 20_000, 50
BUSY, BUSY_EVENTS = "C-0000000000", 2_000
BEGIN_S, DAY_S, DAYS = 1_767_225_600, 86_400, 300
Asked = Callable[[np.random.Generator], Select[Any]]


def place(cluster: int) -> Place:
    """Return a cluster's place; every second one is of high potential."""
    return Place(cluster, f"class {cluster}", ("low-low", "low-high", "high-low", "high-high")[cluster % 4])


PLACES = [place(cluster) for cluster in range(CLUSTERS)]


def name(number: int) -> str:
    """Return a customer's id."""
    return f"C-{number:010}"


def said(source: np.random.Generator, customer: str, number: int, *, rises: bool) -> Event:
    """Return one event of a customer, on some day."""
    day = np.datetime64(BEGIN_S + DAY_S * int(source.integers(DAYS)), "s")
    begin, end = source.integers(CLUSTERS, size=2).tolist()
    return msgspec.structs.replace(
        EVENT, event_id=f"{customer}-{number:04}-0123456789abcdef", customer_id=customer, from_=PLACES[begin],
        to=PLACES[end], newly_potential=rises, confidence=float(source.random()), potential=1 + float(source.random()),
        status="confirmed" if source.random() < 0.7 else "early", event_time=f"{day}Z",  # noqa: PLR2004 - a share
    )  # fmt: skip


def portions(customers: int) -> Iterator[Taken]:
    """Yield everything that the topics would bring."""
    source = np.random.default_rng(1)
    for begin in range(0, customers, PORTION):
        numbers = range(begin, min(begin + PORTION, customers))
        states = [
            CustomerState(name(n), PLACES[n % CLUSTERS], 2, current_value=0.1, potential_value=0.2) for n in numbers
        ]
        events = [
            said(source, name(n), at, rises=at == 0 and n % 50 == 0)
            for n in numbers if n % 10 < 3  # noqa: PLR2004 - three in ten
            for at in range(int(source.integers(1, 6)) - 1, -1, -1)
        ]  # fmt: skip
        yield Taken(events, states)
    yield Taken([said(source, BUSY, at, rises=False) for at in range(10, BUSY_EVENTS)])


def us(source: np.random.Generator) -> int:
    """Return some moment [us]."""
    return int(BEGIN_S + source.random() * DAYS * DAY_S) * 1_000_000


def asked(customers: int) -> Mapping[str, Asked]:
    """Return the questions, each of somebody else whenever it is asked."""

    def some(source: np.random.Generator) -> str:
        return name(int(source.integers(customers)))

    def spoken_of(source: np.random.Generator) -> str:
        return name(int(source.integers(customers // 10)) * 10)

    def after(source: np.random.Generator) -> questions.After:
        return questions.After(float(source.random() * 2), some(source))

    return {
        "nothing, `SELECT 1`": lambda _: select(literal(1)),
        "newly potential, first page": lambda _: questions.newly_potential(PAGE),
        "newly potential, any page": lambda s: questions.newly_potential(PAGE, after(s)),
        "newly potential, of the last days": lambda s: questions.newly_potential(PAGE, None, us(s)),
        "newly potential, of the last day of all": lambda _: questions.newly_potential(
            PAGE, None, (BEGIN_S + (DAYS - 1) * DAY_S) * 1_000_000),
        "customer": lambda s: questions.customer(some(s)),
        "history of a customer": lambda s: questions.history(spoken_of(s), PAGE),
        "history of a customer with 2,000 events, any page": lambda s: questions.history(
            BUSY, PAGE, questions.Before(us(s), "e")),
        "members of a cluster, any page": lambda s: questions.members(int(s.integers(CLUSTERS)), PAGE, some(s)),
        "as of a date": lambda s: questions.as_of(spoken_of(s), us(s)),
        "as of a date, nothing before it": lambda s: questions.first_after(spoken_of(s), us(s)),
        "as of a date, of one with 2,000 events": lambda s: questions.as_of(BUSY, us(s)),
        "events from a moment on": lambda s: questions.events_since(us(s), PAGE),
        "newest model": lambda _: questions.model(),
    }  # fmt: skip


def times(engine: Engine, question: Asked, repeats: int) -> Sequence[float]:
    """Return how long each answer takes [ms]; the first ten warm the connection up."""
    source, found = np.random.default_rng(2), []
    for _ in range(repeats + 10):
        asking = question(source)
        began = time.perf_counter()
        questions.ask(engine, asking)
        found.append((time.perf_counter() - began) * 1_000)
    return found[10:]


def filled(engine: Engine, customers: int) -> str:
    """Fill the store where it is empty; return how long that took."""
    if questions.ask(engine, questions.last_customer())[0].seq is not None:
        return "filled before"
    began, events = time.perf_counter(), 0
    for portion in portions(customers):
        events += take(engine, portion)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    spent = time.perf_counter() - began
    return f"{customers:,} customers and {events:,} events taken in, in {spent:.0f} s"


@contextmanager
def at(kind: str) -> Iterator[str]:
    """Give the address of an empty store."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder).resolve()
        with served(path) if kind == "postgresql" else nullcontext(f"sqlite:///{path / 'store.db'}") as address:
            yield address


def stolen() -> tuple[int, int]:
    """Return the time that the host kept while this machine wanted to run, and all that it wanted [jiffies]."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return steal, user + nice + system + irq + softirq + steal


def show(engine: Engine, customers: int, repeats: int) -> None:
    """Print a line for each question."""
    before = stolen()
    print(f"  {'':52} {'p50':>7} {'p99':>7} {'most':>7}  [ms]")
    for what, question in asked(customers).items():
        found = times(engine, question, repeats)
        middle, late = np.quantile(found, [0.5, 0.99]).tolist()
        print(f"  {what:52} {middle:7.2f} {late:7.2f} {max(found):7.2f}", flush=True)
    steal, wanted = (now - then for now, then in zip(stolen(), before, strict=True))
    print(f"  meanwhile the host kept {steal / max(1, wanted):.0%} of the time that this machine wanted", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--store", help="address of a store to fill, or that was filled before; else new ones")
    given = parser.parse_args()
    kinds = [given.store] if given.store else ["sqlite", *(["postgresql"] if FOUND else [])]
    for kind in kinds:
        with nullcontext(kind) if given.store else at(kind) as address:
            engine = open_store(address)
            print(f"{engine.dialect.name}: {filled(engine, given.customers)}", flush=True)
            show(engine, given.customers, given.repeats)
            engine.dispose()


if __name__ == "__main__":
    main()
