"""Which bucket a customer lies in: the shell groups by it, and micro-clusters are made per bucket."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.rows import Texts, channel, texts


def bucket_of(customer: str, buckets: int) -> int:
    """Bucket [1] of a customer: CRC-32 of its UTF-8 bytes modulo the number of buckets, as Spark's `crc32` gives it."""
    return channel(customer) % buckets


def buckets_of(customers: Texts, buckets: int) -> NDArray[np.int64]:
    """`bucket_of` each of n customers (n,), computed once for each different one."""
    found: NDArray[Any] = texts(customers) % buckets
    return found
