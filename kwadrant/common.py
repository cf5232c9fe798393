"""What all verbs share: settings from their options, jars, and errors that end a command with a sentence."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import typer
from kafka.errors import KafkaError
from pydantic import ValidationError

from kwadrant import jars
from kwadrant.cells import TableError
from kwadrant.errors import LaunchError
from kwadrant.last_word import last_word
from kwadrant.order import OrderError
from kwadrant.produce import ProduceError
from kwadrant.setting_errors import sentences
from kwadrant.settings import Settings
from segmentation.calendar import Calendar
from segmentation.errors import SegmentationError
from segmentation.parameters import Parameters
from streaming.clients import client_options
from streaming.errors import StreamingError
from streaming.location import location

KNOWN = (LaunchError, TableError, OrderError, ProduceError, SegmentationError, StreamingError, ValueError)
"""Errors that say what to do by themselves."""


class UsageError(ValueError):
    """What was typed does not fit together."""


def load(bootstrap: str | None = None, folder: str | None = None, zone: str | None = None) -> Settings:
    """Return the settings of environment and file, under what was typed; `zone` is the fallback time zone."""
    settings = Settings()
    changes: dict[str, object] = {}
    if bootstrap is not None:
        changes["kafka"] = {**settings.kafka, "bootstrap.servers": bootstrap}
    if folder is not None:
        changes["folder"] = location(folder)
    if zone is not None and "time_zone" not in settings.model_fields_set:
        changes["time_zone"] = zone
    return settings.model_copy(update=changes)


def client_of(settings: Settings) -> dict[str, object]:
    """Client options, or a sentence that says how to give them."""
    if "bootstrap.servers" not in settings.kafka:
        message = 'which Kafka? Give --bootstrap HOST:PORT, or "bootstrap.servers" under [kafka] in kwadrant.toml'
        raise UsageError(message)
    return client_options(settings.kafka)


def spark_jars(report: Callable[[str], None]) -> tuple[Path, ...]:
    """Spark's extra jars, fetched if this machine has none yet."""
    return jars.ensure(None, report=report, environment=os.environ).spark


def calendar_of(settings: Settings) -> Calendar:
    """Return the epochs of the settings."""
    return Calendar(settings.time_zone, settings.parameters().epoch_s)


def say(text: str) -> None:
    """One line of progress, at once."""
    typer.echo(text)
    sys.stdout.flush()


@contextmanager
def told() -> Iterator[None]:
    """Turn a known error into one sentence on stderr and exit status 2; others keep their traceback."""
    try:
        yield
    except ValidationError as error:
        _fail("the settings are not right:\n" + "\n".join(f"  {line}" for line in sentences(error)))
    except KafkaError as error:
        name = type(error).__name__
        said = f"{name}: {str(error).removeprefix(f'{name}: ')}{last_word()}"
        _fail(f"Kafka: {said}. Is the broker up, and are name and password right? `kwadrant doctor` looks.")
    except KNOWN as error:
        _fail(str(error))


def _fail(text: str) -> None:
    typer.secho(f"error: {text}", fg=typer.colors.RED, err=True)
    raise typer.Exit(2)


def through(until: datetime | None, parameters: Parameters, last: int | None = None) -> int:
    """Last epoch of history: the one before local day `until`, or `last`."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    if until is not None:
        return calendar.epoch_of_date(until.date()) - 1
    if last is None:
        message = "say where history ends: --until YYYY-MM-DD"
        raise UsageError(message)
    return last
