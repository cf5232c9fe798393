"""The demo's view: what a batch makes of the state, and how the state looks."""

from dataclasses import replace
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from kwadrant import live
from kwadrant.live import Batch, State, Told
from schemas.event import Event, Evidence, Place, Reason, Status

EMPTY = State(began=100.0, now=100.0)


def event(status: Status = "confirmed", customer: str = "C-0000000417") -> Event:
    return Event(
        event_id=f"{customer} {status}", customer_id=customer, from_=Place(1, "steady shop", "low-low"),
        to=Place(2, "growing workshop", "low-high"), newly_potential=True, cause="customer_moved",
        model_version_from=1, model_version_to=2, status=status, margin=2.0, confidence=0.7,
        reasons=(Reason("night share", 1.4, 0.4, 1.8, 0.71, 0.0),), quality=Evidence(0.0, provisional=False),
        event_time="2025-03-08T23:00:00Z",
    )  # fmt: skip


def batch(number: int = 1, rows: int = 500, *events: Event) -> Batch:
    quadrants = {"low-low": 40, "high-high": 7} if number % 2 else {}
    return Batch(number, 1.1, {"rows": rows}, events, "2025-03-08T23:00:00Z", 3, 1.4, quadrants=quadrants)


def shown(state: State, lines: int = 40) -> str:
    console = Console(width=120, height=lines, file=StringIO(), record=True)
    console.print(live.view(state, lines))
    return console.export_text()


def test_a_line_of_the_stream_is_read() -> None:
    line = (
        b'{"batch":12,"seconds":1.1,"arrivedSecondsAgo":1.4,"repeated":false,"counts":{"rows":9,"rejected":0},'
        b'"events":[' + msgspec.json.encode(event()) + b'],"closed":6676,"closedUntil":"2025-03-08T23:00:00Z",'
        b'"modelVersion":3,"quadrants":{"low-high":12},"clusters":{"0":40},"commands":3,"pending":0}'
    )
    found = msgspec.json.decode(line, type=Batch)
    assert (found.batch, found.events, found.quadrants) == (12, (event(),), {"low-high": 12})


def test_the_first_batch_makes_it_ready_and_later_ones_leave_the_moment() -> None:
    first = live.after(EMPTY, batch(), 130.0)
    assert (EMPTY.ready, first.ready, live.after(first, batch(2), 140.0).ready) == (None, 130.0, 130.0)


def test_a_repeated_batch_changes_nothing_that_is_counted() -> None:
    state = live.after(EMPTY, batch(1, 500, event()), 130.0)
    again = msgspec.structs.replace(batch(1, 500, event()), repeated=True)
    assert live.after(state, again, 131.0) == replace(state, now=131.0)


def test_the_rate_is_that_of_the_last_seconds() -> None:
    state = EMPTY
    for second in range(60):
        state = live.after(state, batch(second, 700), 101.0 + second)
    assert state.rate == pytest.approx(700)
    assert replace(state, now=state.now + 30).rate == 0
    assert EMPTY.rate == 0


def test_the_newest_event_comes_first_and_the_oldest_are_let_go() -> None:
    state = EMPTY
    for number in range(100):
        state = live.after(state, batch(number, 1, event(customer=f"C-{number:04d}")), 130.0 + number)
    assert [told.event.customer_id for told in state.told[:2]] == ["C-0099", "C-0098"]
    assert len(state.told) < 100
    assert state.statuses["confirmed"] == state.statuses["newly potential"] == 100


def test_only_confirmed_moves_count_as_newly_potential() -> None:
    state = live.after(EMPTY, batch(1, 1, event("early"), event("withdrawn", "C-1"), event()), 130.0)
    assert dict(state.statuses) == {"early": 1, "withdrawn": 1, "confirmed": 1, "newly potential": 1}


def test_customers_stay_shown_between_two_closes() -> None:
    state = live.after(live.after(EMPTY, batch(1), 130.0), batch(2), 131.0)
    assert state.quadrants == {"low-low": 40, "high-high": 7}


def test_time_during_which_nobody_was_there_is_no_time_to_decide() -> None:
    late = msgspec.structs.replace(batch(1, 1, event()), arrived_seconds_ago=3600.0)
    assert live.after(EMPTY, late, 130.0).told == (Told(event(), None),)
    assert live.after(EMPTY, batch(1, 1, event()), 130.0).told == (Told(event(), 1.4),)


def test_steps_end_where_the_next_begins() -> None:
    state = live.stepped(live.noted(live.stepped(EMPTY, "jars", 100.0), "12 of 46", 101.0), "broker", 103.0)
    assert [(step.name, step.seconds, step.note) for step in state.steps] == [
        ("jars", 3.0, "12 of 46"), ("broker", None, "")
    ]  # fmt: skip
    assert live.stepped(state, "", 104.0).steps[-1].seconds == 1.0


def test_before_the_first_batch_the_steps_are_shown() -> None:
    text = shown(live.noted(live.stepped(live.stepped(EMPTY, "jars", 100.0), "Kafka broker", 103.0), "hm", 104.0))
    assert "✓  jars" in text
    assert "…  Kafka broker" in text
    assert "hm" in text


def test_everything_that_matters_is_shown() -> None:
    text = shown(live.after(replace(EMPTY, note="a note"), batch(1, 500, event()), 175.0))
    for part in ("1:15", "version 3", "1.1 s", "2025-03-08", "C-0000000417 moved from", "steady shop",
                 "low current value", "40", "1 confirmed, 1 of them newly potential", "decided in 1.4 s",
                 "a note"):  # fmt: skip
        assert part in text


def test_a_small_terminal_shows_fewer_events() -> None:
    state = live.after(EMPTY, batch(1, 1, *(event(customer=f"C-{n:04d}") for n in range(30))), 130.0)
    small, large = (len(shown(state, lines).splitlines()) for lines in (24, 50))
    assert small <= 24 < large <= 50


def test_plain_lines_say_the_same() -> None:
    state = live.after(EMPTY, batch(1, 500, event()), 175.0)
    assert live.spoken(state.told[0]) == (
        "2025-03-08  C-0000000417 moved from *steady shop* to *growing workshop*: newly potential; night share +1.8σ "
        "(0.40 → 1.4 × its mean load), 71 % of the move; confidence in the move: medium (70 %); "
        "decided in 1.4 s"
    )
    assert "closed until 2025-03-08, model 3; 1 confirmed" in live.status(state)
    assert live.status(live.stepped(EMPTY, "jars", 160.0)) == "1:00  jars"
