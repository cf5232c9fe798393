"""The references in `docs/`, made from the program: ``python -m kwadrant.references`` writes them anew."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from prometheus_client import Gauge, Histogram
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kwadrant.packages import ROOT
from kwadrant.settings import ELSEWHERE, SHAPING, Settings
from monitoring.metrics import LABELS, OPEN, TABLE
from segmentation import offering

DOCS: Final = ROOT / "docs"
_MADE: Final = "<!-- made by `make docs` from the program; a test holds it to that -->"
_KINDS: Final[Mapping[object, str]] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
_ELSEWHERE: Final = {
    "jars": "folder that holds the jars, for a machine that fetches nothing",
    "maven_mirror": "address that the jars are fetched from instead of Maven Central",
}
"""What is read from the environment alone."""


def configuration() -> str:
    """Return the reference of all settings."""
    rows = [_row(*one) for one in _settings(Settings)]
    alone = [f"| `{_variable(name)}` | {_ELSEWHERE[name]} |" for name in ELSEWHERE]
    return _page(
        "Configuration", _MADE,
        "Settings stand in `kwadrant.toml` in the folder where a command is started, or in the environment, which is "
        "over the file; what is typed is over both. A name that is no setting is an error, and so is a time zone or a "
        "duration that does not exist. Durations are ISO 8601 (`PT2H`, `P7D`). [Own Kafka and Spark]"
        "(own-kafka-and-spark.md) has the options of both at length.",
        _table(("setting", "in the environment", "kind", "default", "what it is"), rows),
        "Those with a star shape the results: they are fixed when a deployment is seeded, and a stream that is given "
        "others refuses to start. `kwadrant doctor` says both values side by side.",
        _table(("in the environment alone", "what it is"), alone),
        '```toml\nrows_per_batch = 100000\n\n[kafka]\nbootstrap.servers = "broker:9092"\n\n[metrics]\nport = 9464\n```',
    )  # fmt: skip


def metrics() -> str:
    """Return the reference of all metrics."""
    rows = [_metric(*entry) for entry in TABLE.values()]
    labels = [f"| `{name}` | {', '.join(f'`{value}`' for value in values)} |" for name, values in LABELS.items()]
    labels += [f"| `{name}` | {text} |" for name, text in OPEN.items()]
    return _page(
        "Metrics", _MADE,
        "`kwadrant stream` answers Prometheus at `http://ADDRESS:PORT/metrics` once `metrics.port` is set "
        "([configuration](configuration.md)). Times are seconds, counters end in `_total`, no label names a customer, "
        "and there are at most 500 series. The stream never waits for a metric: it may be lost, an event not. Alerts "
        "and what to do about them are in the [runbook](runbook.md).",
        "**What a restart does.** Counters begin at 0 with every start; `rate()` and `increase()` take a counter that "
        "falls for one that began anew, so rates over days go on across restarts, and lose only what was counted "
        "between the last scrape and the end. A flap is told from the moves since the start: the first move back after "
        "a restart may not be counted as one. Model, hold, closes and the end of the last epoch are read from the "
        "topics when the stream starts; before that, while Spark starts, they are not shown at all. Clusters and "
        "quadrants come with the first close.",
        _table(("metric", "kind", "labels", "what it is"), rows),
        "Labels and their values:",
        _table(("label", "values"), labels),
    )  # fmt: skip


def services() -> str:
    """Return the page of the services that fit: its own words around the table of the rules."""
    before, _, rest = (DOCS / "services.md").read_text(encoding="utf-8").partition(_MADE)
    after = rest.partition("## ")[2]
    rows = [f"| `{rule.service}` | {', '.join(rule.who)} | {_signs(rule)} | {rule.pitch} |" for rule in offering.RULES]
    table = _table(("service", "for customers called", "where all of this shows", "what is offered"), rows)
    return f"{before}{_MADE}\n\nVersion {offering.VERSION} of the rules:\n\n{table}\n\n## {after}"


def _signs(rule: offering.Rule) -> str:
    size = [f"consumption {rule.least_w / 1_000:g} kW or more"] if rule.least_w else []
    signs = [*map(_sign, rule.signs), *(f"holds `{service}`" for service in rule.holds), *size]
    return "; ".join(signs).replace("-", "−")


def _sign(sign: offering.Sign) -> str:
    if sign.measure == "consumption":
        return f"{sign.measure} × {sign.least:g} or {'more' if sign.least > 1 else 'less'}"
    return f"{sign.measure} {sign.least * 100:+.0f} points or {'more' if sign.least > 0 else 'less'}"


PAGES: Final = {"configuration.md": configuration, "metrics.md": metrics, "services.md": services}


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting, those of a table under the table's name and a dot."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _row(name: str, field: FieldInfo) -> str:
    star = " *" if name in SHAPING else ""
    table = name in ("kafka", "spark")
    variable = f"{_variable(name)}__<NAME>" if table else _variable(name)
    kind = "table of options" if table else _kind(field)
    return f"| `{name}`{star} | `{variable}` | {kind} | {_default(field)} | {field.description} |"


def _kind(field: FieldInfo) -> str:
    bounds = {type(one).__name__: one for one in field.metadata}
    least, most = (getattr(bounds.get(which), which.lower(), None) for which in ("Ge", "Le"))
    kind = _KINDS.get(field.annotation, "path or URI")
    if least is None:
        return kind
    return f"{kind} ≥ {least:g}" if most is None else f"{kind}, {least:g} to {most:g}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if value not in ({}, "") else "none"


def _variable(name: str) -> str:
    return "KWADRANT_" + name.upper().replace(".", "__")


def _metric(kind: Any, name: str, text: str, *labels: str) -> str:  # noqa: ANN401 - a metric's class
    end = "_total" if kind.__name__ == "Counter" else ""
    shown = ", ".join(f"`{label}`" for label in (*labels, *(("le",) if kind is Histogram else ())))
    word = "gauge" if issubclass(kind, Gauge) else kind.__name__.lower()
    return f"| `kwadrant_{name}{end}` | {word} | {shown} | {text} |"


def _table(head: tuple[str, ...], rows: list[str]) -> str:
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *rows])


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def main(folder: Path = DOCS) -> None:
    """Write all references."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
