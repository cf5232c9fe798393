"""The clusters of the public sets, found on Spark: the bytes that the engine in memory finds."""

import os

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from batch_init.batches import Layout
from batch_init.scans import Distributed
from benchmarks.known_sets import PUBLIC
from clustering.asking import Ask
from clustering.quality import centroid_index
from kwadrant import api
from kwadrant.api import Said, modelled
from tests.clustering.test_known_clusters import STATES, load

pytestmark = pytest.mark.integration
NAMES = PUBLIC if "KNOWN_STATES" in os.environ else ("r15",)
AXES = ("x0", "x1")


@pytest.mark.parametrize("name", NAMES)
def test_spark_finds_every_cluster_to_the_byte(name: str, running: SparkSession) -> None:
    known = load(name)
    frame = running.createDataFrame(pd.DataFrame(known.points, columns=AXES)).repartition(3).cache()
    for state in range(STATES if "KNOWN_STATES" in os.environ else 1):
        ask = Ask(k=len(known.true), scale="none", weights="equal", random_state=state)
        found = modelled(Distributed(frame, Layout(AXES)), Layout(AXES), ask, Said("equal"), lambda _: None)[0]
        assert centroid_index(np.array(found.centres), known.true) == 0
        assert found == api.fit(known.points, ask.k, scale="none", weights="equal", random_state=state).model
    frame.unpersist()
