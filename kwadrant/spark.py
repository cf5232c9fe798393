"""One Spark session, set as the folds need it."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from kwadrant.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def session(settings: Settings, jars: Sequence[Path], name: str) -> SparkSession:
    """Return a session for `name`; Python workers find this project's packages and run this very Python."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    found = os.environ.get("PYTHONPATH", "")
    if str(ROOT) not in found.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(part for part in (str(ROOT), found) if part)
    builder = SparkSession.builder.appName(f"kwadrant {name}").master(settings.master)
    options = _options(settings, jars)
    for option, value in options.items():
        builder = builder.config(option, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _options(settings: Settings, jars: Sequence[Path]) -> dict[str, str]:
    partitions = _partitions(settings.master)
    return {
        "spark.jars": ",".join(map(str, jars)),
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.host": "127.0.0.1" if settings.master.startswith("local") else "localhost",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(partitions),
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
    }  # fmt: skip


def _partitions(master: str) -> int:
    """Two tasks for each core of a local master; four where it is a cluster's to say."""
    cores = master.removeprefix("local[").rstrip("]")
    return 4 if not cores.isdigit() else max(2, int(cores))
