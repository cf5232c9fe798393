"""`kwadrant explain`: an event, or all that was said of a customer, in words and as a small chart."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from kwadrant.common import UsageError
from kwadrant.quantities import change
from kwadrant.words import dismisses, first_day, level, rises, sentence, service_name
from schemas.event import Event, Reason

WIDTH = 24
"""Columns of the longest bar."""
_EIGHTHS = " ▏▎▍▌▋▊▉"
_LEAST = 0.005
"""From this share on it is told: less would be told as 0 %."""
_AXES = {"low": "low", "high": "high"}
_CAUSES = {
    "customer_moved": "The customer changed; the classes hardly changed.",
    "model_moved": "The classes shifted; the customer hardly changed. No reason to call.",
    "both": "The customer changed, and the classes shifted too.",
    "definition_changed": "The definition of the classes changed.",
    "late_correction": "Late or corrected readings took back what an earlier event said.",
    "backfill": "History that was loaded later shows another customer.",
}
_STATES = {
    "early": "Seen early: it is confirmed or taken back when the day is over.",
    "confirmed": "Confirmed at the end of its day, with its readings in.",
    "withdrawn": "Taken back.",
}
_CLEAR = {
    False: "0 % is halfway between its old class and the new one, 100 % the middle of the new one.",
    True: "100 % is a load that is the same every working day, and measured throughout.",
}
"""What the confidence of a move, and of a rise, says."""
SIGMA = "σ is the spread of all customers, as a robust standard deviation."
_decode = msgspec.json.Decoder(Event).decode


def of_folder(folder: Path) -> list[Event]:
    """Return the events that `kwadrant replay` wrote into `folder`."""
    file = folder / "events.jsonl"
    if not file.exists():
        raise UsageError(f"{file} is not there; name the folder that `kwadrant replay --out` wrote")
    return [_decode(line) for line in file.read_bytes().splitlines()]


def meant(events: Iterable[Event], name: str) -> list[Event]:
    """Return the events that `name` means, in order of time: the one of that id, or all of that customer.

    Raises
    ------
    UsageError
        Where there is none.
    """
    found = [event for event in events if name in (event.event_id, event.customer_id)]
    if not found:
        message = f"no event has the id {name!r}, and none is of a customer of that name; `kwadrant events` lists them"
        raise UsageError(message)
    return sorted(found, key=lambda event: (event.event_time, event.status, event.event_id))


def explained(event: Event) -> str:
    """Return an event in words: what, why with each index's part as a bar, and how sure."""
    return "\n".join([
        f"{event.event_time}  {sentence(event)}",
        f"  {way(event)}",
        f"  {cause(event)}",
        *_bars(event.reasons),
        *([f"  {SIGMA}"] if event.reasons else []),
        *(f"  offer: {service_name(offer.service)}; {offer.because}" for offer in event.services),
        f"  {sure(event)}",
        f"  model {event.model_version_from} to {event.model_version_to}, event {event.event_id}"
        + (f", after {event.supersedes}" if event.supersedes else ""),
    ])  # fmt: skip


def cause(event: Event) -> str:
    """Return in a sentence what made an event happen: an operator's word, archive data, or how it changed."""
    if event.because is None:
        return _CAUSES[event.cause]
    if event.dismissed is not None and dismisses(event):
        return f"An operator took it off the list until {first_day(event.dismissed.until)}: {event.because}."
    if event.status == "confirmed" and event.supersedes is not None:
        return f"An operator undid a version of the model: {event.because}."
    return f"Its archive data say: {event.because}."


def way(event: Event) -> str:
    """Return which way an event leads: between quadrants, or in the customer's own potential."""
    before, after = quadrant_words(event.from_.quadrant), quadrant_words(event.to.quadrant)
    if dismisses(event):
        return "where it stands has not changed by this"
    if before == after:
        return f"{after}, as before"
    if not rises(event):
        return f"{before} → {after}"
    old, new = (place.quadrant.partition("-")[2] for place in (event.from_, event.to))
    return f"its potential for energy services: {old} → {new}; it stays in its class"


def quadrant_words(quadrant: str) -> str:
    """Return a quadrant in words."""
    current, _, potential = quadrant.partition("-")
    return f"{_AXES.get(current, current)} value, {_AXES.get(potential, potential)} potential"


def _bars(reasons: tuple[Reason, ...]) -> Iterator[str]:
    """Yield a line for each index: how it changed, and its part of the move; what speaks against it is hatched."""
    said = [change(why) for why in reasons]
    wide = max((len(one) for one in said), default=0)
    largest = max((abs(share_of(why)) for why in reasons), default=1.0)
    for text, why in zip(said, reasons, strict=True):
        share = share_of(why)
        drawn = bar(share / largest) if share >= 0 else "░" * max(1, round(-share / largest * WIDTH))
        against = " against it" if share <= -_LEAST else ""
        yield f"    {text:<{wide}}  {drawn} {abs(share) * 100:.0f} %{against}"


def bar(part: float) -> str:
    """Return a bar of `part` [0, 1] of the whole width, to an eighth of a column."""
    eighths = round(part * WIDTH * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def share_of(why: Reason) -> float:
    """Return an index's part of a move [1]; less than nothing where it speaks against it."""
    return why.share_customer + why.share_model


def sure(event: Event) -> str:
    """Return how sure an event is, in sentences."""
    parts = [_STATES[event.status]]
    if event.status != "withdrawn":
        parts.append(f"{level(event).capitalize()}; {_CLEAR[rises(event)]}")
    estimated = event.quality.share_estimated
    if event.quality.provisional:
        parts.append(f"Provisional: {estimated * 100:.0f} % of the time is estimated.")
    elif estimated >= _LEAST:
        parts.append(f"{estimated * 100:.0f} % of the time is estimated.")
    return " ".join(parts)
