"""Backfill: days before all that is known of a customer, sent as history later, and folded once.

What is known of a customer covers a span: from `first` on, of which everything up to `filled` came as history, and
everything from `begun` on in its own time. A day counts as history where it lies outside that span. It is folded as the
seeding folds it, and enters the memories with the forgetting that its day deserves.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.customers import NOT_YET, Customers, newcomers, nobody
from segmentation.decision import NEVER
from segmentation.history import folded
from segmentation.parameters import Parameters
from segmentation.rows import pc
from segmentation.sums import Ints, tile
from segmentation.traits import OWNED
from segmentation.weeks import together

Flags = NDArray[np.bool_]


def fills(rows: pa.Table, customers: Customers) -> Flags:
    """Whether each row (n,) was sent as history, and its day is not covered yet."""
    sent = kinds.numbers(rows, "backfill")
    if not sent.any():
        return sent
    number = pc.fill_null(pc.index_in(rows.column("customer"), value_set=customers.ids), len(customers)).to_numpy()
    first, begun = (np.append(known, NOT_YET)[number] for known in (customers.first, customers.begun))
    filled = np.append(customers.filled, NEVER)[number]
    day, lasting = kinds.numbers(rows, "epoch"), kinds.numbers(rows, "kind") == kinds.ATTRIBUTES
    return np.asarray(sent & ~lasting & (day < begun) & ((day < first) | (day > filled)))


def filled_up(customers: Customers, rows: pa.Table, through: int, parameters: Parameters) -> tuple[Customers, Ints]:
    """Return customers whose memories as of `through` hold the history in `rows` too, and the numbers of those it is.

    All customers of `rows` must be known, all their days at most `through`. A customer's new days are folded in their
    order, then added to its memories as one sum: the result depends on the set of rows alone. Inputs untouched.
    """
    if rows.num_rows == 0:
        return customers, nobody()
    ids = customers.ids.filter(pc.is_in(customers.ids, value_set=pc.unique(rows.column("customer"))))
    tiles = tile(kinds.distinct(rows), ids, Calendar(parameters.time_zone, parameters.epoch_s))
    past = folded(newcomers(kinds.names(ids), parameters.buckets), tiles, through, parameters)
    whole = pc.index_in(ids, value_set=customers.ids).to_numpy().astype(np.int64)
    last = np.full(len(ids), NEVER, np.int32)
    np.maximum.at(last, tiles.customer, tiles.epoch.astype(np.int32))
    memories, hours = customers.memories.copy(), customers.hours.copy()
    memories[whole] += past.memories
    hours[whole] += past.hours
    week, weeks = customers.week.copy(), customers.weeks.copy()
    week[whole] += past.week
    weeks[whole] = together(weeks[whole], past.weeks)
    first, filled, traits = customers.first.copy(), customers.filled.copy(), customers.traits.copy()
    first[whole] = np.minimum(first[whole], past.first)
    filled[whole] = np.maximum(filled[whole], last)
    traits[whole, OWNED] = _owned(traits[whole, OWNED], past.traits[:, OWNED])
    return replace(
        customers, memories=memories, hours=hours, week=week, weeks=weeks, first=first, filled=filled, traits=traits
    ), whole


def _owned(owned: NDArray[np.float64], more: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the assets of both sets; unknown where both are."""
    both = np.nan_to_num(owned).astype(np.int64) | np.nan_to_num(more).astype(np.int64)
    return np.where(np.isnan(owned) & np.isnan(more), np.nan, both)
