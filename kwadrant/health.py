"""`kwadrant doctor`: the machine, the broker, and the deployment in its folder."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import typer

from kwadrant.common import say, spark_jars
from kwadrant.doctor import Case, Check, Finding, examine
from kwadrant.processes import LOOPBACK, port_is_free
from kwadrant.settings import Metrics, Settings
from kwadrant.spark import session
from kwadrant.topics import differences
from schemas.topics import TOPICS
from segmentation.errors import SegmentationError
from streaming import checkpoint
from streaming.clients import client_options
from streaming.errors import StreamingError
from streaming.start import last_progress, newest_seeding

_PATIENCE_S = 5.0


def run(settings: Settings) -> int:
    """Print every finding; 0 where all is well, else 1."""
    client = client_options(settings.kafka)
    here = settings.folder if isinstance(settings.folder, Path) else Path(tempfile.gettempdir())
    case = Case(os.environ, here, client, tuple(topic.name for topic in TOPICS), settings.master)
    with _reached(settings):
        more = _more(settings, client) if case.bootstrap else ()
        findings = examine(case, more=(answering(settings.metrics), *more))
    for finding in findings:
        mark, color = ("ok  ", typer.colors.GREEN) if finding.ok else ("MEND", typer.colors.RED)
        typer.secho(mark, fg=color, nl=False)
        typer.echo(f" {finding.name}: {finding.found}" + ("" if finding.ok else f"\n     {finding.mend}"))
    return 0 if all(finding.ok for finding in findings) else 1


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


def _more(settings: Settings, client: Mapping[str, object]) -> tuple[Check, ...]:
    def policies(_: Case) -> Finding:
        found = differences(client)
        text = "; ".join(f"{d.topic}: {d.found}" for d in found) or "partitions and policies as they have to be"
        return Finding("topics' policies", not found, text, "; ".join(d.mend for d in found))

    def control(_: Case) -> Finding:
        newest = newest_seeding(client, settings.stream)
        if newest is None:
            return Finding("control topic", ok=False, found="no model of this stream", mend="run `kwadrant seed`")
        found = f"generation {newest.generation}, {len(newest.model.clusters)} clusters"
        return Finding("control topic", ok=True, found=found)

    def resumable(_: Case) -> Finding:
        newest = newest_seeding(client, settings.stream)
        folder = settings.folder / f"checkpoint-{newest.generation if newest else 0}"
        progress = last_progress(client, settings.stream)
        try:
            if newest is not None and progress is not None and progress.generation == newest.generation:
                checkpoint.check(folder, progress, generation=newest.generation)
        except (StreamingError, SegmentationError) as error:
            return Finding("checkpoint", ok=False, found=str(error), mend="see above")
        return Finding("checkpoint", ok=True, found=f"batch {checkpoint.committed(folder)} committed in {folder.name}")

    return policies, control, resumable
