"""Replay: both folds over a table say what the stream would say."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmentation import rows as kinds
from segmentation.first_model import Fit
from segmentation.intake import read
from segmentation.replay import Log, Replay, Step, begin, cut, run
from tests.segmentation.towns import CALENDAR, FIRST, HOUR, LANES, PARAMETERS, READ, SEEDED, town

ASK = Fit(k=3, epoch=SEEDED)


def log() -> Log:
    """Return town 0's readings of both lanes as one table, the wrong clock's row left out."""
    rows = read([one for lane in READ for one in town(0).messages[lane]], SEEDED, PARAMETERS).rows
    return Log.of(rows.filter(pa.array(kinds.numbers(rows, "epoch") < FIRST + 20)))


def replayed(*, early: bool) -> tuple[Replay, list[Step]]:
    replay = begin(log(), ASK, PARAMETERS)
    return replay, list(run(replay, log(), early=early))


def test_early_flags_change_nothing_that_is_confirmed() -> None:
    (calm, quiet), (flagged, loud) = replayed(early=False), replayed(early=True)
    assert confirmed(quiet) == confirmed(loud) != []
    assert calm.central == flagged.central
    assert calm.local.closed > SEEDED + 5


def confirmed(steps: list[Step]) -> list[str]:
    return [event.event_id for step in steps for event in step.events if event.status == "confirmed"]


def test_every_event_says_that_it_is_a_replays() -> None:
    assert {event.origin for step in replayed(early=True)[1] for event in step.events} == {"replay"}


def test_blocks_end_where_an_epoch_is_over_and_lose_no_row() -> None:
    whole = log()
    blocks = list(cut(whole, SEEDED, PARAMETERS))
    assert pa.concat_tables([block.rows for block in blocks]).num_rows == kinds.split(whole.rows, CALENDAR).num_rows
    for number, block in enumerate(blocks[:-1]):
        (crossing,) = block.crossings
        assert (crossing.epoch, crossing.offset) == (
            SEEDED + 1 + number,
            sum(len(b.rows) for b in blocks[: number + 1]),
        )
        last = kinds.numbers(block.rows, "start").max() + HOUR
        over = CALENDAR.end(crossing.epoch) + PARAMETERS.lateness_s
        assert last <= over <= ends(whole)[crossing.offset]


def ends(whole: Log) -> NDArray[np.int64]:
    return np.asarray(kinds.numbers(whole.rows, "start") + kinds.numbers(whole.rows, "seconds"))


def test_an_empty_log_has_no_blocks() -> None:
    assert list(cut(Log.arrived(kinds.NONE, LANES), SEEDED, PARAMETERS)) == []


def test_progress_is_reported_block_by_block() -> None:
    told: list[tuple[int, int]] = []
    list(run(begin(log(), ASK, PARAMETERS), log(), report=lambda done, of: told.append((done, of))))
    assert told == [(n + 1, len(told)) for n in range(len(told))]


def test_more_looks_at_an_epoch_change_nothing_that_is_confirmed() -> None:
    replay = begin(log(), ASK, PARAMETERS)
    often = list(run(replay, log(), early=True, looks=6))
    (calm, quiet) = replayed(early=False)
    assert confirmed(often) == confirmed(quiet)
    assert calm.central.force == replay.central.force
    assert sum(len(step.events) for step in often) > sum(len(step.events) for step in quiet)
