"""What the demo says at its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from kwadrant.demo_town import FORESEEN, Judged
from kwadrant.live import State, clock, day_of
from kwadrant.quantities import change
from kwadrant.words import sentence
from schemas.event import Event

_TOLD = 3


@dataclass(frozen=True)
class Span:
    """The event time that was streamed: from one instant to another, RFC 3339, and how many days that is [d]."""

    first: str
    last: str
    days: int


def summary(state: State, events: Sequence[Event], judged: Judged, span: Span) -> list[str]:
    """Return the lines: how much, what was found, the most telling moves, and how many were real."""
    counts = state.statuses
    took = clock(state.now - (state.ready or state.now))
    version = state.batch.model_version if state.batch else 0
    lines = [
        (
            f"Streamed {span.days} days of the town ({day_of(span.first)} to {day_of(span.last)}) in {took}: "
            f"{state.rows:,} readings and transactions, model version {version}."
        ),
        (
            f"{counts.get('confirmed', 0)} confirmed moves, {counts.get('newly potential', 0)} newly potential; "
            f"{counts.get('early', 0)} seen early, {counts.get('withdrawn', 0)} withdrawn."
        ),
    ]
    for event in telling(events):
        lines += [f"  {sentence(event)}", f"    {', '.join(change(why) for why in event.reasons)}"]
    return lines + _evaluation(judged)


def telling(events: Sequence[Event]) -> list[Event]:
    """Return the confirmed moves to show: newly potential ones first, then by confidence."""
    confirmed = [event for event in events if event.status == "confirmed"]
    return sorted(confirmed, key=lambda e: (not e.newly_potential, -e.confidence, e.event_id))[:_TOLD]


def _evaluation(judged: Judged) -> list[str]:
    if judged.all == 0:
        return ["No move was confirmed yet: that takes some weeks of the town. Start again, and it goes on from here."]
    said = (
        f"Looked up in the simulator, which the stream never reads: {judged.right} of {judged.all} confirmed moves "
        f"({judged.right / judged.all:.0%}) are customers that really changed in the {FORESEEN.days} days before"
    )
    return [f"{said}; {judged.late} changed earlier, {judged.wrong} did not."]
