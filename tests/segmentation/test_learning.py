"""How a model learns: what a cluster keeps, and what is told of those that begin and end."""

import msgspec
import numpy as np
import pytest

from clustering.cells import Cells, summarise, to_grid
from schemas.model import Cluster, Model
from segmentation.learning import Learning, begun, learned, pack, unpack
from tests.segmentation import hand
from tests.segmentation.towns import FIRST

PLACES = ((1.0, 1.0), (2.5, 2.5), (8.0, 8.0))
BASE = hand.two_classes("consumption", 2.0, 8.0)
MODEL = msgspec.structs.replace(
    BASE, indices=("consumption", "growth"), scale_centre=(4.0, 0.0), scale_spread=(1.0, 1.0),
    factor_weights=(1.0, 1.0), threshold_current=3.0, threshold_potential=3.0,
    clusters=tuple(
        Cluster(number, f"name {number}", "low-high", place, 320.0, 320.0, noun="plant", pinned=False)
        for number, place in enumerate(PLACES)
    ),
)  # fmt: skip


def town(*groups: tuple[tuple[float, float], int], state: int = 0) -> Cells:
    """Return cells of groups of customers, so many around each place."""
    source = np.random.default_rng(state)
    points = np.concatenate([place + source.normal(0, 0.2, (number, 2)) for place, number in groups])
    return summarise(to_grid(points), np.full(len(points), 16), np.zeros(len(points), np.int32), 4_096)[0]


def after(*towns: Cells, model: Model = MODEL, silent: dict[int, float] | None = None) -> tuple[Learning, Model]:
    """Return pool and model after an epoch of each town."""
    pool = begun(model)
    for epoch, cells in enumerate(towns, start=FIRST + 1):
        pool, model = learned(pool, model, cells, silent or {}, epoch)
    return pool, model


STEADY = [(place, 20) for place in PLACES]


def test_a_cluster_keeps_identity_name_and_quadrant_while_its_centre_moves() -> None:
    walks = [town(*(((x + 0.1 * n, y), 20) for x, y in PLACES), state=n) for n in range(10)]
    _, model = after(*walks)
    told = [(cluster.id, cluster.name, cluster.quadrant, cluster.noun) for cluster in model.clusters]
    assert told == [(cluster.id, cluster.name, cluster.quadrant, cluster.noun) for cluster in MODEL.clusters]
    np.testing.assert_allclose([cluster.centre for cluster in model.clusters], np.add(PLACES, (0.9, 0.0)), atol=0.2)
    assert (model.version, model.epoch, model.lineage) == (11, FIRST + 10, ())
    assert model.sse > 0


def test_an_epoch_without_anybody_changes_nothing_but_the_version() -> None:
    nobody = summarise(to_grid(np.zeros((1, 2))), np.zeros(1, np.int64), np.zeros(1, np.int32), 1)[0]
    pool = begun(MODEL)
    same, model = learned(pool, MODEL, nobody, {}, FIRST + 3)
    assert same is pool
    assert model == msgspec.structs.replace(MODEL, version=2, epoch=FIRST + 3)


CALM = [town(*STEADY, state=n) for n in range(10)]
NEW = ((8.0, 0.5), 20)


def test_a_new_group_gets_a_new_identity_and_a_name_of_its_own_and_the_model_tells_how() -> None:
    pool, model = after(*CALM, *(town(*STEADY, NEW, state=n) for n in range(6)))
    (one,) = [cluster for cluster in model.clusters if np.allclose(cluster.centre, NEW[0], atol=0.3)]
    assert (one.id, one.noun, one.quadrant) == (3, "plant", "high-low")
    assert one.name not in {cluster.name for cluster in MODEL.clusters}
    assert one.name.endswith(" plant")
    began, ended = (
        [change for change in model.lineage if change.kind in kinds]
        for kinds in (("birth", "split"), ("death", "merge"))
    )
    assert [(change.cluster, change.name) for change in began] == [(3, one.name)]
    (gone,) = ended
    assert gone.cluster in {0, 1}
    assert gone.name == f"name {gone.cluster}"
    assert [cluster.id for cluster in model.clusters] == sorted({0, 1, 2, 3} - {gone.cluster})
    assert pool.next_id == 4


def test_a_swap_leaves_all_others_their_identity_name_and_quadrant() -> None:
    _, model = after(*CALM, *(town(*STEADY, NEW, state=n) for n in range(6)))
    first = {cluster.id: (cluster.name, cluster.quadrant, cluster.noun) for cluster in MODEL.clusters}
    kept = {cluster.id: (cluster.name, cluster.quadrant, cluster.noun) for cluster in model.clusters if cluster.id < 3}
    assert len(kept) == 2
    assert kept.items() <= first.items()


def test_what_is_pinned_or_only_silent_is_not_given_up() -> None:
    pinned = msgspec.structs.replace(
        MODEL, clusters=tuple(msgspec.structs.replace(cluster, pinned=True) for cluster in MODEL.clusters)
    )
    _, model = after(*CALM, *(town(*STEADY, NEW, state=n) for n in range(6)), model=pinned)
    assert [cluster.id for cluster in model.clusters] == [0, 1, 2]
    quiet = [town(*STEADY[:2], state=n) for n in range(40)]
    _, model = after(*CALM, *quiet, silent={2: 20 * 16.0})
    (kept,) = [cluster for cluster in model.clusters if cluster.id == 2]
    np.testing.assert_allclose(kept.centre, PLACES[2], atol=0.2)


def test_an_identity_of_before_a_rollback_is_not_given_again() -> None:
    pool = begun(MODEL, next_id=9)
    assert pool.next_id == 9
    assert pool.pool.ids.tolist() == [0, 1, 2]


@pytest.mark.parametrize("epochs", [0, 1, 12])
def test_a_pool_goes_on_after_saving_as_if_never_saved(epochs: int) -> None:
    pool, model = after(*(town(*STEADY, state=n) for n in range(epochs)))
    saved = unpack(pack(pool))
    assert pack(saved) == pack(pool)
    later = town(*STEADY, state=99)
    one, other = (learned(each, model, later, {}, FIRST + 50) for each in (pool, saved))
    assert one[1] == other[1]
    assert pack(one[0]) == pack(other[0])
