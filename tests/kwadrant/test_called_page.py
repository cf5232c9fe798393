"""The page of calls: what it draws, and where."""

import re

import numpy as np
import pytest

from kwadrant.called_page import HIGH, MOST, WIDE, Called, page, picture
from segmentation.evaluation import Rules

RULES = Rules(ahead=10, base_from=20, base_to=5)


def call(customer: str = "A", *, after: float = 300.0, kept: bool = True) -> Called:
    kwh = np.r_[np.full(20, 100.0), np.full(10, after)]
    return Called(customer, "2026-03-01", kwh, 100.0, after, kept)


def bars(drawn: str) -> list[tuple[str, float, float, float]]:
    """Return colour, begin, end and height of each mean."""
    found = re.findall(r'class="mean ([a-z-]+)" x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)"', drawn)
    return [(colour, float(begin), float(end), float(y)) for colour, begin, end, y in found]


def test_the_means_lie_over_their_days_at_their_heights() -> None:
    drawn = picture(call(), RULES)
    assert [bar[:3] for bar in bars(drawn)] == [
        ("low-low", 0.0, WIDE / 2), ("high-high", pytest.approx(WIDE * 2 / 3, abs=0.1), WIDE)
    ]  # fmt: skip
    before, after = (HIGH - bar[3] for bar in bars(drawn))
    assert after == pytest.approx(3 * before, abs=0.2)
    assert "A, 2026-03-01: 100 to 300 kWh/d" in drawn


def test_what_did_not_hold_says_so_and_lies_below_the_broken_line() -> None:
    drawn = picture(call(after=110.0, kept=False), RULES)
    least = float(re.findall(r'class="least".*?y1="([\d.]+)"', drawn)[0])
    assert (bars(drawn)[1][0], least < bars(drawn)[1][3], "did not hold" in drawn) == ("low-high", True, True)


def test_a_site_without_a_load_is_drawn_too() -> None:
    empty = Called("A", "2026-03-01", np.zeros(30), 0.0, 0.0, kept=False)
    assert "nan" not in picture(empty, RULES)


def test_the_page_is_spread_over_all_calls_and_counts_them_all() -> None:
    calls = [call(f"C{number:03d}", kept=number % 3 == 0) for number in range(3 * MOST)]
    drawn = page(calls, RULES)
    assert re.findall(r"C\d{3}, 2026", drawn) == [f"C{number:03d}, 2026" for number in range(0, 3 * MOST, 3)]
    assert f"{MOST} of {3 * MOST} calls held" in drawn
    assert page([], RULES).count("<figure>") == 0


def test_a_customers_name_is_text() -> None:
    assert "<b>" not in page([call("<b>")], RULES)
