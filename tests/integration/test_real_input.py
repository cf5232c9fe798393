"""Real readings through the verbs as a user types them: 1,454 customers' daily kWh, Yangzhong, 2015 and 2016.

In the table a consumption of 1 stands for none. A stretch of every second customer's here; `make real` takes the whole
(REAL_BEFORE and REAL_AFTER: days before and after the first day that is streamed; REAL_EVERY: 1 for all customers).
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pytest

from schemas.event import Event, is_move
from tests.integration.conftest import canonical, plain

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "tianchi_yangzhong" / "daily.parquet"
ZONE = "Asia/Shanghai"
UNTIL = datetime(2016, 1, 1, tzinfo=UTC)
BEFORE, AFTER = int(os.environ.get("REAL_BEFORE", "120")), int(os.environ.get("REAL_AFTER", "45"))
EVERY = int(os.environ.get("REAL_EVERY", "2"))
TABLE = ("--map", "start=record_date", "--duration", "P1D", "--zone", ZONE)
DAYS_AFTER = 14
"""Days after an event over which consumption is compared with that of days -60 to -14 before it."""
LEAST_CHANGE = 0.2

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(3_600),
    pytest.mark.foreign,
    pytest.mark.skipif(not DATA.exists(), reason="the table of real readings is not on this machine"),
]


@dataclass(frozen=True)
class Real:
    """What the stream says of the real readings, what the replay says, and consumption (days, customers) [kWh]."""

    events: list[Event]
    replayed: list[Event]
    daily: pd.DataFrame


def kwadrant(*arguments: str | Path, folder: Path) -> str:
    """Run a verb as a user does; return what it writes to stdout."""
    command = [sys.executable, "-m", "kwadrant", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{arguments}\n{ended.stdout[-2_000:]}\n{ended.stderr[-4_000:]}"
    return ended.stdout


def stretch(folder: Path) -> pd.DataFrame:
    """Write the readings of the stretch into `folder`; return consumption by day and customer."""
    table = pd.read_parquet(DATA)
    begin, end = (UNTIL.replace(tzinfo=None) + timedelta(days=days) for days in (-BEFORE, AFTER))
    within = (table["record_date"] >= begin) & (table["record_date"] < end)
    part = table[within & (table["customer_id"] % EVERY == 0)]
    part.to_parquet(folder / "readings.parquet", index=False)
    daily = part.pivot_table(index="record_date", columns="customer_id", values="kwh").asfreq("D")
    return daily.where(daily != 1, 0.0)


def decoded(lines: str) -> list[Event]:
    return [msgspec.json.decode(line, type=Event) for line in lines.splitlines()]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, client: dict[str, str]) -> Real:
    """Return what comes of the verbs in the order in which a user types them."""
    folder = tmp_path_factory.mktemp("real")
    daily, until = stretch(folder), f"{UNTIL:%Y-%m-%d}"
    kafka = ("--bootstrap", client["bootstrap_servers"])
    readings = ("--readings", "readings.parquet", *TABLE)
    kwadrant("topics", *kafka, folder=folder)
    kwadrant("produce", *kafka, *readings, folder=folder)
    kwadrant("seed", *kafka, *readings, "--until", until, folder=folder)
    kwadrant("stream", *kafka, "--until-idle", folder=folder)
    said = kwadrant("events", *kafka, "--json", folder=folder)
    kwadrant("replay", *readings, "--seed-until", until, "--out", "replayed", folder=folder)
    return Real(decoded(said), decoded((folder / "replayed" / "events.jsonl").read_text()), daily)


def moves(events: Sequence[Event]) -> list[Event]:
    """Return confirmed moves from class to class that say: the customer's consumption has changed."""
    mine = [event for event in events if is_move(event) and event.cause == "customer_moved"]
    return [event for event in mine if event.reasons[0].index in ("growth", "consumption")]


def changed(event: Event, daily: pd.DataFrame) -> pd.Series:
    """Return for every customer whether its consumption changed at the event's date as the event says of one."""
    day = pd.Timestamp(datetime.fromisoformat(event.event_time).astimezone(ZoneInfo(ZONE)).replace(tzinfo=None))
    before = daily.loc[day - timedelta(days=60) : day - timedelta(days=14)].mean()
    after = daily.loc[day : day + timedelta(days=DAYS_AFTER - 1)].mean()
    ratio = (after / before.where(before > 0)).dropna()
    return ratio > 1 + LEAST_CHANGE if event.reasons[0].change > 0 else ratio < 1 - LEAST_CHANGE


def test_events_name_customers_that_really_changed(real: Real) -> None:
    named, anybody = [], []
    for event in moves(real.events):
        found = changed(event, real.daily)
        named.append(bool(found.get(int(event.customer_id), default=False)))
        anybody.append(float(found.mean()))
    assert len(named) >= 100
    assert np.mean(named) >= 0.7
    assert np.mean(anybody) <= np.mean(named) - 0.15


def test_the_stream_says_what_the_replay_says(real: Real) -> None:
    assert canonical(plain(real.events)) == canonical(plain(real.replayed))


def test_no_event_is_said_twice(real: Real) -> None:
    ids = [event.event_id for event in real.events]
    assert len(ids) == len(set(ids))
