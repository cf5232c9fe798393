"""Spark's checkpoint as the commit needs it: which batch is committed, and the offsets of the next."""

import json
from pathlib import Path

from schemas.progress import Progress
from streaming.errors import CannotResume


def committed(checkpoint: Path) -> int:
    """Last batch that Spark has committed, -1 where there is none."""
    return max(_numbers(checkpoint / "commits"), default=-1)


def planned(checkpoint: Path) -> int:
    """Last batch whose offsets Spark has written down, -1 where there is none."""
    return max(_numbers(checkpoint / "offsets"), default=-1)


def offsets(checkpoint: Path, batch: int) -> tuple[str, ...]:
    """End offsets of a batch, one JSON text per source, keys sorted."""
    lines = (checkpoint / "offsets" / str(batch)).read_text(encoding="utf-8").splitlines()
    return tuple(json.dumps(json.loads(line), sort_keys=True) for line in lines[2:] if line != "-")


def query_id(checkpoint: Path) -> str | None:
    """Spark's id of the query, None before its first start."""
    path = checkpoint / "metadata"
    return str(json.loads(path.read_text(encoding="utf-8"))["id"]) if path.exists() else None


def prepare(checkpoint: Path) -> None:
    """Remove what a kill before the very first batch leaves: `offsets/*.tmp` without a numbered file stops Spark for ever."""
    if planned(checkpoint) == -1:
        for left in (checkpoint / "offsets").glob("*.tmp"):
            left.unlink()
        for left in (checkpoint / "offsets").glob(".*.tmp*"):
            left.unlink()


def check(checkpoint: Path, progress: Progress | None, *, generation: int) -> None:
    """Go on only where the progress record and the checkpoint tell the same story; else say which, and what to do.

    Raises
    ------
    CannotResume
        With c the last committed batch and p the record's, unless p = c, or p = c + 1 with the same offsets.
    """
    last = committed(checkpoint)
    if progress is None:
        if last >= 0:
            _refuse(f"the checkpoint has committed batch {last}, but the progress topic has no record of this stream", checkpoint)
        return
    if progress.generation != generation:
        _refuse(f"the progress record is of generation {progress.generation}, the model of {generation}", checkpoint)
    known = query_id(checkpoint)
    if known != progress.query:
        _refuse(f"the progress record is of query {progress.query}, the checkpoint of {known}", checkpoint)
    if progress.batch == last:
        return
    if progress.batch != last + 1:
        _refuse(f"the progress record is at batch {progress.batch}, the checkpoint at {last}", checkpoint)
    if planned(checkpoint) < progress.batch or offsets(checkpoint, progress.batch) != progress.offsets:
        _refuse(f"batch {progress.batch} was published with other offsets than the checkpoint has", checkpoint)


def _refuse(found: str, checkpoint: Path) -> None:
    message = (
        f"cannot go on: {found}. Events could be lost or said twice. Restore the checkpoint folder {checkpoint.name!r} that "
        "belongs to these topics, or seed again, which begins a new generation"
    )
    raise CannotResume(message)


def _numbers(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.glob("*") if path.name.isdigit()] if folder.exists() else []
