"""Backfill: history that comes later moves sums and classes as if it had always been there; each day counts once."""

from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation import codec
from segmentation import rows as kinds
from segmentation.closing import Closed
from segmentation.customers import NOT_YET
from segmentation.decision import NEVER
from segmentation.local_state import LocalState
from segmentation.sums import Floats
from tests.segmentation import hand
from tests.segmentation.runs import laws
from tests.segmentation.test_history import learned
from tests.segmentation.towns import CALENDAR, FIRST, SPENT, Sent, transaction

MODEL = hand.two_classes("consumption", float(np.log1p(100)), float(np.log1p(10_000)))
TODAY = FIRST + 1
PAST = range(FIRST - 6, FIRST + 1)


def sent_as_history(sent: list[Sent]) -> pa.Table:
    rows = hand.rows_of(sent)
    return rows.set_column(kinds.ROWS.get_field_index("backfill"), "backfill", pa.array([True] * rows.num_rows))


def days(customer: str, epochs: range, kwh: float) -> list[Sent]:
    bought = [
        Sent(CALENDAR.end(epoch), SPENT, transaction(customer, CALENDAR.end(epoch) - 60, "purchase", "pv", epoch))
        for epoch in epochs if epoch % 3 == 0
    ]  # fmt: skip
    return [one for epoch in epochs for one in hand.day_of(customer, epoch, kwh * (1 + epoch % 5))] + bought


def closed(state: LocalState, *tables: pa.Table, epoch: int = TODAY) -> Closed:
    return hand.closed_with(state, pa.concat_tables([kinds.NONE, *tables]), epoch, hand.EAGER)


def sums(state: LocalState) -> Floats:
    return np.concatenate([state.customers.memories.reshape(len(state.customers), -1), state.customers.hours], axis=1)


@given(st.lists(st.sampled_from(PAST), min_size=1, unique=True), st.randoms())
@laws(20)
def test_before_anything_else_is_known_it_gives_the_bits_of_the_seeding(given: list[int], chance: Random) -> None:
    past = [one for epoch in given for one in days("A", range(epoch, epoch + 1), 2.0)]
    today = hand.rows_of(hand.day_of("A", TODAY, 1.0))
    marked = sent_as_history(past)
    later = closed(hand.nobody(), marked.take(chance.sample(range(len(marked)), len(marked))), today).state
    before = closed(hand.remembered(past, None), today).state
    same = [learned(state.customers) for state in (later, before)]
    assert same[0] == same[1]
    assert (later.customers.begun.item(), before.customers.begun.item()) == (TODAY, min(given))


@given(st.integers(1, 6), st.booleans())
@laws(12)
def test_in_two_parts_it_gives_the_sums_of_the_seeding_whichever_part_comes_first(cut: int, turned: bool) -> None:  # noqa: FBT001
    parts = [days("A", PAST[:cut], 2.0), days("A", PAST[cut:], 2.0)]
    state = closed(hand.nobody(), hand.rows_of(hand.day_of("A", TODAY, 1.0))).state
    for number, part in enumerate(parts[::-1] if turned else parts):
        state = closed(state, sent_as_history(part), epoch=TODAY + 1 + number).state
    whole = closed(hand.remembered(parts[0] + parts[1], None), hand.rows_of(hand.day_of("A", TODAY, 1.0))).state
    for epoch in (TODAY + 1, TODAY + 2):
        whole = closed(whole, epoch=epoch).state
    np.testing.assert_allclose(sums(state), sums(whole), rtol=1e-12)
    assert (state.customers.first.item(), state.customers.filled.item()) == (PAST[0], FIRST)
    assert state.customers.traits.tobytes() == whole.customers.traits.tobytes()


def test_a_day_counts_once_and_a_covered_one_is_an_ordinary_row() -> None:
    history = sent_as_history(days("A", PAST, 2.0))
    state = closed(hand.nobody(), history).state
    again = closed(state, history, epoch=TODAY + 1)
    assert (again.counts["backfilled"], again.counts["already_seeded"]) == (0, history.num_rows)
    assert codec.pack_hot(again.state) == codec.pack_hot(closed(state, epoch=TODAY + 1).state)
    late = closed(hand.nobody(), hand.rows_of(hand.day_of("A", TODAY, 1.0))).state
    for epoch in range(TODAY + 1, TODAY + 6):
        late = closed(late, epoch=epoch).state
    refused = closed(late, sent_as_history(hand.day_of("A", TODAY + 1, 1.0)), epoch=TODAY + 6)
    assert {one.reason for one in refused.rejected} == {"too_late"}


def test_history_without_the_header_is_refused_and_inside_the_window_nothing_special() -> None:
    state = closed(hand.nobody(), hand.rows_of(days("A", PAST, 2.0)))
    assert (state.counts["already_seeded"], len(state.state.customers)) == (len(days("A", PAST, 2.0)), 0)
    inside = closed(hand.nobody(), sent_as_history(hand.day_of("A", TODAY, 2.0))).state
    live = closed(hand.nobody(), hand.rows_of(hand.day_of("A", TODAY, 2.0))).state
    assert (inside.customers.begun.item(), inside.customers.filled.item()) == (TODAY, NEVER)
    assert inside.tiles[TODAY].sums.tobytes() == live.tiles[TODAY].sums.tobytes()


def test_a_class_that_changes_with_it_says_so_and_moves_as_if_it_had_been_there() -> None:
    state = hand.remembered(hand.day_of("A", FIRST, 0.1) + hand.day_of("B", FIRST, 0.1), MODEL, hand.EAGER)
    ((event,), others) = (
        closed(state, sent_as_history(days(name, PAST[:-1], 90.0))).events for name in ("A", "nobody yet")
    )
    assert (event.customer_id, event.cause, event.origin, event.status) == ("A", "backfill", "backfill", "confirmed")
    assert sum(why.share_customer for why in event.reasons) == pytest.approx(1.0)
    assert others == ()


def test_a_customer_who_begins_with_its_history_gets_a_first_class_and_no_event() -> None:
    first = closed(hand.remembered([], MODEL, hand.EAGER), sent_as_history(days("A", PAST, 90.0)))
    assert (first.events, [(said.customer_id, said.place.name) for said in first.states]) == ((), [("A", "high")])
    assert first.state.customers.begun.item() == NOT_YET
    live = closed(first.state, hand.rows_of(hand.day_of("A", TODAY + 1, 90.0)), epoch=TODAY + 1).state
    assert live.customers.begun.item() == TODAY + 1


def test_history_fills_the_weeks_that_the_base_is_made_of() -> None:
    past = days("A", range(FIRST - 40, FIRST + 1), 2.0)
    before = hand.remembered(past, None).customers
    later = closed(hand.nobody(), sent_as_history(past)).state
    whole = closed(hand.remembered(past, None)).state
    assert np.count_nonzero(before.weeks) >= 5
    for one in ("week", "weeks"):
        assert getattr(later.customers, one).tobytes() == getattr(whole.customers, one).tobytes()
    halves = [closed(hand.nobody(), sent_as_history(part)).state for part in (past[: len(past) // 2],)]
    again = closed(halves[0], sent_as_history(past[len(past) // 2 :]), epoch=TODAY + 1).state
    assert np.count_nonzero(again.customers.weeks) == np.count_nonzero(whole.customers.weeks)
