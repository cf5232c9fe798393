"""Services that fit: from what moved and what is held, with a reason to say aloud."""

from dataclasses import replace

import numpy as np
import pytest

from schemas.event import Event, Evidence, Offer, Place
from schemas.transaction import SERVICES
from segmentation.customers import newcomers
from segmentation.indices import LONG, SHORT, View
from segmentation.offering import MOST, NAMES, RULES, Sign, fitting, offered
from segmentation.sums import COLUMN, OFFERED, PAID, WIDTH
from segmentation.traits import NOUNS

DAY = 86_400


def shaped(kwh: float, night: float, evening: float, days: float) -> np.ndarray:
    """Return the sums of `days` with so much energy a day, and these shares of it by night and in the evening."""
    sums = np.zeros(WIDTH)
    wh = kwh * 1_000 * days
    values = {"wh": wh, "seconds": DAY * days, "fine_wh": wh, "fine_s": DAY * days, "night_wh": night * wh,
              "evening_wh": evening * wh, "peak": kwh * 100 * days, "fine_active": days}  # fmt: skip
    for name, value in values.items():
        sums[COLUMN[name]] = value
    return sums


def view(was: tuple[float, float, float], now: tuple[float, float, float], owned: float = np.nan) -> View:
    memories = np.zeros((1, 2, WIDTH))
    memories[0, SHORT] = shaped(*now, days=10.0)
    memories[0, LONG] = memories[0, SHORT] + shaped(*was, days=40.0)
    base = was[0] * 1_000 / 24
    return View(memories, np.array([[np.nan, np.nan, np.nan, owned, np.nan]]), np.array([[10.0, 50.0]]), 0,
                np.array([base]), np.array([np.nan]))  # fmt: skip


def services(found: tuple[Offer, ...]) -> list[str]:
    return [offer.service for offer in found]


@pytest.mark.parametrize(
    ("noun", "was", "now", "first"),
    [
        ("household", (10.0, 0.2, 0.3), (20.0, 0.45, 0.2), "heat_pump"),
        ("household", (10.0, 0.2, 0.3), (4.0, 0.5, 0.2), "pv"),
        ("business", (80.0, 0.1, 0.2), (200.0, 0.5, 0.2), "ev_charging"),
        ("plant", (500.0, 0.05, 0.05), (900.0, 0.2, 0.2), "efficiency"),
        ("business", (80.0, 0.1, 0.2), (120.0, 0.1, 0.2), "efficiency"),
    ],
)
def test_what_moved_names_what_fits(noun: str, was: tuple[float, float, float], now: tuple[float, float, float],
                                    first: str) -> None:  # fmt: skip
    assert services(fitting(view(was, now), [noun])[0])[0] == first


def test_the_reason_can_be_said_aloud() -> None:
    offers = fitting(view((80.0, 0.31, 0.2), (200.0, 0.52, 0.2)), ["business"])[0]
    assert offers[0] == Offer("ev_charging", "night share rose from 31 % to 52 %: EV charging on a night tariff")
    grown = fitting(view((24.0, 0.1, 0.2), (48.0, 0.1, 0.2)), ["business"])[0]
    assert grown[0].because == "mean consumption rose from 1 kW to 2 kW: an efficiency audit"


@pytest.mark.parametrize("how", [0, PAID])
@pytest.mark.parametrize("held", OFFERED)
def test_nobody_is_offered_what_is_held(held: str, how: int) -> None:
    owned = float(1 << OFFERED.index(held) << how)
    for noun in NOUNS:
        for was, now in (((10.0, 0.2, 0.3), (20.0, 0.45, 0.4)), ((10.0, 0.2, 0.3), (4.0, 0.5, 0.2))):
            found = services(fitting(view(was, now, owned), [noun])[0])
            assert held not in found
            assert len(found) == len(set(found)) <= MOST


@pytest.mark.parametrize(("kwh", "noun", "offers"), [
    (47.0, "business", []), (48.0, "business", ["efficiency"]), (12.0, "household", ["efficiency"]),
])  # fmt: skip
def test_nobody_is_visited_for_what_a_lamp_takes(kwh: float, noun: str, offers: list[str]) -> None:
    assert services(fitting(view((kwh / 2, 0.1, 0.2), (kwh, 0.1, 0.2)), [noun])[0]) == offers


def test_who_has_not_changed_is_offered_what_goes_with_what_it_holds() -> None:
    same = ((10.0, 0.2, 0.3), (10.0, 0.2, 0.3))
    assert fitting(view(*same), ["household"]) == [()]
    heated = fitting(view(*same, float(1 << OFFERED.index("heat_pump"))), ["household"])[0]
    assert heated == (Offer("pv", "has a heat pump already: solar panels that power it"),)


def test_what_is_not_known_shows_nothing() -> None:
    daily = view((10.0, 0.2, 0.3), (20.0, 0.45, 0.4))
    daily.memories[:, :, [COLUMN["fine_wh"], COLUMN["night_wh"], COLUMN["evening_wh"]]] = 0.0
    assert services(fitting(daily, ["household"])[0]) == ["efficiency"]
    nothing = replace(daily, memories=np.zeros_like(daily.memories), base=np.array([np.nan]))
    assert fitting(nothing, ["household"]) == [()]


@pytest.mark.parametrize(("sign", "change", "shown"), [
    (Sign("consumption", 1.3), 1.3, True), (Sign("consumption", 1.3), 1.29, False),
    (Sign("consumption", 0.8), 0.8, True), (Sign("consumption", 0.8), 0.9, False),
    (Sign("night share", -0.1), -0.1, True), (Sign("night share", 0.1), -0.2, False),
    (Sign("night share", 0.1), float("nan"), False),
])  # fmt: skip
def test_a_sign_shows_from_its_least_change_on(sign: Sign, change: float, *, shown: bool) -> None:
    assert sign.shown(change) is shown


def test_only_who_is_newly_potential_is_offered_anything() -> None:
    customers = replace(newcomers(["A"], 1), noun=np.array([NOUNS.index("business")]))
    event = Event(
        event_id="1", customer_id="A", from_=Place(0, "a", "low-low"), to=Place(1, "b", "low-high"),
        newly_potential=True, cause="customer_moved", model_version_from=1, model_version_to=1, status="confirmed",
        margin=1.0, confidence=1.0, reasons=(), quality=Evidence(0.0, provisional=False), event_time="",
    )  # fmt: skip
    quiet = Event(**{name: getattr(event, name) for name in event.__struct_fields__} | {"newly_potential": False})
    loud, silent = offered([event, quiet], view((80.0, 0.31, 0.2), (200.0, 0.52, 0.2)), customers)
    assert services(loud.services) == ["ev_charging", "managed_load", "efficiency"]
    assert silent == quiet


def test_the_table_speaks_of_services_and_customers_that_there_are() -> None:
    assert {rule.service for rule in RULES} == set(OFFERED) == set(NAMES) <= set(SERVICES)
    assert {noun for rule in RULES for noun in rule.who} == set(NOUNS)
    assert all(rule.signs or rule.holds for rule in RULES)
