"""What a stream says about a town, portion by portion, as its topics carry it: both folds, then the bytes sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from kafka import TopicPartition

from schemas.control import Control, Promote
from schemas.event import CustomerState
from schemas.times import iso, microseconds
from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS, lane
from segmentation import central_node, local_node, replay, tables
from segmentation.calendar import Calendar
from segmentation.first_model import Fit
from segmentation.intake import Intake
from segmentation.moves import SECOND_US, place_of
from segmentation.parameters import Parameters
from segmentation.quadrants import on_axes
from segmentation.rows import names
from segmentation.space import space_of
from serving.consumer import Polled, decoded
from serving.store import Taken
from simulator import town as simulated
from streaming.records import Record, control_record, records

ZONE = "Europe/Berlin"
START = date(2025, 1, 6)
CALENDAR = Calendar(ZONE)
HISTORY_DAYS = 60


@dataclass(frozen=True)
class Message:
    """A record as a consumer gets it."""

    offset: int
    value: bytes | None


@dataclass(frozen=True)
class Life:
    """How a town lives: of 70 % of the customers the life really changes, within `change_days` after the history."""

    customers: int
    days: int
    start: date = START
    change_days: int | None = None
    random_state: int = 1

    @property
    def changing(self) -> int:
        """Return `change_days`, else all days that are no history."""
        return self.change_days or self.days - HISTORY_DAYS


def portions(life: Life) -> Iterator[Taken]:
    """Yield what a consumer takes in: first the seeding, then one portion for each micro-batch that says something."""
    ends: dict[TopicPartition, int] = {}
    for said in _said(life):
        polled: Polled = {}
        for record in said:
            part = TopicPartition(record.topic, 0)
            polled.setdefault(part, []).append(Message(ends.get(part, 0), record.value))
            ends[part] = ends.get(part, 0) + 1
        if polled:
            yield decoded(polled)


def _said(life: Life) -> Iterator[list[Record]]:
    parameters = Parameters(stream="town", time_zone=ZONE)
    log = _log(life, parameters)
    ask = Fit(k=8, epoch=CALENDAR.epoch_of_date(life.start) + HISTORY_DAYS - 1)
    running = replay.begin(log, ask, parameters)
    force = running.central.force
    yield [
        *records("town", states=_first(running), models=[force]),
        control_record(Promote("town", replay.GENERATION, force)),
    ]
    for intake in [*replay.cut(log, running.central.answered, parameters, 2), *[replay.NOTHING] * 3]:
        yield _step(running, intake)


def _step(running: replay.Replay, intake: Intake) -> list[Record]:
    commands: list[Control] = running.pending
    running.local, output = local_node.fold(running.local, commands, intake, 0, running.parameters, early=True)
    running.central, running.pending, promoted = central_node.fold(running.central, [output], {}, running.parameters)
    expected = [] if output.expected is None else [output.expected]
    return records(
        "town", events=output.events, states=output.states, expected=expected, models=promoted, controls=running.pending
    )


def _first(running: replay.Replay) -> Iterator[CustomerState]:
    customers, model = running.local.customers, running.central.force
    since = iso(CALENDAR.end(model.epoch) * SECOND_US)
    places = on_axes(space_of(model).point(customers.anchor), model)
    for customer, cluster, place in zip(names(customers.ids), customers.cluster.tolist(), places, strict=True):
        if cluster >= 0:
            current, potential = place
            standing = place_of(model, cluster, since)
            yield CustomerState(customer, standing, model.version, current_value=current, potential_value=potential)


def _log(life: Life, parameters: Parameters) -> replay.Log:
    made = simulated.simulate(
        life.customers, life.days, random_state=life.random_state, start=life.start, zone=ZONE,
        history_days=HISTORY_DAYS, change_days=life.changing, change_share=0.7,
    )  # fmt: skip
    now = microseconds(datetime(2026, 1, 1, tzinfo=UTC))
    readers = ((ARCHIVE, tables.archive, made.archive), (TRANSACTIONS, tables.transactions, made.transactions),
               (READINGS, tables.readings, made.readings))  # fmt: skip
    return replay.Log.of(
        *(read(table, tables.Arrival(lane(topic, 0), now, parameters)).rows for topic, read, table in readers)
    )
