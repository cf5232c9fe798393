"""The page of `kwadrant preview`: the grid as pictures and as a table, HTML that needs nothing else."""

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from kwadrant import preview
from kwadrant.preview import Cell, Preview, number, percent
from kwadrant.report_page import document, table
from kwadrant.report_pictures import EDGE, HIGH, WIDE, scale, svg

BOX_WIDE, BOX_HIGH, LEFT, TOP = 104.0, 46.0, 76.0, 44.0
"""Of a cell, and of the space for the words beside all of them."""
DARKEST = 1.0
"""Flaps per change from which on a cell is not darker [1]."""
STYLE = """
.cell { fill: var(--low-high); stroke: var(--line); } .frame { fill: none; stroke-width: 3; }
.present { stroke: var(--high-low); } .best { stroke: var(--high-high); stroke-dasharray: 7 4; }
.dot { fill: var(--dim); fill-opacity: .5; } .dot.present { fill: var(--high-low); stroke: none; }
.dot.best { fill: var(--high-high); stroke: none; } .panels { display: flex; flex-wrap: wrap; gap: 1rem; }
.panels figure { flex: 0 1 29rem; margin: 0; }
"""


def page(found: Preview) -> str:
    """Return the page."""
    title = "kWadrant: hysteresis previewed"
    said = list(preview.words(found))
    panels = "".join(
        f"<figure>{panel(found, cool_down)}</figure>"
        for cool_down in sorted({cell.setting.cool_down for cell in found.cells})
    )
    cells = [tuple(map(escape, (*row[:-2], row[-1], row[-2]))) for row in preview.rows(found)]
    headings = (*preview.HEADINGS[:-2], "", preview.HEADINGS[-2])
    caption = (
        "Each cell says events a week, share of the changes found and the median delay; the darker, the more flaps per "
        "change. Blue frame: the present settings; green, dashed: the one to take."
    )
    parts = [
        f"<h1>{title}</h1>", *(f"<p>{escape(line)}.</p>" for line in said),
        "<h2>The grid</h2>", f'<div class="panels">{panels}</div>', f"<p>{caption}</p>",
        "<h2>What calm costs</h2>", f"<figure>{against_delay(found)}</figure>",
        "<h2>All cells</h2>", table(headings, cells),
    ]  # fmt: skip
    return document(title, parts, STYLE)


def panel(found: Preview, cool_down: float) -> str:
    """Return the cells of one cool-down: margins downwards, dwells to the right."""
    mine = [cell for cell in found.cells if cell.setting.cool_down == cool_down]
    margins, dwells = (sorted({getattr(cell.setting, name) for cell in mine}) for name in ("margin", "dwell"))
    wide, high = LEFT + BOX_WIDE * len(dwells), TOP + BOX_HIGH * len(margins)
    drawn = [
        f'<text x="0" y="14">cool-down {cool_down:g} d</text>',
        *(f'<text x="{LEFT + BOX_WIDE * n + 6:.0f}" y="36">dwell {dwell:g} d</text>' for n, dwell in enumerate(dwells)),
        *(
            f'<text x="0" y="{TOP + BOX_HIGH * n + 27:.0f}">margin {margin:g}</text>'
            for n, margin in enumerate(margins)
        ),
    ]
    for cell in mine:
        place = LEFT + BOX_WIDE * dwells.index(cell.setting.dwell), TOP + BOX_HIGH * margins.index(cell.setting.margin)
        drawn += _box(found, cell, *place)
    return svg(wide + 3, high + 3, f"cells with a cool-down of {cool_down:g} days", drawn)


def _box(found: Preview, cell: Cell, x: float, y: float) -> Iterator[str]:
    dark = 0.0 if math.isnan(cell.flaps) else min(cell.flaps / DARKEST, 1.0)
    about = escape(f"{cell.setting}: {cell.moves:.1f} moves a week, {number(cell.flaps, 2)} flaps per change")
    size = f'x="{x:.0f}" y="{y:.0f}" width="{BOX_WIDE:.0f}" height="{BOX_HIGH:.0f}"'
    yield f'<rect class="cell" {size} fill-opacity="{dark:.2f}"><title>{about}</title></rect>'
    yield f'<text x="{x + 6:.0f}" y="{y + 19:.0f}">{cell.events:.1f} a week</text>'
    yield f'<text x="{x + 6:.0f}" y="{y + 36:.0f}">{percent(cell.found)} in {number(cell.delay)} d</text>'
    inner = f'x="{x + 2:.0f}" y="{y + 2:.0f}" width="{BOX_WIDE - 4:.0f}" height="{BOX_HIGH - 4:.0f}"'
    yield from (f'<rect class="frame {name}" {inner}/>' for name in _marks(found, cell))


def _marks(found: Preview, cell: Cell) -> list[str]:
    return preview.mark(found, cell).split(", ") if preview.mark(found, cell) else []


def against_delay(found: Preview) -> str:
    """Return every cell as a dot: delay to the right, events a week upwards."""
    known = [cell for cell in found.cells if not math.isnan(cell.delay)]
    if not known:
        return svg(WIDE, EDGE, "no delays", ['<text x="0" y="20">no change was found, so no delay is known</text>'])
    x = scale([0.0, *(cell.delay for cell in known)], EDGE, WIDE - EDGE)
    y = scale([cell.events for cell in known], HIGH - EDGE, EDGE)
    bottom = HIGH - EDGE / 2
    drawn = [
        f'<line class="axis" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{HIGH:.0f}"/>',
        f'<line class="axis" y1="{bottom:.1f}" y2="{bottom:.1f}" x1="0" x2="{WIDE:.0f}"/>',
        f'<text x="{WIDE:.0f}" y="{bottom - 6:.1f}" text-anchor="end">delay [d] →</text>',
        f'<text x="{x(0) + 6:.1f}" y="14">↑ events a week</text>',
        *_ticks([cell.delay for cell in known], lambda value: (x(value), bottom + 16)),
        *_ticks([cell.events for cell in known], lambda value: (x(0) - 34, y(value))),
    ]
    for cell in sorted(known, key=lambda cell: bool(preview.mark(found, cell))):
        marks = _marks(found, cell)
        place = f'cx="{x(cell.delay):.1f}" cy="{y(cell.events):.1f}"'
        about = f"{cell.setting}: {cell.events:.1f} events a week, {number(cell.delay)} days"
        drawn.append(
            f'<circle class="{" ".join(["dot", *marks])}" {place} r="{9 if marks else 6}">'
            f"<title>{escape(about)}</title></circle>"
        )
        if marks:
            at = f'x="{x(cell.delay) + 12:.1f}" y="{y(cell.events) - 8:.1f}"'
            drawn.append(f"<text {at}>{escape(', '.join(marks))}</text>")
    return svg(WIDE, HIGH, f"{len(known)} cells by delay and events a week", drawn)


def _ticks(values: Sequence[float], place: Callable[[float], tuple[float, float]]) -> Iterator[str]:
    """Yield the least and the greatest value as words."""
    for value in (min(values), max(values)):
        x, y = place(value)
        yield f'<text x="{x:.1f}" y="{y:.1f}">{value:.3g}</text>'
