"""Changes of side: what lasts, what is found, and what is a flap."""

import math

import numpy as np
import pytest

from segmentation.decision import NONE
from segmentation.previewing import Moved
from segmentation.sides import Run, Sides, sides, told

LEAST = 4


def known(*columns: str) -> Sides:
    """Return the changes of customers a, b, ... whose nearest class is a digit in each epoch from 10 on."""
    nearest = np.array([[NONE if one == "." else int(one) for one in column] for column in columns]).T
    return sides([chr(ord("a") + n) for n in range(len(columns))], nearest, 10, LEAST)


def move(epoch: int, to: int, customer: str = "a", from_: int = 1) -> Moved:
    return Moved(epoch, customer, from_, to)


@pytest.mark.parametrize(
    ("column", "lasting"),
    [
        ("11112222", [Run(14, 18, 2)]),
        ("1222233333", [Run(11, 15, 2), Run(15, 20, 3)]),
        ("111122111111", []),
        ("11112211222222", [Run(18, 24, 2)]),
        ("..112222", [Run(14, 18, 2)]),
        ("111122222111", [Run(14, 19, 2)]),
    ],
)
def test_a_change_is_another_side_that_lasts(column: str, lasting: list[Run]) -> None:
    assert known(column).lasting.get("a", []) == lasting


def test_the_last_run_is_open_until_it_lasts() -> None:
    assert known("11111222").open == {"a": Run(15, 18, 2)}
    assert known("1111222 2".replace(" ", "")).open == {}


def test_a_customer_never_seen_is_nothing() -> None:
    assert known("......") == Sides({}, {}, {})


def test_a_move_in_time_finds_its_change_after_its_delay() -> None:
    found = told([move(16, 2)], known("11112222"), LEAST)
    assert (found.changes, found.found, found.delays, found.flaps) == (1, 1.0, (2,), 0.0)


def test_a_move_too_late_is_no_find_and_no_flap() -> None:
    found = told([move(18, 2)], known("1111222222"), LEAST)
    assert (found.found, found.flaps) == (0.0, 0.0)


def test_moves_there_and_back_are_flaps() -> None:
    found = told([move(14, 3), move(15, 1, from_=3), move(17, 2)], known("1111222222"), LEAST)
    assert (found.found, found.delays, found.flaps) == (1.0, (3,), 2.0)


def test_who_stands_there_already_waited_no_time() -> None:
    found = told([move(12, 2)], known("1111222222"), LEAST)
    assert (found.found, found.delays, found.flaps) == (1.0, (0,), 1.0)


def test_a_move_to_an_open_side_does_not_count() -> None:
    found = told([move(14, 2), move(19, 3, from_=2)], known("1111222233"), LEAST)
    assert (found.changes, found.found, found.flaps) == (1, 1.0, 0.0)
    assert told([move(14, 2), move(19, 1, from_=2)], known("1111222233"), LEAST).flaps == 1.0


def test_without_a_change_nothing_is_known() -> None:
    found = told([move(14, 2)], known("11111111"), LEAST)
    assert math.isnan(found.found)
    assert math.isnan(found.flaps)
