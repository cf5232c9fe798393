"""The digest of a batch: by it a repeat proves that it says what was published."""

import hashlib
from collections.abc import Sequence

import msgspec

from segmentation.crossings import kept
from segmentation.decision import NEVER
from segmentation.output import Output, pack
from streaming.facts import counts_of


def digest_of(outputs: Sequence[Output], witnesses: int) -> str:
    """Return the hash of a batch's outputs, one per bucket.

    It does not depend on how Spark cut the batch into tasks and blocks: crossings and refusals travel with any bucket,
    so they are put together first. Nor on their order, nor on when messages arrived.
    """
    crossings = kept((crossing for output in outputs for crossing in output.crossings), NEVER, witnesses)
    rejected = sorted(row for output in outputs for row in output.rejected)
    common = msgspec.msgpack.encode((crossings, rejected, sorted(counts_of(outputs).items())))
    digest = hashlib.blake2b(common, digest_size=16)
    for output in sorted(outputs, key=lambda output: output.bucket):
        digest.update(pack(msgspec.structs.replace(output, crossings=(), rejected=(), counts={}, arrived=0)))
    return digest.hexdigest()
