"""Spark's own report of each batch, as its listeners get it: time by phase, and records read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from pyspark import SparkContext
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import SparkSession

from schemas.facts import Progressed

WHOLE = "triggerExecution"
"""Spark's name of the whole trigger among its phases."""
Tell = Callable[[Progressed], None]


class _Report(msgspec.Struct, rename="camel"):
    """What is read of Spark's report."""

    name: str | None = None
    duration_ms: dict[str, int] = {}
    num_input_rows: int = 0


_decode = msgspec.json.Decoder(_Report).decode


def progressed(report: str) -> tuple[str | None, Progressed]:
    """Return a query's name, and what Spark's report of it, a JSON text, says of a batch."""
    found = _decode(report)
    phases = {phase: ms / 1_000 for phase, ms in found.duration_ms.items()}
    seconds = phases.pop(WHOLE, 0.0)
    return found.name, Progressed(phases=phases, seconds=seconds, records=found.num_input_rows)


@contextmanager
def listening(spark: SparkSession, name: str, tell: Tell) -> Iterator[None]:
    """Tell the reports of the query called `name` as long as the block lasts, from a thread of their own.

    PySpark's `StreamingQueryListener` would bring a report over field by field, some hundred calls to the JVM: 59 ms of
    this interpreter's time for each batch. As one text it takes 0.4 ms.
    """
    gateway = SparkContext._gateway  # noqa: SLF001 - there is no public way to a listener of one's own
    ensure_callback_server_started(gateway)  # type: ignore[no-untyped-call]
    streaming = gateway.jvm.org.apache.spark.sql.streaming  # type: ignore[union-attr]
    listener = streaming.PythonStreamingQueryListenerWrapper(_Listener(name, tell))
    queries: Any = spark.streams
    queries._jsqm.addListener(listener)  # noqa: SLF001
    try:
        yield
    finally:
        queries._jsqm.removeListener(listener)  # noqa: SLF001


class _Listener:
    """What the JVM calls, with events of its own."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._name, self._tell = name, tell

    def onQueryStarted(self, event: Any) -> None:  # noqa: ANN401, N802 - Java's
        """Pass over a start."""

    def onQueryProgress(self, event: Any) -> None:  # noqa: ANN401, N802
        """Take a report."""
        name, found = progressed(event.progress().json())
        if name == self._name:
            self._tell(found)

    def onQueryIdle(self, event: Any) -> None:  # noqa: ANN401, N802
        """Pass over a trigger without a batch."""

    def onQueryTerminated(self, event: Any) -> None:  # noqa: ANN401, N802
        """Pass over an end."""

    class Java:
        """What this is to the JVM."""

        implements = ("org.apache.spark.sql.streaming.PythonStreamingQueryListener",)
