"""The hot part of a local node's state: one row per customer, changed only when an epoch closes."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmentation.buckets import bucket_of
from segmentation.decision import NEVER, NONE, Standing
from segmentation.indices import TRAITS
from segmentation.rows import Texts, names
from segmentation.sums import HOURS, WIDTH
from segmentation.weeks import UNKNOWN, WEEKS

MEMORIES = 2
NOT_YET = 1 << 30
"""The first epoch with data of a customer who has none yet: one after all others."""


@dataclass(frozen=True)
class Customers:
    """n customers in rising order of `ids`; every array has n rows.

    `memories` (n, 2, WIDTH) are the settled short and long sums; `hours` (n, 24) the load shape [Wh]; `week` (n, 2) and
    `weeks` (n, WEEKS) the week in progress and the whole ones, settled (see `weeks`); `first` the first epoch with a
    reading or transaction, or NOT_YET; `begun` the first of those that did not come as history (see `backfill`),
    `filled` the last of those that did, or NEVER; `traits` (n, 5) archive numbers, in force since `traits_from` [us];
    `started` the epoch with which it began (see `lifecycle`), NEVER where that is not told, NOT_YET while it is closed;
    `noun` the customer class; `cluster`, `since`, `moved`, `challenger`, `challenged` the class and its hysteresis
    [cluster id, epoch]; `high` whether the potential is, `rose` when it last became so [epoch]; `anchor` (n, d) the
    trace (as in `space`) at the last evaluation that confirmed the class, by model `anchor_version`.
    """

    ids: Texts
    bucket: NDArray[np.int32]
    first: NDArray[np.int32]
    begun: NDArray[np.int32]
    filled: NDArray[np.int32]
    memories: NDArray[np.float64]
    hours: NDArray[np.float64]
    week: NDArray[np.float64]
    weeks: NDArray[np.uint16]
    traits: NDArray[np.float64]
    traits_from: NDArray[np.int64]
    noun: NDArray[np.int64]
    started: NDArray[np.int32]
    cluster: NDArray[np.int64]
    since: NDArray[np.int64]
    moved: NDArray[np.int64]
    challenger: NDArray[np.int64]
    challenged: NDArray[np.int64]
    high: NDArray[np.bool_]
    rose: NDArray[np.int64]
    anchor: NDArray[np.int32]
    anchor_version: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def standing(self, ids: NDArray[np.int64]) -> Standing:
        """Hysteresis in terms of the centres' positions; `ids` (k,) are the clusters' identities, rising."""
        return Standing(_positions(self.cluster, ids), self.moved, _positions(self.challenger, ids), self.challenged)

    @property
    def protected(self) -> NDArray[np.bool_]:
        """Whether each customer (n,) is protected from moves by a model alone."""
        return np.asarray(self.traits[:, TRAITS.index("protected")] > 0)

    def with_new(self, ids: list[str], buckets: int) -> tuple["Customers", NDArray[np.int64]]:
        """Return these and the customers of `ids`, and the new number of each old one."""
        known = set(self.ids.to_pylist())
        fresh = sorted(set(ids) - known)
        if not fresh:
            return self, np.arange(len(self))
        added = newcomers(fresh, buckets, self.anchor.shape[1])
        together = [*names(self.ids), *fresh]
        order = np.array(sorted(range(len(together)), key=lambda n: together[n]), np.int64)
        joined = {
            field.name: np.concatenate([getattr(self, field.name), getattr(added, field.name)])[order]
            for field in fields(self) if field.name != "ids"
        }  # fmt: skip
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return Customers(ids=pa.array([together[n] for n in order], pa.string()), **joined), place[: len(self)]

    def some(self, numbers: NDArray[np.int64]) -> "Customers":
        """Return the customers of these numbers (m,), in that order."""
        taken = {field.name: getattr(self, field.name)[numbers] for field in fields(self) if field.name != "ids"}
        return Customers(ids=self.ids.take(numbers), **taken)

    def with_width(self, width: int) -> "Customers":
        """Return these with anchors of `width` indices (a first model tells how many there are)."""
        if self.anchor.shape[1] == width:
            return self
        return replace(self, anchor=np.zeros((len(self), width), np.int32))


def _positions(clusters: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each cluster id in `ids`, NONE where there is none."""
    at = np.minimum(np.searchsorted(ids, clusters), len(ids) - 1)
    return np.where(ids[at] == clusters, at, NONE)


def newcomers(ids: list[str], buckets: int, width: int = 0) -> Customers:
    """Return customers of whom nothing is known yet; `ids` must be sorted."""
    count = len(ids)
    return Customers(
        ids=pa.array(ids, pa.string()),
        bucket=np.array([bucket_of(customer, buckets) for customer in ids], np.int32),
        first=np.full(count, NOT_YET, np.int32),
        begun=np.full(count, NOT_YET, np.int32),
        filled=np.full(count, NEVER, np.int32),
        memories=np.zeros((count, MEMORIES, WIDTH)),
        hours=np.zeros((count, HOURS)),
        week=np.zeros((count, 2)),
        weeks=np.full((count, WEEKS), UNKNOWN, np.uint16),
        traits=np.full((count, len(TRAITS)), np.nan),
        traits_from=np.full(count, np.iinfo(np.int64).min),
        noun=np.zeros(count, np.int64),
        started=np.full(count, NEVER, np.int32),
        cluster=np.full(count, NONE, np.int64),
        since=np.full(count, NEVER, np.int64),
        moved=np.full(count, NEVER, np.int64),
        challenger=np.full(count, NONE, np.int64),
        challenged=np.full(count, NEVER, np.int64),
        high=np.zeros(count, np.bool_),
        rose=np.full(count, NEVER, np.int64),
        anchor=np.zeros((count, width), np.int32),
        anchor_version=np.full(count, NONE, np.int64),
    )


def nobody() -> NDArray[np.int64]:
    """Return the numbers of no customers."""
    return np.zeros(0, np.int64)


def to_table(customers: Customers) -> pa.Table:
    """One Arrow table, a row per customer; arrays of more dimensions become fixed-size lists, of no width nothing."""
    columns: dict[str, Any] = {"ids": customers.ids}
    for field in fields(customers):
        if field.name == "ids":
            continue
        array = getattr(customers, field.name)
        flat = pa.array(np.ascontiguousarray(array).reshape(-1))
        width = int(np.prod(array.shape[1:]))
        if width:
            columns[field.name] = flat if array.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, width)
    return pa.table(columns)


def from_table(table: pa.Table) -> Customers:
    """Return the inverse of `to_table`; arrays are read-only views where the table allows."""
    count = table.num_rows
    arrays = {}
    empty = newcomers([], 1)
    for field in fields(Customers):
        if field.name == "ids":
            continue
        like = getattr(empty, field.name)
        if field.name not in table.column_names:
            arrays[field.name] = np.zeros((count, 0), like.dtype)
            continue
        column: Any = table.column(field.name).combine_chunks()
        flat = column.flatten() if pa.types.is_fixed_size_list(column.type) else column
        shape = (count, -1) if field.name == "anchor" and count else (count, *like.shape[1:])
        arrays[field.name] = flat.to_numpy(zero_copy_only=False).reshape(shape)
    return Customers(ids=table.column("ids").combine_chunks(), **arrays)
