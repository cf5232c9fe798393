"""What watches a running stream: Prometheus' exporter, Spark's listener, and the consumer group that shows the lag."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import CollectorRegistry
from pyspark.sql import SparkSession

from kwadrant.errors import LaunchError
from kwadrant.settings import Metrics
from monitoring.exporter import Exporter, serve
from schemas.facts import Begun, Followed, Observer
from streaming.deployment import Deployment
from streaming.group import Follower
from streaming.listener import listening

_log = logging.getLogger(__name__)
_Told = TypeVar("_Told")


@dataclass(frozen=True)
class Watch:
    """Who watches a stream: `began` is told where a run begins, the observers every batch."""

    began: Callable[[Begun], None]
    observers: tuple[Observer, ...]


@contextmanager
def exporter(metrics: Metrics) -> Iterator[Exporter | None]:
    """Answer Prometheus as long as the block lasts; None where nobody asked for it.

    Raises
    ------
    LaunchError
        Where the port is taken.
    """
    if not metrics.port:
        yield None
        return
    registry = CollectorRegistry()
    kept = Exporter(registry)
    try:
        _, end = serve(metrics.port, metrics.address, registry)
    except OSError as error:
        message = (
            f"cannot answer Prometheus on {metrics.address}:{metrics.port}: {error.strerror or error}. Choose another "
            "metrics.port, or end what uses this one"
        )
        raise LaunchError(message) from error
    try:
        yield kept
    finally:
        end()


@contextmanager
def watched(spark: SparkSession, deployment: Deployment, group: str, kept: Exporter | None
            ) -> Iterator[Watch]:  # fmt: skip
    """Give those who watch a stream; what fails in them is logged, and the stream goes on.

    `group` is the consumer group that is told how far the stream has read, empty for none.
    """
    stream = deployment.parameters.stream
    observers: list[Observer] = []
    began: Callable[[Begun], None] = _pass_over
    with ExitStack() as running:
        if kept is not None:
            pool = running.enter_context(ThreadPoolExecutor(1, "metrics"))
            observers.append(aside(pool, kept.observe))
            began = aside(pool, kept.began)
            running.enter_context(listening(spark, stream, aside(pool, kept.progressed)))
        if kept is not None or group:
            told: Callable[[Followed], None] = _pass_over if kept is None else kept.followed
            follower = Follower(deployment.client, group.replace("{stream}", stream), told)
            observers.append(running.enter_context(follower).observe)
        yield Watch(began, tuple(observers))


def _pass_over(_: Begun | Followed) -> None:
    """Nobody asks."""


def aside(pool: Executor, tell: Callable[[_Told], None]) -> Callable[[_Told], None]:
    """Return an observer that nobody waits for, and whose failures end nothing: facts may be lost, records not."""

    def told(what: _Told) -> None:
        try:
            tell(what)
        except Exception:  # noqa: BLE001 - whatever is wrong with a metric, the stream goes on
            _log.exception("metrics of a batch are lost")

    def observer(what: _Told) -> None:
        with suppress(RuntimeError):  # Spark may have a last report to tell when all is over
            pool.submit(told, what)

    return observer
