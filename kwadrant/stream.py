"""`kwadrant stream`: the Spark Structured Streaming job as a command."""

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from batch_init import seeding
from kwadrant.common import UsageError, client_of, say, spark_jars
from kwadrant.contradictions import contradictions
from kwadrant.seed import deployment_of
from kwadrant.settings import Settings
from kwadrant.spark import session
from kwadrant.watch import exporter, watched
from kwadrant.words import sentence
from schemas.facts import Facts
from schemas.times import iso, microseconds
from segmentation.parameters import Parameters
from streaming import job
from streaming.ending import Ending

SECOND_US = 1_000_000


class Line(msgspec.Struct, rename="camel"):
    """A batch as one line of `--json`."""

    batch: int
    seconds: float
    arrived_seconds_ago: float | None
    repeated: bool
    counts: dict[str, int]
    events: tuple[msgspec.Raw, ...]
    closed: int
    closed_until: str
    model_version: int
    quadrants: dict[str, int]
    clusters: dict[str, int]
    commands: int
    pending: int
    held: str | None


def run(settings: Settings, *, until_idle: bool, as_json: bool) -> None:
    """Stream until SIGTERM or Ctrl-C, or until nothing is left to do."""
    client_of(settings)
    if isinstance(settings.folder, Path):
        seeded(settings)  # said at once, where no Spark is needed to look
    stop = stopped_by_signals()
    note = _to_stderr if as_json else say
    ready = (lambda: say('{"ready":true}')) if as_json else (lambda: say("streaming"))
    with exporter(settings.metrics) as kept:
        note("starting Spark")
        spark = session(settings, spark_jars(note), "stream")
        try:
            deployment = deployment_of(settings, *seeded(settings))
            note("starting the stream; the first batch takes a while")
            with watched(spark, deployment, settings.group, kept) as watch:
                tell = _json_line if as_json else _plain_lines
                ending = Ending(stop, until_idle=until_idle, ready=ready)
                last = job.run(spark, deployment, ending, (tell, *watch.observers), watch.began)
            note(f"stopped after batch {last}")
        finally:
            spark.stop()


def seeded(settings: Settings) -> tuple[Parameters, int]:
    """Identity of the deployment in the settings' folder; a setting that contradicts it is refused with both values."""
    found = seeding.read_description(settings.folder)
    if found is None:
        message = f"nothing is seeded in {settings.folder}; run `kwadrant seed` with the same --folder first"
        raise UsageError(message)
    parameters, generation = found
    if other := contradictions(settings, parameters):
        message = (
            f"the settings differ from those that {settings.folder} was seeded with: {'; '.join(other)}. Restore them, "
            "or seed again"
        )
        raise UsageError(message)
    return parameters, generation


def stopped_by_signals() -> threading.Event:
    """Set by SIGTERM and SIGINT: the batch in hand is finished first."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _json_line(facts: Facts) -> None:
    say(msgspec.json.encode(_line(facts)).decode())


def _line(facts: Facts) -> Line:
    ago = None
    if facts.arrived:
        ago = round((microseconds(datetime.now(UTC)) - facts.arrived) / SECOND_US, 3)
    return Line(
        batch=facts.batch, seconds=round(facts.seconds, 3), arrived_seconds_ago=ago, repeated=facts.repeated,
        counts=dict(facts.counts), events=tuple(msgspec.Raw(msgspec.json.encode(event)) for event in facts.events),
        closed=facts.closed, closed_until=iso(facts.closed_until * SECOND_US), model_version=facts.model_version,
        quadrants=dict(facts.quadrants), clusters={str(one.cluster): one.members for one in facts.clusters},
        commands=facts.commands, pending=facts.pending, held=facts.held,
    )  # fmt: skip


def _plain_lines(facts: Facts) -> None:
    rows = facts.counts.get("rows", 0)
    rate = rows / facts.seconds if facts.seconds > 0 else 0.0
    say(
        f"batch {facts.batch}: {rows:,} rows, {rate:,.0f}/s; closed until {iso(facts.closed_until * SECOND_US)}, "
        f"model {facts.model_version}"
    )
    for event in facts.events:
        say(f"  {sentence(event)}")
    if facts.held is not None and facts.quadrants:
        say(f"  HELD: {facts.held}")
