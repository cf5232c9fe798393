"""The dashboards: what is committed is what the panels say, and every query asks for a metric that exists."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from monitoring.dashboards import FOLDER, render
from monitoring.metrics import TABLE, Stand
from monitoring.panels import BOARDS, Board

MONITORING = Path(__file__).parents[2] / "monitoring"
RULES = yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"]
ALERTS = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
RECORDED = {rule["record"] for group in RULES for rule in group["rules"]}
EXPRESSIONS = sorted(
    {query for board in BOARDS for panel in board.panels for query, _ in panel.queries}
    | {rule["expr"] for group in chain(RULES, ALERTS) for rule in group["rules"]}
)
SCRAPED = {"instance", "job", "pod"}
"""Labels that Prometheus adds to every series."""


def exported() -> dict[str, set[str]]:
    """Return the names of all series and their labels."""
    found: dict[str, set[str]] = {"up": set()}
    for kind, name, _, *labels in TABLE.values():
        ends = {Counter: ["_total"], Gauge: [""], Stand: [""], Histogram: ["_bucket", "_sum", "_count"]}[kind]
        found |= {f"kwadrant_{name}{end}": {*labels, *(["le"] if end == "_bucket" else [])} for end in ends}
    return found


def selectors(node: object) -> Iterator[tuple[str, set[str]]]:
    """Yield name and labels of every selector in an expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name or "", {matcher.name for matcher in node.matchers.matchers}
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        part = getattr(node, name, None)
        yield from selectors(part) if part is not None and not isinstance(part, str) else ()
    for part in getattr(node, "args", ()):
        yield from selectors(part)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_asks_for_series_and_labels_that_exist(expression: str) -> None:
    known = exported() | {name: set() for name in RECORDED}
    asked = list(selectors(promql_parser.parse(expression)))
    assert asked or "time()" in expression
    for name, labels in asked:
        assert name in known
        assert labels <= known[name] | SCRAPED


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_the_committed_dashboard_is_what_the_panels_say(board: Board) -> None:
    assert (FOLDER / f"{board.uid}.json").read_text() == render(board)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_every_panel_asks_the_provisioned_data_source_and_none_covers_another(board: Board) -> None:
    source = yaml.safe_load((MONITORING / "grafana/provisioning/datasources/kwadrant.yml").read_text())
    panels = json.loads(render(board))["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["datasources"][0]["uid"]}
    taken = [cell for panel in panels for cell in cells(panel["gridPos"])]
    assert len(taken) == len(set(taken))


def cells(place: dict[str, int]) -> list[tuple[int, int]]:
    return [(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])]


def test_every_alert_has_its_section_in_the_runbook() -> None:
    runbook = (MONITORING.parent / "docs" / "runbook.md").read_text()
    for group in ALERTS:
        for rule in group["rules"]:
            assert f"## {rule['alert']}\n" in runbook
            assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
