"""Archive data and assets: in force by date, whatever the order of arrival."""

from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from schemas.archive import Archive
from schemas.times import instant
from schemas.transaction import SERVICES
from segmentation import rows as kinds
from segmentation.customers import newcomers
from segmentation.indices import NAMES, REGISTRY
from segmentation.memories import view_of
from segmentation.sums import ASSETS, OFFERED, PAID, tile
from segmentation.traits import CAPACITY, INTENSITY, OWNED, PROTECTED, START, apply_traits, equipped
from segmentation.value_mapping import value_mapping
from tests.segmentation.runs import laws
from tests.segmentation.test_rows import BEGIN, row
from tests.segmentation.towns import CALENDAR, PARAMETERS

US = 1_000_000


def filed(at: int, **attributes: Any) -> dict[str, Any]:  # noqa: ANN401 - attributes of every type
    record = Archive("C", instant(at * US), **attributes)
    return row(kind=kinds.ATTRIBUTES, start=at, text=msgspec.json.encode(record).decode())


def bought(service: str, number: int = 0) -> dict[str, Any]:
    return row(kind=kinds.PURCHASE, text=service, channel=number or 10 + SERVICES.index(service))


def paid_for(service: str) -> dict[str, Any]:
    return row(kind=kinds.PAYMENT, text=service, channel=90 + SERVICES.index(service))


def traits_of(*rows: dict[str, Any]) -> list[float]:
    table = pa.Table.from_pylist([one | {"offset": n} for n, one in enumerate(rows)], kinds.ROWS)
    customers = apply_traits(newcomers(["C"], 1), table)
    tiles = tile(kinds.distinct(table), customers.ids, CALENDAR)
    found: list[float] = equipped(customers, {0: tiles}, range(1)).traits[0].tolist()
    return found


def test_the_latest_that_has_begun_is_in_force() -> None:
    old, new = (
        filed(BEGIN, industry="metal", capacity_kw=5.0, protected=True),
        filed(BEGIN + 9, capacity_kw=50.0, contract_start=instant(7 * US)),
    )
    np.testing.assert_equal(traits_of(old, new), [50.0, np.nan, 7.0, 0.0, 0.0])
    assert traits_of(new, old)[CAPACITY] == 50.0
    assert traits_of(old)[INTENSITY] == value_mapping().numbers["industry", "metal"]
    assert np.isnan(traits_of(old)[START])
    assert traits_of(old)[PROTECTED] == 1.0


def test_only_who_is_said_to_be_protected_is() -> None:
    said = [filed(BEGIN, protected=True), filed(BEGIN, protected=False), filed(BEGIN)]
    found = [apply_traits(newcomers(["C"], 1), pa.Table.from_pylist([one], kinds.ROWS)).protected for one in said]
    assert [protected.tolist() for protected in found] == [[True], [False], [False]]
    assert newcomers(["C"], 1).protected.tolist() == [False]


def test_an_older_change_that_comes_in_a_later_epoch_changes_nothing() -> None:
    customers = newcomers(["C"], 1)
    for one in (filed(BEGIN + 9, capacity_kw=50.0), filed(BEGIN, capacity_kw=5.0)):
        customers = apply_traits(customers, pa.Table.from_pylist([one], kinds.ROWS))
    assert customers.traits[0, CAPACITY] == 50.0


def test_of_two_changes_from_one_moment_the_one_that_came_later_is_in_force() -> None:
    came = [filed(BEGIN, capacity_kw=capacity) | {"offset": n} for n, capacity in enumerate([5.0, 50.0])]
    for rows in (came, came[::-1]):
        found = apply_traits(newcomers(["C"], 1), pa.Table.from_pylist(rows, kinds.ROWS))
        assert found.traits[0, CAPACITY] == 50.0


def test_assets_are_a_set_and_only_lasting_services_are_assets() -> None:
    assert np.isnan(traits_of(bought("energy"))[OWNED])
    owned = traits_of(bought("pv"), bought("pv"), bought("efficiency"), bought("energy"), paid_for("storage"))[OWNED]
    assert owned == float(
        1 << OFFERED.index("pv") | 1 << OFFERED.index("efficiency") | 1 << OFFERED.index("storage") + PAID
    )
    held = replace(newcomers(["C"], 1), traits=np.array([[np.nan, np.nan, np.nan, owned, np.nan]]))
    assets = REGISTRY[NAMES.index("assets")].formula(view_of(held, held.memories, 0, PARAMETERS))
    assert assets.tolist() == [1.0]


def test_a_transaction_that_comes_again_with_another_service_counts_one_asset() -> None:
    first, again = bought("pv", 7), bought("storage", 7)
    for rows in ((first, again), (again, first)):
        assert int(traits_of(*rows)[OWNED]).bit_count() == 1
    assert traits_of(again, first | {"value": 9_999})[OWNED] == float(1 << ASSETS.index("pv"))


changes = st.lists(
    st.builds(filed, st.integers(BEGIN, BEGIN + 3), capacity_kw=st.sampled_from([1.0, 2.0]))
    | st.builds(bought, st.sampled_from(ASSETS)),
    max_size=6, unique_by=lambda one: (one["kind"], one["start"] if one["kind"] == kinds.ATTRIBUTES else one["text"]),
)  # fmt: skip


@given(changes, st.randoms())
@laws(40)
def test_the_order_of_arrival_does_not_matter(rows: list[dict[str, Any]], chance: Random) -> None:
    np.testing.assert_equal(traits_of(*chance.sample(rows, len(rows))), traits_of(*rows))


def test_rows_without_a_text_leave_the_customers_as_they_are() -> None:
    customers = newcomers(["C"], 1)
    assert apply_traits(customers, pa.Table.from_pylist([row()], kinds.ROWS)) is customers


def test_the_value_mapping_is_positive_and_about_one() -> None:
    numbers = list(value_mapping().numbers.values())
    assert min(numbers) > 0
    assert 0.5 < float(np.median(numbers)) < 2
