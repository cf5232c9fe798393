"""Potential: what counts, when it is high, and the event that says so."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from schemas.control import Dismiss
from schemas.event import CustomerState, Event
from schemas.prospects import listed
from segmentation import rows as kinds
from segmentation.customers import Customers, newcomers
from segmentation.decision import NEVER
from segmentation.dismissals import obeyed
from segmentation.errors import BadParameters
from segmentation.local_state import LocalState
from segmentation.parameters import Parameters
from segmentation.potential import outlook, turn
from segmentation.recent import lasting
from segmentation.rises import rose_of
from tests.segmentation import hand
from tests.segmentation.test_indices import LONG, NAN, SHORT, view, without
from tests.segmentation.towns import CALENDAR, DAY, FIRST, PARAMETERS

LOW, HIGH = float(np.log1p(100)), float(np.log1p(1e6))
MODEL = hand.two_classes("consumption", LOW, HIGH)
RISING = replace(PARAMETERS, dwell_s=0, cool_down_s=3 * DAY)
TODAY = FIRST + 1
STEADY = SHORT | {"purchases": 0.0, "enquiries": 0.0}


def test_growth_enquiries_and_purchases_multiply() -> None:
    ahead = outlook(view())
    bought, asked = np.log1p(2 * 30 / 10), np.log1p(3 * 30 / 10)
    assert ahead.potential[0] == pytest.approx(2_010 / 810 * np.exp(0.6 * bought + 0.25 * asked))
    assert ahead.lasting[0] == pytest.approx(ahead.potential[0] * ahead.confidence[0])


@pytest.mark.parametrize(("base", "potential"), [(4_000.0, 1.0), (NAN, 2_010 / (48_000 / 72 + 10)), (995.0, 2.0)])
def test_who_shrinks_has_no_less_than_one(base: float, potential: float) -> None:
    ahead = outlook(view(short=STEADY, base=base))
    assert ahead.potential[0] == pytest.approx(potential)


def test_what_is_missing_is_neither_potential_nor_doubt() -> None:
    nothing = outlook(view(short={}, long={}, trait={}, base=NAN))
    assert (nothing.potential.tolist(), nothing.confidence.tolist()) == ([1.0], [1.0])
    assert outlook(view(long=without(LONG, "transactions"), base=995.0)).potential[0] == pytest.approx(2.0)


def test_bursts_and_estimates_are_doubts() -> None:
    logs = {"workdays": 5.0, "log_power": 5 * 1_024 * float(np.log1p(200.0))}
    steady = outlook(view(short=STEADY | logs)).confidence[0]
    burst = outlook(view(short=STEADY | logs | {"log_power": logs["log_power"] * 0.8})).confidence[0]
    guessed = outlook(view(short=STEADY | logs | {"estimated_s": DAY / 2})).confidence[0]
    assert steady == pytest.approx(1.0, abs=1e-6)
    assert burst < 0.4
    assert guessed == pytest.approx(0.75, abs=1e-6)


def classed(*, high: bool = False, rose: int = -100, cluster: int = 0) -> Customers:
    one = newcomers(["A"], 1)
    return replace(one, cluster=np.array([cluster]), high=np.array([high]), rose=np.array([rose]))


@pytest.mark.parametrize(
    ("lasting", "customers", "expected"),
    [
        (1.5, classed(), (True, True)), (1.49, classed(), (False, False)), (1.01, classed(high=True), (True, False)),
        (0.99, classed(high=True), (False, False)), (2.0, classed(high=True), (True, False)),
        (2.0, classed(rose=71), (False, False)), (2.0, classed(rose=70), (True, True)),
        (2.0, classed(cluster=-1), (True, False)), (1.2, classed(cluster=-1), (False, False)),
    ],
)  # fmt: skip
def test_a_customer_rises_at_the_threshold_and_falls_below_what_it_was_worth(
    lasting: float, customers: Customers, expected: tuple[bool, bool]
) -> None:
    found = turn(np.array([lasting]), customers, 100, Parameters())
    assert (bool(found.high[0]), bool(found.risen[0])) == expected
    assert found.rose.tolist() == ([100] if expected[1] else customers.rose.tolist())


def days(state: LocalState, *loads: float) -> tuple[LocalState, list[Event]]:
    """Close a day for each load [kWh an hour] of A; return the events of all."""
    said: list[Event] = []
    for load in loads:
        epoch = state.closed + 1
        closed = hand.closed_with(state, hand.rows_of(hand.day_of("A", epoch, load)), epoch, RISING)
        state, said = closed.state, [*said, *closed.events]
    return state, said


def test_an_operators_word_withdraws_a_rise_and_keeps_it_from_coming_again() -> None:
    state, (rise,) = days(seeded(), 1.0, 9.0)
    order = Dismiss("town", 1, "A", state.closed + 9, "moves out")
    state, (event,) = obeyed(state, order, CALENDAR)
    assert (event.status, event.supersedes, event.because) == ("withdrawn", rise.event_id, "moves out")
    assert (event.from_.cluster, event.to.since, event.newly_potential) == (0, rise.event_time, False)
    assert obeyed(state, order, CALENDAR)[1] == ()
    calm, _ = days(obeyed(seeded(), order, CALENDAR)[0], 1.0)
    assert [(one.newly_potential, one.dismissed is None) for one in days(calm, 9.0)[1]] == [(False, False)]


def test_who_rose_long_ago_and_still_stands_high_is_taken_off_the_list() -> None:
    state, (rise,) = days(seeded(), 1.0, 9.0)
    after = lasting(RISING) + 2
    state, said = days(state, *(9.0 * 1.2**day for day in range(after)))
    assert [one for one in said if one.supersedes == rise.event_id or "-low" in one.to.quadrant] == []
    event = obeyed(state, Dismiss("town", 1, "A", state.closed + 9, "has an offer"), CALENDAR)[1][-1]
    assert (event.status, event.supersedes, event.newly_potential) == ("withdrawn", rise.event_id, False)
    assert [one.customer_id for one in listed([rise, *said])] == ["A"]
    assert listed([rise, *said, event]) == []


def test_who_rose_before_the_last_seeding_is_taken_off_the_list() -> None:
    state, (rise,) = days(seeded(), 1.0, 9.0)
    state = replace(state, risen={}, recent={})
    (event,) = obeyed(state, Dismiss("town", 1, "A", state.closed + 9, "has an offer"), CALENDAR)[1]
    assert (event.status, event.because, event.dismissed is None) == ("confirmed", "has an offer", False)
    assert listed([rise, event]) == []


def seeded(kwh: float = 1.0) -> LocalState:
    return hand.remembered(hand.day_of("A", FIRST, kwh), MODEL, RISING)


def test_a_rise_says_who_where_why_and_how_sure() -> None:
    _, (event,) = days(seeded(), 1.0, 4.0, 4.0)
    assert (event.from_.cluster, event.from_.quadrant, event.to.quadrant) == (event.to.cluster, "low-low", "low-high")
    assert (event.newly_potential, event.status, event.cause) == (True, "confirmed", "customer_moved")
    assert event.margin == pytest.approx(np.log(event.potential * event.confidence / RISING.potential))
    (reason,) = event.reasons
    assert (reason.index, reason.previous, reason.share_customer) == ("growth", 1.0, 1.0)
    assert reason.value == pytest.approx(event.potential, rel=1e-5)


def test_it_is_said_once_and_again_only_after_a_fall_and_a_rest() -> None:
    state, said = days(seeded(), *[1.0] * 3, *[9.0] * 4)
    assert len(said) == 1
    assert state.customers.high.tolist() == [True]
    state, said = days(state, *[1.0] * 8)
    assert [(event.newly_potential, event.to.quadrant) for event in said] == [(False, "low-low")]
    assert state.customers.high.tolist() == [False]
    assert [event.newly_potential for event in days(state, *[30.0] * 3)[1]] == [True]


def test_who_stands_high_at_the_seeding_is_no_event() -> None:
    history = [*hand.day_of("A", FIRST - 1, 1.0), *hand.day_of("A", FIRST, 9.0)]
    state = hand.remembered(history, MODEL, RISING)
    assert state.customers.high.tolist() == [True]
    assert days(state, 9.0)[1] == []


def past(kwh: float) -> pa.Table:
    """Return six weeks that lie in the base, sent as history."""
    rows = hand.rows_of([one for epoch in range(FIRST - 70, FIRST - 28) for one in hand.day_of("A", epoch, kwh)])
    return rows.set_column(kinds.ROWS.get_field_index("backfill"), "backfill", pa.array([True] * rows.num_rows))


def test_a_rise_and_a_fall_by_history_say_so() -> None:
    (rise,) = hand.closed_with(days(seeded(9.0), 9.0)[0], past(1.0), TODAY + 1, RISING).events
    assert (rise.newly_potential, rise.cause, rise.origin) == (True, "backfill", "backfill")
    high, _ = days(seeded(), 1.0, 4.0, 4.0)
    (fall,) = hand.closed_with(high, past(30.0), high.closed + 1, RISING).events
    assert (fall.to.quadrant, fall.cause, fall.origin) == ("low-low", "backfill", "backfill")


def test_an_early_rise_is_confirmed_by_the_close() -> None:
    state, flags = hand.early_events(days(seeded(), 1.0)[0], hand.day_of("A", TODAY + 1, 9.0), RISING)
    assert [(flag.status, flag.newly_potential) for flag in flags] == [("early", True)]
    closed = hand.closed_with(state, hand.rows_of([]), TODAY + 1, RISING)
    assert [(event.status, event.supersedes) for event in closed.events] == [("confirmed", flags[0].event_id)]


def test_the_state_topic_hears_of_a_rise_and_of_a_fall() -> None:
    state, (event,) = days(seeded(), 1.0, 9.0)
    assert rose_of(state.customers, 0, CALENDAR) == event.event_time
    epoch, told = state.closed + 1, list[CustomerState]()
    while state.customers.high[0]:
        closed = hand.closed_with(state, hand.rows_of(hand.day_of("A", epoch, 0.1)), epoch, RISING)
        state, told, epoch = closed.state, [*told, *closed.states], epoch + 1
    assert [(one.customer_id, one.rose) for one in told] == [("A", None)]


@pytest.mark.parametrize(("rose", "told"), [(NEVER, False), (60, True)])
def test_a_fall_is_news_only_of_who_rose(rose: int, told: bool) -> None:  # noqa: FBT001 - a column of the table
    found = turn(np.array([0.9]), classed(high=True, rose=rose), 100, Parameters())
    assert (bool(found.high[0]), bool(found.fallen[0])) == (False, told)


@pytest.mark.parametrize(
    ("power", "base", "stayed", "confidence"),
    [(2_000.0, 990.0, 1.0, 1.0), (2_000.0, 990.0, 0.75, 0.75), (2_000.0, 990.0, 0.3, 1_000 / 2_010),
     (2_000.0, 4_000.0, 0.3, 1.0)],
)  # fmt: skip
def test_growth_that_passed_with_the_season_a_year_ago_is_a_doubt_and_nothing_else_is(
    power: float, base: float, stayed: float, confidence: float
) -> None:
    ahead = outlook(view(short=STEADY | {"wh": power, "seconds": 3_600.0}, base=base, stayed=stayed))
    assert ahead.confidence[0] == pytest.approx(confidence)
    assert ahead.potential[0] == pytest.approx(max((power + 10) / (base + 10), 1.0))


def test_a_fall_is_said_without_a_reason_to_call() -> None:
    state, _ = days(seeded(), *[1.0] * 3, 9.0)
    while not (found := days(state, 1.0))[1]:
        state = found[0]
    state, (event,) = found
    assert (event.from_.quadrant, event.to.quadrant, event.newly_potential) == ("low-high", "low-low", False)
    assert (event.margin < 0, event.reasons, event.status) == (True, (), "confirmed")
    assert [rise.newly_potential for rise in state.risen.values()] in ([], [False])


@pytest.mark.parametrize(("changes", "words"), [
    ({"correction_s": 27 * DAY + 1}, "less than 28"), ({"potential": 0.9}, "at least 1,"),
    ({"potential": float("nan")}, "at least"),
])  # fmt: skip
def test_parameters_that_do_not_fit_are_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(BadParameters, match=words):
        replace(Parameters(), **changes)  # type: ignore[arg-type]
    assert replace(Parameters(), correction_s=27 * DAY).window == 27
