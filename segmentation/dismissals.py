"""Dismissals: customers of whom an operator said that they are not newly potential, why, and until when."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from schemas.control import Dismiss
from schemas.event import Dismissed, Event, Evidence
from schemas.model import Model
from schemas.times import iso
from segmentation.attribution import CUSTOMER_MOVED
from segmentation.calendar import Calendar
from segmentation.customers import Customers
from segmentation.decision import NEVER, NONE
from segmentation.local_state import Dismissal, LocalState
from segmentation.moves import SECOND_US, event_id, place_of, withdrawn
from segmentation.recent import Recent
from segmentation.risen import Risen
from segmentation.rises import at_home, rose_of


def obeyed(state: LocalState, order: Dismiss, calendar: Calendar) -> tuple[LocalState, tuple[Event, ...]]:
    """Return the state after a dismissal, and what it withdraws: flag, last move and last rise, if newly potential.

    A customer who is not in `state` is left to the bucket that has it. Inputs untouched.
    """
    customer = order.customer
    if customer not in state.customers.ids.to_pylist():
        return state, ()
    dismissed = {who: other for who, other in state.dismissed.items() if who != customer}
    if order.until is None:
        return replace(state, dismissed=dismissed), ()
    dismissal = Dismissal(order.until, order.because)
    state = replace(state, dismissed={**dismissed, customer: dismissal})
    said: list[Event] = []
    flag, move = state.early.get(customer), state.recent.get(customer)
    if flag is not None and flag.event.newly_potential:
        said.append(_withdrawn(withdrawn(flag.event), dismissal, calendar))
        state = replace(state, early={who: other for who, other in state.early.items() if who != customer})
    if move is not None and move.newly_potential and state.models.force is not None:
        moment = calendar.end(state.closed) * SECOND_US
        event = move_withdrawn(customer, move, state.models.force, moment, calendar)
        said.append(_withdrawn(event, dismissal, calendar))
        taken_back = msgspec.structs.replace(move, newly_potential=False)
        state = replace(state, recent={**state.recent, customer: taken_back})
    state, more = _risen_withdrawn(state, customer, dismissal, calendar, move)
    return state, (*said, *more)


def _risen_withdrawn(state: LocalState, customer: str, dismissal: Dismissal, calendar: Calendar, move: Recent | None
                     ) -> tuple[LocalState, tuple[Event, ...]]:  # fmt: skip
    """Return the state in which the last rise is withdrawn, and the event: none where it was one with a `move`.

    Of a rise before the last seeding no event is known: it is said that the customer is no potential one any more.
    """
    rise, model = state.risen.get(customer), state.models.force
    at, moment = state.customers.ids.index(customer).as_py(), calendar.end(state.closed) * SECOND_US
    if model is None or (rise is not None and not rise.newly_potential):
        return state, ()
    if rise is None:
        said = [ended(state.customers, at, model, moment, calendar)] if told_before(state, at) else []
        return state, tuple(_withdrawn(event, dismissal, calendar) for event in said)
    taken_back = msgspec.structs.replace(rise, newly_potential=False)
    state = replace(state, risen={**state.risen, customer: taken_back})
    if move is not None and move.event_id == rise.event_id:
        return state, ()
    event = rise_withdrawn(state.customers, at, rise, model, moment, calendar)
    return state, (_withdrawn(event, dismissal, calendar),)


def rise_withdrawn(customers: Customers, at: int, rise: Risen, model: Model, time: int, calendar: Calendar) -> Event:
    """Return the withdrawal of the last rise of customer number `at` as of `time` [us]."""
    since = iso(calendar.end(int(customers.since[at])) * SECOND_US)
    low, high = at_home(model, int(customers.cluster[at]), since)
    high = msgspec.structs.replace(high, since=iso(calendar.end(rise.epoch) * SECOND_US))
    return Event(
        event_id=event_id(rise.event_id, "withdrawn"), customer_id=customers.ids[at].as_py(), from_=low, to=high,
        newly_potential=False, cause=rise.cause, model_version_from=rise.version, model_version_to=rise.version,
        status="withdrawn", margin=0.0, confidence=0.0, reasons=(), quality=Evidence(0.0, provisional=False),
        event_time=iso(time), supersedes=rise.event_id,
    )  # fmt: skip


def told_before(state: LocalState, at: int) -> bool:
    """Whether customer number `at` rose, stands high, and the event is not known: it came before the last seeding.

    Of who stands high without having risen nobody has heard: there is nothing to take back.
    """
    customer, customers = state.customers.ids[at].as_py(), state.customers
    move = state.recent.get(customer)
    known = customer in state.risen or (move is not None and move.newly_potential)
    told = customers.high[at] and customers.cluster[at] != NONE and customers.rose[at] != NEVER
    return bool(told) and not known


def ended(customers: Customers, at: int, model: Model, time: int, calendar: Calendar) -> Event:
    """Return that a customer of whom nothing is known but that it stands high does so no more."""
    customer, moment = customers.ids[at].as_py(), iso(time)
    low, high = at_home(model, int(customers.cluster[at]), None)
    return Event(
        event_id=event_id(customer, low.cluster, "ended", moment), customer_id=customer,
        from_=msgspec.structs.replace(high, since=rose_of(customers, at, calendar)), to=low, newly_potential=False,
        cause=CUSTOMER_MOVED, model_version_from=model.version, model_version_to=model.version, status="confirmed",
        margin=0.0, confidence=0.0, reasons=(), quality=Evidence(0.0, provisional=False), event_time=moment,
    )  # fmt: skip


def _withdrawn(event: Event, dismissal: Dismissal, calendar: Calendar) -> Event:
    return msgspec.structs.replace(
        event, newly_potential=False, because=dismissal.because, dismissed=_said(dismissal, calendar)
    )


def _said(dismissal: Dismissal, calendar: Calendar) -> Dismissed:
    return Dismissed(iso(calendar.end(dismissal.until) * SECOND_US), dismissal.because)


def move_withdrawn(customer: str, move: Recent, model: Model, time: int, calendar: Calendar) -> Event:
    """Return the withdrawal of a confirmed move as of `time` [us]; its reasons stand in the event that it withdraws."""
    since = iso(calendar.end(move.since) * SECOND_US)
    return Event(
        event_id=event_id(move.event_id, "withdrawn"), customer_id=customer, from_=place_of(model, move.from_, since),
        to=place_of(model, move.to, iso(calendar.end(move.epoch) * SECOND_US)), newly_potential=False, cause=move.cause,
        model_version_from=move.version_from, model_version_to=move.version_to, status="withdrawn", margin=0.0,
        confidence=0.0, reasons=(), quality=Evidence(0.0, provisional=False), event_time=iso(time),
        supersedes=move.event_id,
    )  # fmt: skip


def marked(confirmed: Iterable[Event], dismissed: Mapping[str, Dismissal], calendar: Calendar) -> list[Event]:
    """Return events, those of dismissed customers with that mark and not newly potential."""
    return [
        event if (dismissal := dismissed.get(event.customer_id)) is None else
        msgspec.structs.replace(event, newly_potential=False, dismissed=_said(dismissal, calendar))
        for event in confirmed
    ]  # fmt: skip


def lasting(dismissed: Mapping[str, Dismissal], closed: int) -> Mapping[str, Dismissal]:
    """Return the dismissals that still hold at the close after `closed`."""
    if all(dismissal.until > closed for dismissal in dismissed.values()):
        return dismissed
    return {who: dismissal for who, dismissal in dismissed.items() if dismissal.until > closed}
