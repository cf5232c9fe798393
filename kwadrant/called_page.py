"""The page of `kwadrant evaluate --page`: what called customers took before the day and after it, drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from kwadrant.report_page import document
from kwadrant.report_pictures import svg
from segmentation.evaluation import Floats, Rules

MOST = 48
"""Calls that the page draws."""
WIDE, HIGH, TOP = 440.0, 150.0, 18.0
"""Size of a picture, and what its heading takes of it."""


@dataclass(frozen=True)
class Called:
    """A call and what came of it: `kwh` are the days [kWh/d] from the base's first to the last day ahead.

    `base` and `after` are the means that are compared [kWh/d].
    """

    customer: str
    day: str
    kwh: Floats
    base: float
    after: float
    kept: bool


def page(calls: Sequence[Called], rules: Rules) -> str:
    """Return the page of some calls, those that did not hold among them: evenly spread over all, in their order."""
    step = -(-len(calls) // MOST) or 1
    shown, held = calls[::step], sum(call.kept for call in calls)
    title = f"kWadrant: {held:,} of {len(calls):,} calls held"
    about = (
        f"Every call, or every so many of them ({len(shown)} of {len(calls)}), picked by its place alone. A call holds "
        f"if the mean of the {rules.ahead} days from its day on, plus 1 kWh, is at least {rules.factor:g} times the "
        f"mean of days \N{MINUS SIGN}{rules.base_from} to \N{MINUS SIGN}{rules.base_to + 1}, plus 1 kWh: the broken "
        "line."
    )
    figures = "".join(f"<figure>{picture(call, rules)}</figure>" for call in shown)
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{about}</p>", f'<div class="clusters">{figures}</div>']
    return document(title, parts)


def picture(call: Called, rules: Rules) -> str:
    """Return the days of a call as a line, the two means as bars over their days, and the least that holds."""
    least = rules.factor * (call.base + 1) - 1
    most = max(float(call.kwh.max()), call.after, least, 1e-9)
    times = (call.after + 1) / (call.base + 1)
    label = f"{call.customer}, called {call.day}: {_amount(call.base)} before, {_amount(call.after)} kWh/d after"
    word = "held" if call.kept else "did not hold"
    means = f"{_amount(call.base)} to {_amount(call.after)} kWh/d, \N{MULTIPLICATION SIGN}{times:.2g}"
    head = f'<text x="0" y="12">{escape(f"{call.customer}, {call.day}: {means}, {word}")}</text>'
    return svg(WIDE, HIGH, label, [f"<title>{escape(label)}</title>", head, *_lines(call, rules, most, least)])


def _lines(call: Called, rules: Rules, most: float, least: float) -> Iterator[str]:
    before = len(call.kwh) - rules.ahead

    def x(day: float) -> float:
        return day / len(call.kwh) * WIDE

    def y(kwh: float) -> float:
        return HIGH - kwh / most * (HIGH - TOP)

    points = " ".join(f"{x(day + 0.5):.1f},{y(float(kwh)):.1f}" for day, kwh in enumerate(call.kwh))
    called, settled, end = x(before), x(before - rules.base_to), x(len(call.kwh))
    colour = "high-high" if call.kept else "low-high"
    yield f'<line class="axis" x1="0" x2="{WIDE:.0f}" y1="{HIGH:.0f}" y2="{HIGH:.0f}"/>'
    yield f'<line class="axis" x1="{called:.1f}" x2="{called:.1f}" y1="{TOP:.0f}" y2="{HIGH:.0f}"/>'
    yield f'<polyline class="load" points="{points}"/>'
    yield f'<line class="least" x1="{called:.1f}" x2="{end:.1f}" y1="{y(least):.1f}" y2="{y(least):.1f}"/>'
    yield _bar("low-low", 0.0, settled, y(call.base))
    yield _bar(colour, called, end, y(call.after))


def _bar(colour: str, begin: float, end: float, y: float) -> str:
    return f'<line class="mean {colour}" x1="{begin:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _amount(kwh: float) -> str:
    return f"{kwh:,.0f}" if kwh >= 10 else f"{kwh:.1f}"  # noqa: PLR2004 - from here on a value has no decimals
