"""Events as sentences."""

import msgspec
import pytest

from kwadrant.words import reason, sentence
from schemas.event import Dismissed, Event, Evidence, Offer, Place, Reason

FALLEN = Place(1, "steady shop", "low-low")
DISMISSED = Dismissed("2025-05-01T00:00:00Z", "plant closed")
NIGHT = Reason("night share", 1.37, 0.44, 1.8, 0.69, 0.02)
PART = Reason("consumption", 20_000.0, 10_000.0, 1.0, 0.4, 0.0)
MOVED = Event(
    event_id="1", customer_id="C-0417", from_=Place(1, "steady shop", "low-low"),
    to=Place(2, "growing workshop", "low-high"), newly_potential=True, cause="customer_moved", model_version_from=1,
    model_version_to=2, status="confirmed", margin=2.0, confidence=0.7, reasons=(NIGHT,),
    quality=Evidence(0.01, provisional=False), event_time="2025-03-08T23:00:00Z",
)  # fmt: skip


OFFERS = (Offer("ev_charging", "night share rose: a night tariff"), Offer("storage", "holds solar panels: a battery"))


def but(**changes: object) -> Event:
    return msgspec.structs.replace(MOVED, **changes)


def test_a_move_is_said_as_the_readme_says_it() -> None:
    assert sentence(MOVED, seconds=1.44) == (
        "C-0417 moved from *steady shop* to *growing workshop*: newly potential; night share +1.8σ "
        "(0.44 → 1.4 × its mean load), 71 % of the move; confidence in the move: medium (70 %); "
        "decided in 1.4 s"
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (but(status="early"), "C-0417 is about to move from *steady shop* to *growing workshop*: newly potential;"),
        (but(status="withdrawn"), "C-0417 did not move from *steady shop* to *growing workshop* after all"),
        (but(newly_potential=False), "workshop*: night share +1.8σ (0.44 → 1.4 × its mean load), 71 % of the move"),
        (but(cause="model_moved"), "the classes shifted, the customer hardly changed: by itself no reason to call"),
        (but(cause="both"), "the customer changed, and the classes shifted too"),
        (but(cause="backfill"), "older readings have come in"),
        (but(cause="definition_changed"), "the classes are defined anew"),
        (but(cause="late_correction"), "C-0417 moved back from *steady shop* to *growing workshop*"),
        (but(cause="late_correction"), "corrected readings do not bear out its last move"),
        (but(to=Place(2, "growing workshop", "low-high", "2025-03-01T23:00:00Z")), "C-0417 did move from *steady"),
        (but(to=Place(2, "growing workshop", "low-high", "2025-03-01T23:00:00Z")), "provisional no more, most of its"),
        (but(quality=Evidence(0.62, provisional=True)), "provisional, 62 % of its readings are estimated"),
        (but(because="rolled back to version 3"), "of the move; rolled back to version 3"),
        (but(newly_potential=False, dismissed=DISMISSED), "of the move; dismissed until 2025-05-01: plant closed"),
        (but(status="withdrawn", because="plant closed", dismissed=DISMISSED), "C-0417 is off the list, dismissed unt"),
        (
            but(because="rolled back to version 3", dismissed=DISMISSED),
            "rolled back to version 3; dismissed until 2025",
        ),
        (but(newly_potential=False, dismissed=Dismissed("2025-04-30T22:00:00Z", "sold")), "until 2025-05-01: sold"),
        (but(newly_potential=False, dismissed=Dismissed("2025-05-01T08:00:00Z", "sold")), "until 2025-05-01: sold"),
        (but(services=OFFERS), "of the move; offer EV charging, battery storage (night share rose: a night tariff)"),
        (but(status="withdrawn", because="closed"), "C-0417 is not newly potential any more: closed"),
        (but(reasons=(PART, NIGHT)), "20 kW), 40 % of the move; night share +1.8σ (0.44 → 1.4 × its mean load), 71 %"),
        (but(confidence=0.8), "of the move; confidence in the move: high (80 %)"),
        (but(confidence=0.2), "of the move; confidence in the move: low (20 %)"),
        (but(newly_potential=False, reasons=()), "C-0417 moved from *steady shop* to *growing workshop*"),
    ],
)
def test_every_kind_of_event_has_its_words(event: Event, words: str) -> None:
    assert words in sentence(event)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "C-0417's potential for energy services has risen in *steady shop*: newly potential; night"),
        ({}, "1.4 × its mean load), 71 % of the rise; confidence in the rise: medium (70 %)"),
        ({"status": "early"}, "C-0417's potential for energy services is about to rise in *steady shop*: newly"),
        ({"status": "withdrawn"}, "C-0417's potential for energy services did not rise in *steady shop* after all"),
        ({"to": Place(1, "steady shop", "low-high", "2025-03-01T23:00:00Z")}, "did rise in *steady shop*: newly"),
        ({"cause": "late_correction", "to": FALLEN}, "potential for energy services has not risen in *steady shop*"),
        ({"cause": "late_correction", "to": FALLEN}, "corrected readings do not bear it out"),
        (
            {"newly_potential": False, "to": FALLEN, "reasons": ()},
            "C-0417 in *steady shop* is not a potential customer any more: what had raised its potential has passed",
        ),
        ({"newly_potential": False, "to": FALLEN, "reasons": (), "because": "closed"}, "customer any more: closed"),
    ],
)
def test_a_rise_is_told_in_the_class_where_it_is(changes: dict[str, object], words: str) -> None:
    assert words in sentence(but(**{"to": Place(1, "steady shop", "low-high"), **changes}))


def test_of_what_the_classes_did_no_change_of_the_customer_is_told() -> None:
    assert sentence(but(cause="model_moved", newly_potential=False)).endswith(
        "workshop*: the classes shifted, the customer hardly changed: by itself no reason to call; "
        "confidence in the move: medium (70 %)"
    )


def test_nothing_is_said_after_the_names_where_there_is_nothing_to_say() -> None:
    assert sentence(but(newly_potential=False, reasons=())).endswith("*growing workshop*")
    assert sentence(but(status="withdrawn")).endswith("after all")


def test_an_early_event_is_seen_and_not_decided() -> None:
    assert sentence(but(status="early"), seconds=1.0).endswith("seen in 1.0 s")


def test_marked_names_are_italic_and_brackets_stay_brackets() -> None:
    assert "\\[closed]" in sentence(but(because="[closed]"), marked=True)
    odd = but(from_=Place(1, "[bold] shop", "low-low"))
    assert "[italic]\\[bold] shop[/italic] to [italic]growing workshop[/italic]" in sentence(odd, marked=True)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (NIGHT, "night share +1.8σ (0.44 → 1.4 × its mean load), 71 % of the move"),
        (Reason("growth", 0.1, 0.2, -0.64, 0.3, 0.0), "growth −0.6σ (0.20 → 0.10 × a quarter ago), 30 % of the move"),
        (Reason("growth", 0.1, 0.1, 0.01, 0.0, 0.9), "growth: 90 % of the move"),
        (Reason("growth", None, 0.2, 2.0, 1.2, 0.0), "growth +2.0σ, all of the move"),
        (Reason("tenure", 515.0, 507.0, 0.0, 0.7, 0.0), "tenure (507 d → 515 d), 70 % of the move"),
    ],
)
def test_a_reason_says_its_change_and_its_share(why: Reason, words: str) -> None:
    assert reason(why) == words
