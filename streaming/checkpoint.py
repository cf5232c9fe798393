"""Spark's checkpoint as the commit needs it: which batch is committed, and the offsets of the next."""

import json
from collections.abc import Iterator

from schemas.progress import Progress
from streaming.errors import CannotResume
from streaming.location import Location


def committed(checkpoint: Location) -> int:
    """Last batch that Spark has committed, -1 where there is none."""
    return max(_numbers(checkpoint / "commits"), default=-1)


def planned(checkpoint: Location) -> int:
    """Last batch whose offsets Spark has written down, -1 where there is none."""
    return max(_numbers(checkpoint / "offsets"), default=-1)


def offsets(checkpoint: Location, batch: int) -> tuple[str, ...]:
    """End offsets of a batch, one JSON text per source, keys sorted."""
    lines = (checkpoint / "offsets" / str(batch)).read_bytes().decode().splitlines()
    return tuple(json.dumps(json.loads(line), sort_keys=True) for line in lines[2:] if line != "-")


def query_id(checkpoint: Location) -> str | None:
    """Spark's id of the query, None before its first start."""
    path = checkpoint / "metadata"
    return str(json.loads(path.read_bytes())["id"]) if path.exists() else None


def prepare(checkpoint: Location) -> None:
    """Remove what a kill before the very first batch leaves.

    `offsets/*.tmp` without a numbered file beside it would stop Spark for ever; beside one Spark passes it over.
    """
    if planned(checkpoint) == -1:
        for left in _within(checkpoint / "offsets"):
            if ".tmp" in left.name:
                left.unlink()


def check(checkpoint: Location, progress: Progress | None, *, generation: int) -> None:
    """Go on only where the progress record and the checkpoint tell the same story; else say which, and what to do.

    A record of an earlier generation is no record: a new seeding starts with a checkpoint of its own.

    Raises
    ------
    CannotResume
        With c the last committed batch and p the record's, unless p = c, or p = c + 1 with the same offsets.
    """
    found = _disagreement(checkpoint, current(progress, generation), generation)
    if found is not None:
        message = (
            f"cannot go on: {found}. Events could be lost or said twice. Restore the checkpoint folder "
            f"{checkpoint.name!r} that belongs to these topics, or seed again, which begins a new generation"
        )
        raise CannotResume(message)


def current(progress: Progress | None, generation: int) -> Progress | None:
    """Return the record unless it is of a generation before this one."""
    return None if progress is None or progress.generation < generation else progress


def _disagreement(checkpoint: Location, progress: Progress | None, generation: int) -> str | None:
    last, known = committed(checkpoint), query_id(checkpoint)
    if progress is None:
        told = f"the checkpoint has committed batch {last}, but the progress topic has no record of this stream"
        return told if last >= 0 else None
    if progress.generation != generation:
        return f"the progress record is of generation {progress.generation}, the model of {generation}"
    if progress.query != known:
        return f"the progress record is of query {progress.query}, the checkpoint of {known}"
    if progress.batch not in (last, last + 1):
        return f"the progress record is at batch {progress.batch}, the checkpoint at {last}"
    return None if progress.batch == last else _other_offsets(checkpoint, progress)


def _other_offsets(checkpoint: Location, progress: Progress) -> str | None:
    if planned(checkpoint) >= progress.batch and offsets(checkpoint, progress.batch) == progress.offsets:
        return None
    return f"batch {progress.batch} was published with other offsets than the checkpoint has"


def _numbers(folder: Location) -> list[int]:
    return [int(path.name) for path in _within(folder) if path.name.isdigit()]


def _within(folder: Location) -> Iterator[Location]:
    if folder.exists():
        yield from folder.iterdir()
