"""What leaves for Spark ML gives the clusters of the model file, read back by Spark itself."""

from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from kwadrant import mllib_pipeline, parity
from tests.kwadrant.fits import fit

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("clip", [3.0, None])
def test_the_saved_pipeline_gives_other_rows_their_clusters(
    clip: float | None, session: SparkSession, tmp_path: Path
) -> None:
    model = fit(clip=clip)
    mllib_pipeline.pipeline(session, model).save(str(tmp_path / "pipeline"))
    rows = np.random.default_rng(5).normal(0, 200, (2_000, 4))
    rows[::7, 1] = np.nan
    found = mllib_pipeline.clusters(session, tmp_path / "pipeline", model, rows)
    np.testing.assert_array_equal(found, parity.place(model, rows)[0])
