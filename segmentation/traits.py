"""What a customer has and is: archive attributes and assets, as numbers, in force by date."""

from dataclasses import replace
from functools import lru_cache
from importlib import resources

import msgspec
import numpy as np
import pyarrow as pa

from schemas.archive import Archive
from schemas.times import microseconds
from segmentation import rows as kinds
from segmentation.customers import Customers
from segmentation.indices import TRAITS
from segmentation.rows import pc
from segmentation.value_mapping import ValueMapping, parse

ASSETS = ("heat_pump", "pv", "storage", "ev_charging")
"""Services that leave something at the customer's."""
CAPACITY, INTENSITY, START, OWNED, PROTECTED = (TRAITS.index(name) for name in TRAITS)
CLASSES = {
    "household": "household", "residential": "household", "commercial": "business", "industrial": "plant",
    "agricultural": "farm", "public": "public site",
}  # fmt: skip
"""What a customer of each archive class is called."""
NOUNS = ("customer", *dict.fromkeys(CLASSES.values()))

_decode = msgspec.json.Decoder(Archive)


@lru_cache(maxsize=1)
def value_mapping() -> ValueMapping:
    """Return the value mapping table of the archive's attributes, the file `value_mapping.csv`."""
    name = "value_mapping.csv"
    return parse(resources.files("segmentation").joinpath(name).read_text(encoding="utf-8"), name)


def apply_traits(customers: Customers, rows: pa.Table) -> Customers:
    """Return customers after the archive changes and purchases in `rows`; the latest `valid_from` wins, in any order.

    All customers of `rows` must be known. Inputs untouched.
    """
    told = rows.filter(pc.is_valid(rows.column("text")))
    if told.num_rows == 0:
        return customers
    number = dict(zip(customers.ids.to_pylist(), range(len(customers)), strict=True))
    traits, since, noun = customers.traits.copy(), customers.traits_from.copy(), customers.noun.copy()
    for row in told.sort_by([("start", "ascending"), ("offset", "ascending")]).to_pylist():
        at = number[row["customer"]]
        if row["kind"] == kinds.PURCHASE:
            traits[at, OWNED] = _owned(traits[at, OWNED], row["text"])
        elif row["kind"] == kinds.ATTRIBUTES:
            archive = _decode.decode(row["text"])
            if (valid := microseconds(archive.valid_from)) >= since[at]:
                since[at], noun[at] = valid, _noun(archive)
                traits[at, :OWNED], traits[at, PROTECTED] = _numbers(archive), archive.protected is True
                traits[at, OWNED] = 0.0 if np.isnan(traits[at, OWNED]) else traits[at, OWNED]
    return replace(customers, traits=traits, traits_from=since, noun=noun)


def _owned(owned: float, service: str) -> float:
    """Assets are counted as a set of bits inside one number; `assets` in the view counts them."""
    if service not in ASSETS:
        return owned
    return float(int(0 if np.isnan(owned) else owned) | 1 << ASSETS.index(service))


def _numbers(archive: Archive) -> tuple[float, float, float]:
    intensity = value_mapping().numbers.get(("industry", archive.industry or ""), np.nan)
    capacity = np.nan if archive.capacity_kw is None else archive.capacity_kw
    start = np.nan if archive.contract_start is None else microseconds(archive.contract_start) / 1e6
    return capacity, intensity, start


def _noun(archive: Archive) -> int:
    return NOUNS.index(CLASSES.get((archive.customer_class or "").lower(), NOUNS[0]))
