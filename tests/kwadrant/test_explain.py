"""Explanations: what, why, how sure, so that a person can say it aloud."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from kwadrant.common import UsageError
from kwadrant.explain import WIDTH, bar, cause, explained, meant, of_folder, way
from schemas.event import Dismissed, Event, Evidence, Offer, Place, Reason

EVENT = Event(
    event_id="e1", customer_id="C-0000000417", from_=Place(0, "steady shop", "low-low"),
    to=Place(1, "growing workshop", "low-high"), newly_potential=True, cause="customer_moved", model_version_from=3,
    model_version_to=5, status="confirmed", margin=3.0, confidence=0.83,
    reasons=(Reason("consumption", 11_200.0, 3_480.0, 1.8, 0.7, 0.05), Reason("night share", 0.5, None, 0.9, 0.28, 0.0),
             Reason("growth", 0.4, 0.5, -0.2, -0.03, 0.0)),
    quality=Evidence(0.02, provisional=False), event_time="2026-03-24T23:00:00Z", supersedes="e0",
)  # fmt: skip


def test_a_move_is_told_with_every_part_and_how_sure_it_is() -> None:
    assert explained(EVENT).splitlines() == [
        (
            "2026-03-24T23:00:00Z  C-0000000417 moved from *steady shop* to *growing workshop*: newly potential; "
            "consumption +1.8σ (3.5 kW → 11 kW), 75 % of the move; confidence in the move: high (83 %)"
        ),
        "  low value, low potential → low value, high potential",
        "  The customer changed; the classes hardly changed.",
        "    consumption +1.8σ (3.5 kW → 11 kW)          ████████████████████████ 75 %",
        "    night share +0.9σ                           █████████ 28 %",
        "    growth −0.2σ (0.50 → 0.40 × a quarter ago)  ░ 3 % against it",
        "  σ is the spread of all customers, as a robust standard deviation.",
        (
            "  Confirmed at the end of its day, with its readings in. Confidence in the move: high (83 %); 0 % is "
            "halfway between its old class and the new one, 100 % the middle of the new one. "
            "2 % of the time is estimated."
        ),
        "  model 3 to 5, event e1, after e0",
    ]


@pytest.mark.parametrize(
    ("status", "because", "until", "words"),
    [
        ("withdrawn", "called", "2026-05-11T22:00:00Z", "An operator took it off the list until 2026-05-12: called."),
        ("withdrawn", "called", "2026-05-12T10:00:00Z", "An operator took it off the list until 2026-05-12: called."),
        ("confirmed", "called", "2026-05-12T10:00:00Z", "An operator took it off the list until 2026-05-12: called."),
        ("withdrawn", "closed", None, "Its archive data say: closed."),
        ("confirmed", "rolled back to version 3", None,
         "An operator undid a version of the model: rolled back to version 3."),
        ("confirmed", None, None, "The customer changed; the classes hardly changed."),
    ],
)  # fmt: skip
def test_what_others_said_is_not_called_the_customers_doing(
    status: Any, because: str | None, until: str | None, words: str  # noqa: ANN401 - one of the statuses
) -> None:  # fmt: skip
    dismissed = None if until is None else Dismissed(until, because or "")
    event = msgspec.structs.replace(EVENT, status=status, because=because, dismissed=dismissed, supersedes="0")
    assert cause(event) == words
    assert (way(event) == "where it stands has not changed by this") == (until is not None)


def test_what_the_archive_or_a_rollback_says_of_somebody_dismissed_is_not_the_dismissals_doing() -> None:
    dismissed = Dismissed("2026-05-11T22:00:00Z", "called")
    undone = msgspec.structs.replace(EVENT, because="rolled back to version 3", dismissed=dismissed, supersedes="0")
    assert cause(undone) == "An operator undid a version of the model: rolled back to version 3."
    ended = msgspec.structs.replace(EVENT, because="closed", supersedes=None)
    assert cause(ended) == "Its archive data say: closed."


@pytest.mark.parametrize(
    ("before", "after", "same", "words"),
    [
        ("low-low", "low-high", True, "its potential for energy services: low → high; it stays in its class"),
        ("high-high", "high-low", True, "its potential for energy services: high → low; it stays in its class"),
        ("low-high", "low-high", True, "low value, high potential, as before"),
        ("high-low", "high-low", False, "high value, low potential, as before"),
        ("high-low", "low-high", False, "high value, low potential → low value, high potential"),
    ],
)
def test_which_way_an_event_leads_is_never_from_a_place_to_itself(
    before: str, after: str, *, same: bool, words: str
) -> None:
    left = msgspec.structs.replace(EVENT.to if same else EVENT.from_, quadrant=before)
    event = msgspec.structs.replace(EVENT, from_=left, to=msgspec.structs.replace(EVENT.to, quadrant=after))
    assert way(event) == words


def test_what_fits_is_told_with_its_reason() -> None:
    offered = msgspec.structs.replace(EVENT, services=(Offer("pv", "has a heat pump already: panels that power it"),))
    assert "  offer: solar panels; has a heat pump already: panels that power it" in explained(offered).splitlines()


def test_a_provisional_decision_says_so() -> None:
    doubtful = msgspec.structs.replace(EVENT, quality=Evidence(0.6, provisional=True))
    assert "Provisional: 60 % of the time is estimated." in explained(doubtful)


@pytest.mark.parametrize(("part", "length"), [(0.0, 0), (1.0, WIDTH), (0.5, WIDTH / 2)])
def test_a_bar_is_as_long_as_its_part(part: float, length: float) -> None:
    assert bar(part) == "█" * int(length)
    assert bar(1 / WIDTH / 8) == "▏"


@pytest.mark.parametrize("name", ["e1", "C-0000000417"])
def test_an_event_is_found_by_its_id_or_its_customer(name: str) -> None:
    other = msgspec.structs.replace(EVENT, event_id="x", customer_id="C-9")
    assert meant([other, EVENT], name) == [EVENT]


def test_what_was_said_of_a_customer_comes_in_order_of_time() -> None:
    earlier = msgspec.structs.replace(EVENT, event_id="e0", status="early", event_time="2026-03-24T11:00:00Z")
    assert meant([EVENT, earlier], EVENT.customer_id) == [earlier, EVENT]


def test_a_name_that_nobody_has_is_said() -> None:
    with pytest.raises(UsageError, match="C-404"):
        meant([EVENT], "C-404")


def test_a_folder_of_a_replay_is_read_and_a_wrong_one_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"events\.jsonl"):
        of_folder(tmp_path)
    (tmp_path / "events.jsonl").write_bytes(msgspec.json.encode(EVENT) + b"\n")
    assert of_folder(tmp_path) == [EVENT]
