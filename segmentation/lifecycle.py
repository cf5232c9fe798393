"""Beginning and ending: customers that are closed, opened again, merged and split, as the archive dates it.

A closed customer leaves its class, and what said that it was newly potential is withdrawn. One that begins anew (it was
closed, or its archive record names predecessors) is a newcomer from that epoch on: nothing of the time before counts,
its first class is state, and no sum of others makes it a potential customer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import pyarrow as pa

from schemas.archive import Archive
from schemas.event import Closing, CustomerState, Event
from schemas.times import iso, microseconds
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.customers import NOT_YET, Customers, newcomers
from segmentation.decision import NONE
from segmentation.dismissals import ended, move_withdrawn, rise_withdrawn, told_before
from segmentation.local_state import LocalState
from segmentation.moves import SECOND_US, place_of, withdrawn
from segmentation.parameters import Parameters
from segmentation.rows import pc
from segmentation.sums import Flags, Ints
from segmentation.traits import OWNED

_KEPT = ("ids", "bucket", "traits", "traits_from", "noun", "started")
"""What a customer that begins anew keeps, but for the services held."""
_decode = msgspec.json.Decoder(Archive).decode


@dataclass(frozen=True)
class Turned:
    """What beginnings and endings leave behind: the state, and what there is to say."""

    state: LocalState
    events: tuple[Event, ...] = ()
    states: tuple[CustomerState, ...] = ()


def turned(state: LocalState, rows: pa.Table, epoch: int, parameters: Parameters) -> Turned:
    """Carry out the beginnings and endings in `rows`, all of whose customers are known, at the close of `epoch`.

    A record that comes again changes nothing. Inputs untouched. O(archive changes in `rows`), and unpacking the window
    where a customer begins anew.
    """
    told = kinds.where(rows, kinds.numbers(rows, "kind") == kinds.ATTRIBUTES)
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    turns = _turns(state.customers, told, calendar)
    if not turns:
        return Turned(state)
    order = sorted(turns)
    started = state.customers.started.copy()
    started[order] = [turns[at][0] for at in order]
    events = tuple(event for at in order for event in _taken_back(state, at, turns[at][1], epoch, calendar))
    states = tuple(_closing(state, turns, calendar))
    gone = {state.customers.ids[at].as_py() for at in order}
    ended = replace(
        state, customers=_anew(replace(state.customers, started=started), np.array(order), parameters),
        early={who: flag for who, flag in state.early.items() if who not in gone},
        recent={who: move for who, move in state.recent.items() if who not in gone},
        risen={who: rise for who, rise in state.risen.items() if who not in gone},
    )  # fmt: skip
    return Turned(_without_the_past(ended, np.array(order)), events, states)


def begun(customers: Customers, rows: pa.Table, calendar: Calendar) -> Customers:
    """Return customers of whom nothing was known with the beginnings and endings of a history's `rows`."""
    started = customers.started.copy()
    told = kinds.where(rows, kinds.numbers(rows, "kind") == kinds.ATTRIBUTES)
    for at, (epoch, _) in _turns(customers, told, calendar).items():
        started[at] = epoch
    return replace(customers, started=started)


def theirs(rows: pa.Table, customers: Customers) -> Flags:
    """Whether each row (n,) is of a day since its customer began, and not of one that is closed."""
    day = kinds.numbers(rows, "epoch")
    if len(day) == 0 or customers.started.max() <= day.min():
        return np.ones(len(day), np.bool_)
    number = pc.index_in(rows.column("customer"), value_set=customers.ids).to_numpy()
    return np.asarray(day >= customers.started[number])


def _turns(customers: Customers, told: pa.Table, calendar: Calendar) -> dict[int, tuple[int, Archive]]:
    """Return by number the epoch from which each customer that turns is there, NOT_YET for a closed one, and why."""
    if told.num_rows == 0:
        return {}
    number = dict(zip(customers.ids.to_pylist(), range(len(customers)), strict=True))
    since: dict[int, int] = {}
    found: dict[int, tuple[int, Archive]] = {}
    for row in told.sort_by([("start", "ascending"), ("offset", "ascending")]).to_pylist():
        at, archive = number[row["customer"]], _decode(row["text"])
        if (valid := microseconds(archive.valid_from)) < since.get(at, int(customers.traits_from[at])):
            continue
        since[at] = valid
        now = found[at][0] if at in found else int(customers.started[at])
        epoch = int(calendar.epoch_of(np.array([valid // SECOND_US]))[0])
        if archive.closed and now != NOT_YET:
            found[at] = (NOT_YET, archive)
        elif not archive.closed and (now == NOT_YET or (archive.predecessors and now != epoch)):
            found[at] = (epoch, archive)
    return found


def _taken_back(state: LocalState, at: int, archive: Archive, epoch: int, calendar: Calendar) -> Iterator[Event]:
    """Yield the withdrawals of what said that a customer is newly potential."""
    customer, moment = archive.customer_id, calendar.end(epoch) * SECOND_US
    flag, move, rise = state.early.get(customer), state.recent.get(customer), state.risen.get(customer)
    model, because = state.models.force, _because(archive)
    said: list[Event] = [] if flag is None else [withdrawn(flag.event)]
    if model is not None and move is not None and move.newly_potential:
        said.append(move_withdrawn(customer, move, model, moment, calendar))
    told = move is not None and rise is not None and move.event_id == rise.event_id
    if model is not None and rise is not None and rise.newly_potential and not told:
        said.append(rise_withdrawn(state.customers, at, rise, model, moment, calendar))
    if model is not None and told_before(state, at):
        said.append(ended(state.customers, at, model, moment, calendar))
    for event in said:
        yield msgspec.structs.replace(event, newly_potential=False, because=because)


def _because(archive: Archive) -> str:
    others = ", ".join(archive.successors)
    if archive.closed and others:
        return f"closed; {'merged into' if len(archive.successors) == 1 else 'split into'} {others}"
    if archive.closed:
        return "closed"
    return f"begins anew out of {', '.join(archive.predecessors)}" if archive.predecessors else "opened again"


def _closing(state: LocalState, turns: Mapping[int, tuple[int, Archive]], calendar: Calendar
             ) -> Iterator[CustomerState]:  # fmt: skip
    """Yield the last state of each customer with a class that is closed."""
    customers, model = state.customers, state.models.force
    for at in sorted(turns):
        started, archive = turns[at]
        if model is None or started != NOT_YET or customers.cluster[at] == NONE:
            continue
        since = iso(calendar.end(int(customers.since[at])) * SECOND_US)
        yield CustomerState(
            archive.customer_id, place_of(model, int(customers.cluster[at]), since), model.version,
            closed=Closing(iso(microseconds(archive.valid_from)), archive.successors),
        )  # fmt: skip


def _anew(customers: Customers, who: Ints, parameters: Parameters) -> Customers:
    """Return customers, those of the numbers `who` (m,) as newcomers: a closed one, too, is not to be judged."""
    fresh = newcomers(kinds.names(customers.ids.take(who)), parameters.buckets, customers.anchor.shape[1])
    changed = {}
    for name in customers.__dataclass_fields__.keys() - set(_KEPT):
        column = getattr(customers, name).copy()
        column[who] = getattr(fresh, name)
        changed[name] = column
    traits = customers.traits.copy()
    traits[who, OWNED] = np.nan
    return replace(customers, traits=traits, **changed)


def _without_the_past(state: LocalState, who: Ints) -> LocalState:
    """Return the state without the tiles and the kept rows of the customers `who` from before they began."""
    customers = state.customers
    tiles = {
        day: of.some((day >= customers.started[of.customer]) | ~np.isin(of.customer, who))
        for day, of in state.tiles.items()
    }
    window = {day: _of_theirs(rows, customers, who) for day, rows in state.window.items()}
    first, begun = customers.first.copy(), customers.begun.copy()
    for day, of in tiles.items():
        mine = of.customer[np.isin(of.customer, who)]
        first[mine], begun[mine] = np.minimum(first[mine], day), np.minimum(begun[mine], day)
    return replace(state, customers=replace(customers, first=first, begun=begun), tiles=tiles, window=window)


def _of_theirs(packed: bytes, customers: Customers, who: Ints) -> bytes:
    rows = kinds.unpack(packed)
    number = pc.index_in(rows.column("customer"), value_set=customers.ids).to_numpy()
    kept = theirs(rows, customers) | ~np.isin(number, who)
    return packed if kept.all() else kinds.pack(rows.filter(pa.array(kept)))
