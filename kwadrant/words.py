"""Reclassification events as sentences a salesperson can say aloud."""

from datetime import datetime, timedelta

from rich.markup import escape

from kwadrant.quantities import change
from schemas.event import Dismissed, Event, Place, Reason
from segmentation.offering import NAMES

_VERBS = {
    "early": ("is about to move", "seen"),
    "confirmed": ("moved", "decided"),
    "withdrawn": ("did not move", "taken back"),
    "corrected": ("moved back", "decided"),
    "borne out": ("did move", "decided"),
    "fallen": ("fell", "decided"),
}
_RISES = {
    "early": "{who}'s potential for energy services is about to rise in {place}",
    "confirmed": "{who}'s potential for energy services has risen in {place}",
    "withdrawn": "{who}'s potential for energy services did not rise in {place} after all",
    "corrected": "{who}'s potential for energy services has not risen in {place} after all",
    "borne out": "{who}'s potential for energy services did rise in {place}",
    "fallen": "{who} in {place} is not a potential customer any more",
}
"""What is said of a customer whose potential becomes high, or low again, in the class where it is."""
_CAUSES = {
    "customer_moved": None,
    "model_moved": "the classes shifted, the customer hardly changed: by itself no reason to call",
    "both": "the customer changed, and the classes shifted too",
    "definition_changed": "the classes are defined anew",
    "late_correction": "corrected readings do not bear out its last move",
    "backfill": "older readings have come in",
}
_PASSED = "what had raised its potential has passed"
_NOT_BORNE_OUT = "corrected readings do not bear it out"
_SURE = ("early", "confirmed", "borne out")
_LEVELS = ((0.75, "high"), (0.5, "medium"), (-float("inf"), "low"))
"""From which confidence on [1] it is called what."""
_MOST = 0.6
"""From this share on a reason says enough [1]."""
_WHOLE = 0.995
"""From this share on a reason is "all of the move" [1]."""


def sentence(event: Event, *, seconds: float | None = None, marked: bool = False) -> str:
    """Return what happened to whom, and why.

    Parameters
    ----------
    event : what happened.
    seconds : time from the arrival of its data to the decision [s]; not said when None.
    marked : with rich's markup, names in italics; else names stand between asterisks.

    Examples
    --------
    ``C-0417 moved from *steady shop* to *growing workshop*: newly potential; night share +1.8σ (0.44 → 1.4 × its mean
    load), 71 % of the move; confidence in the move: medium (70 %); decided in 1.4 s``
    """
    who, plain = event.customer_id, escape if marked else str
    if event.dismissed is not None and dismisses(event):
        return f"{plain(who)} is off the list, {plain(_dismissal(event.dismissed))}"
    if event.status == "withdrawn" and event.because is not None:
        return f"{plain(who)} is not newly potential any more: {plain(event.because)}"
    verb, done = _VERBS[_kind(event)]
    name = _italic if marked else _starred
    after_all = " after all" if event.status == "withdrawn" else ""
    move = f"{plain(who)} {verb} from {name(event.from_)} to {name(event.to)}{after_all}"
    if rises(event):
        move = _RISES[_kind(event)].format(who=plain(who), place=name(event.to))
    clauses = [] if event.status == "withdrawn" else [plain(clause) for clause in _because(event)]
    clauses += [plain(f"offer {offers(event)}")] if event.services else []
    clauses += [level(event)] if event.reasons and _kind(event) in _SURE else []
    if seconds is not None:
        clauses.append(f"{done} in {seconds:.1f} s")
    return f"{move}: {'; '.join(clauses)}" if clauses else move


def offers(event: Event) -> str:
    """Return the services that fit, most telling first, the first with its reason."""
    first, *others = event.services
    more = "".join(f", {service_name(offer.service)}" for offer in others)
    return f"{service_name(first.service)}{more} ({first.because})"


def service_name(service: str) -> str:
    """Return what a service is called."""
    return NAMES.get(service, service)


def rises(event: Event) -> bool:
    """Whether an event is about a customer's own potential, in the class where it is."""
    return event.from_.cluster == event.to.cluster


def _kind(event: Event) -> str:
    """Return what kind of sentence an event takes: its status, or what it says of an earlier move."""
    if event.cause == "late_correction":
        return "corrected"
    if rises(event) and event.status == "confirmed" and event.to.quadrant.endswith("low"):
        return "fallen"
    return "borne out" if event.to.since is not None else event.status


def reason(why: Reason, whole: str = "move") -> str:
    """Return how an index changed, and its part in the move, or the rise; of one without a change its part alone."""
    share = why.share_customer + why.share_model
    part = f"all of the {whole}" if share >= _WHOLE else f"{share * 100:.0f} % of the {whole}"
    said = change(why)
    return f"{said}{':' if said == why.index else ','} {part}"


def level(event: Event) -> str:
    """Return the confidence in a move, or a rise, as a word and in per cent."""
    word = next(word for least, word in _LEVELS if event.confidence >= least)
    return f"confidence in the {'rise' if rises(event) else 'move'}: {word} ({event.confidence * 100:.0f} %)"


def _told(event: Event) -> tuple[Reason, ...]:
    """Return the reason that counts most, and the next where it does not say enough; none of what the classes did."""
    if event.cause == "model_moved" or not event.reasons:
        return ()
    first = event.reasons[0]
    return event.reasons[: 1 if first.share_customer + first.share_model >= _MOST else 2]


def dismisses(event: Event) -> bool:
    """Whether an event is what an operator's dismissal says, and not one of the moves that bear its mark."""
    return event.dismissed is not None and event.because == event.dismissed.because


def first_day(midnight: str) -> str:
    """Return the day that begins at a local midnight, in any zone: half a day later its date is UTC's."""
    return (datetime.fromisoformat(midnight) + timedelta(hours=12)).date().isoformat()


def _dismissal(what: Dismissed) -> str:
    return f"dismissed until {first_day(what.until)}: {what.because}"


def _because(event: Event) -> list[str]:
    clauses = ["newly potential"] if event.newly_potential else []
    clauses += [_PASSED] if _kind(event) == "fallen" and event.because is None else []
    clauses += [reason(why, "rise" if rises(event) else "move") for why in _told(event)]
    cause = _CAUSES[event.cause] if _kind(event) != "corrected" or not rises(event) else _NOT_BORNE_OUT
    clauses += [cause] if cause else []
    if event.to.since is not None:
        clauses.append("provisional no more, most of its readings are measured now")
    if event.because is not None:
        clauses.append(event.because)
    if event.dismissed is not None:
        clauses.append(_dismissal(event.dismissed))
    if event.quality.provisional:
        clauses.append(f"provisional, {event.quality.share_estimated * 100:.0f} % of its readings are estimated")
    return clauses


def _starred(place: Place) -> str:
    return f"*{place.name}*"


def _italic(place: Place) -> str:
    return f"[italic]{escape(place.name)}[/italic]"
