"""States that a Python worker keeps in memory: a memo of a pure function, never the truth.

A state is a function of the log that a bucket has consumed. Its mark is the chained digest of that log; the state store
holds the mark, and a worker whose memo has the same mark need not read the state again.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from segmentation.local_state import LocalState

_KEPT: OrderedDict[tuple[str, int], tuple[bytes, LocalState]] = OrderedDict()
LIMIT = 512
"""Buckets that one worker keeps."""


def recall(stream: str, bucket: int, mark: bytes) -> LocalState | None:
    """Return the state of a bucket, if this worker has just that one."""
    kept = _KEPT.get((stream, bucket))
    return kept[1] if kept is not None and kept[0] == mark else None


def keep(stream: str, bucket: int, mark: bytes, state: LocalState) -> None:
    """Remember the state that belongs to `mark`, in place of the bucket's last one."""
    _KEPT[stream, bucket] = (mark, state)
    _KEPT.move_to_end((stream, bucket))
    while len(_KEPT) > LIMIT:
        _KEPT.popitem(last=False)


def next_mark(mark: bytes, consumed: Iterable[bytes]) -> bytes:
    """Return the mark after consuming more of the log."""
    digest = hashlib.blake2b(mark, digest_size=16)
    for part in consumed:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()
