"""`kwadrant doctor`: the machine, the broker, and the deployment in its folder."""

import os

import typer

from kwadrant.doctor import Case, Check, Finding, examine
from kwadrant.settings import Settings
from kwadrant.topics import differences
from schemas.topics import TOPICS
from segmentation.errors import SegmentationError
from streaming import checkpoint
from streaming.deployment import client_options
from streaming.errors import StreamingError
from streaming.start import last_progress, newest_seeding


def run(settings: Settings) -> int:
    """Print every finding; 0 where all is well, else 1."""
    bootstrap = settings.kafka.get("bootstrap.servers")
    case = Case(os.environ, settings.folder, bootstrap, tuple(topic.name for topic in TOPICS))
    findings = examine(case, more=_more(settings) if bootstrap else ())
    for finding in findings:
        mark, color = ("ok  ", typer.colors.GREEN) if finding.ok else ("MEND", typer.colors.RED)
        typer.secho(mark, fg=color, nl=False)
        typer.echo(f" {finding.name}: {finding.found}" + ("" if finding.ok else f"\n     {finding.mend}"))
    return 0 if all(finding.ok for finding in findings) else 1


def _more(settings: Settings) -> tuple[Check, ...]:
    client = client_options(settings.kafka)

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
