"""History: the same sums as the stream's, for any grouping of the customers."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segmentation.customers import Customers
from segmentation.decision import NONE
from segmentation.history import portrait, remember
from segmentation.intake import read
from segmentation.local_state import LocalState
from segmentation.rows import names, numbers
from tests.segmentation import hand
from tests.segmentation.runs import laws, share
from tests.segmentation.towns import CALENDAR, FIRST, PARAMETERS, SEEDED, SPENT, Sent, town, transaction

LEARNED = ("memories", "hours", "first", "traits", "traits_from", "noun")


def learned(customers: Customers) -> dict[str, list[bytes]]:
    """Return what each customer's own rows have taught, to the last bit."""
    columns = [getattr(customers, name) for name in LEARNED]
    return {name: [column[n].tobytes() for column in columns] for n, name in enumerate(names(customers.ids))}


def remembered(state: int, bucket: int | None, through: int = SEEDED) -> LocalState:
    return remember(read(share(town(state).all, bucket), SEEDED, PARAMETERS).rows, through, PARAMETERS, 1)


@pytest.mark.parametrize("state", range(3))
def test_any_grouping_of_customers_gives_the_same_sums(state: int) -> None:
    parts = [learned(remembered(state, bucket).customers) for bucket in range(PARAMETERS.buckets)]
    assert {name: bits for part in parts for name, bits in part.items()} == learned(remembered(state, None).customers)


@given(st.integers(0, 5), st.integers(SEEDED, SEEDED + 4))
@example(1, SEEDED + 4)  # a customer who paid for a service is closed
@laws(15)
def test_an_epoch_gives_the_same_bits_as_history_and_through_its_close(state: int, through: int) -> None:
    rows, last = read(town(state).all, SEEDED, PARAMETERS).rows, SEEDED + 6
    streamed, remembered = (learned(carried_on(remember(rows, begin, PARAMETERS, 1), rows, last).customers)
                            for begin in (FIRST, through))  # fmt: skip
    assert streamed == remembered


def carried_on(state: LocalState, rows: pa.Table, last: int) -> LocalState:
    """Return the state after every epoch up to `last` is closed, all rows being there from the first."""
    for epoch in range(state.closed + 1, last + 1):
        state = hand.closed_with(state, rows, epoch).state
        rows = rows.slice(0, 0)
    return state


def test_history_leaves_later_epochs_to_the_stream() -> None:
    rows = read(town(0).all, SEEDED, PARAMETERS).rows
    past = rows.filter(numbers(rows, "epoch") <= SEEDED)
    early, late = (remember(given, SEEDED, PARAMETERS, 1) for given in (past, rows))
    assert learned(early.customers) == learned(late.customers)
    assert (late.seeded, late.settled, late.closed) == (SEEDED, SEEDED, SEEDED)


def test_other_customers_change_nobody() -> None:
    alone, beside = (remembered(1, bucket) for bucket in (0, None))
    everybody = learned(beside.customers)
    assert learned(alone.customers) == {name: everybody[name] for name in names(alone.customers.ids)}


def test_the_portrait_shows_metered_customers_only() -> None:
    state = remembered(1, None)
    seen = portrait(state, PARAMETERS)
    metered = state.customers.memories[:, 0, 1] > 0
    assert seen.ids == state.customers.ids.filter(metered).to_pylist()
    assert np.isfinite(seen.values[:, 0]).all()


def test_who_was_never_metered_gets_no_class_at_the_seeding() -> None:
    model = hand.two_classes("assets", 0.0, 1.0)
    bought = Sent(CALENDAR.end(FIRST) - 60, SPENT, transaction("B", CALENDAR.end(FIRST) - 120, "purchase", "pv", 1))
    state = hand.remembered([*hand.day_of("A", FIRST, 1.0), bought], model)
    assert state.customers.cluster.tolist() == [0, NONE]
