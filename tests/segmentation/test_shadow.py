"""The shadow: another model beside the live one, counted and nothing else."""

from dataclasses import replace

import msgspec
import numpy as np

from schemas.control import Shadow
from schemas.trial import Census, Shadowed
from segmentation import local_node
from segmentation import rows as kinds
from segmentation.local_state import LocalState
from segmentation.output import Answer
from segmentation.shadow import together
from tests.segmentation import hand
from tests.segmentation.towns import FIRST

LOW, HIGH = float(np.log1p(100)), float(np.log1p(10_000))
LIVE = hand.two_classes("consumption", LOW, HIGH)
# three classes on a scale of its own; the middle one takes what the live model calls low
OTHER = hand.two_classes("consumption", LOW, HIGH, spread=2.0)
MIDDLE = msgspec.structs.replace(OTHER.clusters[1], id=2, name="middle", centre=(float(np.log1p(1_000)) / 2.0,))
SHADOW = msgspec.structs.replace(OTHER, clusters=(*OTHER.clusters, MIDDLE))
HISTORY = [
    one for name, kwh in (("A", 0.1), ("B", 0.9), ("C", 20.0)) for one in hand.day_of(name, FIRST, kwh)
]  # fmt: skip


def answer(state: LocalState, shadow: Shadow | None) -> Answer:

    controls = [] if shadow is None else [shadow]
    state, _ = local_node.fold(state, controls, hand.intake_of([]), 0, hand.EAGER)
    closed = hand.closed_with(state, kinds.NONE, FIRST + 1, hand.EAGER)
    assert closed.answer is not None
    return closed.answer


def state() -> LocalState:
    return hand.remembered(HISTORY, LIVE, hand.EAGER)


def test_it_counts_who_would_stand_where() -> None:
    seen = answer(state(), Shadow("town", 1, SHADOW)).shadow
    members = (Census(0, "low", "low-low", 1), Census(1, "high", "low-high", 1), Census(2, "middle", "low-high", 1))
    assert seen == Shadowed(FIRST + 1, 3, members, elsewhere=1, newly_potential=1)


def test_it_changes_nothing_else() -> None:
    beside, alone = answer(state(), Shadow("town", 1, SHADOW)), answer(state(), None)
    assert msgspec.structs.replace(beside, shadow=None) == alone


def test_it_ends_when_it_is_told_to() -> None:
    with_shadow = replace(state(), models=replace(state().models, shadow=SHADOW))
    assert answer(with_shadow, None).shadow is not None
    assert answer(with_shadow, Shadow("town", 1, None)).shadow is None


def test_the_buckets_counts_add_up() -> None:
    one, other = (Shadowed(7, n, (Census(0, "a", "low-low", n), Census(3, "b", "low-high", 1)), n, 1) for n in (2, 5))
    members = (Census(0, "a", "low-low", 7), Census(3, "b", "low-high", 2))
    assert together([one, other]) == Shadowed(7, 7, members, 7, 2)
    assert together([]) is None
