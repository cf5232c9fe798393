"""Reclassification events as sentences a salesperson can say aloud."""

import re

from rich.markup import escape

from schemas.event import Event, Place, Reason
from segmentation.indices import REGISTRY
from segmentation.offering import NAMES

_UNITS = {index.name: index.unit for index in REGISTRY}
_VERBS = {
    "early": ("is about to move", "seen"),
    "confirmed": ("moved", "decided"),
    "withdrawn": ("did not move", "taken back"),
    "corrected": ("moved back", "decided"),
    "borne out": ("did move", "decided"),
    "fallen": ("fell", "decided"),
}
_RISES = {
    "early": "is about to rise", "confirmed": "has risen", "withdrawn": "did not rise",
    "corrected": "has not risen after all", "borne out": "did rise", "fallen": "is not a potential customer any more",
}  # fmt: skip
"""What a customer does whose potential becomes high in the class where it is."""
_CAUSES = {
    "customer_moved": None,
    "model_moved": "the classes shifted, the customer did not",
    "both": "the customer changed, and the classes shifted too",
    "definition_changed": "the classes are defined anew",
    "late_correction": "corrected readings do not bear out its last move",
    "backfill": "older readings have come in",
}
_NOT_BORNE_OUT = "corrected readings do not bear it out"
_LONG_NUMBER = re.compile(r"(\D*)0+(\d{4})")
_KILO = 1_000
_VISIBLE = 0.05
"""From this change on a sign says something once it is rounded to one digit [robust standard deviations]."""
_WHOLE = 0.995
"""From this share on a reason is "all of the move" [1]."""
_BIG, _SMALL, _NOTHING = 100, 1, 0.005


def sentence(event: Event, *, seconds: float | None = None, marked: bool = False, shorten: bool = False) -> str:
    """Return what happened to whom, and why.

    Parameters
    ----------
    event : what happened.
    seconds : time from the arrival of its data to the decision [s]; not said when None.
    marked : with rich's markup, names in italics; else names stand between asterisks.
    shorten : the customer as `shortened` says it.

    Examples
    --------
    ``C-0417 moved from *steady shop* to *growing workshop*: newly potential; night share +1.8, 71 % of the move;
    decided in 1.4 s``
    """
    who = shortened(event.customer_id) if shorten else event.customer_id
    plain = escape if marked else str
    if event.status == "withdrawn" and event.because is not None and event.dismissed is None:
        return f"{plain(who)} is not newly potential any more: {plain(event.because)}"
    if event.status == "withdrawn" and event.dismissed is not None:
        return f"{plain(who)} is not newly potential after all: {plain(event.dismissed.because)}"
    verb, done = _VERBS[_kind(event)]
    name = _italic if marked else _starred
    move = f"{plain(who)} {verb} from {name(event.from_)} to {name(event.to)}"
    if rises(event):
        move = f"{plain(who)} in {name(event.to)} {_RISES[_kind(event)]}"
    if event.status == "withdrawn":
        move += " after all"
    clauses = [] if event.status == "withdrawn" else [plain(clause) for clause in _because(event)]
    clauses += [plain(f"offer {offers(event)}")] if event.services else []
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


def shortened(customer: str) -> str:
    """Return a customer's id with at most three leading zeros in its number.

    Nothing but zeros is left out: among ids of equal length no two become one.

    Examples
    --------
    >>> shortened("C-0000000417"), shortened("C-0000120417"), shortened("DE00071234")
    ('C-0417', 'C-0000120417', 'DE00071234')
    """
    found = _LONG_NUMBER.fullmatch(customer)
    return f"{found[1]}{found[2]}" if found else customer


def reason(why: Reason, whole: str = "move") -> str:
    """Return an index's part in the move, or the rise: its change in robust standard deviations, and its share.

    An index that hardly changed itself was carried by the classes' shift, and only its share is said.
    """
    share = why.share_customer + why.share_model
    part = f"all of the {whole}" if share >= _WHOLE else f"{share * 100:.0f} % of the {whole}"
    return f"{why.index} {_signed(why.change)}, {part}" if abs(why.change) >= _VISIBLE else f"{why.index}: {part}"


def change(why: Reason) -> str:
    """Return how an index changed, with its values in its own unit where both are known.

    Examples
    --------
    >>> change(Reason("consumption", 11_200.0, 3_480.0, 1.8, 0.7, 0.0))
    'consumption +1.8 (3.5 kW → 11 kW)'
    """
    said = f"{why.index} {_signed(why.change)}"
    if why.value is None or why.previous is None:
        return said
    before, after = (quantity(value, _UNITS.get(why.index, "1")) for value in (why.previous, why.value))
    return said if before == after else f"{said} ({before} → {after})"


def _because(event: Event) -> list[str]:
    clauses = ["newly potential"] if event.newly_potential else []
    clauses += [reason(why, "rise" if rises(event) else "move") for why in event.reasons[:1]]
    cause = _CAUSES[event.cause] if _kind(event) != "corrected" or not rises(event) else _NOT_BORNE_OUT
    clauses += [cause] if cause else []
    if event.to.since is not None:
        clauses.append("provisional no more, most of its readings are measured now")
    if event.because is not None:
        clauses.append(event.because)
    if event.dismissed is not None:
        clauses.append(f"dismissed until {event.dismissed.until[:10]}: {event.dismissed.because}")
    if event.quality.provisional:
        clauses.append(f"provisional, {event.quality.share_estimated * 100:.0f} % of its readings are estimated")
    return clauses


def _starred(place: Place) -> str:
    return f"*{place.name}*"


def _italic(place: Place) -> str:
    return f"[italic]{escape(place.name)}[/italic]"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def quantity(value: float, unit: str) -> str:
    """Return a value with its unit, about two significant digits."""
    if unit == "W" and abs(value) >= _KILO:
        return f"{_number(value / _KILO)} kW"
    if unit.startswith("1/"):
        return f"{_number(value)} in {unit.removeprefix('1/')}"
    return _number(value) if unit == "1" else f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Return a number with about two significant digits."""
    size = abs(value)
    if size < _NOTHING:
        return "0"
    text = f"{value:.0f}" if size >= _BIG / 10 else f"{value:.1f}" if size >= _SMALL else f"{value:.2f}"
    return text.replace("-", "−")
