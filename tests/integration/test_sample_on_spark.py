"""What the driver gets to see of the customers: no more the more there are."""

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from batch_init.history import _portrait_bytes, sampled, sent_by
from segmentation.first_model import sample
from segmentation.history import Portrait
from segmentation.indices import NAMES

pytestmark = pytest.mark.integration
CUSTOMERS, LIMIT = 4_000, 200


@pytest.fixture(scope="module")
def whole() -> Portrait:
    """Return customers of whom no two are alike."""
    values = np.random.default_rng(3).normal(size=(CUSTOMERS, len(NAMES)))
    return Portrait([f"C-{n:05d}" for n in range(CUSTOMERS)], values, np.arange(CUSTOMERS) % 3)


def states(session: SparkSession, whole: Portrait, buckets: int) -> DataFrame:
    """Return the customers dealt out to so many buckets."""
    parts = [Portrait(whole.ids[n::buckets], whole.values[n::buckets], whole.nouns[n::buckets]) for n in range(buckets)]
    return session.createDataFrame([(bytearray(_portrait_bytes(part)),) for part in parts], "portrait binary")


@pytest.mark.parametrize(("buckets", "limit"), [(2, LIMIT), (7, LIMIT), (7, CUSTOMERS + 1)])
def test_the_sample_is_the_same_in_any_number_of_buckets(
    session: SparkSession, whole: Portrait, buckets: int, limit: int
) -> None:
    found, expected = sampled(states(session, whole, buckets), CUSTOMERS, limit), sample([whole], limit)
    assert _portrait_bytes(found) == _portrait_bytes(expected)


def test_the_buckets_send_their_share_and_no_more(session: SparkSession, whole: Portrait) -> None:
    sent = sent_by(states(session, whole, 4), LIMIT / CUSTOMERS)
    assert 4 * LIMIT / 5 < sum(len(part.ids) for part in sent) < 5 * LIMIT / 4


def test_where_chance_leaves_out_too_many_more_are_asked_for(session: SparkSession, whole: Portrait) -> None:
    found = sampled(states(session, whole, 2), 10 * CUSTOMERS, LIMIT)
    assert found.ids == sample([whole], LIMIT).ids
