"""`kwadrant report`: what a marketing department reads on Monday, as one page that needs nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from kwadrant.common import UsageError
from kwadrant.explain import of_folder as events_of
from kwadrant.live import day_of
from kwadrant.words import rises
from schemas.event import Event, is_move, is_news
from schemas.model import Model
from schemas.prospects import worth
from schemas.times import iso, microseconds
from segmentation.quadrants import axes
from segmentation.space import centres_of, space_of
from serving import questions
from serving.store import file_of, open_store
from serving.tables import EVENTS

DAY_US = 86_400 * 1_000_000
_model = msgspec.json.Decoder(Model).decode
_event = msgspec.json.Decoder(Event).decode


@dataclass(frozen=True)
class Profile:
    """A cluster: where its centre lies on both axes [1], and on every index [robust standard deviations]."""

    cluster: int
    name: str
    quadrant: str
    customers: int
    current: float
    potential: float
    scaled: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True)
class Report:
    """What the page tells: the model in force, the customers of each cluster [1], and the events of some days.

    `since` and `until` are event times, RFC 3339; `events` are those after the one and not after the other, in order.
    """

    model: Model
    sizes: Mapping[int, int]
    events: Sequence[Event]
    since: str
    until: str

    @property
    def first_day(self) -> str:
        """The first day that the events are of."""
        return day_of(iso(microseconds(datetime.fromisoformat(self.since)) + DAY_US))

    @cached_property
    def moves(self) -> list[Event]:
        """Confirmed moves from class to class."""
        return [event for event in self.events if is_move(event)]

    @cached_property
    def rises(self) -> list[Event]:
        """Customers whose own potential has become high in the class where they are, as confirmed."""
        return [event for event in self.events if is_news(event) and rises(event) and event.newly_potential]

    @cached_property
    def newly_potential(self) -> list[Event]:
        """Who rose, in its class or with a move, most promising first."""
        found = (event for event in [*self.moves, *self.rises] if event.newly_potential)
        return sorted(found, key=lambda event: (-worth(event), event.customer_id))

    @cached_property
    def flows(self) -> Mapping[tuple[int, int], int]:
        """Moves from cluster to cluster [1], the most frequent first."""
        return dict(Counter((event.from_.cluster, event.to.cluster) for event in self.moves).most_common())

    @cached_property
    def quadrants(self) -> Mapping[str, int]:
        """Customers of each quadrant [1]."""
        found = Counter[str]()
        for profile in self.profiles:
            found[profile.quadrant] += profile.customers
        return found

    @cached_property
    def profiles(self) -> list[Profile]:
        """Every cluster of the model, the largest first."""
        space, centres = space_of(self.model), centres_of(self.model)
        scaled, (current, potential) = space.scaled(centres), axes(centres, self.model).T
        transformed = scaled * space.scaling.spread + space.scaling.centre
        found = [
            Profile(
                one.id, one.name, one.quadrant, self.sizes.get(one.id, 0), float(current[n]), float(potential[n]),
                scaled[n].tolist(), [i.original(float(v)) for i, v in zip(space.indices, transformed[n], strict=True)],
            )
            for n, one in enumerate(self.model.clusters)
        ]  # fmt: skip
        return sorted(found, key=lambda profile: (-profile.customers, profile.cluster))


def of_folder(folder: Path, days: int) -> Report:
    """Return the report of what `kwadrant replay` wrote into `folder`.

    Raises
    ------
    UsageError
        Where it is no such folder.
    """
    events = events_of(folder)
    models = [_model(line) for line in (folder / "models.jsonl").read_bytes().splitlines()]
    clusters = pq.read_table(folder / "customers.parquet", columns=["cluster"])["cluster"].to_pylist()
    sizes = Counter(cluster for cluster in clusters if cluster is not None)
    return _within(max(models, key=lambda model: model.version), sizes, events, days)


def of_store(address: str, days: int) -> Report:
    """Return the report of what `kwadrant serve` keeps in the store at an SQLAlchemy `address`.

    Raises
    ------
    UsageError
        Where there is no model in it.
    """
    file = file_of(address)
    if file is not None and not file.exists():
        raise UsageError(f"{file} is not there; `kwadrant serve` fills it from the topics, or name --from or --store")
    engine = open_store(address)
    try:
        models = questions.ask(engine, questions.model())
        if not models:
            message = f"the store at {engine.url!r} has no model yet; `kwadrant serve` fills it from the topics"
            raise UsageError(message)
        last = questions.ask(engine, EVENTS.select().order_by(EVENTS.c.event_us.desc()).limit(1))
        begin = last[0].event_us - days * DAY_US if last else 0
        found = questions.ask(engine, EVENTS.select().where(EVENTS.c.event_us > begin))
        sizes = {row.cluster: row.customers for row in questions.ask(engine, questions.cluster_sizes())}
    finally:
        engine.dispose()
    return _within(_model(models[0].body), sizes, [_event(row.body) for row in found], days)


def _within(model: Model, sizes: Mapping[int, int], events: Sequence[Event], days: int) -> Report:
    times = {event.event_id: microseconds(datetime.fromisoformat(event.event_time)) for event in events}
    until = max(times.values(), default=0)
    mine = [event for event in events if times[event.event_id] > until - days * DAY_US]
    mine.sort(key=lambda event: (times[event.event_id], event.customer_id))
    return Report(model, sizes, mine, iso(until - days * DAY_US), iso(until))
