"""The index system: every entry by an example worked out by hand; missing is missing, not zero."""

from dataclasses import replace

import numpy as np
import pytest

from segmentation.errors import UnknownIndex
from segmentation.indices import NAMES, REGISTRY, TRAITS, Index, View, chosen, unsteadiness, vectors
from segmentation.quadrants import is_newly_potential, names, quadrant, score
from segmentation.sums import COLUMN, WIDTH

Sums = dict[str, float]
NAN = float("nan")
DAY = 86_400
SHORT: Sums = {
    "wh": 48_000, "seconds": DAY, "fine_wh": 48_000, "fine_s": DAY, "night_wh": 4_000, "night_s": 8 * 3_600,
    "evening_wh": 16_000, "evening_s": 4 * 3_600, "peak": 8_000, "fine_active": 2, "purchases": 2, "enquiries": 3,
}  # fmt: skip
LONG: Sums = {
    "wh": 96_000, "seconds": 4 * DAY, "weekend_wh": 24_000, "weekend_s": DAY // 2, "workdays": 3,
    "log_power": 3 * 4_096, "purchase_cents": 5_000, "transactions": 4, "payments": 4, "late_payments": 1,
}  # fmt: skip
TRAIT: Sums = {"capacity_kw": 10.0, "intensity": 2.2, "contract_start_s": 1_000_000.0, "assets": 0b1011}
EXPECTED = {
    "consumption": 2_000.0,  # 48 kWh in a day
    "capacity use": 0.4,  # peaks of 4 kW on the mean day, of 10 kW
    "service spend": 50.0 * 30 / 20,  # 50 money in 20 remembered days
    "payment reliability": 0.75,
    "tenure": 10.0,
    "growth": 2_010 / 810,  # 2 kW now, 0.8 kW in the base
    "load factor": 0.5,
    "evening share": 2.0,  # 4 kW in the evenings, 2 kW over the day
    "night share": 0.25,
    "weekend share": 2.0,
    "volatility": float(np.log1p(72_000 / 84 / 10)) - 4.0,  # 72 kWh in the 84 hours of working days
    "enquiries": 3 * 30 / 10,
    "services bought": 2 * 30 / 10,
    "energy intensity": 2.2,
    "assets": 3.0,
}


def view(short: Sums = SHORT, long: Sums = LONG, trait: Sums = TRAIT, base: float = 800.0, stayed: float = 1.0
         ) -> View:  # fmt: skip
    memories = np.zeros((1, 2, WIDTH))
    for memory, sums in enumerate((short, long)):
        for column, value in sums.items():
            memories[0, memory, COLUMN[column]] = value
    traits = np.array([[trait.get(name, NAN) for name in TRAITS]])
    return View(memories, traits, np.array([[10.0, 20.0]]), 1_000_000 + 10 * DAY, np.array([base]), np.array([stayed]))


def without(sums: Sums, *columns: str) -> Sums:
    return {column: value for column, value in sums.items() if column not in columns}


@pytest.mark.parametrize("index", REGISTRY, ids=NAMES)
def test_an_index_by_hand(index: Index) -> None:
    value = index.formula(view())
    assert value.tolist() == pytest.approx([EXPECTED[index.name]])
    transformed = index.transformed(view())[0]
    expected = {"log": np.log(value[0] or NAN), "log1p": np.log1p(value[0]), "none": value[0]}[index.transform]
    assert transformed == pytest.approx(expected)
    assert index.original(float(transformed)) == pytest.approx(value[0])


def test_every_index_has_an_example_and_its_own_name() -> None:
    assert list(EXPECTED) == list(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("seen", "missing"),
    [
        (view(short={}, long={}, trait={}), set(NAMES)),
        (view(short={"wh": 48_000, "seconds": DAY, "purchases": 2, "enquiries": 3}),
         {"capacity use", "load factor", "evening share", "night share"}),
        (view(long=without(LONG, "transactions")), {"service spend", "enquiries", "services bought"}),
        (view(long=without(LONG, "payments", "late_payments")), {"payment reliability"}),
        (view(long=without(LONG, "weekend_s", "weekend_wh")), {"weekend share"}),
        (view(trait={}), {"capacity use", "tenure", "energy intensity", "assets"}),
        (view(trait=TRAIT | {"capacity_kw": 0.0}), {"capacity use"}),
        (view(trait=TRAIT | {"capacity_kw": 1e-320}), {"capacity use"}),
    ],
)  # fmt: skip
def test_what_the_data_cannot_support_is_missing(seen: View, missing: set[str]) -> None:
    assert {name for name, value in zip(NAMES, vectors(seen)[0], strict=True) if np.isnan(value)} == missing


@pytest.mark.parametrize("factor", [0.5, 0.01, 3.0])
def test_a_half_reported_day_is_not_a_small_day(factor: float) -> None:
    short, long = ({column: value * factor for column, value in sums.items()} for sums in (SHORT, LONG))
    days = np.array([[10.0, 20.0]]) * factor
    np.testing.assert_allclose(vectors(replace(view(short, long), days=days)), vectors(view()))


def test_an_empty_site_stays_finite() -> None:
    idle = dict.fromkeys(SHORT, 0.0) | {"seconds": DAY}, dict.fromkeys(LONG, 0.0) | {"seconds": DAY}
    growth = vectors(view(*idle, base=0.0), chosen(("growth",)))
    assert growth.tolist() == [[0.0]]


def test_who_has_no_base_yet_is_compared_with_what_the_long_memory_holds_beyond_the_short_one() -> None:
    growth = vectors(view(base=NAN), chosen(("growth",)))
    assert growth[0, 0] == pytest.approx(np.log(2_010 / (48_000 / 72 + 10)))  # 48 kWh in three days


@pytest.mark.parametrize(("loads", "expected"), [([100.0] * 5, 0.0), ([1e4] * 4 + [1e5], 0.57), ([0.0] * 5, 0.0)])
def test_unsteady_is_what_a_burst_makes_of_a_week(loads: list[float], expected: float) -> None:
    sums = {
        "wh": sum(loads) * 24, "seconds": 5.0 * DAY, "workdays": 5.0,
        "log_power": sum(1_024 * np.log1p(load / 10) for load in loads),
    }  # fmt: skip
    assert unsteadiness(view(short=sums), 0)[0] == pytest.approx(expected, abs=0.01)


def test_an_unknown_index_is_refused_by_name() -> None:
    with pytest.raises(UnknownIndex, match="moon phase"):
        chosen(("growth", "moon phase"))


def test_the_score_of_an_axis_is_a_weighted_mean_times_the_direction() -> None:
    scaled, weights = np.zeros((1, len(REGISTRY))), np.ones(len(REGISTRY))
    scaled[0, NAMES.index("growth")], scaled[0, NAMES.index("load factor")] = 2.0, 1.0
    weights[NAMES.index("growth")] = 3.0
    potential = sum(1.0 for index in REGISTRY if index.half == "potential")
    assert score(scaled, REGISTRY, weights, "potential").tolist() == pytest.approx([(3 * 2.0 - 1.0) / (potential + 2)])
    assert score(scaled, REGISTRY, weights, "current").tolist() == [0.0]


@pytest.mark.parametrize(
    ("before", "after", "newly"),
    [
        ("low-low", "low-high", True), ("low-low", "high-low", False), ("high-high", "low-high", False),
        ("high-low", "high-high", True),
    ],
)  # fmt: skip
def test_newly_potential_is_only_a_move_from_low_to_high_potential(before: str, after: str, *, newly: bool) -> None:
    assert is_newly_potential(before, after) == newly


@pytest.mark.parametrize(
    ("current", "potential", "expected"), [(1, 1, "low-low"), (1.1, 0, "high-low"), (0, 1.1, "low-high")]
)
def test_high_lies_above_the_threshold(current: float, potential: float, expected: str) -> None:
    assert quadrant(current, potential, (1.0, 1.0)) == expected


def test_names_are_made_of_what_stands_out_and_are_unique() -> None:
    scaled = np.zeros((4, len(REGISTRY)))
    scaled[:3, NAMES.index("growth")] = 2.0
    scaled[:3, NAMES.index("consumption")] = -1.0
    scaled[1, NAMES.index("assets")] = 0.5
    found = names(scaled, REGISTRY, ["shop", "shop", "shop", "farm"])
    assert found == ["growing, small shop", "growing, small, equipped shop", "growing, small shop 3", "average farm"]
