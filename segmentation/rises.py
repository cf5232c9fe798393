"""Rises: customers whose own potential has become high, whatever their class does, and why.

A rise is the customer's own doing: no model makes one, and a rollback undoes none. A move and a rise at the same close
are one event.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from schemas.event import Cause, Event, Evidence, Place, Reason
from schemas.model import Model
from schemas.times import iso
from segmentation.attribution import BACKFILL, CUSTOMER_MOVED
from segmentation.calendar import Calendar
from segmentation.customers import Customers
from segmentation.decision import NEVER
from segmentation.indices import View
from segmentation.moves import PROVISIONAL, SECOND_US, Look, event_id, place_of
from segmentation.parameters import LEAST_POTENTIAL, Parameters
from segmentation.potential import PULLING, Outlook, Turn, outlook, turn
from segmentation.quadrants import HIGH, LOW, is_high, with_potential
from segmentation.sums import Flags, Floats

_DIGITS = 6


@dataclass(frozen=True)
class Rise:
    """The outlook on the customers of a look, and what it makes of them; as long as the look."""

    outlook: Outlook
    turn: Turn

    def events(self, look: Look, customers: Customers, model: Model, parameters: Parameters) -> Iterator[Event]:
        """One confirmed event for everybody who has risen and does not move, in order of the customers."""
        calendar = Calendar(parameters.time_zone, parameters.epoch_s)
        for at in np.flatnonzero(self.turn.risen & ~look.verdict.move).tolist():
            row = int(look.rows[at])
            since = iso(calendar.end(int(customers.since[row])) * SECOND_US)
            said = said_of(
                self.outlook, at, np.zeros(len(PULLING)), who=customers.ids[row].as_py(),
                places=at_home(model, int(customers.cluster[row]), since), version=model.version,
                cause=BACKFILL if look.backfilled[at] else CUSTOMER_MOVED,
                estimated=float(look.estimated[at]), time=iso(int(look.times[at])), asked=parameters.potential,
            )  # fmt: skip
            yield msgspec.structs.replace(said, newly_potential=True)

    def falls(self, look: Look, customers: Customers, model: Model, parameters: Parameters) -> Iterator[Event]:
        """One confirmed event for everybody who has fallen and does not move up: nothing to call for any more."""
        calendar = Calendar(parameters.time_zone, parameters.epoch_s)
        for at in np.flatnonzero(self.turn.fallen).tolist():
            row = int(look.rows[at])
            since = rose_of(customers, row, calendar)
            low, high = at_home(model, int(customers.cluster[row]), None)
            yield said_of(
                self.outlook, at, self.outlook.parts[at], who=customers.ids[row].as_py(),
                places=(msgspec.structs.replace(high, since=since), low), version=model.version,
                cause=BACKFILL if look.backfilled[at] else CUSTOMER_MOVED, estimated=float(look.estimated[at]),
                time=iso(int(look.times[at])), asked=LEAST_POTENTIAL,
            )  # fmt: skip


def at_home(model: Model, cluster: int, since: str | None) -> tuple[Place, Place]:
    """Return the places of a rise: the same cluster, of low potential `since` then, and of high potential."""
    own = place_of(model, cluster, None)
    low, high = (with_potential(own.quadrant, potential) for potential in (LOW, HIGH))
    return Place(cluster, own.name, low, since), Place(cluster, own.name, high)


def said_of(ahead: Outlook, at: int, before: Floats, *, who: str, places: tuple[Place, Place], version: int,
            cause: Cause, estimated: float, time: str, asked: float) -> Event:  # fmt: skip
    """Return the confirmed event that says how customer `at` stands, whose parts of the potential were `before` (p,).

    The margin is the logarithm of the lasting potential over the one that is `asked` for; the reasons' shares are parts
    of the change of the potential's logarithm, and add up to 1.
    """
    own, there = places[0].cluster, places[1].quadrant
    return Event(
        event_id=event_id(who, own, own, "confirmed", cause, version, version, time, there), customer_id=who,
        from_=places[0], to=places[1], newly_potential=False, cause=cause, status="confirmed",
        model_version_from=version, model_version_to=version, margin=float(np.log(ahead.lasting[at] / asked)),
        confidence=float(ahead.confidence[at]), potential=float(ahead.potential[at]),
        reasons=_reasons(before, ahead.parts[at]), quality=Evidence(estimated, estimated > PROVISIONAL),
        event_time=time, origin="backfill" if cause == BACKFILL else "live",
    )  # fmt: skip


def valued(moves: Iterable[Event], who: Iterable[int], ahead: Outlook, risen: Flags) -> list[Event]:
    """Return moves with the potential of their customers, whose places in `ahead` and `risen` (n,) are `who`.

    A move is newly potential where the customer rises with it.
    """
    return [
        msgspec.structs.replace(move, potential=float(ahead.potential[at]), newly_potential=bool(risen[at]))
        for at, move in zip(who, moves, strict=True)
    ]  # fmt: skip


def rise_of(view: View, customers: Customers, epoch: int, parameters: Parameters) -> Rise:
    """Return the outlook on the view's customers as of the end of `epoch`, and what it makes of them.

    O(n); inputs untouched.
    """
    ahead = outlook(view)
    return Rise(ahead, turn(ahead.lasting, customers, epoch, parameters))


def falls(event: Event) -> bool:
    """Whether an event says that a customer's own potential is not high any more."""
    return event.from_.cluster == event.to.cluster and not is_high(event.to.quadrant)


def rose_of(customers: Customers, row: int, calendar: Calendar) -> str | None:
    """Return when a customer's potential became high, None where it is not, or was so at the seeding."""
    rose = int(customers.rose[row])
    return iso(calendar.end(rose) * SECOND_US) if customers.high[row] and rose != NEVER else None


def _reasons(before: Floats, now: Floats) -> tuple[Reason, ...]:
    """Every index whose part (p,) in the logarithm of a potential has changed, the greatest change first."""
    pulls = np.array([index.pull for index in PULLING])
    change, was, moved = now - before, before / pulls, now / pulls
    total = float(change.sum())
    if total == 0:
        return ()
    return tuple(
        Reason(
            index=index.name, value=_rounded(index.original(moved[j])), previous=_rounded(index.original(was[j])),
            change=_rounded((moved[j] - was[j]) / index.least), share_customer=float(change[j] / total),
            share_model=0.0,
        )
        for j in np.argsort(-change / total, kind="stable") if change[j]
        for index in [PULLING[j]]
    )  # fmt: skip


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
