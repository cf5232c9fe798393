"""What leaves for scikit-learn gives the clusters of the model file, or does not leave."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from kwadrant import export, parity, sklearn_pipeline
from kwadrant.export import ExportError
from schemas import fitted
from schemas.fitted import FittedError
from tests.kwadrant.fits import NAMES, fit


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.json"
    fitted.write(fit(), file)
    return file


@pytest.mark.parametrize("clip", [3.0, None])
def test_the_exported_pipeline_gives_other_rows_their_clusters_too(clip: float | None, tmp_path: Path) -> None:
    fitted.write(fit(clip=clip), tmp_path / "model.json")
    export.run(tmp_path / "model.json", "sklearn", tmp_path / "out")
    rows = np.random.default_rng(5).normal(0, 200, (2_000, 4))
    rows[::7, 1] = np.nan
    pipeline = sklearn_pipeline.load(tmp_path / "out")
    labels, distances = parity.place(fit(clip=clip), rows)
    np.testing.assert_array_equal(pipeline.predict(pd.DataFrame(rows, columns=NAMES)), labels)
    np.testing.assert_allclose(pipeline.transform(pd.DataFrame(rows, columns=NAMES)).min(axis=1), distances, rtol=1e-9)


def test_the_folder_is_enough_where_this_project_is_not(model: Path, tmp_path: Path) -> None:
    export.run(model, "sklearn", tmp_path / "out")
    code = "from sklearn_pipeline import load; print(load('.').named_steps.keys())"
    isolated = [sys.executable, "-c", code]
    told = subprocess.run(isolated, cwd=tmp_path / "out", env={}, capture_output=True, text=True, check=True)
    assert "nearest" in told.stdout


def test_parity_rows_reach_every_cluster_beyond_the_clip_and_into_missing_values() -> None:
    rows = parity.parity(fit())
    scaled = (rows.rows[:, :2] - fit().scaling.centre[:2]) / fit().scaling.spread[:2]
    assert set(rows.labels.tolist()) == set(range(5))
    assert np.isnan(rows.rows).any(axis=0).all()
    assert (np.abs(scaled) > 3).any()


def test_a_wrong_cluster_of_the_peer_is_refused_and_leaves_nothing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = parity.parity
    monkeypatch.setattr(parity, "parity", lambda model: replace(true(model), labels=(true(model).labels + 1) % 5))
    with pytest.raises(ValueError, match="found 1000 other clusters and 0 other distances"):
        export.run(model, "sklearn", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"model.json"}


def test_loading_repeats_the_check(model: Path, tmp_path: Path) -> None:
    export.run(model, "sklearn", tmp_path / "out")
    content = json.loads((tmp_path / "out" / "model.json").read_bytes())
    content["scaledCentres"][0][0] += 0.5
    (tmp_path / "out" / "model.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="other distances; export again"):
        sklearn_pipeline.load(tmp_path / "out")


def test_what_cannot_be_exported_is_refused(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExportError, match="expected --to sklearn or mllib; found 'pmml'"):
        export.run(model, "pmml", tmp_path / "out")
    with pytest.raises(ExportError, match="there is no file"):
        export.run(tmp_path / "absent.json", "sklearn", tmp_path / "out")
    with pytest.raises(ExportError, match="name another folder"):
        export.run(model, "sklearn", tmp_path)
    model.write_bytes(msgspec.json.encode({"k": 3}))
    with pytest.raises(FittedError, match="no model of kwadrant fit"):
        export.run(model, "sklearn", tmp_path / "out")
    monkeypatch.setattr(export, "find_spec", lambda _: None)
    with pytest.raises(ExportError, match="found none; pip install scikit-learn"):
        export.run(model, "sklearn", tmp_path / "out")
