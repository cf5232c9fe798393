"""The list of newly potential customers."""

import msgspec
import pytest

from schemas.event import Event, Evidence, Place, Reason
from segmentation.prospects import Standing, last_words, of_events, ranked

EVENT = Event(
    event_id="1", customer_id="A", from_=Place(0, "shop", "low-low"), to=Place(0, "shop", "low-high"),
    newly_potential=True, cause="customer_moved", model_version_from=1, model_version_to=1, status="confirmed",
    margin=0.3, confidence=0.9, reasons=(Reason("growth", 2.0, 1.0, 4.6, 1.0, 0.0),),
    quality=Evidence(0.0, provisional=False), event_time="2026-05-02T00:00:00Z", potential=2.0,
)  # fmt: skip
EARLY = msgspec.structs.replace(EVENT, event_id="0", status="early")
BACK = msgspec.structs.replace(EARLY, event_id="9", status="withdrawn", supersedes="0")
MOVE = msgspec.structs.replace(EVENT, event_id="2", newly_potential=False)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((EVENT,), ["1"]), ((EARLY,), ["0"]), ((EARLY, EVENT), ["1"]), ((EARLY, BACK), []), ((MOVE,), []),
        ((EVENT, MOVE), ["1"]), ((EARLY, EVENT, BACK), ["1"]),
    ],
)  # fmt: skip
def test_the_last_word_that_was_not_taken_back_counts(events: tuple[Event, ...], expected: list[str]) -> None:
    assert [event.event_id for event in last_words(events).values()] == expected


def test_the_list_is_sorted_by_potential_times_confidence() -> None:
    day = "2026-05-02T00:00:00Z"
    standings = [
        Standing("A", day, 4.0, 0.4, "x"), Standing("C", day, 2.0, 0.9, "x"), Standing("B", day, 1.8, 1.0, "x"),
    ]  # fmt: skip
    assert [one.standing.customer_id for one in ranked(standings, {}, "")] == ["B", "C", "A"]


def test_only_those_since_then_with_the_reasons_of_their_event() -> None:
    old = Standing("B", "2026-04-30T23:59:59Z", 9.0, 1.0, "x")
    found = ranked([*of_events([EVENT]), old], last_words([EVENT]), "2026-05-01T00:00:00Z")
    assert [(one.standing.customer_id, one.reasons) for one in found] == [("A", EVENT.reasons)]
    assert found[0].standing.worth == pytest.approx(1.8)
