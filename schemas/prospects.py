"""The list of prospects, as whoever reads a customer's events in the order of the log keeps it."""

from collections.abc import Iterable

from schemas.event import Event, Place


def worth(event: Event) -> float:
    """Return what sorts the list, the greatest first [1]: potential times confidence."""
    return event.potential * event.confidence


def after(flag: Event | None, event: Event) -> Event | None:
    """Return the event that has a customer on the list after `event`, where `flag` had it there; None off the list.

    It comes on the list, or stands there anew, by what says newly potential. It leaves by what takes the flag's word
    back, and by a confirmed move from high to low potential; other moves leave it where it is, and so does an early
    word about somebody who is on it for certain.
    """
    if event.status == "early" and flag is not None and flag.status == "confirmed":
        return flag
    if event.newly_potential and event.status != "withdrawn":
        return event
    if flag is None or event.supersedes == flag.event_id or _leads_down(event):
        return None
    return flag


def _leads_down(event: Event) -> bool:
    return event.status == "confirmed" and _is_high(event.from_) and not _is_high(event.to)


def _is_high(place: Place) -> bool:
    return place.quadrant.endswith("-high")


def listed(events: Iterable[Event], since: str = "") -> list[Event]:
    """Return the flags of who is on the list, of event time `since` (RFC 3339, as ours are written) or later.

    `events` in the order of the log. The most promising come first; ties go to the smaller customer id.
    """
    flags: dict[str, Event | None] = {}
    for event in events:
        flags[event.customer_id] = after(flags.get(event.customer_id), event)
    found = (flag for flag in flags.values() if flag is not None and flag.event_time >= since)
    return sorted(found, key=lambda flag: (-worth(flag), flag.customer_id))
