"""Rises: customers whose own potential has become high, whatever their class does, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from schemas.event import Event, Evidence, Place, Reason, Status
from schemas.model import Model
from schemas.times import iso
from segmentation.attribution import CUSTOMER_MOVED
from segmentation.calendar import Calendar
from segmentation.customers import Customers
from segmentation.decision import NEVER
from segmentation.indices import View
from segmentation.moves import PROVISIONAL, SECOND_US, Look, event_id
from segmentation.parameters import Parameters
from segmentation.potential import PULLING, Outlook, Turn, outlook, turn
from segmentation.quadrants import HIGH, LOW, with_potential
from segmentation.space import ids_of
from segmentation.sums import Floats

_DIGITS = 6


@dataclass(frozen=True)
class Rise:
    """The outlook on the customers of a look, and what it makes of them; as long as the look."""

    outlook: Outlook
    turn: Turn

    def valued(self, moves: Iterable[Event], look: Look) -> list[Event]:
        """Return the look's moves with the customers' potential.

        A move is newly potential where the customer's own potential rises with it, or where it leads to a quadrant of
        high potential and the customer does not shrink.
        """
        return [
            msgspec.structs.replace(
                move, potential=float(self.outlook.potential[at]),
                newly_potential=bool(self.turn.risen[at] or (move.newly_potential and not self.outlook.shrinks[at])),
            )
            for at, move in zip(np.flatnonzero(look.verdict.move), moves, strict=True)
        ]  # fmt: skip

    def events(self, look: Look, customers: Customers, model: Model, status: Status, parameters: Parameters
               ) -> Iterator[Event]:  # fmt: skip
        """One event for everybody who has risen and does not move, in order of the customers.

        The margin is the logarithm of the lasting potential over the one that is asked for; the reasons' shares are
        parts of the logarithm of the potential, and add up to 1.
        """
        calendar = Calendar(parameters.time_zone, parameters.epoch_s)
        for at in np.flatnonzero(self.turn.risen & ~look.verdict.move):
            row = int(look.rows[at])
            cluster = model.clusters[int(np.searchsorted(ids_of(model), customers.cluster[row]))]
            since, time = iso(calendar.end(int(customers.since[row])) * SECOND_US), iso(int(look.times[at]))
            who, own, version = customers.ids[row].as_py(), cluster.id, model.version
            estimated = float(look.estimated[at])
            yield Event(
                event_id=event_id(who, own, own, status, CUSTOMER_MOVED, version, version, time), customer_id=who,
                from_=Place(own, cluster.name, with_potential(cluster.quadrant, LOW), since),
                to=Place(own, cluster.name, with_potential(cluster.quadrant, HIGH)),
                newly_potential=True, cause=CUSTOMER_MOVED, model_version_from=version, model_version_to=version,
                status=status, margin=float(np.log(self.outlook.lasting[at] / parameters.potential)),
                confidence=float(self.outlook.confidence[at]), potential=float(self.outlook.potential[at]),
                reasons=_reasons(self.outlook.parts[at]), quality=Evidence(estimated, estimated > PROVISIONAL),
                event_time=time,
            )  # fmt: skip


def rise_of(view: View, customers: Customers, epoch: int, parameters: Parameters) -> Rise:
    """Return the outlook on all the view's customers as of the end of `epoch`, and what it makes of them."""
    ahead = outlook(view)
    return Rise(ahead, turn(ahead.lasting, customers, epoch, parameters))


def rose_of(customers: Customers, row: int, calendar: Calendar) -> str | None:
    """Return when a customer's potential became high, None where it is not, or was so at the seeding."""
    rose = int(customers.rose[row])
    return iso(calendar.end(rose) * SECOND_US) if customers.high[row] and rose != NEVER else None


def _reasons(parts: Floats) -> tuple[Reason, ...]:
    """Every index that has a part (p,) in the logarithm of a potential, the greatest first."""
    moved = parts / np.array([index.pull for index in PULLING])
    return tuple(
        Reason(
            index=index.name, value=_rounded(index.original(moved[j])), previous=_rounded(index.original(0.0)),
            change=_rounded(moved[j] / index.least), share_customer=float(parts[j] / parts.sum()), share_model=0.0,
        )
        for j in np.argsort(-parts, kind="stable") if parts[j] > 0
        for index in [PULLING[j]]
    )  # fmt: skip


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
