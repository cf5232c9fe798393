"""Spark's classes as Java keeps them ready for the next start: half of what a JVM does until it runs is loading them.

`python -m kwadrant.class_archive` makes the archive beside this Python's packages, once (Java's class data sharing,
JEP 350). Java checks it against its own version and the jars, and starts without it where it does not fit.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from kwadrant import java, spark
from kwadrant.settings import Settings

_LONGEST_DUMP_S = 300


def make(archive: Path = spark.ARCHIVE) -> None:
    """Run a small batch and a small stream, and let Java write down which classes they took. Most of a minute."""
    archive.unlink(missing_ok=True)  # Java does not write one while it reads another
    unfinished = archive.with_suffix(".unfinished")
    dumped = {"driver.extraJavaOptions": f"{java.QUICK} -XX:ArchiveClassesAtExit={unfinished} {spark.SILENT}"}
    session = spark.session(Settings(master="local[2]", spark=dumped), [], "class archive")
    with tempfile.TemporaryDirectory() as folder:
        _work(session, Path(folder))
    _end(session)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())  # Java dies of an archive that is cut off
    unfinished.replace(archive)


def _work(session: SparkSession, folder: Path) -> None:
    """Take the ways that seeding and streaming take: Parquet, Arrow, state in RocksDB, batches with a checkpoint."""
    table = str(folder / "table")
    rows = session.range(64).selectExpr("cast(id % 4 as int) bucket", "cast('a' as binary) payload")
    rows.write.parquet(table)
    session.read.parquet(table).where("bucket > 0").toArrow()
    counted = session.readStream.schema("bucket int, payload binary").parquet(table).groupBy("bucket").count()
    writer = counted.writeStream.foreachBatch(_taken).outputMode("update")
    writer = writer.option("checkpointLocation", str(folder / "checkpoint"))
    writer.trigger(availableNow=True).start().awaitTermination()


def _taken(batch: DataFrame, _: int) -> None:
    batch.toArrow()


def _end(session: SparkSession) -> None:
    """End the session and its JVM, which writes the archive as it ends.

    Raises
    ------
    RuntimeError
        Where it could not.
    """
    gateway: Any = session.sparkContext._gateway  # noqa: SLF001 - there is no public way to wait for the JVM
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    if code := gateway.proc.wait(_LONGEST_DUMP_S):
        raise RuntimeError(f"Java ended with exit code {code}, and no archive was made; is the disk full?")


if __name__ == "__main__":
    make()
