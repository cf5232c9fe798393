"""Values as a person says them."""

import pytest

from kwadrant.quantities import change, quantity
from schemas.event import Reason
from segmentation.indices import REGISTRY


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Reason("night share", 1.37, 0.44, 1.8, 0.69, 0.02), "night share +1.8σ (0.44 → 1.4 × its mean load)"),
        (Reason("consumption", 11_200.0, 348.0, 1.8, 0.7, 0.0), "consumption +1.8σ (348 W → 11 kW)"),
        (Reason("load factor", 0.412, 0.378, 0.4, 0.7, 0.0), "load factor +0.4σ (38 % → 41 %)"),
        (Reason("services bought", 1.5, 0.0, 2.0, 0.7, 0.0), "services bought +2.0σ (0 → 1.5 a month)"),
        (Reason("assets", 2.0, 1.0, 1.0, 0.7, 0.0), "assets +1.0σ (1 → 2)"),
        (Reason("tenure", 515.0, 507.0, 0.0, 0.7, 0.0), "tenure (507 d → 515 d)"),
        (Reason("tenure", 3_660.0, 3_650.0, 0.0, 0.7, 0.0), "tenure"),
        (Reason("tenure", 760.0, 720.0, 0.1, 0.7, 0.0), "tenure +0.1σ (720 d → 2.1 years)"),
        (Reason("growth", 1.01, 1.0, 0.2, 0.7, 0.0), "growth +0.2σ"),
        (Reason("growth", 0.55, None, -1.0, 0.7, 0.0), "growth −1.0σ"),
        (Reason("growth", 0.5512, 0.5509, -1.0, 0.7, 0.0), "growth −1.0σ"),
        (Reason("growth", 0.55, 0.9, -1.0, 0.7, 0.0), "growth −1.0σ (0.90 → 0.55 × a quarter ago)"),
        (Reason("of another version", 2.0, 1.0, 1.0, 0.7, 0.0), "of another version +1.0σ (1 → 2)"),
    ],
)
def test_a_change_is_said_in_sigmas_and_in_the_indexs_own_unit(why: Reason, words: str) -> None:
    assert change(why) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.004, "1", "0"), (-0.5, "1", "−0.50"), (-0.05, "part", "−5 %"), (99.6, "W", "100 W"), (9.96, "1", "10"),
        (0.996, "1", "1.0"),
    ],
)  # fmt: skip
def test_a_value_has_about_two_digits(value: float, unit: str, words: str) -> None:
    assert quantity(value, unit) == words


def test_every_index_is_said_in_a_unit_that_has_words() -> None:
    assert {index.unit for index in REGISTRY} == {
        "W", "d", "1", "part", "a month", "× its mean load", "× a quarter ago",
    }  # fmt: skip
