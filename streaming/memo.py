"""States that a Python worker keeps in memory: a memo of a pure function, never the truth.

A state is a function of the log that a bucket has consumed. Its mark is the chained digest of that log; the state store
holds the trail of the last marks. Spark gives a bucket to whichever worker is free: a worker whose memo has the last
mark need not read the state again, one whose memo has an earlier mark of the trail reads only what came after it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from segmentation.local_state import LocalState

LIMIT = 512
"""Buckets that one worker keeps."""
STEPS = 32
"""Marks of a trail: so many batches may a worker lag behind."""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A point of the log: digest of everything consumed, and number of blocks of open rows then [1]."""

    digest: bytes
    blocks: int


Trail = tuple[Mark, ...]
"""The marks since all but open rows and early flags last changed, the present one last."""

_KEPT: OrderedDict[tuple[str, int], tuple[bytes, LocalState]] = OrderedDict()
_decoder = msgspec.msgpack.Decoder(Trail)


def recall(stream: str, bucket: int, trail: Trail) -> tuple[LocalState, bool] | None:
    """Return this worker's state of a bucket, and whether it is the last of `trail`; None where it is not on it."""
    digest, state = _KEPT.get((stream, bucket), (None, None))
    if state is None or all(mark.digest != digest for mark in trail):
        return None
    return state, trail[-1].digest == digest


def keep(stream: str, bucket: int, trail: Trail, state: LocalState) -> None:
    """Remember the state that belongs to the end of `trail`, in place of the bucket's last one."""
    _KEPT[stream, bucket] = (trail[-1].digest, state)
    _KEPT.move_to_end((stream, bucket))
    while len(_KEPT) > LIMIT:
        _KEPT.popitem(last=False)


def longer(trail: Trail, consumed: Iterable[bytes], blocks: int, *, afresh: bool) -> Trail:
    """Return the trail after consuming more of the log; `afresh` where more changed than open rows and early flags."""
    digest = hashlib.blake2b(trail[-1].digest if trail else b"", digest_size=16)
    for part in consumed:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return (*(() if afresh else trail[1 - STEPS :]), Mark(digest.digest(), blocks))


def pack(trail: Trail) -> bytes:
    """Bytes of a trail."""
    return msgspec.msgpack.encode(trail)


def unpack(data: bytes | None) -> Trail:
    """Return the inverse of `pack`; of nothing, the empty trail."""
    return () if data is None else _decoder.decode(data)
