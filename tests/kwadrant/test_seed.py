"""Counting customers while their history is read."""

import numpy as np
import pyarrow as pa

from kwadrant.seed import with_hashes


def test_every_customer_counts_once_whatever_the_blocks() -> None:
    known = np.zeros(0, np.uint64)
    for block in (["b", "a"], [], ["c", "a", "long name"], ["long name"], ["x"]):
        known = with_hashes(known, pa.array(block, pa.string()))
    assert len(known) == len({"a", "b", "c", "long name", "x"})
    assert (np.diff(known) > 0).all()
