"""The page of `kwadrant report`: HTML with its pictures inside, without scripts, and without anything to fetch."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

import msgspec

from kwadrant.live import day_of
from kwadrant.report import Profile, Report
from kwadrant.report_pictures import bars, counted, numbers, picture
from kwadrant.words import offers, sentence
from schemas.event import Event

MOST = 50
"""Customers whom the page names."""
_CAUSES = {
    "customer_moved": "the customer changed",
    "model_moved": "the classes shifted, the customer hardly changed",
    "both": "both",
    "definition_changed": "the classes are defined anew",
    "backfill": "history that was loaded later",
}
_CONFIDENCE = (
    "Best first, by potential × confidence. Confidence says how clear the change is: for a rise, 100 % is a load that "
    "is the same every working day, and measured throughout; for a move, 0 % is halfway between the old class and the "
    "new one, 100 % the middle of the new one."
)
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #5b6470; --line: #d5dae1; --paper: #fff;
  --low-low: #767b82; --low-high: #b06a00; --high-low: #0064a4; --high-high: #007a55; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --dim: #a3abb5; --line: #3a414b; --paper: #14171b;
  --low-low: #9aa1ab; --low-high: #f0a330; --high-low: #5ab4f0; --high-high: #35c79a; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; } p, figcaption, .dim { color: var(--dim); }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px;
  paint-order: stroke; stroke: var(--paper); stroke-width: 3px; } svg text.number { font-size: 15px; font-weight: 700; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1.5rem; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
.n, .day { white-space: nowrap; } .n { text-align: right; font-variant-numeric: tabular-nums; }
.tiles { display: flex; flex-wrap: wrap; gap: 1rem; } .tiles div { border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; min-width: 8rem; } .tiles b { display: block; font-size: 1.75rem; line-height: 1.2; }
.clusters { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem 2rem; }
.low-low { color: var(--low-low); fill: var(--low-low); } .low-high { color: var(--low-high); fill: var(--low-high); }
.high-low { color: var(--high-low); fill: var(--high-low); }
.high-high { color: var(--high-high); fill: var(--high-high); }
.axis { stroke: var(--line); stroke-width: 1; } .flow { stroke: var(--dim); fill: none; opacity: .7; }
.flow.up { stroke: var(--low-high); opacity: 1; }
.load { stroke: var(--dim); stroke-width: 1; fill: none; } .mean { stroke: currentColor; stroke-width: 3; }
.least { stroke: var(--ink); stroke-dasharray: 4 4; }
@media print { body { margin: 0; max-width: none; } .clusters > * { break-inside: avoid; } }
"""


def page(report: Report) -> str:
    """Return the page; every text out of the data is escaped."""
    title = f"kWadrant: {report.first_day} to {day_of(report.until)}" if report.events else "kWadrant"
    profiles = "".join(_profile(one, report.model.indices) for one in report.profiles)
    parts = [
        f"<h1>{escape(title)}</h1>", _tiles(report),
        "<h2>Who stands where</h2>", _quadrants(report),
        "<h2>What moved, and why</h2>", *_moves(report),
        "<h2>Whom to call</h2>", *_calls(report),
        "<h2>Clusters</h2>", f'<div class="clusters">{profiles}</div>',
        f"<p>Model {report.model.version}. Bars are robust standard deviations from the middle of all customers.</p>",
    ]  # fmt: skip
    return document(title, parts)


def document(title: str, parts: Iterable[str], style: str = "") -> str:
    """Return a page that needs nothing else: its `parts` are HTML already, `style` comes after our own."""
    head = f'<meta charset="utf-8"/><meta name="viewport" content="width=device-width"/><title>{escape(title)}</title>'
    body = "\n".join(parts)
    head += f"<style>{_STYLE}{style}</style>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _tiles(report: Report) -> str:
    early = sum(event.status == "early" for event in report.events)
    tiles = {
        "customers": sum(report.sizes.values()), "moved": len(report.moves), "rose in their class": len(report.rises),
        "newly potential": len(report.newly_potential), "early flags": early,
    }  # fmt: skip
    return '<div class="tiles">' + "".join(f"<div><b>{n:,}</b>{name}</div>" for name, n in tiles.items()) + "</div>"


def _quadrants(report: Report) -> str:
    rows = [
        (_coloured(name, _axes(name)), f"{number:,}") for name, number in sorted(report.quadrants.items(), reverse=True)
    ]
    called = numbers(report)
    legend = [
        (str(called[one.cluster]), _coloured(one.quadrant, one.name), _axes(one.quadrant), f"{one.customers:,}")
        for one in report.profiles
    ]
    caption = (
        "Each circle is a cluster, by its number in the table below; its area is the number of its customers, and the "
        "lines part low from high. Arrows are the moves of these days, the thicker the more; a coloured one leads to "
        "high potential."
    )
    return (
        f"<figure>{picture(report)}<figcaption>{caption}</figcaption></figure>"
        + table(("no.", "cluster", "quadrant", "customers"), legend) + table(("quadrant", "customers"), rows)
    )  # fmt: skip


def _moves(report: Report) -> Iterable[str]:
    changed = [*report.moves, *report.rises]
    if not changed:
        yield "<p>Nobody has moved or risen in these days.</p>"
        return
    if report.rises:
        yield f"<p>Newly potential in the class where they are, by what they take and ask: {len(report.rises):,}.</p>"
    names = {profile.cluster: profile for profile in report.profiles}
    flows = [
        (_name(names.get(old)), _name(names.get(new)), f"{number:,}") for (old, new), number in report.flows.items()
    ]
    if flows:
        yield table(("from", "to", "customers"), flows[:12])
    yield "<h3>Why</h3>"
    causes = Counter(event.cause for event in changed)
    yield table(("cause", "customers"), [(_CAUSES.get(cause, cause), f"{n:,}") for cause, n in causes.most_common()])
    reasons = Counter(event.reasons[0].index for event in changed if event.reasons)
    yield table(("what weighed most", "customers"), [(escape(why), f"{n:,}") for why, n in reasons.most_common()])


def _calls(report: Report) -> Iterable[str]:
    if not report.newly_potential:
        yield "<p>Nobody has become newly potential in these days.</p>"
        return
    rows = [
        (
            _whole(day_of(event.event_time)), _whole(event.customer_id), _sentence(event),
            escape(offers(event)) if event.services else "–", f"{event.confidence * 100:.0f} %",
        )
        for event in report.newly_potential[:MOST]
    ]  # fmt: skip
    yield f"<p>{_CONFIDENCE}</p>"
    yield table(("day", "customer", "why", "offer", "confidence"), rows)
    if len(report.newly_potential) > MOST:
        yield f"<p>And {len(report.newly_potential) - MOST:,} more.</p>"


def _whole(text: str) -> str:
    """Return a text that stays on one line."""
    return f'<span class="day">{escape(text)}</span>'


def _sentence(event: Event) -> str:
    alone = msgspec.structs.replace(event, services=())  # what to offer has a column of its own
    words = re.sub(r"\*(.+?)\*", r"<em>\1</em>", escape(sentence(alone)))
    return words + (' <span class="dim">(provisional: rests on estimates)</span>' if event.quality.provisional else "")


def _profile(profile: Profile, indices: tuple[str, ...]) -> str:
    head = f"<h3>{_coloured(profile.quadrant, profile.name)}</h3>"
    about = f"<p>{_axes(profile.quadrant)}; {counted(profile.customers, 'customer')}</p>"
    return f"<div>{head}{about}{bars(profile, indices)}</div>"


def _name(profile: Profile | None) -> str:
    return "a cluster that is no more" if profile is None else _coloured(profile.quadrant, profile.name)


def _coloured(quadrant: str, text: str) -> str:
    return f'<span class="{escape(quadrant)}">{escape(text)}</span>'


def _axes(quadrant: str) -> str:
    current, _, potential = quadrant.partition("-")
    return escape(f"{current} current value, {potential} potential")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table whose last column is a number; the cells are HTML already."""
    first = "".join(f"<th>{name}</th>" for name in head[:-1]) + f'<th class="n">{head[-1]}</th>'
    lines = ("".join(f"<td>{cell}</td>" for cell in row[:-1]) + f'<td class="n">{row[-1]}</td>' for row in rows)
    return f"<table><tr>{first}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
