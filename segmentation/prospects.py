"""The list: customers whose potential became high not long ago and still is, the most promising first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.event import Event, Reason


@dataclass(frozen=True)
class Standing:
    """How a customer stands now: since when its potential is high (RFC 3339), potential and confidence [1], class."""

    customer_id: str
    rose: str
    potential: float
    confidence: float
    name: str

    @property
    def worth(self) -> float:
        """Potential times confidence [1]."""
        return self.potential * self.confidence


@dataclass(frozen=True)
class Prospect:
    """A customer on the list, and the reasons of the event that put it there."""

    standing: Standing
    reasons: tuple[Reason, ...]


def last_words(events: Iterable[Event]) -> dict[str, Event]:
    """Return the last event of each customer that says newly potential and was not taken back; `events` in order."""
    found: dict[str, Event] = {}
    for event in events:
        if event.status == "withdrawn":
            before = found.get(event.customer_id)
            if before is not None and before.event_id == event.supersedes:
                del found[event.customer_id]
        elif event.newly_potential:
            found[event.customer_id] = event
    return found


def of_events(events: Iterable[Event]) -> list[Standing]:
    """Return standings as the events alone tell them: as they were when the customers became potential."""
    return [
        Standing(event.customer_id, event.event_time, event.potential, event.confidence, event.to.name)
        for event in last_words(events).values()
    ]


def ranked(standings: Iterable[Standing], said: Mapping[str, Event], since: str) -> list[Prospect]:
    """Return who became potential at `since` (RFC 3339, as ours are written) or later, by potential times confidence.

    Ties go to the smaller id. `said` are the customers' last words, from which the reasons are.
    """
    recent = sorted((one for one in standings if one.rose >= since), key=lambda one: (-one.worth, one.customer_id))
    return [Prospect(one, said[one.customer_id].reasons if one.customer_id in said else ()) for one in recent]
