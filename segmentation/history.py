"""History: the same tiles and memories as the stream's, folded over all past epochs at once, with nobody judged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.model import Model
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.customers import Customers, newcomers
from segmentation.decision import NEVER
from segmentation.indices import SHORT, vectors
from segmentation.lifecycle import begun, theirs
from segmentation.local_state import LocalState, Models, Passport
from segmentation.memories import absorbed, absorbed_hours, view_of
from segmentation.parameters import Parameters
from segmentation.potential import outlook
from segmentation.rows import names, pc
from segmentation.space import centres_of, distances, ids_of, off_grid, space_of
from segmentation.sums import COLUMN, Tiles, tile
from segmentation.traits import apply_traits, equipped
from segmentation.value_mapping import ValueMapping
from segmentation.weeks import absorbed_weeks


def remember(rows: pa.Table, through: int, parameters: Parameters, generation: int,
             mapping: ValueMapping | None = None) -> LocalState:  # fmt: skip
    """State after history: every row of an epoch up to `through`, folded for good.

    `rows` as `rows.split` cuts them, in any order; those of later epochs are left to the stream. The sums of a customer
    depend on its own rows alone, so any grouping of customers gives the same. O(rows log rows + customers x epochs).
    """
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    past = kinds.where(rows, kinds.numbers(rows, "epoch") <= through)
    measured = kinds.distinct(kinds.where(past, kinds.numbers(past, "kind") != kinds.ATTRIBUTES))
    ids = sorted(kinds.names(pc.unique(past.column("customer"))))
    customers = begun(newcomers(ids, parameters.buckets), past, calendar)
    measured = kinds.where(measured, theirs(measured, customers))
    customers = folded(customers, tile(measured, customers.ids, calendar), through, parameters)
    customers = apply_traits(replace(customers, begun=customers.first), past, mapping)
    passport = Passport(parameters.stream, generation, parameters.fingerprint)
    return LocalState(passport, through, through, through, customers)


def _first_epochs(tiles: Tiles, customers: Customers) -> NDArray[np.int32]:
    first = customers.first.copy()
    np.minimum.at(first, tiles.customer, tiles.epoch.astype(np.int32))
    return first


def folded(customers: Customers, tiles: Tiles, through: int, parameters: Parameters) -> Customers:
    """Return customers of whom nothing was known after all their `tiles`, folded in epoch order up to `through`."""
    by_epoch = {epoch: tiles.of_epoch(epoch) for epoch in np.unique(tiles.epoch).tolist()}
    epochs = range(min(by_epoch, default=through), through + 1)
    week, weeks = absorbed_weeks(customers.week, customers.weeks, by_epoch, epochs, parameters)
    return replace(
        equipped(customers, by_epoch, epochs),
        first=_first_epochs(tiles, customers),
        week=week,
        weeks=weeks,
        memories=absorbed(customers.memories, by_epoch, epochs, parameters),
        hours=absorbed_hours(customers.hours, by_epoch, epochs, parameters),
    )


class Stood(msgspec.Struct, frozen=True, array_like=True):
    """Where a customer stood before: its cluster since the end of `since`; when it last rose, if it stands high."""

    cluster: int
    since: int
    rose: int | None = None


class Standing(msgspec.Struct, frozen=True):
    """Where customers stood, under a model whose centres lie in the space of the new one."""

    before: Model
    stood: Mapping[str, Stood]


def _metered(customers: Customers) -> NDArray[np.bool_]:
    """Whether each customer has any metered time to speak of (n,)."""
    return np.asarray(customers.memories[:, SHORT, COLUMN["seconds"]] > 0)


@dataclass(frozen=True)
class Portrait:
    """What the seeding sees of n customers: ids, transformed indices (n, d), NaN where missing, class nouns (n,)."""

    ids: list[str]
    values: NDArray[np.float64]
    nouns: NDArray[np.int64]


def portrait(state: LocalState, parameters: Parameters) -> Portrait:
    """Return the customers of a state as the seeding sees them: those with any metered time."""
    customers = state.customers
    values = vectors(view_of(customers, customers.memories, state.closed, parameters))
    seen = np.flatnonzero(_metered(customers))
    return Portrait([customers.ids[int(n)].as_py() for n in seen], values[seen], customers.noun[seen])


def classified(state: LocalState, model: Model, parameters: Parameters, standing: Standing | None = None) -> LocalState:
    """State with the first class of every customer under `model`: state, not events.

    With a `standing` before a new seeding, whoever had a class keeps it: the next close judges it by `model`.
    """
    customers = state.customers.with_width(len(model.indices))
    space = space_of(model)
    view = view_of(customers, customers.memories, state.closed, parameters)
    traces = space.trace(vectors(view, space.indices))
    nearest = distances(off_grid(space.point(traces)), centres_of(model)).argmin(axis=1)
    customers = replace(
        customers,
        cluster=np.where(_metered(customers), ids_of(model)[nearest], customers.cluster),
        since=np.full(len(customers), state.closed, np.int64),
        high=outlook(view).lasting >= parameters.potential,
        anchor=traces,
        anchor_version=np.full(len(customers), model.version, np.int64),
    )
    state = replace(state, customers=customers, models=Models(force=model, past={model.version: model}))
    return state if standing is None else _standing(state, standing)


def _standing(state: LocalState, standing: Standing) -> LocalState:
    """Return the state in which customers with a class stand where they stood."""
    customers, before = state.customers, standing.before
    rows = [at for at, who in enumerate(names(customers.ids)) if who in standing.stood and customers.cluster[at] >= 0]
    stood = [standing.stood[who] for who in names(customers.ids.take(np.array(rows, np.int64)))]
    cluster, since, version = customers.cluster.copy(), customers.since.copy(), customers.anchor_version.copy()
    high, rose = customers.high.copy(), customers.rose.copy()
    cluster[rows], since[rows] = [one.cluster for one in stood], [one.since for one in stood]
    version[rows] = before.version
    rose[rows] = [NEVER if one.rose is None else one.rose for one in stood]
    high[rows] |= [one.rose is not None for one in stood]
    past = {**state.models.past, before.version: before}
    customers = replace(customers, cluster=cluster, since=since, anchor_version=version, high=high, rose=rose)
    return replace(state, customers=customers, models=replace(state.models, past=past))
