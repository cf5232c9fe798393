"""The references in docs/ are what the program says of itself."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from kwadrant.references import DOCS, PAGES, configuration, metrics
from kwadrant.settings import Settings
from monitoring.exporter import Exporter


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_program_says(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_setting_has_its_row_and_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    page = configuration()
    for name, field in Settings.model_fields.items():
        assert name == "metrics" or f"| `{name}`" in page
        assert field.description
    assert "None" not in page
    monkeypatch.setenv("KWADRANT_METRICS__PORT", "9464")
    assert "`KWADRANT_METRICS__PORT`" in page
    assert Settings().metrics.port == 9464


def test_every_metric_that_is_answered_has_its_row() -> None:
    registry = CollectorRegistry()
    Exporter(registry)
    helped = [line.split()[2] for line in generate_latest(registry).decode().splitlines() if line.startswith("# HELP")]
    ours = [name for name in helped if not name.endswith("_created")]
    assert len(ours) > 20
    page = metrics()
    assert [name for name in ours if f"| `{name}` |" not in page] == []
