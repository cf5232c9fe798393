"""A clustering of `kwadrant fit` as a scikit-learn pipeline, made from plain JSON; needs nothing but scikit-learn.

::

    from sklearn_pipeline import load
    pipeline = load("folder")  # of `kwadrant export`
    clusters = pipeline.predict(table[list(pipeline.feature_names_in_)])  # a pandas table

Every step is one of scikit-learn's own, so the pipeline can be used, and kept, like any other.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, StandardScaler

CLOSE = 1e-9
"""How far a distance may be off, absolutely and as a share of it."""


def load(folder: str | Path) -> Pipeline:
    """Return the pipeline of an exported clustering, once it has given the parity rows their clusters and distances.

    Parameters
    ----------
    folder : str or Path
        With ``model.json`` and ``parity.json``.

    Returns
    -------
    Pipeline
        From raw values, NaN = missing, to the number of the cluster; `transform` gives the distances to all centres.

    Raises
    ------
    ValueError
        Where a parity row gets another cluster or another distance here.
    """
    model, parity = (json.loads((Path(folder) / name).read_bytes()) for name in ("model.json", "parity.json"))
    made = pipeline(model)
    rows = np.array(parity["rows"], dtype=np.float64)
    other = made.predict(rows) != np.array(parity["labels"])
    far = ~np.isclose(made.transform(rows).min(axis=1), parity["distances"], rtol=CLOSE, atol=CLOSE)
    if other.any() or far.any():
        message = (
            f"expected the clusters and distances of all {len(rows)} parity rows; found {other.sum()} other clusters "
            f"and {far.sum()} other distances; export again and load with the same version of scikit-learn"
        )
        raise ValueError(message)
    made[0].feature_names_in_ = np.array(model["columns"], dtype=object)
    return made


def pipeline(model: dict[str, Any]) -> Pipeline:
    """Return the steps of a model file: scale, 0 for missing, clip, round to the grid, stretch, nearest centre."""
    scaling, d = model["scaling"], len(model["columns"])
    zeros, clip = np.zeros((1, d)), scaling["clip"]
    step, stretch = 2.0 ** -np.array(model["grid"]), np.sqrt(model["factorWeights"])
    scale = StandardScaler().fit(zeros)
    # what is divided by infinity is 0: a column without spread or weight
    scale.mean_, scale.scale_ = np.array(scaling["centre"]), np.array([s or np.inf for s in scaling["spread"]])
    stretched = np.array([1 / x if x else np.inf for x in step * stretch])
    steps = [("scale", scale), ("missing", SimpleImputer(strategy="constant", fill_value=0.0).fit(zeros))]
    if clip is not None:
        ends = np.array([[-clip] * d, [clip] * d])
        steps.append(("clip", MinMaxScaler(feature_range=(-clip, clip), clip=True).fit(ends)))
    steps += [
        ("steps", _divisor(step)),
        ("round", FunctionTransformer(np.rint)),
        ("stretch", _divisor(stretched)),
        ("nearest", _nearest(np.array(model["scaledCentres"]) * stretch)),
    ]
    return Pipeline(steps)


def _divisor(by: Any) -> MaxAbsScaler:  # noqa: ANN401 - numpy's array types are not for a file that travels
    made = MaxAbsScaler().fit(np.zeros((1, len(by))))
    made.scale_ = by
    return made


def _nearest(centres: Any) -> KMeans:  # noqa: ANN401 - the same
    made = KMeans(len(centres), init=centres, n_init=1, max_iter=1).fit(centres)
    made.cluster_centers_ = centres
    return made
