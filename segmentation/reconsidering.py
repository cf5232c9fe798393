"""Rises that were confirmed while rows were missing, judged again once they have come.

As `correcting` does it with moves: as of the epoch that confirmed the rise, on the tiles of now. Where the customer
would not have risen it is taken back, and the customer stands as if it had not; the present close judges it as
everybody. Of a rise and a move that were one event, what is said of the move speaks of the rise too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import pyarrow as pa

from schemas.event import Cause, Event, Place
from schemas.model import Model
from schemas.times import iso
from segmentation.attribution import LATE_CORRECTION
from segmentation.calendar import Calendar
from segmentation.correcting import Corrected, concerned, numbers_of
from segmentation.local_state import LocalState
from segmentation.memories import absorbed, share_estimated, view_of
from segmentation.moves import PROVISIONAL, SECOND_US
from segmentation.parameters import Parameters
from segmentation.potential import PULLING, Outlook, outlook
from segmentation.risen import Risen, followed, lately
from segmentation.rises import at_home, said_of
from segmentation.sums import Floats, Ints, Tiles


@dataclass(frozen=True)
class _Again:
    """Customers (m,) who rose at the end of an epoch: as they were seen without the rows, and as they are with them.

    `force` is the model at the close of `epoch`, at which the rows have come.
    """

    rises: Sequence[tuple[str, Risen]]
    numbers: Ints
    before: Outlook
    now: Outlook
    estimated: Floats
    force: Model
    epoch: int
    parameters: Parameters

    def end(self, epoch: int) -> str:
        """Return the end of an epoch."""
        return iso(Calendar(self.parameters.time_zone, self.parameters.epoch_s).end(epoch) * SECOND_US)

    def event(self, at: int, before: Floats, places: tuple[Place, Place], cause: Cause) -> Event:
        """Return the event that speaks of a rise again."""
        customer, rise = self.rises[at]
        event = said_of(
            self.now, at, before, who=customer, places=places, version=rise.version, cause=cause,
            estimated=float(self.estimated[at]), time=self.end(self.epoch), asked=self.parameters.potential,
        )  # fmt: skip
        return msgspec.structs.replace(event, supersedes=rise.event_id)


def reconsidered(done: Corrected, before: Mapping[int, Tiles], fresh: pa.Table, epoch: int, parameters: Parameters
                 ) -> Corrected:  # fmt: skip
    """Judge the rises again that `fresh` rows concern, after the moves, at the close of `epoch`.

    `before` are the tiles without the rows, under the same customers' numbers. The result depends on the set of rows
    alone. Inputs untouched. O(rows) where nobody who rose lately is concerned.
    """
    force = done.state.models.force
    again = concerned(lately(done.state.risen, done.state.closed, parameters), fresh)
    if force is None:
        return done
    for then in sorted({rise.epoch for rise in again.values()}):
        mine = [(customer, rise) for customer, rise in again.items() if rise.epoch == then]
        numbers = numbers_of(pa.array([customer for customer, _ in mine], pa.string()), done.state.customers)
        seen = [_seen(done.state, tiles, numbers, then, parameters) for tiles in (before, done.state.tiles)]
        found = _Again(mine, numbers, seen[0][0], *seen[1], force, epoch, parameters)
        holds = found.now.lasting >= parameters.potential
        for at in range(len(mine)):
            done = _kept(done, found, at) if holds[at] else _lost(done, found, at)
    return done


def _seen(state: LocalState, tiles: Mapping[int, Tiles], numbers: Ints, then: int, parameters: Parameters
          ) -> tuple[Outlook, Floats]:  # fmt: skip
    """Return the outlook on some customers as of the end of an epoch, and the estimated share behind it (m,)."""
    customers, unsettled = state.customers.some(numbers), range(state.settled + 1, then + 1)
    mine = {day: of.of_customers(numbers) for day, of in tiles.items()}
    memories = absorbed(customers.memories, mine, unsettled, parameters)
    return outlook(view_of(customers, memories, then, parameters)), share_estimated(memories)


def _told(done: Corrected, rise: Risen) -> int | None:
    """Return the place of the event in which the correction of a move speaks of this rise too, None without one."""
    found = [number for number, event in enumerate(done.events) if event.supersedes == rise.event_id]
    return found[0] if found else None


def _kept(done: Corrected, found: _Again, at: int) -> Corrected:
    """Return what is said of a rise that holds: it stands beside a move taken back, and is provisional no more."""
    (customer, rise), customers, row = found.rises[at], done.state.customers, int(found.numbers[at])
    told, events = _told(done, rise), list(done.events)
    if told is not None:
        event = msgspec.structs.replace(
            events[told], newly_potential=rise.newly_potential, potential=float(found.now.potential[at])
        )
        events[told] = event
    elif rise.provisional and found.estimated[at] <= PROVISIONAL:
        low, high = at_home(found.force, int(customers.cluster[row]), found.end(int(customers.since[row])))
        there = msgspec.structs.replace(high, since=found.end(rise.epoch))
        event = found.event(at, np.zeros(len(PULLING)), (low, there), rise.cause)
        event = msgspec.structs.replace(event, newly_potential=rise.newly_potential)
        events.append(event)
    else:
        return done
    risen = {**done.state.risen, customer: followed(rise, event)}
    return replace(done, state=replace(done.state, risen=risen), events=tuple(events))


def _lost(done: Corrected, found: _Again, at: int) -> Corrected:
    """Return the state without a rise that does not hold, and the event that takes it back.

    There is none where what is said of a move that was one event with it speaks of it.
    """
    (customer, rise), row = found.rises[at], int(found.numbers[at])
    high, rose = done.state.customers.high.copy(), done.state.customers.rose.copy()
    high[row], rose[row] = False, rise.before
    risen = {who: other for who, other in done.state.risen.items() if who != customer}
    state = replace(done.state, customers=replace(done.state.customers, high=high, rose=rose), risen=risen)
    done = replace(done, state=state, back=np.union1d(done.back, [row]))
    if _told(done, rise) is not None:
        return done
    low, up = at_home(found.force, int(state.customers.cluster[row]), None)
    places = msgspec.structs.replace(up, since=found.end(rise.epoch)), low
    event = found.event(at, found.before.parts[at], places, LATE_CORRECTION)
    return replace(done, events=(*done.events, event))
