"""The dry run: whom a model would move, whom by itself alone, and what is too many."""

import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from clustering.cells import to_grid
from schemas.model import Model
from schemas.trial import Shift, Trial
from segmentation.customers import Customers, newcomers
from segmentation.decision import NEVER, judge
from segmentation.dry_run import beyond, dry_run, together
from segmentation.parameters import DAY_S, Parameters
from segmentation.space import centres_of, ids_of, off_grid
from segmentation.traits import PROTECTED
from tests.segmentation import hand

PARAMETERS = Parameters(margin=1.0, decisive=1e9, dwell_s=7 * DAY_S, cool_down_s=30 * DAY_S)
NOW = 100
LIVE = hand.two_classes("consumption", 0.0, 10.0)
NEARER = msgspec.structs.replace(LIVE, version=2, clusters=(
    LIVE.clusters[0], msgspec.structs.replace(LIVE.clusters[1], centre=(5.0,)),
))  # fmt: skip


def people(*classes: int, protected: tuple[int, ...] = ()) -> Customers:
    found = newcomers([f"C-{n}" for n in range(len(classes))], 1, 1)
    traits = found.traits.copy()
    traits[list(protected), PROTECTED] = 1.0
    return replace(found, cluster=np.array(classes, np.int64), traits=traits)


def tried(at: list[float], customers: Customers, trial: Model = NEARER) -> Trial:
    points = to_grid(np.array(at)[:, None])
    standing = customers.standing(ids_of(LIVE))
    verdict = judge(off_grid(points), centres_of(LIVE), standing, NOW, PARAMETERS)
    return dry_run(trial, points, verdict, LIVE, customers, epoch=NOW, parameters=PARAMETERS)


def test_it_counts_from_where_to_where_and_how_many_by_the_model_alone() -> None:
    # of those in 0: 1 stays, 4 only the trial would take, 8 the live model takes too; 10 and 9 are in 1 already
    found = tried([1.0, 4.0, 8.0, 4.2, 10.0, 9.0], people(0, 0, 0, 0, 1, 1, protected=(0, 2, 3)))
    assert found == Trial(2, NOW, 6, (Shift(0, 1, 3, 2, 1),))
    assert (found.would_move, found.by_model, found.protected) == (3, 2, 1)


def test_who_dwells_or_rests_counts_because_the_model_would_take_it_in_the_end() -> None:
    rested = people(0)
    assert rested.moved.tolist() == [NEVER]
    assert tried([4.0], replace(rested, moved=np.array([NOW - 1]))).by_model == 1


def test_who_would_go_elsewhere_than_anyway_goes_by_the_model_alone() -> None:
    third = msgspec.structs.replace(LIVE.clusters[1], id=2, centre=(8.0,))
    other = msgspec.structs.replace(NEARER, clusters=(*LIVE.clusters, third))
    assert tried([8.0], people(0), other).shifts == (Shift(0, 2, 1, 1, 0),)


def test_who_has_no_class_does_not_count_and_who_loses_it_does() -> None:
    alone = msgspec.structs.replace(NEARER, clusters=NEARER.clusters[1:])
    found = tried([0.0, 0.0], people(-1, 0), alone)
    assert (found.customers, found.shifts) == (1, (Shift(0, 1, 1, 1, 0),))


def test_a_bucket_without_customers_tries_in_vain() -> None:
    assert tried([], people()) == Trial(2, NOW, 0, ())


def test_the_buckets_dry_runs_add_up() -> None:
    parts = [Trial(2, NOW, 6, (Shift(0, 1, 3, 2, 1),)), Trial(2, NOW, 4, (Shift(0, 1, 1, 0, 0), Shift(1, 0, 1, 1, 0)))]
    assert together(parts) == Trial(2, NOW, 10, (Shift(0, 1, 4, 2, 1), Shift(1, 0, 1, 1, 0)))
    assert together(parts[::-1]) == together(parts)
    assert together([]) is None


@pytest.mark.parametrize(
    ("radius", "alone", "protected", "words"),
    [
        (0.02, 2, 0, None), (0.02, 3, 0, r"3 of 100 customers \(3.0%\) by itself alone; the budget is 2.0%"),
        (1.0, 100, 0, None), (1.0, 1, 1, "1 protected customers"), (0.0, 0, 0, "the budget is 0: only an operator"),
        (0.02, 0, 0, None),
    ],
)  # fmt: skip
def test_the_budget_is_a_share_of_the_customers_and_no_protected_one(
    radius: float, alone: int, protected: int, words: str | None
) -> None:
    found = beyond(Trial(2, NOW, 100, (Shift(0, 1, 100, alone, protected),)), Parameters(blast_radius=radius))
    assert (found is None) if words is None else re.search(words, found or "")
