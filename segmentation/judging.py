"""Judging everybody at a close: moves, first classes, hysteresis, and what becomes of the early flags."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.event import CustomerState, Event
from schemas.model import Model
from schemas.times import iso
from segmentation.answering import answer
from segmentation.calendar import Calendar
from segmentation.customers import NOT_YET, Customers, nobody
from segmentation.decision import NONE, judge, rehoused
from segmentation.dismissals import lasting, marked
from segmentation.dry_run import dry_run
from segmentation.indices import LONG
from segmentation.local_state import Flag, LocalState, Models
from segmentation.memories import share_estimated
from segmentation.moves import SECOND_US, Look, moves, place_of, withdrawn
from segmentation.offering import offered
from segmentation.output import Answer
from segmentation.parameters import Parameters
from segmentation.potential import Outlook
from segmentation.quadrants import on_axes
from segmentation.recent import Recent, renewed
from segmentation.risen import renewed as renewed_rises
from segmentation.rises import rise_of, rose_of, valued
from segmentation.rows import names
from segmentation.shadow import shadowed
from segmentation.sight import seen
from segmentation.space import centres_of, ids_of, off_grid, space_of
from segmentation.sums import COLUMN, Floats, Ints
from segmentation.undoing import as_before, compensated, forgotten, own_doing, to_undo, with_undone


@dataclass(frozen=True)
class Amended:
    """What a close did to customers before judging them, by their numbers.

    `events` say what late rows did to moves of before, and `back` are those whom they took back; `backfilled` are those
    of whom history came: what they do now is its doing.
    """

    events: tuple[Event, ...] = ()
    back: Ints = field(default_factory=nobody)
    backfilled: Ints = field(default_factory=nobody)


NOTHING = Amended()


@dataclass(frozen=True)
class Judgement:
    """What judging leaves behind: the state, the events and changed classes that follow, and the bucket's answer.

    `outlook` is that on all customers.
    """

    state: LocalState
    events: tuple[Event, ...]
    states: tuple[CustomerState, ...]
    answer: Answer
    outlook: Outlook


def judge_all(state: LocalState, model: Model, parameters: Parameters, amended: Amended = NOTHING) -> Judgement:
    """Judge every customer by `model` on its vector as of the last close. O(n k d); inputs untouched."""
    epoch, calendar = state.closed, Calendar(parameters.time_zone, parameters.epoch_s)
    customers = state.customers.with_width(len(model.indices))
    sight = seen(customers, state.tiles, range(state.settled + 1, epoch + 1), model, parameters)
    points = space_of(model).point(sight.traces)
    standing = customers.standing(ids_of(model))
    verdict = judge(off_grid(points), centres_of(model), standing, epoch, parameters)
    undoing = to_undo(state.recent, state.models.undo, customers, points, model, epoch=epoch, parameters=parameters)
    decided = rehoused(with_undone(verdict, undoing, points, model), customers.cluster != NONE, standing)
    times, rows = np.full(len(customers), calendar.end(epoch) * SECOND_US), np.arange(len(customers))
    estimated = share_estimated(sight.memories)
    look = Look(rows, sight.traces, decided, estimated, times, np.isin(rows, amended.backfilled))
    rise = rise_of(sight.view, customers, epoch, parameters)
    moved = valued(
        moves(look, customers, model, state.models.past, "confirmed", calendar), np.flatnonzero(decided.move),
        rise.outlook, rise.turn.risen,
    )  # fmt: skip
    moved = marked(compensated(moved, undoing, own_doing(undoing, state.risen, rise.turn)), state.dismissed, calendar)
    risen = marked(rise.events(look, customers, model, parameters), state.dismissed, calendar)
    before = offered(marked(amended.events, state.dismissed, calendar), sight.view, customers)
    fallen = marked(rise.falls(look, customers, model, parameters), state.dismissed, calendar)
    confirmed = offered([*moved, *risen], sight.view, customers)
    events, early = resolved(confirmed, state.early, epoch, set(names(customers.ids.take(amended.back))))
    open_ = customers.started != NOT_YET
    first = (customers.cluster == NONE) & open_ & _has_settled(customers, sight.memories, epoch, parameters)
    after = as_before(_reclassified(customers, look, first, epoch, model), undoing)
    after = replace(after, high=rise.turn.high, rose=rise.turn.rose)
    recent = renewed(state.recent, moved, customers, np.flatnonzero(decided.move), epoch, parameters)
    recent = dict(forgotten(recent, undoing))
    judged = replace(
        state, customers=after, early=early, models=_still_needed(state.models, model, after, recent), recent=recent,
        risen=renewed_rises(state.risen, [*fallen, *confirmed], customers, rise.turn, epoch, parameters),
        dismissed=lasting(state.dismissed, epoch),
    )  # fmt: skip
    changed = first | decided.move | np.isin(rows, amended.back) | (rise.turn.high != customers.high)
    states = _states(after, changed & (after.cluster != NONE), [*before, *fallen, *confirmed], points, model, calendar)
    trial, shadow = state.models.trial, state.models.shadow
    said = msgspec.structs.replace(
        answer(judged, points, model, parameters),
        trial=None if trial is None else
        dry_run(trial, points, verdict, model, customers, epoch=epoch, parameters=parameters),
        shadow=None if shadow is None else shadowed(shadow, sight.view, model, after, epoch),
    )  # fmt: skip
    return Judgement(judged, (*before, *fallen, *events), states, said, rise.outlook)


def _has_settled(customers: Customers, memories: Floats, epoch: int, parameters: Parameters) -> NDArray[np.bool_]:
    old_enough = epoch - customers.first.astype(np.int64) + 1 >= parameters.epochs(parameters.settling_s)
    return np.asarray(old_enough & (memories[:, LONG, COLUMN["seconds"]] > 0))


def resolved(confirmed: Sequence[Event], early: Mapping[str, Flag], epoch: int, back: AbstractSet[str] = frozenset()
             ) -> tuple[list[Event], dict[str, Flag]]:  # fmt: skip
    """Return what to say, and the flags that still wait.

    A confirmed event is linked to the flag that foresaw it; a flag whose epoch has closed, whose customer moved
    elsewhere, or was taken `back` to where it had been, is withdrawn.
    """
    said, foreseen = [], set()
    for event in confirmed:
        flag = early.get(event.customer_id)
        if flag is not None and event.supersedes is None and flag.event.to.cluster == event.to.cluster:
            foreseen.add(event.customer_id)
            event = msgspec.structs.replace(event, supersedes=flag.event.event_id)  # noqa: PLW2901 - the same, linked
        said.append(event)
    over = {customer for customer, flag in early.items() if flag.epoch <= epoch}
    over |= ({event.customer_id for event in confirmed} | back) & early.keys()
    said += [withdrawn(early[customer].event) for customer in sorted(over - foreseen)]
    return said, {customer: flag for customer, flag in early.items() if customer not in over}


def _reclassified(
    customers: Customers, look: Look, first: NDArray[np.bool_], epoch: int, model: Model
) -> Customers:  # fmt: skip
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
        anchor=np.where(calm[:, None], look.traces, customers.anchor),
        anchor_version=np.where(calm, model.version, customers.anchor_version),
    )


def _states(
    customers: Customers, changed: NDArray[np.bool_], confirmed: list[Event], points: Ints, model: Model,
    calendar: Calendar,
) -> tuple[CustomerState, ...]:  # fmt: skip
    by_customer = {event.customer_id: event.event_id for event in confirmed}
    rows, found = np.flatnonzero(changed), []
    for row, (current, potential) in zip(rows, on_axes(points[rows], model), strict=True):
        customer = customers.ids[int(row)].as_py()
        since = iso(calendar.end(int(customers.since[row])) * SECOND_US)
        place = place_of(model, int(customers.cluster[row]), since)
        found.append(CustomerState(
            customer, place, model.version, by_customer.get(customer), rose_of(customers, int(row), calendar),
            current_value=current, potential_value=potential,
        ))  # fmt: skip
    return tuple(found)


def _still_needed(models: Models, model: Model, customers: Customers, recent: Mapping[str, Recent]) -> Models:
    """Without the past models that no anchor refers to, nor a move that may be judged again; what to undo is undone."""
    used = {*np.unique(customers.anchor_version).tolist(), model.version}
    for move in recent.values():
        if move.before is not None:
            used |= {move.version_to, move.before.anchor_version}
    past = {version: past for version, past in models.past.items() if version in used}
    return replace(models, past=past, undo=None)
