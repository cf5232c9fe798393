"""With given centres our Lloyd is that of Spark MLlib, to 1e-9."""

import numpy as np
import pytest
from pyspark import RDD
from pyspark.mllib.clustering import KMeans, KMeansModel
from pyspark.mllib.linalg import Vector, Vectors
from pyspark.sql import SparkSession

from clustering.lloyd import lloyd

pytestmark = pytest.mark.integration
STEPS = 200


@pytest.mark.parametrize(("d", "k", "state"), [(1, 3, 0), (4, 6, 1), (16, 12, 2)])
def test_given_centres_end_where_those_of_mllib_do(d: int, k: int, state: int, running: SparkSession) -> None:
    points = np.random.default_rng(state).normal(size=(600, d))
    vectors: list[Vector] = [Vectors.dense(row) for row in points]
    rows: RDD[Vector] = running.sparkContext.parallelize(vectors, 3).cache()
    peer = KMeans.train(rows, k, maxIterations=STEPS, epsilon=0.0, initialModel=KMeansModel([*points[:k]]))
    ours = lloyd(points, np.ones(600), points[:k], steps=STEPS)
    np.testing.assert_allclose(ours.centres, np.array(peer.clusterCenters), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(ours.labels, [peer.predict(row) for row in vectors])
    assert ours.sse == pytest.approx(peer.computeCost(rows), rel=1e-9)
