"""Seeding again: identities go on, and what the new definition does by itself is told as such, or not as events."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from schemas.archive import Archive
from schemas.event import Event
from schemas.model import Cluster, Model
from schemas.times import instant
from segmentation.central_state import first_state
from segmentation.closing import Closed
from segmentation.first_model import Fit, fit, sample
from segmentation.history import Portrait, Standing, Stood, classified, portrait, remember
from segmentation.intake import read
from segmentation.local_state import LocalState
from segmentation.quadrants import is_high
from segmentation.reseeding import Before, Reseeded, identified, restated
from segmentation.rows import names
from segmentation.space import centres_of, ids_of, space_of
from segmentation.value_mapping import ValueMapping, as_told, value_mapping
from tests.segmentation import hand, runs
from tests.segmentation.towns import CALENDAR, FILED, FIRST, LANES, PARAMETERS, Sent, town

OLD = hand.two_classes("consumption", 2.0, 8.0)
WIDE = replace(hand.NOBODY_RISES, dwell_s=0, blast_radius=1.0)


def looked_at(*values: float) -> Portrait:
    ids = [f"C-{number}" for number in range(len(values))]
    return Portrait(ids, np.array(values)[:, None], np.zeros(len(values), np.int64))


def before(model: Model, *clusters: int, next_id: int = 7) -> Before:
    stood = {f"C-{number}": Stood(cluster, FIRST - 9) for number, cluster in enumerate(clusters)}
    return Before(model, next_id, 5, stood)


def new(*centres: float, spread: float = 0.5) -> Model:
    """Return a model of another scaling with a cluster at each of these transformed values."""
    clusters = tuple(
        Cluster(number, f"new {number}", "high-high", ((centre - 1.0) / spread,), 1.0, 1.0)
        for number, centre in enumerate(centres)
    )
    return msgspec.structs.replace(OLD, scale_centre=(1.0,), scale_spread=(spread,), clusters=clusters)


def known(found: Model) -> list[tuple[int, str, str]]:
    return [(cluster.id, cluster.name, cluster.quadrant) for cluster in found.clusters]


def test_clusters_keep_id_name_quadrant_and_pin_however_they_are_ordered() -> None:
    pinned = msgspec.structs.replace(OLD, clusters=(
        OLD.clusters[0], msgspec.structs.replace(OLD.clusters[1], pinned=True, name="those who grow")
    ))  # fmt: skip
    found = identified(new(8.1, 2.2), before(pinned, 0, 0, 1), looked_at(2.0, 2.3, 8.0), WIDE)
    assert known(found.model) == [(0, "low", "low-low"), (1, "those who grow", "low-high")]
    assert [cluster.pinned for cluster in found.model.clusters] == [False, True]
    assert centres_of(found.model)[:, 0].tolist() == pytest.approx([2.4, 14.2])
    assert (found.model.version, found.model.definition, found.moved, found.of) == (6, 2, 0, 3)


def test_a_new_one_has_an_id_and_a_name_of_its_own_and_the_lineage_tells() -> None:
    other = msgspec.structs.replace(new(2.0, 8.0, 5.0), clusters=tuple(
        msgspec.structs.replace(cluster, name="low") for cluster in new(2.0, 8.0, 5.0).clusters
    ))  # fmt: skip
    found = identified(other, before(OLD, 0, 0, 0, 1), looked_at(2.0, 2.0, 5.0, 8.0), WIDE)
    assert [name for _, name, _ in known(found.model)] == ["low", "high", "low 7"]
    assert ids_of(found.model).tolist() == [0, 1, 7]
    (said,) = found.model.lineage
    assert (said.kind, said.cluster, said.other, said.version) == ("split", 7, 0, 6)
    assert found.model.next_id == 8
    gone = identified(new(2.0), before(found.model, 0, 1, 7, next_id=8), looked_at(2.0, 8.0, 5.0), WIDE)
    assert gone.model.next_id == first_state(PARAMETERS, 2, LANES, gone.model).pool.next_id == 8


def test_no_id_is_given_twice_over_many_seedings() -> None:
    model, given, next_id = OLD, {0, 1}, 2
    for number in range(6):
        kept = before(model, *[ids_of(model)[0]] * 3, next_id=next_id)
        centres = (2.0,) if number % 2 else (2.0, 2.0 + number, 9.0)  # every other time the youngest end
        model = identified(new(*centres), kept, looked_at(2.0, 2.0, 2.0), WIDE).model
        next_id = model.next_id
        fresh = set(ids_of(model).tolist()) - set(ids_of(kept.model).tolist())
        assert not fresh & given
        given |= fresh


def test_the_old_model_lies_where_the_new_definition_has_it() -> None:
    again = restated(OLD, new(2.0, 8.0))
    space = space_of(again)
    values = space.scaled(centres_of(again)) * space.scaling.spread + space.scaling.centre
    assert values[:, 0].tolist() == pytest.approx([2.0, 8.0])
    assert (again.version, again.definition, known(again)) == (OLD.version, 1, known(OLD))


@pytest.mark.parametrize(("radius", "keeps"), [(0.25, True), (0.24, False)])
def test_a_seeding_that_moves_more_than_the_blast_radius_is_told_as_state(radius: float, *, keeps: bool) -> None:
    found = identified(new(2.0, 8.0), before(OLD, 0, 0, 1, 0), looked_at(2.0, 2.0, 8.0, 8.0),
                       replace(WIDE, blast_radius=radius))  # fmt: skip
    assert (found.moved, found.of, found.before is not None) == (1, 4, keeps)


def seeded(stood: Mapping[str, Stood], model: Model, old: Model | None) -> LocalState:
    sent = [one for who in stood for one in hand.day_of(who, FIRST, 20.0)]
    history = remember(hand.rows_of(sent), FIRST, WIDE, 2)
    return classified(history, model, WIDE, None if old is None else Standing(old, stood))


def next_day(state: LocalState, *customers: str) -> Closed:
    rows = hand.rows_of([one for who in customers for one in hand.day_of(who, FIRST + 1, 20.0)])
    return hand.closed_with(state, rows, FIRST + 1, WIDE)


def said(closed: Closed) -> list[tuple[str, str, int, int]]:
    return [(one.customer_id, one.cause, one.from_.cluster, one.to.cluster) for one in moves(closed)]


def moves(closed: Closed) -> list[Event]:
    return [event for event in closed.events if event.from_.cluster != event.to.cluster]


def test_who_moves_by_the_new_definition_is_told_so_and_is_not_newly_potential() -> None:
    stood = {"A": Stood(0, FIRST - 9), "B": Stood(1, FIRST - 7, FIRST - 3)}
    value = float(np.log1p(20_000))
    found = identified(new(2.0, value), Before(OLD, 2, 1, stood), looked_at(), WIDE).model
    model = msgspec.structs.replace(found, clusters=tuple(
        msgspec.structs.replace(made, id=number, name=past.name, quadrant=past.quadrant)
        for number, (made, past) in enumerate(zip(new(2.0, value).clusters, OLD.clusters, strict=True))
    ))  # fmt: skip
    state = seeded(stood, model, restated(OLD, model))
    assert state.customers.cluster.tolist() == [0, 1]
    assert state.customers.since.tolist() == [FIRST - 9, FIRST - 7]
    assert (state.customers.high.tolist(), state.customers.rose.tolist()[1]) == ([False, True], FIRST - 3)
    closed = next_day(state, "A", "B")
    (event,) = moves(closed)
    assert said(closed) == [("A", "definition_changed", 0, 1)]
    assert (event.newly_potential, event.model_version_from, event.model_version_to) == (False, 1, 2)
    assert is_high(event.to.quadrant)
    assert sum(why.share_customer + why.share_model for why in event.reasons) == pytest.approx(1.0)
    assert said(next_day(seeded(stood, model, None), "A", "B")) == []


def test_who_stood_in_a_cluster_that_is_no_more_goes_to_the_nearest() -> None:
    stood = {"A": Stood(1, FIRST - 9)}
    found = identified(new(2.0), before(OLD, 0), looked_at(2.0), WIDE)
    assert [(one.kind, one.cluster) for one in found.model.lineage] == [("death", 1)]
    closed = next_day(seeded(stood, found.model, restated(OLD, found.model)), "A")
    assert said(closed) == [("A", "definition_changed", 1, 0)]
    assert closed.events[0].from_.name == "high"


INTENSE = ValueMapping("2", {**value_mapping().numbers, ("industry", "metal"): 9.0})


def filed(customer: str, epoch: int, industry: str) -> Sent:
    begins = CALENDAR.end(epoch - 1)
    return Sent(begins, FILED, Archive(customer, instant(begins * 1_000_000), industry=industry))


def mapped(mapping: ValueMapping, version: int) -> Model:
    model = hand.two_classes("energy intensity", 2.2, 9.0)
    return msgspec.structs.replace(model, version=version, definition=version, value_mapping=as_told(mapping))


def test_a_new_value_mapping_moves_by_definition() -> None:
    sent = [*hand.day_of("A", FIRST, 1.0), filed("A", FIRST, "metal")]
    first = classified(remember(hand.rows_of(sent), FIRST, WIDE, 1), mapped(value_mapping(), 1), WIDE)
    assert first.customers.cluster.tolist() == [0]
    model = mapped(INTENSE, 2)
    standing = Standing(restated(mapped(value_mapping(), 1), model), {"A": Stood(0, FIRST)})
    again = classified(remember(hand.rows_of(sent), FIRST, WIDE, 2, INTENSE), model, WIDE, standing)
    assert said(next_day(again, "A")) == [("A", "definition_changed", 0, 1)]


@pytest.mark.parametrize(("mapping", "cluster"), [(value_mapping(), 0), (INTENSE, 1)])
def test_an_archive_change_counts_by_the_mapping_of_the_model_in_force(mapping: ValueMapping, cluster: int) -> None:
    state = classified(remember(hand.rows_of([]), FIRST, WIDE, 1), mapped(mapping, 1), WIDE)
    settled = replace(WIDE, settling_s=86_400)
    rows = hand.rows_of([filed("A", FIRST + 1, "metal"), *hand.day_of("A", FIRST + 1, 1.0)])
    closed = hand.closed_with(state, rows, FIRST + 1, settled)
    assert [(one.place.cluster, closed.events) for one in closed.states] == [(cluster, ())]


def reseeded(state: int, radius: float) -> tuple[runs.Run, Reseeded, Portrait, LocalState, dict[str, Stood]]:
    """Run a town to its end, and seed again on all of it."""
    run = runs.calm(state)
    (local,) = run.locals.values()
    customers, parameters = local.customers, replace(PARAMETERS, blast_radius=radius)
    stood = {
        who: Stood(cluster, since)
        for who, cluster, since in zip(
            names(customers.ids), customers.cluster.tolist(), customers.since.tolist(), strict=True
        ) if cluster >= 0
    }  # fmt: skip
    last = local.closed - 1
    history = remember(read(town(state).all, last, PARAMETERS).rows, last, PARAMETERS, 2)
    seen = sample([portrait(history, PARAMETERS)])
    fitted = fit(seen, Fit(k=4, epoch=last), PARAMETERS)
    found = identified(fitted, Before(run.central.force, 90, 60, stood), seen, parameters)
    return run, found, seen, history, stood


@pytest.mark.parametrize("state", [0, 1])
@pytest.mark.parametrize("radius", [1.0, 0.0])
def test_a_town_seeded_again_keeps_its_clusters_and_is_not_flooded(state: int, radius: float) -> None:
    run, found, seen, history, stood = reseeded(state, radius)
    force = {cluster.id: cluster.name for cluster in run.central.force.clusters}
    kept = [cluster for cluster in found.model.clusters if cluster.id in force]
    assert kept
    assert all(cluster.name == force[cluster.id] for cluster in kept)
    assert all(cluster.id >= 90 for cluster in found.model.clusters if cluster.id not in force)
    assert len({cluster.name for cluster in found.model.clusters}) == 4
    standing = None if found.before is None else Standing(found.before, stood)
    local = classified(history, found.model, PARAMETERS, standing)
    again = runs.Run({None: local}, first_state(PARAMETERS, 2, LANES, found.model))
    again.over([(town(state).all, False)])
    by_seeding = [event for event in again.events if event.model_version_from < found.model.version]
    assert all(event.cause == "definition_changed" for event in by_seeding)
    assert len(by_seeding) <= found.moved
    assert (found.before is None) == (found.moved > radius * found.of)
    shuffled = Portrait(seen.ids[::-1], seen.values[::-1], seen.nouns[::-1])
    other = identified(fit(seen, Fit(k=4, epoch=local.closed), PARAMETERS),
                       Before(run.central.force, 90, 60, stood), shuffled, PARAMETERS)  # fmt: skip
    assert other.model == found.model


def test_nobody_who_has_no_class_counts() -> None:
    found = identified(new(2.0, 8.0), Before(OLD, 2, 1, {}), looked_at(2.0, 8.0), PARAMETERS)
    assert (found.moved, found.of, found.before) == (0, 0, None)
    assert min(ids_of(found.model)) >= 2
