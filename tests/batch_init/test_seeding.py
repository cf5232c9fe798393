"""What a seeding leaves behind: a deployment's identity, and a state for every bucket."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from batch_init.history import (
    _initial_row,
    _portrait_bytes,
    _remember,
    _standing,
    nobody,
    portrait_of,
    stood_by_bucket,
)
from batch_init.seeding import buckets_for, read_description, write_description
from schemas.event import CustomerState
from schemas.times import iso
from segmentation import codec
from segmentation.buckets import bucket_of
from segmentation.history import Standing, Stood, classified, portrait, remember
from segmentation.intake import read
from segmentation.quadrants import on_axes
from segmentation.rows import split
from segmentation.space import space_of
from segmentation.value_mapping import value_mapping
from tests.segmentation.runs import first_model
from tests.segmentation.towns import CALENDAR, PARAMETERS, SEEDED, town


@pytest.mark.parametrize(("customers", "buckets"), [(0, 8), (1, 8), (64_000, 8), (64_001, 9), (1_000_000, 125)])
def test_buckets_are_few_and_fat(customers: int, buckets: int) -> None:
    assert buckets_for(customers) == buckets


def test_a_description_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_description(tmp_path, PARAMETERS, 3)
    assert read_description(tmp_path) == (PARAMETERS, 3)


def test_a_folder_without_one_has_no_description(tmp_path: Path) -> None:
    assert read_description(tmp_path) is None


def test_a_bucket_on_spark_remembers_what_the_fold_of_history_does() -> None:
    rows = read(town(0).all, SEEDED, PARAMETERS).rows
    row = _remember(1, rows, SEEDED, PARAMETERS, 2, value_mapping()).to_pylist()[0]
    expected = remember(split(rows, CALENDAR), SEEDED, PARAMETERS, 2)
    assert row["payload"] == codec.pack_hot(expected)
    assert (row["bucket"], row["customers"]) == (1, len(expected.customers))


def test_a_portrait_survives_the_way_to_the_driver() -> None:
    seen = portrait(remember(read(town(0).all, SEEDED, PARAMETERS).rows, SEEDED, PARAMETERS, 1), PARAMETERS)
    found = portrait_of(_portrait_bytes(seen))
    assert list(found.ids) == list(seen.ids)
    np.testing.assert_array_equal(found.values, seen.values)
    np.testing.assert_array_equal(found.nouns, seen.nouns)


def test_a_first_class_comes_with_its_place_on_the_axes() -> None:
    model, rows = first_model(0), read(town(0).all, SEEDED, PARAMETERS).rows
    state = remember(split(rows, CALENDAR), SEEDED, PARAMETERS, 1)
    row = _initial_row(1, classified(state, model, PARAMETERS), model, PARAMETERS).to_pylist()[0]
    said = [msgspec.json.decode(one["value"], type=CustomerState) for one in row["states"]]
    seen = portrait(state, PARAMETERS)
    places = dict(zip(seen.ids, on_axes(space_of(model).place(seen.values), model), strict=True))
    assert {one.customer_id: (one.current_value, one.potential_value) for one in said} == places
    assert len(set(places.values())) > 1


def test_where_customers_stood_reaches_their_buckets() -> None:
    stood = {f"C-{number}": Stood(number % 3, SEEDED - number, None if number % 2 else SEEDED) for number in range(20)}
    rows, model = stood_by_bucket(stood, PARAMETERS), first_model(0)
    assert [bucket for bucket, _ in rows] == sorted({bucket_of(who, PARAMETERS.buckets) for who in stood})
    found: dict[str, Stood] = {}
    for bucket, data in rows:
        standing = _standing({"bucket": bucket, "stood": data}, model)
        assert standing is not None
        assert all(bucket_of(who, PARAMETERS.buckets) == bucket for who in standing.stood)
        found |= standing.stood
    assert found == stood
    assert (_standing({"stood": None}, model), _standing({}, None)) == (None, None)


def test_a_state_after_a_new_seeding_says_since_when() -> None:
    model, rows = first_model(0), read(town(0).all, SEEDED, PARAMETERS).rows
    state = remember(split(rows, CALENDAR), SEEDED, PARAMETERS, 1)
    last = int(model.clusters[-1].id)
    stood = classified(state, model, PARAMETERS, Standing(model, {"C-000": Stood(last, SEEDED - 3, SEEDED - 2)}))
    said = [
        msgspec.json.decode(one["value"], type=CustomerState)
        for one in _initial_row(1, stood, model, PARAMETERS).to_pylist()[0]["states"]
    ]
    ends = [iso(CALENDAR.end(epoch) * 1_000_000) for epoch in (SEEDED - 3, SEEDED - 2, SEEDED)]
    assert (said[0].customer_id, said[0].place.cluster, said[0].place.since, said[0].rose) == ("C-000", last, *ends[:2])
    assert {one.place.since for one in said[1:]} == {ends[2]}


def test_a_bucket_without_customers_has_the_model_and_nobody() -> None:
    model = first_model(0)
    ((bucket, payload),) = nobody({2}, model, PARAMETERS, 4)
    state = codec.unpack_hot(payload)
    assert (bucket, len(state.customers), state.models.force, state.closed) == (2, 0, model, model.epoch)
    assert state.passport.generation == 4
