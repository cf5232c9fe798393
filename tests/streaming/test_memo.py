"""The memo: what a worker remembers is used only where it belongs to the log that was consumed."""

import pytest

from segmentation.local_state import LocalState, empty_state
from streaming import memo
from streaming.memo import Mark, Trail
from tests.segmentation.towns import FIRST, PARAMETERS

TRAIL: Trail = (Mark(b"first", 1), Mark(b"last", 2))


def state() -> LocalState:
    return empty_state(PARAMETERS, 1, FIRST)


def test_the_end_of_the_trail_recalls_the_very_state() -> None:
    kept = state()
    memo.keep("run", 0, TRAIL, kept)
    assert memo.recall("run", 0, TRAIL) == (kept, True)


def test_an_earlier_mark_of_the_trail_recalls_a_state_that_lags() -> None:
    kept = state()
    memo.keep("run", 0, TRAIL[:1], kept)
    assert memo.recall("run", 0, TRAIL) == (kept, False)


@pytest.mark.parametrize(
    ("run", "bucket", "trail"),
    [("run", 0, (Mark(b"other", 2),)), ("run", 0, ()), ("run", 1, TRAIL), ("later run", 0, TRAIL)],
)
def test_a_wrong_trail_never_recalls(run: str, bucket: int, trail: Trail) -> None:
    memo.keep("run", 0, TRAIL, state())
    memo.keep("run", 1, (Mark(b"another", 2),), state())
    assert memo.recall(run, bucket, trail) is None


def test_a_batch_that_is_done_again_does_not_find_the_state_after_it() -> None:
    before = memo.longer((), [b"batch 0"], 1, afresh=True)
    memo.keep("run", 0, memo.longer(before, [b"batch 1"], 2, afresh=False), state())
    assert memo.recall("run", 0, before) is None


@pytest.mark.parametrize("consumed", [[b"a", b"c"], [b"b", b"a"], [b"ab"], [b"a"], []])
def test_the_mark_tells_every_other_log_apart(consumed: list[bytes]) -> None:
    mark = memo.longer(TRAIL, [b"a", b"b"], 3, afresh=False)[-1]
    assert memo.longer(TRAIL, consumed, 3, afresh=False)[-1] != mark
    assert memo.longer(TRAIL[:1], consumed, 3, afresh=False)[-1] != mark


def test_a_trail_begins_afresh_where_more_than_open_rows_changed_and_is_never_long() -> None:
    assert len(memo.longer(TRAIL, [b"close"], 0, afresh=True)) == 1
    trail = TRAIL
    for _ in range(2 * memo.STEPS):
        trail = memo.longer(trail, [b"more"], 3, afresh=False)
    assert len(trail) == memo.STEPS
    assert memo.unpack(memo.pack(trail)) == trail


def test_no_more_than_the_last_states_are_kept() -> None:
    for bucket in range(memo.LIMIT + 1):
        memo.keep("many", bucket, TRAIL, state())
    assert memo.recall("many", 0, TRAIL) is None
    assert memo.recall("many", memo.LIMIT, TRAIL) is not None
