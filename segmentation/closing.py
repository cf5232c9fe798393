"""Closing an epoch in one bucket: fold the rows that the close names, judge everybody, answer with micro-clusters."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clustering.cells import summarise
from schemas.event import CustomerState, Event
from schemas.model import Model
from schemas.times import iso
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.customers import Customers
from segmentation.decision import NONE, judge
from segmentation.indices import DAY_S, View, vectors
from segmentation.local_state import Flag, LocalState, Models
from segmentation.moves import SECOND_US, Look, moves, place_of, withdrawn
from segmentation.output import Answer, Rejected
from segmentation.parameters import Parameters
from segmentation.space import centres_of, ids_of, off_grid, space_of
from segmentation.sums import COLUMN, Tiles, absorb, absorb_hours, tile
from segmentation.traits import apply_traits

POOL_CELLS = 4_096
CELLS_PER_CLUSTER = 2.5
FULL_QUALITY = 16
"""Mass of a customer whose epoch is measured throughout; estimates count half."""


@dataclass(frozen=True)
class Closed:
    """What a close leaves behind: the state, and what it has to say."""

    state: LocalState
    events: tuple[Event, ...] = ()
    states: tuple[CustomerState, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    answer: Answer | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


def close(state: LocalState, epoch: int, upto: Mapping[int, int], parameters: Parameters) -> Closed:
    """Close `epoch`: its rows and those of earlier ones below `upto` [offset by lane] are folded; all others wait.

    The result depends on the set of rows alone, not on how they were batched or ordered. O(rows log rows + n k d).
    """
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    named, waiting = _named(state.open, epoch, upto)
    state, rejected, counts = _fold(replace(state, open=waiting, gathered=None), named, epoch, parameters)
    state = _settle(replace(state, closed=epoch), parameters)
    if state.models.force is None:
        return Closed(state, rejected=rejected, counts=counts)
    return replace(_judge_all(state, parameters, calendar), rejected=rejected, counts=counts)


def _named(chunks: tuple[pa.Table, ...], epoch: int, upto: Mapping[int, int]) -> tuple[pa.Table, tuple[pa.Table, ...]]:
    if not chunks:
        return kinds.NONE, ()
    together = pa.concat_tables(chunks)
    lanes = kinds.numbers(together, "lane")
    limit = np.zeros(len(lanes), np.int64)
    for lane in np.unique(lanes):
        limit[lanes == lane] = upto.get(int(lane), 0)
    named = (kinds.numbers(together, "epoch") <= epoch) & (kinds.numbers(together, "offset") < limit)
    waiting = together.filter(pa.array(~named))
    return together.filter(pa.array(named)), (waiting,) if waiting.num_rows else ()


def _fold(state: LocalState, named: pa.Table, epoch: int, parameters: Parameters
          ) -> tuple[LocalState, tuple[Rejected, ...], dict[str, int]]:  # fmt: skip
    """Put the named rows into the window's tiles; refuse what is too late, count what history held already."""
    if named.num_rows == 0:
        return state, (), {}
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    day, kind = kinds.numbers(named, "epoch"), kinds.numbers(named, "kind")
    attributes = kind == kinds.ATTRIBUTES
    seeded = (day <= state.seeded) & ~attributes
    late = (day < epoch - parameters.window) & ~attributes & ~seeded
    fresh = named.filter(pa.array(~(attributes | seeded | late)))
    state = _with_customers(state, named.filter(pa.array(~(seeded | late))), epoch, parameters)
    tiles, window = dict(state.tiles), dict(state.window)
    days = kinds.numbers(fresh, "epoch")
    for touched in np.unique(days).tolist():
        added = fresh.filter(pa.array(days == touched))
        before = [kinds.unpack(window[touched])] if touched in window else []
        rows = kinds.distinct(pa.concat_tables([*before, added]))
        tiles[touched], window[touched] = tile(rows, state.customers.ids, calendar), kinds.pack(rows)
    customers = apply_traits(state.customers, named.filter(pa.array(~(seeded | late))))
    counts = {"already_seeded": int(seeded.sum()), "too_late": int(late.sum()), "folded": fresh.num_rows}
    return replace(state, customers=customers, tiles=tiles, window=window), _too_late(named.filter(pa.array(late))), counts


def _too_late(rows: pa.Table) -> tuple[Rejected, ...]:
    return tuple(
        Rejected(row["lane"], row["offset"], "too_late", f"epoch {row['epoch']}", row["customer"].encode(), None)
        for row in rows.select(["lane", "offset", "epoch", "customer"]).to_pylist()
    )


def _with_customers(state: LocalState, rows: pa.Table, epoch: int, parameters: Parameters) -> LocalState:
    present = pc.unique(rows.column("customer"))
    unknown = present.filter(pc.invert(pc.is_in(present, value_set=state.customers.ids)))
    if len(unknown) == 0:
        return state
    customers, place = state.customers.with_new(unknown.to_pylist(), parameters.buckets, epoch)
    tiles = {day: replace(tiles, customer=place[tiles.customer]) for day, tiles in state.tiles.items()}
    return replace(state, customers=customers, tiles=tiles)


def _settle(state: LocalState, parameters: Parameters) -> LocalState:
    """Fold tiles that no correction can reach any more into the memories, in epoch order."""
    customers, through = state.customers, max(state.seeded, state.closed - parameters.window)
    for day in range(state.settled + 1, through + 1):
        customers = _absorbed(customers, state.tiles.get(day), parameters)
    return replace(
        state, customers=customers, settled=max(state.settled, through),
        tiles={day: tiles for day, tiles in state.tiles.items() if day > through},
        window={day: rows for day, rows in state.window.items() if day > through},
    )  # fmt: skip


def _absorbed(customers: Customers, tiles: Tiles | None, parameters: Parameters) -> Customers:
    tiles = tiles or NO_TILES
    hours = absorb_hours(customers.hours, tiles, parameters.decay(parameters.long_memory_s))
    return replace(customers, memories=absorb(customers.memories, tiles, decays(parameters)), hours=hours)


NO_TILES = tile(kinds.NONE, pa.array([], pa.string()), Calendar("UTC"))


def decays(parameters: Parameters) -> NDArray[np.float64]:
    """Decay (2,) [1] of the short and the long memory in one epoch."""
    return np.array([parameters.decay(half) for half in (parameters.short_memory_s, parameters.long_memory_s)])


def memories_at_close(state: LocalState, parameters: Parameters) -> NDArray[np.float64]:
    """Memories (n, 2, WIDTH) of all customers as of the close: what is settled, and the window's tiles on top."""
    memories = state.customers.memories
    for day in range(state.settled + 1, state.closed + 1):
        memories = absorb(memories, state.tiles.get(day) or NO_TILES, decays(parameters))
    return memories


def view_of(customers: Customers, memories: NDArray[np.float64], epoch: int, parameters: Parameters) -> View:
    """The formulas' view of `customers` with `memories`, as of the end of `epoch`."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    age = np.maximum(epoch - customers.first + 1, 1).astype(np.float64)
    factors = decays(parameters)
    days = (1 - factors[None, :] ** age[:, None]) / (1 - factors[None, :]) * (parameters.epoch_s / DAY_S)
    return View(memories, customers.traits, days, calendar.end(epoch))


def _judge_all(state: LocalState, parameters: Parameters, calendar: Calendar) -> Closed:
    model = state.models.force
    assert model is not None  # noqa: S101 - the caller looked
    epoch = state.closed
    customers = state.customers.with_width(len(model.indices))
    memories = memories_at_close(state, parameters)
    space, ids = space_of(model), ids_of(model)
    points = space.place(vectors(view_of(customers, memories, epoch, parameters), space.indices))
    verdict = judge(off_grid(points), centres_of(model), customers.standing(ids), epoch, parameters)
    rows = np.arange(len(customers))
    look = Look(rows, points, verdict, _share_estimated(memories), np.full(len(rows), calendar.end(epoch) * SECOND_US))
    confirmed = list(moves(look, customers, model, state.models.past, "confirmed", calendar))
    events, early = _resolve_early(confirmed, state.early, epoch)
    first = (customers.cluster == NONE) & _has_settled(customers, memories, epoch, parameters)
    moved = _reclassified(customers, look, first, epoch, model)
    states = _states(moved, first | verdict.move, events, model, calendar) if epoch > state.seeded else ()
    answer = _answer(state, moved, look, parameters)
    models = _still_needed(state.models, moved)
    return Closed(replace(state, customers=moved, early=early, models=models), tuple(events), states, answer=answer)


def _has_settled(customers: Customers, memories: NDArray[np.float64], epoch: int, parameters: Parameters
                 ) -> NDArray[np.bool_]:  # fmt: skip
    old_enough = epoch - customers.first + 1 >= parameters.epochs(parameters.settling_s)
    return np.asarray(old_enough & (memories[:, 1, COLUMN["seconds"]] > 0))


def _share_estimated(memories: NDArray[np.float64]) -> NDArray[np.float64]:
    seconds, estimated = memories[:, 0, COLUMN["seconds"]], memories[:, 0, COLUMN["estimated_s"]]
    return np.asarray(np.where(seconds > 0, estimated / np.maximum(seconds, 1e-300), 0.0))


def _resolve_early(confirmed: list[Event], early: Mapping[str, Flag], epoch: int) -> tuple[list[Event], dict[str, Flag]]:
    """Link confirmed events to the early ones they confirm; withdraw those whose epoch has closed without."""
    over = {customer for customer, flag in early.items() if flag.epoch <= epoch}
    over |= {event.customer_id for event in confirmed} & set(early)
    events = []
    for event in confirmed:
        flag = early.get(event.customer_id)
        if flag is not None and flag.event.to.cluster == event.to.cluster:
            over.remove(event.customer_id)
            events.append(msgspec.structs.replace(event, supersedes=flag.event.event_id))
        else:
            events.append(event)
    events += [withdrawn(early[customer].event) for customer in sorted(over)]
    done = over | {event.customer_id for event in confirmed}
    return events, {customer: flag for customer, flag in early.items() if customer not in done}


def _reclassified(customers: Customers, look: Look, first: NDArray[np.bool_], epoch: int, model: Model) -> Customers:
    """Classes, hysteresis and anchors after the verdict."""
    verdict, ids = look.verdict, ids_of(model)
    changed = first | verdict.move
    calm = changed | ~verdict.contested
    return replace(
        customers,
        cluster=np.where(changed, ids[verdict.best], customers.cluster),
        since=np.where(changed, epoch, customers.since),
        moved=np.where(verdict.move, epoch, customers.moved),
        challenger=np.where(calm, NONE, ids[verdict.best]),
        challenged=np.where(calm, epoch, verdict.challenged),
        anchor=np.where(calm[:, None], look.points, customers.anchor).astype(np.int32),
        anchor_version=np.where(calm, model.version, customers.anchor_version),
    )


def _states(customers: Customers, changed: NDArray[np.bool_], events: list[Event], model: Model, calendar: Calendar
            ) -> tuple[CustomerState, ...]:  # fmt: skip
    by_customer = {event.customer_id: event.event_id for event in events if event.status == "confirmed"}
    found = []
    for row in np.flatnonzero(changed):
        customer = customers.ids[int(row)].as_py()
        since = iso(calendar.end(int(customers.since[row])) * SECOND_US)
        place = place_of(model, int(customers.cluster[row]), since)
        found.append(CustomerState(customer, place, model.version, by_customer.get(customer)))
    return tuple(found)


def _still_needed(models: Models, customers: Customers) -> Models:
    assert models.force is not None  # noqa: S101
    used = set(np.unique(customers.anchor_version).tolist()) | {models.force.version}
    return replace(models, past={version: model for version, model in models.past.items() if version in used})


def _answer(state: LocalState, customers: Customers, look: Look, parameters: Parameters) -> Answer:
    model, trial = state.models.force, state.models.trial
    assert model is not None  # noqa: S101
    limit = max(int(np.ceil(CELLS_PER_CLUSTER * len(model.clusters))), POOL_CELLS // parameters.buckets)
    mass = _qualities(state, customers, parameters)
    cells, _ = summarise(look.points, mass, customers.bucket, limit)
    would_move = 0
    if trial is not None:
        standing = customers.standing(ids_of(trial))
        would_move = int(judge(off_grid(look.points), centres_of(trial), standing, state.closed, parameters).move.sum())
    members = dict(zip(*(column.tolist() for column in np.unique(customers.cluster, return_counts=True)), strict=True))
    quadrants: dict[str, int] = {}
    for cluster in model.clusters:
        quadrants[cluster.quadrant] = quadrants.get(cluster.quadrant, 0) + members.get(cluster.id, 0)
    return Answer(
        state.closed, (len(cells.mass), look.points.shape[1]), cells.mass.tobytes(), cells.sums.tobytes(),
        cells.squares.tobytes(), would_move, quadrants, {c: n for c, n in members.items() if c != NONE},
    )  # fmt: skip


def _qualities(state: LocalState, customers: Customers, parameters: Parameters) -> NDArray[np.int64]:
    """Mass (n,) of each customer in the closed epoch: 0 to FULL_QUALITY by the share of it that is measured."""
    mass = np.zeros(len(customers), np.int64)
    tiles = state.tiles.get(state.closed)
    if tiles is not None:
        measured = 2 * tiles.sums[:, COLUMN["seconds"]] - tiles.sums[:, COLUMN["estimated_s"]]
        mass[tiles.customer] = np.minimum(FULL_QUALITY * measured // (2 * parameters.epoch_s), FULL_QUALITY)
    return np.where(customers.cluster == NONE, 0, mass)
