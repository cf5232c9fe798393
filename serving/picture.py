"""What the live page shows, out of the store: an overview, the model and its versions, a customer, and the news."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Engine, Row

from schemas.control import Hold, Promote
from schemas.event import Event
from schemas.expectation import Expectation
from schemas.model import Model
from schemas.trial import Trial
from serving import questions
from serving.desk import Desk
from serving.store import Order
from serving.teller import Drawn, Teller

DRAWN = 1_500
"""Customers that are drawn at most; an even sample where there are more."""
FEED, CALLS, HISTORY = 120, 100, 50
AHEAD = 28
"""Days within which somebody might be next: as probabilities are said [d]."""
_DAY_US = 86_400 * 1_000_000
FIRST = 20
"""Customers to call first: they get a ring."""
AT_ONCE = 200
"""Events, or changes of class, of one portion of news."""
LONGEST = 2_000
"""Who has missed more than so much news begins anew."""
VERSIONS, PATH, TABLE = 400, 40, 12
Json = dict[str, Any]
_expectation = msgspec.json.Decoder(Expectation).decode
_event = msgspec.json.Decoder(Event).decode
_model = msgspec.json.Decoder(Model).decode
_order = msgspec.json.Decoder(Order).decode


@dataclass(frozen=True)
class Seen:
    """How much of the news somebody has: numbers of the last event and of the last change of class."""

    event: int
    customer: int

    def __str__(self) -> str:
        """Return it as the id of a server-sent event."""
        return f"{self.event}-{self.customer}"

    @classmethod
    def read(cls, text: str) -> "Seen | None":
        """Return what an id says, None where it is not one of ours."""
        parts = text.split("-")
        if len(parts) != len(("event", "customer")) or not all(part.isascii() and part.isdigit() for part in parts):
            return None
        event, customer = (min(int(part), 1 << 62) for part in parts)
        return cls(event, customer)


def newest(engine: Engine) -> Seen:
    """Return how much there is."""
    event, customer = (questions.ask(engine, asked)[0].seq for asked in (questions.last_event(),
                                                                         questions.last_customer()))  # fmt: skip
    return Seen(event or 0, customer or 0)


def overview(desk: Desk, teller: Teller) -> Json:
    """Return what the page begins with."""
    seen = newest(desk.engine)  # first: what comes meanwhile is told twice, not never
    rows = questions.ask(desk.engine, questions.sample(DRAWN))
    feed = questions.ask(desk.engine, questions.newest_events(FEED))
    return {
        "seen": str(seen), "customers": _dots(rows), "feed": [_item(_event(row.body), teller) for row in feed],
        **_counts(desk),
    }  # fmt: skip


def news(desk: Desk, teller: Teller, seen: Seen) -> tuple[Seen, Json] | None:
    """Return what came after `seen`, None where nothing did; `{"anew": true}` where it is too much to be told."""
    end = newest(desk.engine)
    if end == seen:
        return None
    behind = max(end.event - seen.event, end.customer - seen.customer)
    if behind > LONGEST or end.event < seen.event or end.customer < seen.customer:
        return end, {"anew": True}
    events = questions.ask(desk.engine, questions.events_after(seen.event, AT_ONCE))
    customers = questions.ask(desk.engine, questions.customers_after(seen.customer, AT_ONCE))
    reached = Seen(*((rows[-1].seq if rows else was)
                     for rows, was in ((events, seen.event), (customers, seen.customer))))  # fmt: skip
    told = [_item(_event(row.body), teller) for row in events]
    return reached, {"events": told, "customers": _dots(customers), **_counts(desk)}


def _counts(desk: Desk) -> Json:
    """Return what changes with the news: how many stand where, and which model rests under it."""
    sizes, quadrants = _sizes(desk.engine, newest(desk.engine).customer)
    decided = questions.ask(desk.engine, questions.orders(1))
    return {
        "sizes": sizes, "quadrants": quadrants, "flagged": questions.ask(desk.engine, questions.flags())[0].customers,
        "calls": [row.customer_id for row in questions.ask(desk.engine, questions.flagged(FIRST))],
        "decided": decided[0].at if decided else None, **desk.basis().model_dump(),
    }  # fmt: skip


@lru_cache(maxsize=8)
def _sizes(engine: Engine, _: int) -> tuple[dict[str, int], dict[str, int]]:
    """Count customers by cluster and by quadrant, once for each number of the last change: all pages share it."""
    clusters = {str(row.cluster): row.customers for row in questions.ask(engine, questions.cluster_sizes())}
    return clusters, {row.quadrant: row.customers for row in questions.ask(engine, questions.quadrant_sizes())}


def _dots(rows: Iterable[Row[Any]]) -> list[list[Any]]:
    """Return customers as they are drawn; who has no place yet is drawn nowhere."""
    return [
        [row.customer_id, row.current_value, row.potential_value, row.cluster]
        for row in rows if row.current_value is not None
    ]  # fmt: skip


def _item(one: Event, teller: Teller) -> Json:
    """Return an event as the feed shows it."""
    return {
        "id": one.event_id, "customer": one.customer_id, "time": one.event_time, "status": one.status,
        "newly": one.newly_potential, "from": one.from_.cluster, "to": one.to.cluster, "supersedes": one.supersedes,
        "text": teller.sentence(one),
    }  # fmt: skip


def calls(desk: Desk, teller: Teller) -> Json:
    """Return who is newly potential now, the surest first."""
    rows = questions.ask(desk.engine, questions.newly_potential(CALLS))
    return {"events": [_item(_event(row.body), teller) for row in rows]}


def expected(desk: Desk, teller: Teller) -> Json:
    """Return who may soon become a potential customer, the most promising first, as the feed shows events."""
    rows, usual = questions.ask(desk.engine, questions.expected(CALLS)), _usual(desk.engine)
    awaited = [(row, _expectation(row.body)) for row in rows]
    told = [
        {"id": row.customer_id, "customer": row.customer_id, "time": row.as_of, "status": "expected", "newly": False,
         "text": teller.expected(one), "times": one.probability / usual if usual else None}
        for row, one in awaited
    ]  # fmt: skip
    return {"events": told, "usual": usual}


def _usual(engine: Engine) -> float | None:
    """Return the share of the customers [1] who became potential in the last `AHEAD` days, None where less is told."""
    first, last = (
        questions.ask(engine, asked)[0].event_us for asked in (questions.first_event(), questions.latest_event())
    )
    day = (last or 0) // _DAY_US
    return _share(engine, day) if first is not None and first <= (day - AHEAD) * _DAY_US else None


@lru_cache(maxsize=8)
def _share(engine: Engine, day: int) -> float | None:
    """Count it once for each day [d since 1970] that ends the span: it reads all events of the span."""
    found = questions.ask(engine, questions.risen((day - AHEAD) * _DAY_US, day * _DAY_US))[0].customers
    customers = sum(row.customers for row in questions.ask(engine, questions.cluster_sizes()))
    return found / customers if customers else None


def customer(desk: Desk, teller: Teller, customer_id: str) -> Json | None:
    """Return where a customer stands and what was said of it, explained; None where nobody knows it."""
    rows = questions.ask(desk.engine, questions.customer(customer_id))
    said = questions.ask(desk.engine, questions.history(customer_id, HISTORY))
    # as they were said: an early word may rest on later readings than the close that comes after it
    events = [_event(row.body) for row in sorted(said, key=lambda row: -(row.seq or 0))]
    if not rows and not events:
        return None
    place = {name: rows[0]._mapping[name] for name in ("cluster", "name", "quadrant", "since")} if rows else None  # noqa: SLF001 - SQLAlchemy's documented name
    dots = _dots(rows)
    told = [{**_item(one, teller), "why": asdict(teller.explained(one))} for one in events]
    newly = bool(questions.ask(desk.engine, questions.flag(customer_id)))
    awaited = questions.ask(desk.engine, questions.expectation(customer_id))
    return {
        "id": customer_id, "place": place, "newly": newly, "dot": dots[0] if dots else None, "events": told,
        "expected": teller.expected(_expectation(awaited[0].body)) if awaited else None,
    }  # fmt: skip


def found(desk: Desk, prefix: str, limit: int) -> list[str]:
    """Return ids that begin with `prefix`."""
    rows = questions.ask(desk.engine, questions.customers_from(prefix, limit))
    return [row.customer_id for row in rows if row.customer_id.startswith(prefix)]


def model(desk: Desk, teller: Teller) -> Json:
    """Return the newest model as it is drawn, the paths of its centres, and what was decided about versions."""
    rows = questions.ask(desk.engine, questions.model())
    if not rows:
        return {"version": None, "clusters": [], "paths": [], "versions": [], "held": None}
    force = _model(rows[0].body)
    clusters = [asdict(one) for one in _drawn(teller, rows[0].body)]
    return {
        "version": force.version, "until": teller.day(force.epoch), "clusters": clusters,
        "thresholds": [force.threshold_current, force.threshold_potential],
        "paths": _paths(desk.engine, teller, force), **_decisions(desk.engine, teller, force),
    }  # fmt: skip


@lru_cache(maxsize=256)
def _drawn(teller: Teller, body: str) -> tuple[Drawn, ...]:
    return teller.drawn(_model(body))


def thinned(versions: Sequence[int], most: int) -> list[int]:
    """Return at most `most` versions of these (newest first), evenly: the newest and the oldest are among them."""
    if len(versions) <= most:
        return list(versions)
    return [versions[round(n * (len(versions) - 1) / (most - 1))] for n in range(most)]


def _paths(engine: Engine, teller: Teller, force: Model) -> list[Json]:
    """Return where each centre of the model lay in earlier versions, oldest first: `[version, current, potential]`."""
    known = [row.version for row in questions.ask(engine, questions.versions(VERSIONS))]
    rows = questions.ask(engine, questions.models_of(thinned(known, PATH)))
    paths: dict[int, list[list[float]]] = {cluster.id: [] for cluster in force.clusters}
    for row in rows:
        for one in _drawn(teller, row.body):
            if one.cluster in paths:
                paths[one.cluster].append([row.version, one.current, one.potential])
    return [{"cluster": cluster, "points": points} for cluster, points in paths.items()]


def _decisions(engine: Engine, teller: Teller, force: Model) -> Json:
    """Return the last versions and the one in force, what became of them, and why promotions are held, if they are."""
    rows = questions.ask(engine, questions.orders(VERSIONS))
    orders = [_order(row.body) for row in rows if row.generation == rows[0].generation]
    decided = [one for one in orders if isinstance(one, (Hold, Promote))]
    last = decided[0] if decided else None
    held = {"by": last.by, "because": last.because} if isinstance(last, Hold) else None
    listed: dict[int, Json] = {}
    for one in orders:
        version = one.trial.version if isinstance(one, Hold) else one.model.version
        if version not in listed and (len(listed) < TABLE or version == force.version):
            listed[version] = _version(one, version, force, teller)
    return {"held": held, "versions": sorted(listed.values(), key=lambda row: -row["version"])}


def _version(one: Order, version: int, force: Model, teller: Teller) -> Json:
    trial = None if not isinstance(one, (Hold, Promote)) else one.trial
    epoch = one.trial.epoch if isinstance(one, Hold) else one.model.epoch
    return {
        "version": version, "until": teller.day(epoch), "status": _status(one, version, force.version),
        "undo": one.undo if isinstance(one, Promote) else None, "trial": None if trial is None else _trial(trial),
    }  # fmt: skip


def _status(one: Order, version: int, force: int) -> str:
    if isinstance(one, Promote):
        return "in force" if version == force else "past"
    if isinstance(one, Hold):
        return "held" if version > force else "not promoted"
    return "on trial" if version > force else "not promoted"


def _trial(trial: Trial) -> Json:
    return {
        "customers": trial.customers, "would_move": trial.would_move, "by_model": trial.by_model,
        "protected": trial.protected,
    }  # fmt: skip
