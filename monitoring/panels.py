"""What the dashboards show: one table of panels for each reader."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["lines", "number", "bars", "table"]


@dataclass(frozen=True)
class Panel:
    """A panel: its title says what is seen, `text` why one looks at it; `queries` are (expression, legend)."""

    title: str
    kind: Kind
    unit: str
    text: str
    queries: tuple[tuple[str, str], ...]
    wide: bool = False


@dataclass(frozen=True)
class Board:
    """A dashboard for one reader."""

    uid: str
    title: str
    text: str
    panels: tuple[Panel, ...]


def _panel(title: str, kind: Kind, unit: str, text: str, *queries: str | tuple[str, str], wide: bool = False) -> Panel:
    pairs = tuple((query, "") if isinstance(query, str) else query for query in queries)
    return Panel(title, kind, unit, text, pairs, wide)


_NAMED = "* on (instance, job, cluster) group_left (name, quadrant) kwadrant_cluster_info"

CUSTOMERS = Board("kwadrant-customers", "kWadrant: customers", "For marketing: who stands where, and who moves.", (
    _panel("Newly potential, last 24 hours", "number", "short", "Customers whom to call.",
           'sum(increase(kwadrant_newly_potential_events_total{status="confirmed"}[24h]))'),
    _panel("Early flags, last 24 hours", "number", "short", "Flagged at once, confirmed or withdrawn at the close.",
           'sum(increase(kwadrant_newly_potential_events_total{status="early"}[24h]))'),
    _panel("Customers by quadrant", "bars", "short", "Current value, then potential value.",
           ("sum by (quadrant) (kwadrant_quadrant_customers)", "{{quadrant}}")),
    _panel("Quadrants over time", "lines", "short", "Customers of each quadrant at the closes.",
           ("sum by (quadrant) (kwadrant_quadrant_customers)", "{{quadrant}}"), wide=True),
    _panel("Newly potential per hour", "lines", "short", "By state of the decision.",
           ("sum by (status) (increase(kwadrant_newly_potential_events_total[1h]))", "{{status}}"), wide=True),
    _panel("Clusters by name", "table", "short", "Customers of each cluster at the last close.",
           (f"kwadrant_cluster_customers {_NAMED}", "{{name}}"), wide=True),
    _panel("Confirmed events by cause, per hour", "lines", "short", "Moves, rises and falls: who or what made them.",
           ('sum by (cause) (increase(kwadrant_events_total{status="confirmed"}[1h]))', "{{cause}}"), wide=True),
))  # fmt: skip

STREAM = Board("kwadrant-stream", "kWadrant: stream", "For operations: is everything read, and how fast.", (
    _panel("Rows per second", "number", "short", "Over five minutes.", "sum(kwadrant:rows:rate5m)"),
    _panel("Records not read yet", "number", "short", "All input topics.", "sum(kwadrant_lag_records)"),
    _panel("Closed until", "number", "dateTimeFromNow", "End of the last closed epoch.",
           "max(kwadrant_closed_until_timestamp_seconds) * 1000"),
    _panel("Rows by fate", "lines", "cps", "Pieces of rows per second.",
           ("sum by (fate) (rate(kwadrant_rows_total[5m]))", "{{fate}}"), wide=True),
    _panel("Refused rows by reason", "lines", "cps", "Each is a dead letter with its reason.",
           ("topk(10, sum by (reason) (rate(kwadrant_rejected_rows_total[5m])))", "{{reason}}"), wide=True),
    _panel("Lag by topic", "lines", "short", "Records not read yet.",
           ("sum by (topic) (kwadrant_lag_records)", "{{topic}}"), wide=True),
    _panel("Batch time by phase", "lines", "s", "Seconds per second that Spark spends in each phase.",
           ("sum by (phase) (rate(kwadrant_batch_phase_seconds_total[5m]))", "{{phase}}"), wide=True),
    _panel("Batch time", "lines", "s", "Median and 99th percentile of a trigger.",
           ("histogram_quantile(0.5, sum by (le) (rate(kwadrant_batch_duration_seconds_bucket[5m])))", "median"),
           ("histogram_quantile(0.99, sum by (le) (rate(kwadrant_batch_duration_seconds_bucket[5m])))", "p99")),
    _panel("Reaction", "lines", "s", "From the broker's taking a message to the commit of its batch.",
           ("histogram_quantile(0.5, sum by (le) (rate(kwadrant_reaction_seconds_bucket[5m])))", "median"),
           ("kwadrant:reaction_seconds:p99_5m", "p99")),
    _panel("Age of events", "lines", "s", "From an event's time to its publication, median.",
           ("histogram_quantile(0.5, sum by (le, status) (rate(kwadrant_event_age_seconds_bucket[15m])))",
            "{{status}}")),
    _panel("Closes that wait", "lines", "short", "Commanded and not answered; more than one is odd.",
           ("sum(kwadrant_pending_closes)", "closes")),
))  # fmt: skip

MODEL = Board("kwadrant-model", "kWadrant: model", "For the model's keeper: do centres drift, do customers flap.", (
    _panel("Model in force", "number", "short", "Version.", "max(kwadrant_model_version)"),
    _panel("Held", "number", "short", "1 while the model on trial waits for a decision.", "max(kwadrant_model_held)"),
    _panel("Flaps, 7 days", "number", "percentunit", "Moves back to where the customer came from.",
           "max(kwadrant:flaps:ratio7d)"),
    _panel("Caused by the model, 7 days", "number", "percentunit", "Share of moves that the centres caused.",
           "max(kwadrant:model_share:ratio7d)"),
    _panel("Provisional, 7 days", "number", "percentunit", "Share of moves that rest mostly on estimates.",
           "max(kwadrant:provisional:ratio7d)"),
    _panel("Customers by cluster", "lines", "short", "At the closes.",
           (f"kwadrant_cluster_customers {_NAMED}", "{{cluster}} {{name}}"), wide=True),
    _panel("Mass by cluster", "lines", "short", "What each centre rests on, with forgetting.",
           (f"kwadrant_cluster_mass_customers {_NAMED}", "{{cluster}} {{name}}"), wide=True),
    _panel("Shift of the centres", "lines", "short", "Robust standard deviations per epoch.",
           (f"kwadrant_cluster_shift_deviations {_NAMED}", "{{cluster}} {{name}}"), wide=True),
    _panel("Margin of moves", "lines", "short", "How clear the moves of a day were: median and least tenth.",
           ("histogram_quantile(0.5, sum by (le) (increase(kwadrant_margin_squared_deviations_bucket[1d])))", "median"),
           ("histogram_quantile(0.1, sum by (le) (increase(kwadrant_margin_squared_deviations_bucket[1d])))",
            "least tenth"), wide=True),
    _panel("Events by status", "lines", "short", "Per hour.",
           ("sum by (status) (increase(kwadrant_events_total[1h]))", "{{status}}"), wide=True),
))  # fmt: skip

BOARDS = (CUSTOMERS, STREAM, MODEL)
