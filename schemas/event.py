"""What goes out: reclassification events and the current class of every customer."""

from typing import Literal

import msgspec

Status = Literal["early", "confirmed", "withdrawn"]
Cause = Literal["customer_moved", "model_moved", "both", "definition_changed", "late_correction", "backfill"]


class Place(msgspec.Struct, frozen=True, rename="camel"):
    """A cluster as a person reads it; `since` is the end of the epoch in which the customer came, RFC 3339."""

    cluster: int
    name: str
    quadrant: str
    since: str | None = None


class Reason(msgspec.Struct, frozen=True, rename="camel"):
    """One index's part in a move.

    `value` and `previous` are in the index's own unit, null where the data did not support it. `change` is in robust
    standard deviations [1], as the customers are compared: clipped, a missing value in the middle. `share_customer` and
    `share_model` are parts of the margin's whole change [1]: over the reasons of an event they add up to 1. Some
    events have none: a fall, and what withdraws something confirmed.
    """

    index: str
    value: float | None
    previous: float | None
    change: float
    share_customer: float
    share_model: float


class Evidence(msgspec.Struct, frozen=True, rename="camel"):
    """How good the data behind a decision are: share of estimated seconds [1], and whether they are too many."""

    share_estimated: float
    provisional: bool


class Offer(msgspec.Struct, frozen=True, rename="camel"):
    """A service that fits a customer, and `because` of what, to be said aloud; nothing that the customer holds."""

    service: str
    because: str


class Dismissed(msgspec.Struct, frozen=True, rename="camel"):
    """An operator has said that the customer is not newly potential `until` an instant (RFC 3339), and why."""

    until: str
    because: str


class Event(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A customer changed class, or is about to (early), or is not after all (withdrawn).

    Or it rises, or falls: its own potential becomes high, or low again, in the class where it is. `from` and `to` are
    then the same cluster, `margin` is the logarithm of potential times confidence over the one that is asked for, and
    the reasons' shares are parts of the logarithm of `potential`: by what factor the customer is worth more than it was
    [1]. Newly potential is who rises. A customer that moves as it rises has one event, of the move.

    Two kinds of confirmed events speak of an earlier confirmed one, which `supersedes` names. One of cause
    `late_correction` takes it back: readings that came late do not bear it out. One whose `to` has a `since` says that
    it was provisional and is no more. Where a move is taken back and the rise in it stands, the event that takes it
    back is newly potential; where only the rise is, its `from` and `to` are the same cluster.

    `because` is an operator's reason, where one undid or withdrew something. A `dismissed` customer moves as it would,
    and is never newly potential. A dismissal that withdraws a confirmed move leaves the class as it is; the withdrawal
    has neither margin nor reasons of its own.

    `services` are those that fit who is newly potential, the most telling first.

    Canonical, which for `confirmed` means a pure function of the log: all but `origin`, `batch_id`, `processed_time`,
    and `supersedes` where it links an early flag.
    """

    event_id: str
    customer_id: str
    from_: Place = msgspec.field(name="from")
    to: Place
    newly_potential: bool
    cause: Cause
    model_version_from: int
    model_version_to: int
    status: Status
    margin: float
    confidence: float
    reasons: tuple[Reason, ...]
    quality: Evidence
    event_time: str
    potential: float = 1.0
    origin: Literal["live", "backfill", "replay"] = "live"
    supersedes: str | None = None
    batch_id: int | None = None
    processed_time: str | None = None
    because: str | None = None
    dismissed: Dismissed | None = None
    services: tuple[Offer, ...] = ()


class Closing(msgspec.Struct, frozen=True, rename="camel"):
    """A customer is closed since an instant (RFC 3339); `successors` are those it was merged or split into."""

    since: str
    successors: tuple[str, ...] = ()


class CustomerState(msgspec.Struct, frozen=True, rename="camel"):
    """Current class of a customer: the compacted topic's record.

    `event_id` is the event that changed it; a first class is none. `rose` is when its own potential became high, RFC
    3339, where it still is and not since the seeding.
    `current_value` and `potential_value` say where it stood on the two axes of the quadrants when its class was decided
    [robust standard deviations]; the thresholds of both stand in the model. One that is `closed`
    belongs to no class: `place` is its last one.
    """

    customer_id: str
    place: Place
    model_version: int
    event_id: str | None = None
    rose: str | None = None
    current_value: float | None = None
    potential_value: float | None = None
    closed: Closing | None = None


def is_move(event: Event) -> bool:
    """Whether an event says that a customer has moved to another class; a rise or a fall in its own is none."""
    return is_news(event) and event.from_.cluster != event.to.cluster


def is_news(event: Event) -> bool:
    """Whether an event is confirmed, and not there to take an earlier one back or bear it out again."""
    again = event.cause == "late_correction" or event.because is not None or event.to.since is not None
    return event.status == "confirmed" and not again


CANONICAL_OUT = ("origin", "supersedes", "batchId", "processedTime")
"""Fields of an event that may differ between two cuts of one log."""
