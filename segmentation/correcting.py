"""Late corrections: moves that were confirmed while rows were missing, judged again once they have come.

At a close the rows of earlier epochs have just changed their tiles. A customer's last move, where such an epoch lies
before it, is judged again as of the epoch that confirmed it: by the model of then, from the standing and with the
archive data of then, on the tiles of now. Where it would not have gone there it is taken back: the standing is what
that epoch's close would have left, and the present close judges the customer as everybody. Where it would, and measured
values have taken the place of most estimates, a provisional move is said to be none any more, once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from schemas.event import Event, Evidence
from schemas.model import Model
from schemas.times import iso
from segmentation import rows as kinds
from segmentation.attribution import BACKFILL, LATE_CORRECTION, attribute
from segmentation.calendar import Calendar
from segmentation.customers import Customers, nobody
from segmentation.decision import NEVER, NONE, Verdict, judge, rehoused
from segmentation.local_state import LocalState
from segmentation.memories import share_estimated
from segmentation.moves import PROVISIONAL, SECOND_US, Look, event_id, marks, moves, place_of, reasons_of
from segmentation.parameters import Parameters
from segmentation.potential import outlook
from segmentation.recent import Recent
from segmentation.rises import valued
from segmentation.rows import pc
from segmentation.sight import Sight, seen
from segmentation.space import Traces, centres_of, distances, ids_of, off_grid, space_of
from segmentation.sums import Flags, Ints, Tiles
from segmentation.traits import OWNED


@dataclass(frozen=True)
class Corrected:
    """What corrections leave behind: the state, the events that say so, and the numbers of those taken `back`."""

    state: LocalState
    events: tuple[Event, ...] = ()
    back: Ints = field(default_factory=nobody)


@dataclass(frozen=True)
class _Again:
    """Customers (m,) who moved at the end of `epoch`, judged again: as they were, `before` and after the correction."""

    epoch: int
    model: Model
    moves: Sequence[Recent]
    customers: Customers
    before: Traces
    sight: Sight
    verdict: Verdict

    @property
    def holds(self) -> Flags:
        """Whether each would have moved there all the same (m,)."""
        to = np.array([move.to for move in self.moves])
        return np.asarray(self.verdict.move & (ids_of(self.model)[self.verdict.best] == to))

    @property
    def measured(self) -> Flags:
        """Whether each was provisional, and rests mostly on measured values now (m,)."""
        provisional = np.array([move.provisional for move in self.moves])
        return np.asarray(provisional & (share_estimated(self.sight.memories) <= PROVISIONAL))


def corrected(state: LocalState, before: Mapping[int, Tiles], fresh: pa.Table, epoch: int, parameters: Parameters
              ) -> Corrected:  # fmt: skip
    """Judge the moves again that `fresh` rows concern, at the close of `epoch`, before it settles anything.

    `state` has the rows in its tiles; `before` are the tiles without them, under the same customers' numbers. The
    result depends on the set of rows alone. Inputs untouched. O(rows) where nobody who moved lately is concerned.
    """
    known = {customer: move for customer, move in state.recent.items() if move.before is not None}
    force, again = state.models.force, concerned(known, fresh)
    if force is None or not again:
        return Corrected(state)
    events: list[Event] = []
    for then in sorted({move.epoch for move in again.values()}):
        found = _judged(state, before, {c: move for c, move in again.items() if move.epoch == then}, parameters)
        state, said = _taken_back(state, force, found, epoch, parameters)
        state, more = _borne_out(state, found, epoch, parameters)
        events += [*said, *more]
    taken = pa.array([event.customer_id for event in events if event.cause == LATE_CORRECTION], pa.string())
    return Corrected(state, tuple(events), numbers_of(taken, state.customers))


def numbers_of(ids: kinds.Texts, customers: Customers) -> Ints:
    """Return the numbers (m,) of customers who are known."""
    return np.asarray(pc.index_in(ids, value_set=customers.ids).to_numpy().astype(np.int64))


class Decided(Protocol):
    """What was confirmed at the end of an epoch."""

    @property
    def epoch(self) -> int:
        """Return that epoch."""


Some = TypeVar("Some", bound=Decided)


def concerned(decided: Mapping[str, Some], fresh: pa.Table) -> dict[str, Some]:
    """Return by customer, rising, what was decided on epochs for which `fresh` rows have come."""
    latest = max((one.epoch for one in decided.values()), default=NEVER)
    fresh = kinds.where(fresh, kinds.numbers(fresh, "epoch") <= latest)
    if fresh.num_rows == 0:
        return {}
    mine = fresh.filter(pc.is_in(fresh.column("customer"), value_set=pa.array(sorted(decided), pa.string())))
    told = zip(kinds.names(mine.column("customer")), kinds.numbers(mine, "epoch").tolist(), strict=True)
    found = {customer for customer, day in set(told) if day <= decided[customer].epoch}
    return {customer: decided[customer] for customer in sorted(found)}


def _judged(state: LocalState, before: Mapping[int, Tiles], again: Mapping[str, Recent], parameters: Parameters
            ) -> _Again:  # fmt: skip
    numbers, moved = numbers_of(pa.array(list(again), pa.string()), state.customers), list(again.values())
    then, model = moved[0].epoch, state.models.past[moved[0].version_to]
    customers, unsettled = _as_then(state.customers.some(numbers), moved), range(state.settled + 1, then + 1)
    mine = ({day: of.of_customers(numbers) for day, of in tiles.items()} for tiles in (before, state.tiles))
    sights = [seen(customers, tiles, unsettled, model, parameters) for tiles in mine]
    points = off_grid(space_of(model).point(sights[1].traces))
    standing = customers.standing(ids_of(model))
    verdict = rehoused(
        judge(points, centres_of(model), standing, then, parameters), customers.cluster != NONE, standing
    )
    return _Again(then, model, moved, customers, sights[0].traces, sights[1], verdict)


def _as_then(customers: Customers, moved: Sequence[Recent]) -> Customers:
    """Return customers (m,) with the standing and the archive data they had before their moves; their sums are kept."""
    before = [move.before for move in moved if move.before is not None]
    traits = np.array([np.frombuffer(one.traits, np.float64) for one in before])
    owned = customers.traits[:, OWNED]
    traits[:, OWNED] = np.where(np.isnan(traits[:, OWNED]) & (owned == 0), np.nan, owned)
    return replace(
        customers, traits=traits,
        cluster=np.array([move.from_ for move in moved]), since=np.array([move.since for move in moved]),
        moved=np.array([move.moved for move in moved]), challenger=np.array([one.challenger for one in before]),
        challenged=np.array([one.challenged for one in before]),
        anchor=np.array([np.frombuffer(one.anchor, np.int32) for one in before]),
        anchor_version=np.array([one.anchor_version for one in before]),
    )  # fmt: skip


def _taken_back(state: LocalState, force: Model, found: _Again, epoch: int, parameters: Parameters
                ) -> tuple[LocalState, list[Event]]:  # fmt: skip
    """Return the state without the moves that do not hold, and the events that take them back.

    Nobody goes back to a cluster that is no more, or was no more then.
    """
    known = np.intersect1d(ids_of(force), ids_of(found.model))
    which = np.flatnonzero(~found.holds & np.isin([move.from_ for move in found.moves], known))
    events = [_back(force, found, at, epoch, parameters) for at in which.tolist()]
    ids, left = found.customers.ids.take(which), _left(found)
    columns = {name: getattr(state.customers, name).copy() for name in _STANDING}
    for name, column in columns.items():
        column[numbers_of(ids, state.customers)] = getattr(left, name)[which]
    gone = set(kinds.names(ids))
    recent = {customer: move for customer, move in state.recent.items() if customer not in gone}
    return replace(state, customers=replace(state.customers, **columns), recent=recent), events


_STANDING = ("cluster", "since", "moved", "challenger", "challenged", "anchor", "anchor_version")


def _left(found: _Again) -> Customers:
    """Return the customers as the close of their epoch would have left them, had it not moved them."""
    calm, verdict = ~found.verdict.contested, found.verdict
    return replace(
        found.customers,
        challenger=np.where(calm, NONE, ids_of(found.model)[verdict.best]),
        challenged=np.where(calm, found.epoch, verdict.challenged),
        anchor=np.where(calm[:, None], found.sight.traces, found.customers.anchor),
        anchor_version=np.where(calm, found.model.version, found.customers.anchor_version),
    )


def _back(force: Model, found: _Again, at: int, epoch: int, parameters: Parameters) -> Event:
    """Return the event that takes back a move: what changed is how the customer is seen as of then."""
    move, space = found.moves[at], space_of(found.model)
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    time, since = (iso(calendar.end(one) * SECOND_US) for one in (epoch, found.epoch))
    was, now = marks(space, np.stack([found.before[at], found.sight.traces[at]]))
    pair = centres_of(found.model)[np.searchsorted(ids_of(found.model), [move.to, move.from_])]
    parts = attribute(was.point, now.point, pair, pair)
    own, best = distances(now.point[None, :], pair)[0].tolist()
    customer, version = str(found.customers.ids[at].as_py()), found.model.version
    share = float(share_estimated(found.sight.memories)[at])
    places = place_of(force, move.to, since), place_of(force, move.from_, None)
    return Event(
        event_id=event_id(customer, move.to, move.from_, "confirmed", LATE_CORRECTION, version, version, time),
        customer_id=customer, from_=places[0], to=places[1], newly_potential=False, cause=LATE_CORRECTION,
        model_version_from=version, model_version_to=version, status="confirmed", margin=own - best,
        confidence=max(1.0 - best / own, 0.0) if own > 0 else 0.0, reasons=reasons_of(space, parts, was, now),
        quality=Evidence(share, share > PROVISIONAL), event_time=time, supersedes=move.event_id,
    )  # fmt: skip


def _borne_out(state: LocalState, found: _Again, epoch: int, parameters: Parameters
               ) -> tuple[LocalState, list[Event]]:  # fmt: skip
    """Return the state in which the moves that hold on measured values are provisional no more, and what says so."""
    calendar, which = Calendar(parameters.time_zone, parameters.epoch_s), found.holds & found.measured
    everybody = np.arange(len(which))
    look = Look(
        everybody, found.sight.traces, replace(found.verdict, move=which), share_estimated(found.sight.memories),
        np.full(len(which), calendar.end(epoch) * SECOND_US),
        np.array([move.cause == BACKFILL for move in found.moves]),
    )  # fmt: skip
    since = iso(calendar.end(found.epoch) * SECOND_US)
    recent, events = dict(state.recent), []
    said = moves(look, found.customers, found.model, state.models.past, "confirmed", calendar)
    # whether a rise that was one event with the move holds too is said by `reconsidering`
    nobody_rises = np.zeros(len(which), np.bool_)
    for event in valued(said, np.flatnonzero(which), outlook(found.sight.view), nobody_rises):
        move = recent[event.customer_id]
        there = msgspec.structs.replace(event.to, since=since)
        events.append(msgspec.structs.replace(event, to=there, supersedes=move.event_id))
        recent[event.customer_id] = msgspec.structs.replace(move, event_id=event.event_id, provisional=False)
    return replace(state, recent=recent), events
