"""The progress record: the fence of the numbered commit, one per stream, written in every transaction."""

from collections.abc import Mapping

import msgspec


class Progress(msgspec.Struct, frozen=True, rename="camel"):
    """Batch `batch` of Spark's query `query` is published up to `chunk` of `chunks`.

    `digest` is the hash of the batch's sorted output without its processed time; `offsets` are the source's end offsets
    as the checkpoint has them (one JSON text per source).
    """

    stream: str
    generation: int
    query: str
    batch: int
    chunk: int
    chunks: int
    digest: str
    offsets: tuple[str, ...]
    closed: int
    counts: Mapping[str, int]
