"""Early flags: those whom the close would move if nothing else arrived.

Judged when a row arrives, kept beside the confirmed class. Two looks: a cheap one at every touched customer, on sums
gathered row by row (a repeated row counts twice there), and an exact one at those whom the cheap one would move or of
whom the archive or a purchase tells something new: their epochs are closed on a copy. A correction of a closed day
raises no flag by itself.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.event import Event
from schemas.model import Model
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.closing import close
from segmentation.customers import nobody
from segmentation.decision import NONE, judge
from segmentation.indices import vectors
from segmentation.local_state import Flag, Gathered, LocalState
from segmentation.memories import absorbed, decays, view_of
from segmentation.moves import SECOND_US, foreseen, withdrawn
from segmentation.parameters import Parameters
from segmentation.rises import falls, rise_of
from segmentation.rows import pc
from segmentation.space import centres_of, ids_of, off_grid, space_of
from segmentation.sums import COLUMN, WIDTH, Floats, Ints, add_up, tile
from segmentation.traits import equipped
from segmentation.window import touched

AHEAD = 2
"""Epochs after the last closed one that are looked at: the present one, while the one before waits for its close."""
_NEWS = pa.array([kinds.PURCHASE, kinds.ATTRIBUTES], pa.int8())
"""Kinds of rows that say something which no sum tells."""
EVERYTHING = 1 << 62
"""An offset [1] beyond all others."""


def gather(state: LocalState, rows: pa.Table, parameters: Parameters) -> LocalState:
    """Return `state` with the sums of `rows` gathered; from all open rows where nothing is gathered yet."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    gathered = state.gathered
    if gathered is None:
        past = range(state.settled + 1, state.closed + 1)
        gathered = Gathered(absorbed(state.customers.memories, state.tiles, past, parameters), {})
        rows = pa.concat_tables(state.open) if state.open else kinds.NONE
    days = kinds.numbers(rows, "epoch")
    near = rows.filter(pa.array((days > state.closed) & (days <= state.closed + AHEAD)))
    tiles, sums = tile(near, state.customers.ids, calendar), dict(gathered.sums)
    for epoch in np.unique(tiles.epoch).tolist():
        before = sums.get(epoch)
        whole = np.zeros((len(state.customers), WIDTH), np.int64) if before is None else before
        sums[epoch] = add_up(whole, tiles.of_epoch(epoch))
    return replace(state, gathered=replace(gathered, sums=sums))


def follow(state: LocalState, blocks: tuple[pa.Table, ...], parameters: Parameters) -> LocalState:
    """Return `state` after it took in `blocks` of open rows, what is gathered with them; its flags are as they were."""
    grown = replace(state, open=(*state.open, *blocks))
    if state.gathered is None or not blocks:
        return grown
    return gather(grown, pa.concat_tables(blocks), parameters)


def flag(state: LocalState, parameters: Parameters) -> tuple[LocalState, tuple[Event, ...]]:
    """Judge the customers of the last open block of rows as if their present epoch closed now.

    Returns the state with its new flags, and the events that say so: new flags, and withdrawals of those that changed
    their mind. A flag that stands is not said again. Needs `gather` first. Inputs untouched.
    """
    model, gathered = state.models.force, state.gathered
    if model is None or gathered is None or not state.open:
        return state, ()
    rows = state.open[-1]
    told = _numbers(rows.filter(pc.is_in(rows.column("kind"), value_set=_NEWS)), state)
    events: list[Event] = []
    early = dict(state.early)
    for epoch, numbers in _by_epoch(_numbers(rows, state), gathered.sums, state.closed + 1):
        moving = numbers[_would_move(state, model, numbers, epoch, parameters)]
        for raised in _foreseen(state, np.union1d(moving, np.intersect1d(told, numbers)), epoch, parameters):
            events += _raise(early, raised)
    return (replace(state, early=early), tuple(events)) if events else (state, ())


def _numbers(rows: pa.Table, state: LocalState) -> Ints:
    """Numbers of the customers of `rows` who have a class, rising."""
    if rows.num_rows == 0:
        return nobody()
    number = pc.drop_null(pc.index_in(pc.unique(rows.column("customer")), value_set=state.customers.ids))
    numbers = np.sort(number.to_numpy(zero_copy_only=False).astype(np.int64))
    return np.asarray(numbers[state.customers.cluster[numbers] != NONE])


def _by_epoch(touched: Ints, sums: Mapping[int, Ints], earliest: int) -> list[tuple[int, Ints]]:
    """Each touched customer under the last epoch in which it has anything, `earliest` where it has nothing."""
    latest = np.full(len(touched), earliest)
    for epoch in sorted(sums):
        tiles = sums[epoch][touched]
        latest[(tiles[:, COLUMN["seconds"]] > 0) | (tiles[:, COLUMN["transactions"]] > 0)] = epoch
    return [(int(epoch), touched[latest == epoch]) for epoch in np.unique(latest)]


def _would_move(
    state: LocalState, model: Model, numbers: Ints, epoch: int, parameters: Parameters
) -> NDArray[np.bool_]:
    """Return (m,) whether each customer would move at the close of `epoch`, by the gathered sums."""
    customers = equipped(state.customers, state.tiles, range(state.settled + 1, state.closed + 1))
    # what is not looked at is not copied
    unseen = {name: getattr(customers, name)[:, :0] for name in ("memories", "hours", "anchor")}
    customers = replace(customers, **unseen).some(numbers)
    memories = _memories(state, numbers, epoch, parameters)
    space = space_of(model)
    view = view_of(customers, memories, epoch, parameters)
    points = space.place(vectors(view, space.indices))
    verdict = judge(off_grid(points), centres_of(model), customers.standing(ids_of(model)), epoch, parameters)
    return verdict.move | rise_of(view, customers, epoch, parameters).turn.risen


def _memories(state: LocalState, numbers: Ints, epoch: int, parameters: Parameters) -> Floats:
    gathered = state.gathered or Gathered(state.customers.memories, {})
    memories = gathered.memories[numbers]
    for day in range(state.closed + 1, epoch + 1):
        memories = memories * decays(parameters)[None, :, None]
        if day in gathered.sums:
            memories += gathered.sums[day][numbers][:, None, :]
    return memories


def _foreseen(state: LocalState, numbers: Ints, epoch: int, parameters: Parameters) -> list[Flag]:
    """Close every epoch up to `epoch` on a copy that holds these customers alone; their moves, as flags."""
    if len(numbers) == 0:
        return []
    copy = _alone(state, numbers, parameters)
    open_rows = pa.concat_tables(copy.open)
    times = _last_times(open_rows, epoch, parameters)
    limits = dict.fromkeys(np.unique(kinds.numbers(open_rows, "lane")).tolist(), EVERYTHING)
    flags: dict[str, Flag] = {}
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    for day in range(state.closed + 1, epoch + 1):
        closed = close(copy, day, limits, parameters)
        copy = closed.state
        for event in closed.events:
            if event.supersedes is not None or falls(event):  # corrects another, or foretells nothing to call for
                continue
            flags[event.customer_id] = Flag(
                day, foreseen(event, times.get(event.customer_id, calendar.end(state.closed) * SECOND_US))
            )
    return [flags[customer] for customer in sorted(flags)]


def _alone(state: LocalState, numbers: Ints, parameters: Parameters) -> LocalState:
    customers = state.customers.some(numbers)
    open_rows = kinds.of_customers(pa.concat_tables(state.open), customers.ids)
    closed = touched(open_rows, state.window, Calendar(parameters.time_zone, parameters.epoch_s))
    window = {day: kinds.pack(kinds.of_customers(rows, customers.ids)) for day, rows in closed.items()}
    tiles = {day: tiles.of_customers(numbers) for day, tiles in state.tiles.items()}
    mine = set(kinds.names(customers.ids))
    # what the models beside the live one would do is counted at the close alone, and so is what a rollback undoes
    models = replace(state.models, trial=None, shadow=None, undo=None)
    return replace(
        state, customers=customers, models=models, open=(open_rows,), window=window, tiles=tiles, early={},
        gathered=None, recent={who: state.recent[who] for who in sorted(mine & state.recent.keys())},
        risen={who: state.risen[who] for who in sorted(mine & state.risen.keys())},
    )  # fmt: skip


def _last_times(rows: pa.Table, epoch: int, parameters: Parameters) -> dict[str, int]:
    """End of the last piece [us] of each customer up to `epoch`: the moment that gave it away."""
    rows = rows.filter(pa.array(kinds.numbers(rows, "epoch") <= epoch))
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    begin = np.maximum(kinds.numbers(rows, "start"), calendar.start(kinds.numbers(rows, "epoch")))
    ends = (begin + kinds.numbers(rows, "seconds")) * SECOND_US
    latest: dict[str, int] = {}
    for customer, end in zip(kinds.names(rows.column("customer")), ends.tolist(), strict=True):
        latest[customer] = max(end, latest.get(customer, end))
    return latest


def _raise(early: dict[str, Flag], raised: Flag) -> list[Event]:
    """Enter a flag in `early`; the events that say so: none where the same flag stands already."""
    before = early.get(raised.event.customer_id)
    if before is not None and before.event.to.cluster == raised.event.to.cluster:
        return []
    early[raised.event.customer_id] = raised
    return [raised.event] if before is None else [withdrawn(before.event), raised.event]
