"""Grafana's dashboards as JSON, made from `panels`: ``python -m monitoring.dashboards`` writes them anew."""

from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.panels import BOARDS, Board, Panel

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="kwadrant-prometheus")
"""The data source of `grafana/provisioning`."""
_NARROW, _WIDE, _LOW, _HIGH = 8, 12, 5, 8
# a panel that reads one moment asks for one
_NOW = ("number", "bars", "table")
_KINDS: dict[str, Any] = {"lines": timeseries, "number": stat, "bars": bargauge, "table": table}


def render(board: Board) -> str:
    """Return a dashboard's JSON, the same bytes for the same panels."""
    made = dashboard.Dashboard(board.title).uid(board.uid).description(board.text).tags(["kwadrant"])
    made = made.refresh("10s").time("now-6h", "now").timezone("browser").editable()
    for panel in board.panels:
        made = made.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"


def _panel(panel: Panel) -> Any:  # noqa: ANN401 - the kinds of builders have no common type
    high = _LOW if panel.kind == "number" else _HIGH
    made = _KINDS[panel.kind].Panel().title(panel.title).description(panel.text).unit(panel.unit)
    made = made.span(_WIDE if panel.wide else _NARROW).height(high).datasource(SOURCE).min(0)
    for number, (expression, legend) in enumerate(panel.queries):
        query = prometheus.Dataquery().expr(expression).ref_id(chr(ord("A") + number)).datasource(SOURCE)
        if legend:
            query = query.legend_format(legend)
        if panel.kind in _NOW:
            query = query.instant()
        if panel.kind == "table":
            query = query.format(PromQueryFormat.TABLE)
        made = made.with_target(query)
    return made


def main() -> None:
    """Write all dashboards."""
    for board in BOARDS:
        (FOLDER / f"{board.uid}.json").write_text(render(board), encoding="utf-8")


if __name__ == "__main__":
    main()
