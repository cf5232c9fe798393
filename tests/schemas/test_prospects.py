"""The list of prospects: who comes on it, who leaves, in what order."""

import msgspec
import pytest

from schemas.event import Event, Place
from schemas.prospects import after, listed, worth
from tests.serving.made import EVENT, HIGH, LOW, moved

RISE = moved("x", from_=LOW, to=Place(0, "steady shop", "low-high"))
FLAG = moved("flag")


def quiet(**changes: object) -> Event:
    return moved("x", "C-1", newly_potential=False, **changes)


def down(status: str = "confirmed", start: Place = HIGH) -> Event:
    return quiet(status=status, from_=start, to=LOW)


@pytest.mark.parametrize(
    ("flag", "event", "stands"),
    [
        (None, moved("x"), "x"), (None, moved("x", status="early"), "x"), (None, quiet(), None),
        (None, moved("x", status="withdrawn"), None), (None, RISE, "x"), (FLAG, RISE, "x"),
        (FLAG, quiet(status="withdrawn", supersedes="flag"), None),
        (FLAG, moved("x", status="withdrawn", supersedes="flag"), None),
        (FLAG, moved("x", status="withdrawn", supersedes="other"), "flag"),
        (FLAG, quiet(cause="late_correction", supersedes="flag"), None),
        (FLAG, moved("x", cause="late_correction", supersedes="flag"), "x"),
        (FLAG, moved("x", supersedes="flag"), "x"), (FLAG, moved("x", status="early"), "flag"),
        (FLAG, down(), None), (FLAG, down("early"), "flag"),
        (FLAG, down(start=LOW), "flag"), (moved("e", status="early"), moved("x"), "x"),
        (moved("e", status="early"), quiet(supersedes="e"), None),
    ],
)  # fmt: skip
def test_what_an_event_makes_of_a_place_on_the_list(flag: Event | None, event: Event, stands: str | None) -> None:
    found = after(flag, event)
    assert (found and found.event_id) == stands


def test_the_list_is_sorted_by_potential_times_confidence() -> None:
    many = [
        moved("a", "C-1", potential=1.2, confidence=0.9), moved("b", "C-2", potential=3.0, confidence=0.5),
        moved("c", "C-4", potential=2.0, confidence=0.75), moved("d", "C-3", confidence=0.2),
    ]  # fmt: skip
    assert [one.customer_id for one in listed(many)] == ["C-2", "C-4", "C-1", "C-3"]
    assert worth(many[1]) == pytest.approx(1.5)


def test_an_event_counts_in_the_order_of_the_log_and_old_ones_are_left_out() -> None:
    early = moved("e", status="early", event_time="2026-03-24T12:00:00Z")
    confirmed = msgspec.structs.replace(EVENT, event_id="c", supersedes="e")
    assert [one.event_id for one in listed([early, confirmed])] == ["c"]
    assert listed([early, confirmed], "2026-03-24T11:00:01Z") == []
    assert listed([early, confirmed], "2026-03-24T11:00:00Z") == [confirmed]
