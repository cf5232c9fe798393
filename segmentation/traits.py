"""What a customer has and is: archive attributes and assets, as numbers, in force by date."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import numpy as np
import pyarrow as pa

from schemas.archive import Archive
from schemas.times import microseconds
from segmentation import rows as kinds
from segmentation.customers import Customers
from segmentation.indices import TRAITS
from segmentation.sums import Tiles
from segmentation.value_mapping import ValueMapping, value_mapping

CAPACITY, INTENSITY, START, OWNED, PROTECTED = (TRAITS.index(name) for name in TRAITS)
CLASSES = {
    "household": "household", "residential": "household", "commercial": "business", "industrial": "plant",
    "agricultural": "farm", "public": "public site",
}  # fmt: skip
"""What a customer of each archive class is called."""
NOUNS = ("customer", *dict.fromkeys(CLASSES.values()))

_decode = msgspec.json.Decoder(Archive)


def apply_traits(customers: Customers, rows: pa.Table, mapping: ValueMapping | None = None) -> Customers:
    """Return customers after the archive changes in `rows`; the latest `valid_from` wins, in any order.

    `mapping` says what categorical values count as; None is the product's own. All customers of `rows` must be known.
    Inputs untouched.
    """
    told = kinds.where(rows, kinds.numbers(rows, "kind") == kinds.ATTRIBUTES)
    if told.num_rows == 0:
        return customers
    table = mapping or value_mapping()
    number = dict(zip(customers.ids.to_pylist(), range(len(customers)), strict=True))
    traits, since, noun = customers.traits.copy(), customers.traits_from.copy(), customers.noun.copy()
    for row in told.sort_by([("start", "ascending"), ("offset", "ascending")]).to_pylist():
        at, archive = number[row["customer"]], _decode.decode(row["text"])
        if (valid := microseconds(archive.valid_from)) >= since[at]:
            since[at], noun[at] = valid, _noun(archive)
            traits[at, :OWNED], traits[at, PROTECTED] = _numbers(archive, table), archive.protected is True
            traits[at, OWNED] = np.nan_to_num(traits[at, OWNED])
    return replace(customers, traits=traits, traits_from=since, noun=noun)


def equipped(customers: Customers, tiles: Mapping[int, Tiles], epochs: range) -> Customers:
    """Return customers who also own what they bought in these epochs; untouched. A set, so any order gives the same."""
    traits = customers.traits.copy()
    for epoch in epochs:
        if (day := tiles.get(epoch)) is not None and day.owned.any():
            bought = day.some(day.owned > 0)
            owned = np.nan_to_num(traits[bought.customer, OWNED]).astype(np.int64)
            traits[bought.customer, OWNED] = owned | bought.owned
    return replace(customers, traits=traits)


def _numbers(archive: Archive, mapping: ValueMapping) -> tuple[float, float, float]:
    intensity = mapping.numbers.get(("industry", archive.industry or ""), np.nan)
    capacity = np.nan if archive.capacity_kw is None else archive.capacity_kw
    start = np.nan if archive.contract_start is None else microseconds(archive.contract_start) / 1e6
    return capacity, intensity, start


def _noun(archive: Archive) -> int:
    return NOUNS.index(CLASSES.get((archive.customer_class or "").lower(), NOUNS[0]))
