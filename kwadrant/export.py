"""`kwadrant export`: a clustering for scikit-learn or Spark ML, written once the peer itself gives our clusters."""

import shutil
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from kwadrant import parity, settings, spark
from kwadrant.parity import Parity
from schemas import fitted
from schemas.fitted import Fitted

NEEDS = {"sklearn": ("sklearn", "scikit-learn"), "mllib": ("pyspark", "pyspark")}
"""Module and package that each peer is."""
SKLEARN_LOADER = Path(__file__).with_name("sklearn_pipeline.py")


class ExportError(ValueError):
    """An export that cannot be made, or whose peer does not give our clusters."""


def run(model_file: Path, to: str, out: Path) -> str:
    """Write the folder ``out`` and return how to use it.

    It holds the model file, the parity rows with our clusters and distances, and what the peer loads. It is put
    together elsewhere, loaded by the peer, and moved to its place when every parity row got its cluster.
    """
    if to not in NEEDS:
        raise ExportError(f"expected --to {' or '.join(NEEDS)}; found {to!r}")
    if not model_file.is_file():
        raise ExportError(f"expected a model file of kwadrant fit; there is no file {model_file}")
    if out.exists():
        raise ExportError(f"expected no {out} yet; found one; name another folder or delete it")
    module, package = NEEDS[to]
    if find_spec(module) is None:
        raise ExportError(f"expected {package}, which loads what it gets; found none; pip install {package}")
    model = fitted.read(model_file)
    rows = parity.parity(model)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        made = Path(scratch) / out.name
        made.mkdir()
        fitted.write(model, made / "model.json")
        rows.write(made / "parity.json")
        WRITERS[to](model, rows, made)
        made.rename(out)
    return USE[to].format(out=out)


def _sklearn(_: Fitted, __: Parity, folder: Path) -> None:
    from kwadrant import sklearn_pipeline  # noqa: PLC0415 - scikit-learn need not be there

    shutil.copyfile(SKLEARN_LOADER, folder / SKLEARN_LOADER.name)
    sklearn_pipeline.load(folder)


def _mllib(model: Fitted, rows: Parity, folder: Path) -> None:
    from kwadrant import mllib_pipeline  # noqa: PLC0415 - as heavy as Spark is

    session = spark.session(settings.Settings(), (), "export")
    try:
        mllib_pipeline.pipeline(session, model).save(str(folder / "pipeline"))
        found = mllib_pipeline.clusters(session, folder / "pipeline", model, rows.rows)
    finally:
        session.stop()
    if other := np.count_nonzero(found != rows.labels):
        message = f"expected our clusters from Spark ML; found others in {other} of {len(found)} parity rows; {NOTHING}"
        raise ExportError(message)


NOTHING = "nothing is written"
WRITERS: dict[str, Callable[[Fitted, Parity, Path], None]] = {"sklearn": _sklearn, "mllib": _mllib}
USE = {
    "sklearn": 'sys.path.append("{out}"); from sklearn_pipeline import load; load("{out}").predict(table)',
    "mllib": 'PipelineModel.load("{out}/pipeline").transform(table)  # column cluster',
}
"""What to write to use an export."""
