"""What doctor sees of a deployment: the model on the control topic, and the folder that belongs to it."""

from collections.abc import Mapping
from pathlib import Path

from batch_init.seeding import read_description
from kwadrant.contradictions import contradictions
from kwadrant.doctor import Case, Check, Finding
from kwadrant.settings import Settings
from schemas import control
from schemas.control import Promote
from schemas.progress import Progress
from schemas.topics import CONTROL
from streaming import checkpoint
from streaming.errors import CannotResume
from streaming.location import Location
from streaming.start import last_progress, newest_seeding
from streaming.topic import committed_records

_LOOKS = 4
"""How often a checkpoint is looked at that a running stream moves away from under the eye."""


def checks(settings: Settings) -> tuple[Check, ...]:
    """Return the checks of the settings' deployment, which ask the broker."""

    def model(case: Case) -> Finding:
        newest = newest_seeding(case.client, settings.stream)
        if newest is None:
            return _no_model(streams(case.client), settings.stream)
        found = f"generation {newest.generation}, {len(newest.model.clusters)} clusters"
        return Finding("model", ok=True, found=found)

    def folder(case: Case) -> Finding:
        return _folder(settings, newest_seeding(case.client, settings.stream))

    def resumable(case: Case) -> Finding:
        newest = newest_seeding(case.client, settings.stream)
        if newest is None or not _folder(settings, newest).ok:
            return Finding("checkpoint", ok=True, found="not looked at: model and folder come first", seen=False)
        return _checkpoint(case, settings, newest.generation)

    return model, folder, resumable


def shown(folder: Location) -> str:
    """Return a folder so that it is the same one wherever this is read."""
    return str(folder.absolute() if isinstance(folder, Path) else folder)


def streams(client: Mapping[str, object]) -> list[str]:
    """Return every stream that was ever seeded on this Kafka, in the order of the alphabet."""
    values = (value for _, value in committed_records(client, CONTROL) if value is not None)
    records = (control.read(value) for value in values)
    return sorted({record.stream for record in records if isinstance(record, Promote)})


def _no_model(others: list[str], stream: str) -> Finding:
    mend = "Run `kwadrant seed`."
    if others:
        mend = (
            f"Seeded here: {', '.join(others)}. Set `stream` (KWADRANT_STREAM) to the one you mean, or seed this one."
        )
    return Finding("model", ok=False, found=f"the stream {stream} was never seeded on this Kafka", mend=mend)


def _folder(settings: Settings, newest: Promote | None) -> Finding:
    """Look whether the folder holds the deployment that the control topic tells of, with these settings."""
    found, place = read_description(settings.folder), shown(settings.folder)
    if newest is None:
        held = "nothing is" if found is None else f"the stream {found[0].stream} is"
        return Finding("folder", ok=True, found=f"{held} in {place}")
    if found is None:
        text = f"the stream {settings.stream} was seeded, but not into {place}"
        return Finding("folder", ok=False, found=text, mend="Set `folder` (KWADRANT_FOLDER) to where it was.")
    parameters, generation = found
    if parameters.stream != settings.stream:
        text = f"the stream {settings.stream} was seeded, but {place} is of the stream {parameters.stream}"
        mend = "Set `folder` (KWADRANT_FOLDER) to where it was, or `stream` (KWADRANT_STREAM) to the folder's."
        return Finding("folder", ok=False, found=text, mend=mend)
    if generation != newest.generation:
        text = f"{place} is of generation {generation}, the newest model of {newest.generation}"
        mend = "Set `folder` (KWADRANT_FOLDER) to that of the last seeding."
        return Finding("folder", ok=False, found=text, mend=mend)
    if other := contradictions(settings, parameters):
        text = f"{place} was seeded with other settings: {'; '.join(other)}"
        mend = "Restore what it was seeded with: `kwadrant stream` refuses to start with others."
        return Finding("folder", ok=False, found=text, mend=mend)
    return Finding("folder", ok=True, found=f"generation {generation} in {place}, no setting against it")


def _checkpoint(case: Case, settings: Settings, generation: int) -> Finding:
    """Compare checkpoint and progress record; of a running stream either may be read a batch after the other."""
    place, before = settings.folder / f"checkpoint-{generation}", None
    for look in range(_LOOKS):
        progress = checkpoint.current(last_progress(case.client, settings.stream), generation)
        try:
            checkpoint.check(place, progress, generation=generation)
        except CannotResume as error:
            if before is not None and progress is not None and _moved(place, before, progress):
                break
            if look == _LOOKS - 1:
                return Finding("checkpoint", ok=False, found="it is not where the stream is", mend=str(error))
            before = progress
        else:
            break
    last = checkpoint.committed(place)
    found = f"batch {last} committed" if last >= 0 else "no batch yet"
    return Finding("checkpoint", ok=True, found=f"{found} in {place.name}")


def _moved(place: Location, before: Progress, after: Progress) -> bool:
    """Whether a stream runs on this very checkpoint: its record went on, and the checkpoint with it."""
    ours = checkpoint.query_id(place) == after.query == before.query
    return ours and after.batch > before.batch <= checkpoint.committed(place)
