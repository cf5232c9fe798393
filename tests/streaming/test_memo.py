"""The memo: what a worker remembers is used only where it belongs to the log that was consumed."""

import pytest

from segmentation.local_state import LocalState, empty_state
from streaming import memo
from tests.segmentation.towns import FIRST, PARAMETERS


def state() -> LocalState:
    return empty_state(PARAMETERS, 1, FIRST)


def test_the_right_mark_recalls_the_very_state() -> None:
    kept = state()
    memo.keep("run", 0, b"mark", kept)
    assert memo.recall("run", 0, b"mark") is kept


@pytest.mark.parametrize(
    ("run", "bucket", "mark"), [("run", 0, b"other"), ("run", 0, b""), ("run", 1, b"mark"), ("later run", 0, b"mark")]
)
def test_a_wrong_mark_never_recalls(run: str, bucket: int, mark: bytes) -> None:
    memo.keep("run", 0, b"mark", state())
    memo.keep("run", 1, b"another", state())
    assert memo.recall(run, bucket, mark) is None


def test_a_batch_that_is_done_again_does_not_find_the_state_after_it() -> None:
    before = memo.next_mark(b"", [b"batch 0"])
    memo.keep("run", 0, memo.next_mark(before, [b"batch 1"]), state())
    assert memo.recall("run", 0, before) is None


@pytest.mark.parametrize("consumed", [[b"a", b"c"], [b"b", b"a"], [b"ab"], [b"a"], []])
def test_the_mark_tells_every_other_log_apart(consumed: list[bytes]) -> None:
    assert memo.next_mark(b"mark", consumed) != memo.next_mark(b"mark", [b"a", b"b"])
    assert memo.next_mark(b"other", consumed) != memo.next_mark(b"mark", consumed)


def test_no_more_than_the_last_states_are_kept() -> None:
    for bucket in range(memo.LIMIT + 1):
        memo.keep("many", bucket, b"mark", state())
    assert memo.recall("many", 0, b"mark") is None
    assert memo.recall("many", memo.LIMIT, b"mark") is not None
