"""Early flags: whom would the close move if nothing else arrived? Judged when a row arrives, beside the confirmed class.

Two looks: a cheap one at every touched customer, on sums gathered row by row (a repeated row counts twice there), and an
exact one, on distinct rows, at those whom the cheap one would move.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.event import Event
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.closing import decays, memories_at_close, view_of
from segmentation.customers import Customers
from segmentation.decision import NONE, judge
from segmentation.indices import vectors
from segmentation.local_state import Flag, Gathered, LocalState
from segmentation.moves import SECOND_US, Look, moves, withdrawn
from segmentation.parameters import Parameters
from segmentation.space import centres_of, ids_of, off_grid, space_of
from segmentation.sums import COLUMN, WIDTH, add_up, tile

Ints = NDArray[np.int64]
AHEAD = 2
"""Epochs after the last closed one that are looked at: the present one, while the one before waits for its close."""


def gather(state: LocalState, rows: pa.Table, parameters: Parameters) -> LocalState:
    """`state` with the sums of `rows` gathered; from all open rows where nothing is gathered yet."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    gathered = state.gathered
    if gathered is None:
        gathered = Gathered(memories_at_close(state, parameters), {})
        rows = pa.concat_tables(state.open) if state.open else kinds.NONE
    days = kinds.numbers(rows, "epoch")
    near = rows.filter(pa.array((days > state.closed) & (days <= state.closed + AHEAD)))
    tiles, sums = tile(near, state.customers.ids, calendar), dict(gathered.sums)
    for epoch in np.unique(tiles.epoch).tolist():
        before = sums.get(epoch)
        whole = np.zeros((len(state.customers), WIDTH), np.int64) if before is None else before
        sums[epoch] = add_up(whole, tiles.of_epoch(epoch))
    return replace(state, gathered=replace(gathered, sums=sums))


def flag(state: LocalState, rows: pa.Table, parameters: Parameters) -> tuple[LocalState, tuple[Event, ...]]:
    """Judge the customers of `rows` as if their present epoch closed now; new flags, and withdrawals of changed ones."""
    model, gathered = state.models.force, state.gathered
    if model is None or gathered is None or not gathered.sums or rows.num_rows == 0:
        return state, ()
    touched = _touched(state, rows)
    events: list[Event] = []
    early = dict(state.early)
    for epoch, numbers in _by_epoch(touched, gathered.sums):
        suspects = _look(state, numbers, gathered.sums, epoch, parameters).verdict.move
        if not suspects.any():
            continue
        for event in _exact(state, numbers[suspects], epoch, parameters):
            events += _raise(early, Flag(epoch, event))
    return (replace(state, early=early), tuple(events)) if events else (state, ())


def _touched(state: LocalState, rows: pa.Table) -> Ints:
    number = pc.drop_null(pc.index_in(pc.unique(rows.column("customer")), value_set=state.customers.ids))
    numbers = np.sort(number.to_numpy(zero_copy_only=False).astype(np.int64))
    return np.asarray(numbers[state.customers.cluster[numbers] != NONE])


def _by_epoch(touched: Ints, sums: Mapping[int, Ints]) -> list[tuple[int, Ints]]:
    """Each touched customer under the last epoch in which it has anything."""
    latest = np.full(len(touched), NONE)
    for epoch in sorted(sums):
        tiles = sums[epoch][touched]
        latest[(tiles[:, COLUMN["seconds"]] > 0) | (tiles[:, COLUMN["transactions"]] > 0)] = epoch
    return [(epoch, touched[latest == epoch]) for epoch in sorted(sums) if (latest == epoch).any()]


def _look(state: LocalState, numbers: Ints, sums: Mapping[int, Ints], epoch: int, parameters: Parameters) -> Look:
    model, gathered, customers = state.models.force, state.gathered, state.customers
    assert model is not None  # noqa: S101 - `flag` looked
    assert gathered is not None  # noqa: S101
    memories = gathered.memories[numbers]
    for day in range(state.closed + 1, epoch + 1):
        memories = memories * decays(parameters)[None, :, None]
        if day in sums:
            memories += sums[day][numbers][:, None, :]
    space, ids = space_of(model), ids_of(model)
    some = customers.some(numbers)
    points = space.place(vectors(view_of(some, memories, epoch, parameters), space.indices))
    verdict = judge(off_grid(points), centres_of(model), some.standing(ids), epoch, parameters)
    seconds, estimated = memories[:, 0, COLUMN["seconds"]], memories[:, 0, COLUMN["estimated_s"]]
    share = np.where(seconds > 0, estimated / np.maximum(seconds, 1e-300), 0.0)
    return Look(numbers, points, verdict, share, np.zeros(len(numbers), np.int64))


def _exact(state: LocalState, suspects: Ints, epoch: int, parameters: Parameters) -> list[Event]:
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    model, names = state.models.force, state.customers.ids.take(pa.array(suspects))
    assert model is not None  # noqa: S101
    open_rows = kinds.of_customers(pa.concat_tables(state.open), names)
    days = kinds.numbers(open_rows, "epoch")
    present = kinds.distinct(open_rows.filter(pa.array((days > state.closed) & (days <= epoch))))
    tiles = tile(present, state.customers.ids, calendar)
    sums = {
        day: add_up(np.zeros((len(state.customers), WIDTH), np.int64), tiles.of_epoch(day))
        for day in np.unique(tiles.epoch).tolist()
    }
    look = _look(state, suspects, sums, epoch, parameters)
    look = replace(look, times=_last_times(present, state.customers, suspects))
    return list(moves(look, state.customers, model, state.models.past, "early", calendar))


def _last_times(rows: pa.Table, customers: Customers, numbers: Ints) -> Ints:
    """End of the last row [us] of each customer: the moment that gave it away."""
    found = np.zeros(len(customers), np.int64)
    number = pc.index_in(rows.column("customer"), value_set=customers.ids).to_numpy().astype(np.int64)
    np.maximum.at(found, number, kinds.numbers(rows, "start").astype(np.int64) + kinds.numbers(rows, "seconds"))
    return np.asarray(found[numbers] * SECOND_US)


def _raise(early: dict[str, Flag], raised: Flag) -> list[Event]:
    """Enter a flag in `early`; the events that say so: none where the same flag stands already."""
    before = early.get(raised.event.customer_id)
    if before is not None and before.event.to.cluster == raised.event.to.cluster:
        return []
    early[raised.event.customer_id] = raised
    return [raised.event] if before is None else [withdrawn(before.event), raised.event]
