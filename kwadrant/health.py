"""`kwadrant doctor`: the machine, the broker, the deployment in its folder, and whether its stream moves."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import typer

from kwadrant import deployed
from kwadrant.common import say, spark_jars
from kwadrant.doctor import Case, Check, Finding, examine
from kwadrant.processes import LOOPBACK, port_is_free
from kwadrant.pulse import moving
from kwadrant.settings import Metrics, Settings
from kwadrant.spark import session
from kwadrant.topics import differences
from schemas.topics import TOPICS
from streaming.clients import client_options

_PATIENCE_S = 5.0


def run(settings: Settings) -> int:
    """Say where it looks, and print every finding; 0 where all is well, else 1."""
    client = client_options(settings.kafka)
    here = settings.folder if isinstance(settings.folder, Path) else Path(tempfile.gettempdir())
    case = Case(os.environ, here, client, tuple(topic.name for topic in TOPICS), settings.master)
    for line in where(settings, case):
        say(line)
    with _reached(settings):
        cluster = (policies, *deployed.checks(settings), moving(settings.stream))
        findings = examine(case, more=(answering(settings.metrics),), cluster=cluster)
    for finding in findings:
        mark = ("ok  " if finding.seen else "--  ") if finding.ok else "MEND"
        typer.secho(mark, fg=typer.colors.GREEN if finding.ok else typer.colors.RED, nl=False)
        typer.echo(f" {finding.name}: {finding.found}" + ("" if finding.ok else f"\n     {finding.mend}"))
    return 0 if all(finding.ok for finding in findings) else 1


def where(settings: Settings, case: Case) -> Iterator[str]:
    """Yield which stream, folder and Kafka are looked at, and the settings that say so."""
    yield f"stream {settings.stream} (KWADRANT_STREAM), folder {deployed.shown(settings.folder)} (KWADRANT_FOLDER)"
    if case.bootstrap:
        yield f"Kafka {case.bootstrap}"
    else:
        yield "no Kafka is named, so none is looked at: --bootstrap HOST:PORT"


@contextmanager
def _reached(settings: Settings) -> Iterator[None]:
    """Hold a small session where only Spark can look into the folder."""
    if isinstance(settings.folder, Path):
        yield
        return
    small = session(settings.model_copy(update={"master": "local[1]"}), spark_jars(say), "doctor")
    try:
        yield
    finally:
        small.stop()


def answering(metrics: Metrics) -> Check:
    """Return the check whether a stream answers Prometheus, or could."""

    def prometheus(_: Case) -> Finding:
        if not metrics.port:
            return Finding("metrics", ok=True, found="off; metrics.port = 9464 lets Prometheus ask the stream")
        host = LOOPBACK if metrics.address in ("0.0.0.0", "::") else metrics.address  # noqa: S104 - asked, not bound
        address = f"http://{host}:{metrics.port}/metrics"
        if port_is_free(metrics.port):
            return Finding("metrics", ok=True, found=f"{address}, once a stream runs")
        ours = _is_ours(address)
        mend = "" if ours else "Choose another metrics.port, or end what uses this one."
        return Finding("metrics", ours, f"{'a stream' if ours else 'something else'} answers at {address}", mend)

    return prometheus


def _is_ours(address: str) -> bool:
    with suppress(OSError, HTTPException), urlopen(address, timeout=_PATIENCE_S) as answer:  # noqa: S310 - http, by us
        return b"kwadrant_build_info" in answer.read()
    return False


def policies(case: Case) -> Finding:
    """Compare the topics with what they have to be."""
    found = differences(case.client)
    text = "; ".join(f"{d.topic}: {d.found}" for d in found) or "partitions and policies as they have to be"
    return Finding("topics' policies", not found, text, "; ".join(d.mend for d in found))
