"""Moves against the truth, by hand."""

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest

from schemas.event import Event
from segmentation.truth import Change, against, confirmed_share
from tests.serving.made import moved

EARLY = moved("0", status="early")
BACK = moved("9", status="withdrawn", supersedes="0")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = BEGIN, BEGIN + timedelta(days=100)


def said(customer: str, day: float) -> Event:
    time = (BEGIN + timedelta(days=day)).isoformat()
    return moved(f"{customer}{day}", customer, event_time=time)


def change(customer: str, day: float) -> Change:
    return Change(customer, BEGIN + timedelta(days=day))


def test_right_found_late_and_flapping() -> None:
    changes = [change("A", 10), change("B", 20), change("C", 30)]
    events = [said("A", 14), said("A", 40), said("B", 28), said("B", 80), said("Z", 5), said("C", 29)]
    score = against(events, changes, SPAN)
    assert (score.events, score.changes) == (6, 3)
    assert score.precision == pytest.approx(
        3 / 6
    )  # twice A, once B; B after 60 days, Z, and C before its change are not
    assert score.recall == pytest.approx(2 / 3)
    assert score.delay == pytest.approx(6.0)
    assert score.flaps == pytest.approx(4 / 3)


def test_a_change_too_near_the_end_is_not_missed_yet() -> None:
    assert against([], [change("A", 10), change("B", 56)], SPAN).changes == 1


def test_nothing_said_has_no_precision() -> None:
    score = against([], [change("A", 10)], SPAN)
    assert (score.recall, np.isnan(score.precision), np.isnan(score.delay)) == (0.0, True, True)


def test_an_early_flag_counts_once_it_is_decided() -> None:
    linked = msgspec.structs.replace(moved("1"), supersedes="0")
    other = msgspec.structs.replace(EARLY, event_id="5")
    assert confirmed_share([EARLY, linked]) == 1.0
    assert confirmed_share([EARLY, BACK]) == 0.0
    assert confirmed_share([EARLY, other, linked]) == 1.0
    assert np.isnan(confirmed_share([EARLY]))
