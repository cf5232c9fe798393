"""`kwadrant evaluate`: the product's own flags, measured against what customers did, and against a known truth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batch_init.seeding import buckets_for
from kwadrant.called_page import Called
from kwadrant.common import through
from kwadrant.inputs import Inputs
from kwadrant.settings import Settings
from schemas.event import Event
from schemas.prospects import after, worth
from schemas.times import microseconds
from segmentation import evaluation, replay
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.evaluation import Consumption, Kept, Rules
from segmentation.first_model import Fit
from segmentation.moves import SECOND_US
from segmentation.parameters import Parameters
from segmentation.rows import pc
from segmentation.sight import present
from segmentation.sums import COLUMN, tile
from segmentation.truth import Change, Score, against, confirmed_share


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is measured.

    `none` is a reading that stands for none [kWh], `least` the mean of the history that makes a customer eligible
    [kWh/d], `since` how long somebody stays on the list [d].
    """

    k: int = 8
    random_state: int = 0
    seed_until: datetime | None = None
    none: float | None = None
    least: float = 10.0
    since: int = 7
    rules: Rules = evaluation.DEFAULT


@dataclass(frozen=True)
class Measured:
    """What came out; `eligible` customers [1]. Rankings by name, ours and those to beat.

    `calls` are those of the list that begins on the first day.
    """

    events: list[Event]
    eligible: int
    chance: float
    lists: Mapping[str, Kept]
    calls: Sequence[Called] = ()


def run(settings: Settings, given: Inputs, ask: Ask, report: Callable[[int, int], None] | None = None) -> Measured:
    """Replay the readings as the stream would see them; on every day measure the list known by the day before."""
    taken = given.taken(settings.parameters(), microseconds(datetime.now(UTC)))
    log = _without(replay.Log.of(*(block.rows for block in taken)), ask.none)
    parameters = settings.parameters(buckets=buckets_for(len(log.rows.column("customer").unique())))
    seeded = through(ask.seed_until, parameters)
    running = replay.begin(log, Fit(k=ask.k, random_state=ask.random_state, epoch=seeded), parameters)
    ids = sorted(kinds.names(pc.unique(log.rows.column("customer"))))
    consumption, first = daily(log, ids, parameters)
    events: list[Event] = []
    flags: dict[str, Event | None] = {}
    scores: dict[str, dict[int, dict[int, float]]] = {name: {} for name in OURS}
    for step in replay.run(running, log, early=True, report=report):
        events.extend(step.events)
        for event in step.events:
            flags[event.customer_id] = after(flags.get(event.customer_id), event)
        found = _scores(running, [flag for flag in flags.values() if flag is not None], ids, ask.since)
        for name, one in zip(OURS, found, strict=True):
            scores[name][running.local.closed + 1 - first] = one
    begin = seeded + 1 - first
    eligible = np.asarray(consumption.mean(0, begin) > ask.least)
    rankings = {name: evaluation.listed(scores[name], len(ids)) for name in OURS}
    rankings["spreadsheet"] = evaluation.spreadsheet(consumption, ask.rules)
    lists = {name: evaluation.kept(rank, consumption, begin, eligible, ask.rules) for name, rank in rankings.items()}
    lists |= {
        row: evaluation.kept(rankings[name], consumption, begin, eligible, ask.rules, as_often=rankings[OURS[0]])
        for row, name in AS_OFTEN.items()
    }
    said = evaluation.called(rankings[OURS[0]], begin, consumption.days - ask.rules.ahead, eligible, ask.rules)
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    calls = [_called(consumption, day, ids, who, ask.rules, calendar.name(first + day)) for day, who in said]
    by_chance = evaluation.chance(consumption, begin, eligible, ask.rules)
    return Measured(events, int(eligible.sum()), by_chance, lists, calls)


def _called(consumption: Consumption, day: int, ids: Sequence[str], who: int, rules: Rules, date: str) -> Called:
    """Return what came of calling customer `who` on a day."""
    end = day + rules.ahead
    kwh = consumption.kwh[max(day - rules.base_from, 0) : end, who]
    base, after = consumption.base(day, rules)[who], consumption.mean(day, end)[who]
    return Called(ids[who], date, kwh, float(base), float(after), bool(consumption.kept(day, rules)[who]))


def _without(log: replay.Log, none: float | None) -> replay.Log:
    """Return the log with no energy where a reading says `none` [kWh]."""
    if none is None:
        return log
    value, kind = kinds.numbers(log.rows, "value"), kinds.numbers(log.rows, "kind")
    cleaned = np.where((kind == kinds.IMPORT) & (value == round(none * 1_000)), 0, value)
    at = kinds.ROWS.get_field_index("value")
    return replay.Log(log.rows.set_column(at, kinds.ROWS.field(at), pa.array(cleaned, pa.int64())), log.lanes)


def daily(log: replay.Log, ids: list[str], parameters: Parameters) -> tuple[Consumption, int]:
    """Return the energy of every epoch and customer of `ids`, and the first epoch."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    rows = kinds.split(log.rows, calendar)
    metered = kinds.distinct(rows.filter(pa.array(kinds.numbers(rows, "kind") == kinds.IMPORT)))
    tiles = tile(metered, pa.array(ids, pa.string()), calendar)
    first = int(tiles.epoch.min())
    kwh = np.zeros((int(tiles.epoch.max()) - first + 1, len(ids)))
    kwh[tiles.epoch - first, tiles.customer] = tiles.sums[:, COLUMN["wh"]] / 1_000
    return Consumption(kwh), first


def _scores(running: replay.Replay, flags: Sequence[Event], ids: list[str], since: int) -> Iterator[dict[int, float]]:
    """Yield the scores of OURS by customer's number, as of the last close: flags are those of the last `since` days."""
    local, number = running.local, {customer: at for at, customer in enumerate(ids)}
    calendar = Calendar(running.parameters.time_zone, running.parameters.epoch_s)
    begin = calendar.end(local.closed - since) * SECOND_US
    lately = [one for one in flags if microseconds(datetime.fromisoformat(one.event_time)) > begin]
    yield {number[one.customer_id]: worth(one) for one in lately}
    lasting = present(local, running.parameters).lasting.tolist()
    everybody = {number[who]: value for who, value in zip(kinds.names(local.customers.ids), lasting, strict=True)}
    yield {number[one.customer_id]: everybody[number[one.customer_id]] for one in lately}
    risen = local.customers.high & (local.closed - local.customers.rose < since)
    yield {number[who]: everybody[number[who]] for who in kinds.names(local.customers.ids.filter(pa.array(risen)))}
    yield everybody


OURS = (
    "kwadrant list", "the same, by today's worth", "own rises, by today's worth", "everybody, by today's worth"
)  # fmt: skip
"""Rankings of ours; worth is potential times confidence."""
AS_OFTEN = {f"{name}, as many calls": name for name in (OURS[-1], "spreadsheet")}
"""Rankings that are tried once more, with as many calls on each day as the list makes, by the names of these rows."""


def truth_of(path: Path) -> list[Change]:
    """Return the real changes that a truth table tells; rows without `changed_at` are of those who never change."""
    rows = pq.read_table(path, columns=["customer_id", "changed_at"]).to_pylist()
    return [Change(row["customer_id"], row["changed_at"]) for row in rows if row["changed_at"] is not None]


def scored(events: list[Event], changes: list[Change]) -> Iterator[tuple[str, Score]]:
    """Yield the score of the confirmed moves, and of the confirmed events that say newly potential."""
    confirmed = [event for event in events if event.status == "confirmed"]
    times = [datetime.fromisoformat(event.event_time).astimezone(UTC) for event in events]
    if not times:
        return
    span = min(times), max(times)
    yield "moves", against((e for e in confirmed if e.from_.cluster != e.to.cluster), changes, span)
    yield "newly potential", against((e for e in confirmed if e.newly_potential), changes, span)


def lines(found: Measured) -> Iterator[str]:
    """Yield what was measured, a row for each list."""
    yield f"{found.eligible:,} eligible customers; of blind calls {found.chance:.2f} are kept"
    for name, one in found.lists.items():
        yield f"{name:<44} {one.share:.3f} kept of {one.flags:.0f} flags"
    yield f"early flags confirmed, of those decided: {confirmed_share(found.events):.2f}"


def truth_lines(events: list[Event], changes: list[Change]) -> Iterator[str]:
    """Yield the scores against the truth."""
    for name, one in scored(events, changes):
        yield (
            f"{name}: {one.events} events, precision {one.precision:.2f}, recall {one.recall:.2f} of {one.changes} "
            f"changes, delay {one.delay:.0f} d (ninth decile {one.late:.0f} d), {one.flaps:.2f} flaps per change"
        )
