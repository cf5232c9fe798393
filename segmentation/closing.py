"""Closing an epoch in one bucket: fold the rows that the close names, then judge everybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from schemas.event import CustomerState, Event
from segmentation import rows as kinds
from segmentation.backfill import filled_up, fills
from segmentation.calendar import Calendar
from segmentation.correcting import corrected
from segmentation.judging import Amended, judge_all
from segmentation.lifecycle import theirs, turned
from segmentation.local_state import LocalState
from segmentation.memories import absorbed, absorbed_hours
from segmentation.output import Answer, Rejected
from segmentation.parameters import Parameters
from segmentation.potential import Outlook
from segmentation.reconsidering import reconsidered
from segmentation.rows import pc
from segmentation.sums import tile
from segmentation.traits import apply_traits, equipped
from segmentation.value_mapping import ValueMapping, told_by
from segmentation.weeks import absorbed_weeks
from segmentation.window import revised


@dataclass(frozen=True)
class Closed:
    """What a close leaves behind: the state, what it has to say, and the outlook on all customers."""

    state: LocalState
    events: tuple[Event, ...] = ()
    states: tuple[CustomerState, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    answer: Answer | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    outlook: Outlook | None = None


@dataclass(frozen=True)
class _Sorted:
    """Named rows by fate; `accepted` are all but the late and the seeded: archive changes of any age among them."""

    accepted: pa.Table
    fresh: pa.Table
    history: pa.Table
    late: pa.Table
    seeded: int


def close(state: LocalState, epoch: int, upto: Mapping[int, int], parameters: Parameters) -> Closed:
    """Close `epoch`: its rows and those of earlier ones below `upto` [offset by lane] are folded; all others wait.

    The result depends on the set of rows alone, not on how they were batched or ordered. Inputs untouched.
    O(rows log rows + n k d), and unpacking the window of each closed epoch that a late row touches.
    """
    named, waiting = _named(state.open, epoch, upto)
    rows = _sorted(named, state, epoch - parameters.window)
    state = _with_customers(replace(state, open=waiting, gathered=None), rows.accepted, parameters)
    turn = turned(state, rows.accepted, epoch, parameters)
    state, rows, others = turn.state, *_theirs(rows, turn.state)
    before = state.tiles
    amended = corrected(_folded(state, rows, parameters), before, rows.fresh, epoch, parameters)
    amended = reconsidered(amended, before, rows.fresh, epoch, parameters)
    state = _settled(replace(amended.state, closed=epoch), parameters)
    customers, moved = filled_up(state.customers, rows.history, state.settled, parameters)
    state, rejected = replace(state, customers=customers), _too_late(rows.late)
    counts = {
        "already_seeded": rows.seeded, "too_late": len(rejected), "folded": rows.fresh.num_rows,
        "backfilled": rows.history.num_rows, "not_theirs": others,
    }  # fmt: skip
    if state.models.force is None:
        return Closed(state, rejected=rejected, counts=counts)
    judged = judge_all(state, state.models.force, parameters, Amended(amended.events, amended.back, moved))
    events, states = (*turn.events, *judged.events), (*turn.states, *judged.states)
    return Closed(judged.state, events, states, rejected, judged.answer, counts, judged.outlook)


def _named(chunks: tuple[pa.Table, ...], epoch: int, upto: Mapping[int, int]) -> tuple[pa.Table, tuple[pa.Table, ...]]:
    if not chunks:
        return kinds.NONE, ()
    together = pa.concat_tables(chunks)
    lanes = kinds.numbers(together, "lane")
    limit = np.zeros(len(lanes), np.int64)
    for lane in np.unique(lanes):
        limit[lanes == lane] = upto.get(int(lane), 0)
    named = (kinds.numbers(together, "epoch") <= epoch) & (kinds.numbers(together, "offset") < limit)
    waiting = kinds.where(together, ~named)
    return kinds.where(together, named), (waiting,) if waiting.num_rows else ()


def _sorted(named: pa.Table, state: LocalState, oldest: int) -> _Sorted:
    """By fate: what the seeding held is only counted; what is older than `oldest` is late; archive changes never are.

    Of both what was sent as history and is no such repeat is taken as history.
    """
    day, lasting = kinds.numbers(named, "epoch"), kinds.numbers(named, "kind") == kinds.ATTRIBUTES
    history = ((day <= state.seeded) | (day < oldest)) & fills(named, state.customers)
    known = (day <= state.seeded) & ~lasting & ~history
    late = (day < oldest) & ~lasting & ~known & ~history
    accepted = ~(known | late)
    masks = (accepted, accepted & ~lasting & ~history, history, late)
    parts = [kinds.where(named, mask) for mask in masks]
    return _Sorted(parts[0], parts[1], parts[2], parts[3], int(known.sum()))


def _theirs(rows: _Sorted, state: LocalState) -> tuple[_Sorted, int]:
    """Return the rows without fresh ones from before a customer began, or of one that is closed; how many those are."""
    mine = theirs(rows.fresh, state.customers)
    return replace(rows, fresh=kinds.where(rows.fresh, mine)), int((~mine).sum())


def _folded(state: LocalState, rows: _Sorted, parameters: Parameters) -> LocalState:
    """Put fresh rows into the window's tiles, and archive changes into the traits."""
    if rows.accepted.num_rows == 0:
        return state
    ids, calendar = state.customers.ids, Calendar(parameters.time_zone, parameters.epoch_s)
    tiles, window, begun = dict(state.tiles), dict(state.window), state.customers.begun.copy()
    for day, whole in revised(rows.fresh, window, calendar).items():
        tiles[day], window[day] = tile(whole, ids, calendar), kinds.pack(whole)
        begun[tiles[day].customer] = np.minimum(begun[tiles[day].customer], day)
    first = np.minimum(state.customers.first, begun)
    customers = apply_traits(replace(state.customers, first=first, begun=begun), rows.accepted, _mapping(state))
    return replace(state, customers=customers, tiles=tiles, window=window)


def _mapping(state: LocalState) -> ValueMapping:
    """Return the value mapping table of the model in force: it stands until the next seeding."""
    model = state.models.force
    return told_by(None if model is None else model.value_mapping)


def _too_late(rows: pa.Table) -> tuple[Rejected, ...]:
    """One rejection for each row, however many pieces of it are late; the bytes are gone by then."""
    if rows.num_rows == 0:
        return ()
    found = {
        (row["lane"], row["offset"]): Rejected(
            row["lane"], row["offset"], "too_late", f"epoch {row['epoch']}", row["customer"].encode(), None
        )
        for row in rows.sort_by([("epoch", "descending")]).to_pylist()
    }
    return tuple(sorted(found.values()))


def _with_customers(state: LocalState, rows: pa.Table, parameters: Parameters) -> LocalState:
    known = pc.is_in(rows.column("customer"), value_set=state.customers.ids)
    if pc.all(known, min_count=0).as_py():
        return state
    unknown = pc.unique(rows.column("customer").filter(pc.invert(known)))
    customers, place = state.customers.with_new(kinds.names(unknown), parameters.buckets)
    tiles = {day: replace(tiles, customer=place[tiles.customer]) for day, tiles in state.tiles.items()}
    return replace(state, customers=customers, tiles=tiles)


def _settled(state: LocalState, parameters: Parameters) -> LocalState:
    """Fold tiles that no correction can reach any more into the memories, in epoch order."""
    through = max(state.settled, state.closed - parameters.window)
    epochs, customers = range(state.settled + 1, through + 1), state.customers
    week, weeks = absorbed_weeks(customers.week, customers.weeks, state.tiles, epochs, parameters)
    customers = replace(
        equipped(customers, state.tiles, epochs),
        week=week,
        weeks=weeks,
        memories=absorbed(customers.memories, state.tiles, epochs, parameters),
        hours=absorbed_hours(customers.hours, state.tiles, epochs, parameters),
    )
    return replace(
        state, customers=customers, settled=through,
        tiles={day: tiles for day, tiles in state.tiles.items() if day > through},
        window={day: rows for day, rows in state.window.items() if day > through},
    )  # fmt: skip
