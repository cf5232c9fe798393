"""A clustering of `kwadrant fit` as a pipeline of Spark ML: SQL for the place of a row, MLlib's own nearest centre."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.clustering import KMeansModel
from pyspark.ml.feature import SQLTransformer, VectorAssembler
from pyspark.mllib.common import _py2java
from pyspark.mllib.linalg import Vectors
from pyspark.sql import SparkSession

from clustering.arrays import Floats, Labels
from schemas.fitted import Fitted

PLACE = "kwadrant_place"
CLUSTER = "cluster"
"""Column of the result."""


def pipeline(session: SparkSession, model: Fitted) -> PipelineModel:
    """Return the stages: a row's place, column by column; the places as a vector; its cluster."""
    places = [f"{PLACE}_{number}" for number in range(len(model.columns))]
    made = ", ".join(f"{_place(model, number)} AS {name}" for number, name in enumerate(places))
    stages: list[Transformer] = [
        SQLTransformer(statement=f"SELECT *, {made} FROM __THIS__"),  # noqa: S608 - names are quoted below
        VectorAssembler(inputCols=places, outputCol=PLACE),
        _nearest(session, np.array(model.scaled_centres) * np.sqrt(model.factor_weights)),
        SQLTransformer(statement=f"SELECT * EXCEPT ({', '.join([*places, PLACE])}) FROM __THIS__"),  # noqa: S608
    ]
    return PipelineModel(stages)


def clusters(session: SparkSession, folder: Path, model: Fitted, rows: Floats) -> Labels:
    """Return the clusters of raw rows (n, d) by the pipeline saved in `folder`."""
    numbered = [(number, *row) for number, row in enumerate(rows.tolist())]
    types = ", ".join(["n long", *(f"{_quoted(name)} double" for name in model.columns)])
    found = PipelineModel.load(str(folder)).transform(session.createDataFrame(numbered, types))
    return np.array([row[0] for row in found.orderBy("n").select(CLUSTER).collect()], dtype=np.int32)


def _place(model: Fitted, number: int) -> str:
    """Return SQL for one coordinate, in the order of operations of `schemas.fitted`."""
    scaling, weight, grid = model.scaling, model.factor_weights[number], model.grid[number]
    if scaling.spread[number] == 0:
        return "0D"
    name = _quoted(model.columns[number])
    scaled = f"({name} - {_number(scaling.centre[number])}) / {_number(scaling.spread[number])}"
    if scaling.clip is not None:
        scaled = f"greatest(least({scaled}, {_number(scaling.clip)}), {_number(-scaling.clip)})"
    placed = f"rint({scaled} * {_number(2.0**grid)}) * {_number(2.0**-grid)} * {_number(math.sqrt(weight))}"
    return f"CASE WHEN {name} IS NULL OR isnan({name}) THEN 0D ELSE {placed} END"


def _number(value: float) -> str:
    return f"double('{value!r}')"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _nearest(session: SparkSession, centres: Floats) -> KMeansModel:
    """Return MLlib's model with these centres; only the JVM can make one without fitting it."""
    context = session.sparkContext
    # mypy: the JVM's names are known at run time only
    jvm: Any = context._jvm  # noqa: SLF001 - there is no public way
    vectors = _py2java(context, [Vectors.dense(centre) for centre in centres])
    inside = jvm.org.apache.spark.mllib.clustering.KMeansModel(vectors)
    made = KMeansModel(jvm.org.apache.spark.ml.clustering.KMeansModel("kwadrant", inside))
    return made.setFeaturesCol(PLACE).setPredictionCol(CLUSTER)
