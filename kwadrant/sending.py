"""`kwadrant produce`: a user's tables to the topics, with the clock records of the deployment's calendar."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from kwadrant.common import client_of
from kwadrant.database import Mark
from kwadrant.inputs import Inputs
from kwadrant.produce import Produced
from kwadrant.produce import produce as send
from kwadrant.settings import Settings
from segmentation.calendar import Calendar
from segmentation.parameters import Parameters

PERIOD_S = 2.0


def run(
    settings: Settings,
    given: Inputs,
    *,
    speed: float | None,
    rows_per_second: float | None,
    since: datetime | None,
    backfill: bool = False,
    stop: threading.Event,
    report: Callable[[str], None],
) -> Produced:
    """Send everything, as fast as asked; `stop` ends it between two records, nothing half sent.

    History (`backfill`) closes no epoch, nor do archive rows alone: they are sent without clock records.
    """
    client, parameters = client_of(settings), settings.parameters()
    ends = clocks(parameters) if given.timed and not backfill else ()
    last = 0.0

    def progress(sent: Produced) -> None:
        nonlocal last
        if time.monotonic() - last >= PERIOD_S:
            last = time.monotonic()
            report(f"{sent.rows:,} rows, up to {sent.last}")

    return send(
        given.to_send(), client=client, epoch_ends=ends, speed=speed,
        rows_per_second=rows_per_second, since=since, backfill=backfill, stop=stop, report=progress,
    )  # fmt: skip


def summary(sent: Produced, *, stopped: bool, known: Mark | None = None) -> str:
    """Return in words what was sent; `known` is the last change time of the database that was asked."""
    if sent.rows:
        return f"sent {sent.rows:,} rows, up to {sent.last}"
    if stopped:
        return "sent 0 rows; it was stopped before the first"
    return "sent 0 rows; there is none to send" if known is None else f"sent 0 rows; nothing has changed since {known}"


def clocks(parameters: Parameters, first: int = 2000, last: int = 2100) -> list[datetime]:
    """Return the times of the clock records: epoch ends from year `first` to `last`, plus the allowed lateness."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    begin, end = (calendar.epoch_of_date(datetime(year, 1, 2, tzinfo=UTC).date()) for year in (first, last))
    lateness = timedelta(seconds=parameters.lateness_s)
    return [datetime.fromtimestamp(calendar.end(epoch), UTC) + lateness for epoch in range(begin, end)]
