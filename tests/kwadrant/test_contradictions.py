"""Settings that were typed, beside those that a deployment was seeded with."""

from pathlib import Path
from typing import Any

import pytest

from batch_init.seeding import write_description
from kwadrant.common import UsageError
from kwadrant.contradictions import contradictions, duration_text
from kwadrant.settings import SHAPING, Settings
from kwadrant.stream import seeded
from schemas.times import duration_seconds
from segmentation.parameters import Parameters

OTHER: dict[str, Any] = {
    "stream": "town", "time_zone": "Europe/Berlin", "epoch": "PT6H", "lateness": "PT30M", "correction": "P2D",
    "margin": 0.5, "dwell": "PT36H", "cool_down": "P1D", "potential": 2.0, "blast_radius": 0.1, "sparse_clocks": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", SHAPING)
def test_every_setting_that_shapes_is_compared_and_both_values_are_said(name: str) -> None:
    mine, theirs = (str(value).lower() if isinstance(value, bool) else value
                    for value in (OTHER[name], getattr(Settings(), name)))  # fmt: skip
    expected = f"{name} is {mine}, was {theirs} when it was seeded"
    assert contradictions(Settings(**{name: OTHER[name]}), Parameters(buckets=3)) == [expected]


def test_what_nobody_set_contradicts_nothing() -> None:
    assert contradictions(Settings(margin=0.5), Parameters(margin=0.5, time_zone="Asia/Shanghai")) == []


@pytest.mark.parametrize("text", ["P7D", "PT2H", "P1DT6H", "PT1M30S", "PT0S"])
def test_a_length_is_said_as_it_is_typed(text: str) -> None:
    assert duration_text(duration_seconds(text)) == text


def test_a_stream_refuses_to_start_with_both_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_description(tmp_path, Parameters(), 1)
    monkeypatch.setenv("KWADRANT_TIME_ZONE", "Europe/Berlin")
    with pytest.raises(UsageError, match="time_zone is Europe/Berlin, was UTC when it was seeded"):
        seeded(Settings(folder=tmp_path))
    monkeypatch.setenv("KWADRANT_TIME_ZONE", "UTC")
    assert seeded(Settings(folder=tmp_path)) == (Parameters(), 1)
