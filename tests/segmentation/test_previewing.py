"""Judges beside a replay say what a replay with their settings says."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from segmentation import rows as kinds
from segmentation.customers import newcomers
from segmentation.decision import NEVER, NONE
from segmentation.first_model import Fit
from segmentation.intake import read
from segmentation.parameters import Parameters
from segmentation.previewing import Diary, Judge, Moved, carried, shown
from segmentation.replay import Log, begin, run
from tests.segmentation.towns import DAY, FIRST, LANES, PARAMETERS, SEEDED, town

ASK = Fit(k=3, epoch=SEEDED)
PRESENT = replace(PARAMETERS, margin=0.05, dwell_s=0)
CELLS = (
    PRESENT, replace(PRESENT, margin=0.2), replace(PRESENT, margin=0.5), replace(PRESENT, dwell_s=2 * DAY),
    replace(PRESENT, cool_down_s=0), replace(PRESENT, margin=0.0, dwell_s=DAY, cool_down_s=9 * DAY),
)  # fmt: skip
TOWNS = 3


@lru_cache(maxsize=TOWNS)
def log(state: int) -> Log:
    """Return all of a town's rows in the order of event time: nothing is late, some customers come later."""
    parts = [read(town(state).messages[lane], SEEDED, PARAMETERS).rows for lane in LANES]
    parts = [part.filter(pa.array(kinds.numbers(part, "epoch") < FIRST + 20)) for part in parts]
    return Log.of(*(part for part in parts if part.num_rows))


def judged(state: int, present: Parameters, cells: Sequence[Parameters]) -> tuple[list[Judge], Diary]:
    """Return the judges of the cells after a replay by the present settings."""
    running = begin(log(state), ASK, present)
    judges = [Judge(cell, running.local.customers) for cell in cells]
    diary = Diary()
    diary.write(SEEDED, running.local.customers, running.local.customers.cluster)
    for _ in run(running, log(state)):
        showing = shown(running.local, present)
        if showing is not None and showing.epoch > diary.pages[-1][0]:
            diary.write(showing.epoch, showing.customers, showing.nearest)
            for judge in judges:
                judge.look(showing)
    return judges, diary


Said = tuple[list[Moved], list[tuple[int, str]], int]


def replayed(state: int, parameters: Parameters) -> Said:
    """Return what a replay says itself: moves, rises, number of confirmed events."""
    moves, rises, count = [], [], 0
    running = begin(log(state), ASK, parameters)
    for step in run(running, log(state)):
        for event in step.events:
            at, who = running.local.closed, event.customer_id
            if event.because is not None:  # said of who ends
                continue
            count += 1
            if event.from_.cluster != event.to.cluster:
                moves.append(Moved(at, who, event.from_.cluster, event.to.cluster))
            if event.newly_potential:
                rises.append((at, who))
    return moves, rises, count


def said(judge: Judge) -> Said:
    return judge.moves, sorted(judge.rises), judge.events


def in_order(found: Said) -> Said:
    return found[0], sorted(found[1]), found[2]


@pytest.mark.parametrize("state", range(TOWNS))
def test_the_judge_of_the_present_settings_says_what_the_replay_says(state: int) -> None:
    (judge,), _ = judged(state, PRESENT, [PRESENT])
    assert said(judge) == in_order(replayed(state, PRESENT))
    assert judge.moves


@pytest.mark.parametrize("cell", CELLS[1:])
def test_while_no_model_is_promoted_every_cell_says_what_its_own_replay_says(cell: Parameters) -> None:
    held, own = (replace(one, blast_radius=0.0) for one in (PRESENT, cell))
    (judge, beside), _ = judged(0, held, [own, held])
    assert said(judge) == in_order(replayed(0, own))
    assert said(judge) != said(beside)


def test_with_models_promoted_a_cell_is_nearly_what_its_own_replay_says() -> None:
    (judge,), _ = judged(0, PRESENT, [CELLS[3]])
    own, mine = (
        {(one.customer, one.from_, one.to) for one in moves} for moves in (replayed(0, CELLS[3])[0], judge.moves)
    )
    assert len(own & mine) >= 0.8 * len(own | mine) > 0


def test_more_hysteresis_says_less() -> None:
    judges, _ = judged(0, PRESENT, [replace(PRESENT, margin=margin) for margin in (0.0, 0.5, 2.0, 1e6)])
    counts = [len(judge.moves) for judge in judges]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_the_diary_tells_the_nearest_class_of_everybody_and_none_before_the_first() -> None:
    (judge,), diary = judged(0, PRESENT, [replace(PRESENT, margin=0.0, dwell_s=0, cool_down_s=0)])
    nearest = diary.whole()
    assert nearest.shape == (len(diary.pages), len(diary.ids))
    late = [n for n, column in enumerate(nearest.T) if column[0] == NONE]
    assert late
    np.testing.assert_array_equal(nearest[-1], judge.customers.cluster)  # without hysteresis the class is the nearest


def test_newcomers_begin_without_a_class_and_others_keep_theirs() -> None:
    mine = replace(newcomers(["a", "c"], 1), cluster=np.array([4, 5]), high=np.array([True, False]))
    found = carried(mine, newcomers(["a", "b", "c"], 1))
    assert (found.cluster.tolist(), found.moved.tolist()) == ([4, NONE, 5], [NEVER] * 3)
    assert found.high.tolist() == [True, False, False]
