"""One Spark session, set as the folds need it: on this machine, or on a cluster."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from kwadrant.packages import ROOT, zipped
from kwadrant.settings import Settings

_SECRET = re.compile("secret|password|token|credential|key", re.IGNORECASE)
_LOOPBACK = "127.0.0.1"
ARCHIVE = Path(sys.prefix) / "spark.jsa"
"""Spark's classes as Java keeps them ready, where somebody has let it: see `kwadrant.class_archive`."""
SILENT = "-Xlog:cds=off -Xlog:cds+dynamic=off"
"""An archive that does not fit this Java or these jars is no news: it starts without."""


def session(settings: Settings, jars: Sequence[Path], name: str) -> SparkSession:
    """Return a session for `name` whose Python workers find this project's packages.

    A local master's workers run this very Python. A cluster's run `pyspark.python` of the Spark settings or the
    environment's PYSPARK_PYTHON, which has to be there on every machine, and get our packages sent.
    """
    here = is_local(settings.master)
    if here:
        os.environ.setdefault("SPARK_LOCAL_IP", _LOOPBACK)
        _find_packages()
    os.environ["PYSPARK_PYTHON"] = _python(settings)
    options = {"spark.app.name": f"kwadrant {name}", "spark.master": settings.master, **_options(settings, jars)}
    # what the JVM is started with stands in the list of processes: secrets come after
    shown = [(option, value) for option, value in options.items() if not _SECRET.search(option)]
    SparkContext._ensure_initialized(conf=SparkConf().setAll(shown))  # noqa: SLF001 - there is no public way
    builder = SparkSession.builder
    for option, value in options.items():
        builder = builder.config(option, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    _leave_the_end_to_us(session.sparkContext)
    if not here:
        session.sparkContext.addPyFile(str(zipped()))
    return session


def is_local(master: str) -> bool:
    """Whether executors are threads of the driver.

    Examples
    --------
    >>> [is_local(master) for master in ("local", "local[*]", "local-cluster[2,1,1024]", "spark://node:7077")]
    [True, True, False, False]
    """
    return master == "local" or master.startswith("local[")


def _leave_the_end_to_us(context: SparkContext) -> None:
    """Have Java ignore SIGTERM, as PySpark has it ignore SIGINT: who ends a process group ends both.

    We finish the batch in hand, for which Java is needed, and it ends with us.
    """
    # the JVM's gateway is what PySpark reaches it by, too; there is no public name
    signals = context._jvm.sun.misc  # type: ignore[union-attr]  # noqa: SLF001
    signals.Signal.handle(signals.Signal("TERM"), signals.SignalHandler.SIG_IGN)


def _find_packages() -> None:
    found = os.environ.get("PYTHONPATH", "")
    if str(ROOT) not in found.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(part for part in (str(ROOT), found) if part)


def _python(settings: Settings) -> str:
    if is_local(settings.master):
        return sys.executable
    return settings.spark.get("pyspark.python") or os.environ.get("PYSPARK_PYTHON") or sys.executable


def _options(settings: Settings, jars: Sequence[Path]) -> dict[str, str]:
    given = {f"spark.{name}": value for name, value in settings.spark.items()}
    near = {"spark.driver.host": _LOOPBACK, "spark.driver.bindAddress": _LOOPBACK, **_class_archive()}
    every = [*map(str, jars), *filter(None, given.get("spark.jars", "").split(","))]
    return {
        "spark.driver.memory": settings.driver_memory,
        **(near if is_local(settings.master) else {}),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(_partitions(settings.master)),
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
        "spark.sql.execution.pythonUDF.pandas.preferIntExtensionDtype": "true",
        "spark.sql.streaming.stateStore.providerClass":
            "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
        "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
        "spark.sql.streaming.stateStore.checkpointFormatVersion": "2",
        "spark.sql.streaming.minBatchesToRetain": "10",
        "spark.sql.streaming.metricsEnabled": "false",
        "spark.python.unix.domain.socket.enabled": "true",
        "spark.log.level": "ERROR",
        **given,
        "spark.jars": ",".join(every),
    }  # fmt: skip


def _class_archive() -> dict[str, str]:
    """Return the option with which Java reads the class archive, where there is one."""
    if not ARCHIVE.exists():
        return {}
    return {"spark.driver.extraJavaOptions": f"-XX:SharedArchiveFile={ARCHIVE} {SILENT}"}


def _partitions(master: str) -> int:
    """Two tasks for each core of a local master; four where it is a cluster's to say."""
    cores = master.removeprefix("local[").rstrip("]")
    return 4 if not cores.isdigit() else max(2, int(cores))
