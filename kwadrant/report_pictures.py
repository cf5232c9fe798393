"""The report's pictures as SVG: the quadrants with the moves between them, and a cluster's profile."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from kwadrant.quantities import quantity
from kwadrant.report import Profile, Report
from segmentation.indices import chosen

WIDE, HIGH, EDGE = 900.0, 560.0, 70.0
LARGEST = 46.0
"""Radius of the largest circle."""
NUMBER = 20.0
"""Room that a circle's number takes."""
WIDEST = 5.0
"""Width of the widest arrow."""
ROW, BAR, MIDDLE = 20.0, 70.0, 210.0
"""Height of a line of a profile, length of its longest bar, where bars begin."""
CLIPPED = 3.0
"""From here on a bar is not longer [robust standard deviations]."""
VISIBLE = 0.1
"""An index nearer to the middle has no line [robust standard deviations]."""
LINES = 8


@dataclass(frozen=True)
class Scale:
    """From scores to the picture, the thresholds among what it shows."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where a score lies."""
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)


def scale(values: Sequence[float], begin: float, end: float) -> Scale:
    """Return the scale on which `values` lie between `begin` and `end`, with a margin at either side."""
    low, high = min(values), max(values)
    spare = max((high - low) * 0.12, 0.05)
    return Scale(low - spare, high + spare, begin, end)


def picture(report: Report) -> str:
    """Return the quadrants: value to the right, potential upwards; clusters as circles, moves as arrows."""
    thresholds = report.model.threshold_current, report.model.threshold_potential
    x = scale([thresholds[0], *(one.current for one in report.profiles)], EDGE, WIDE - EDGE)
    y = scale([thresholds[1], *(one.potential for one in report.profiles)], HIGH - EDGE, EDGE)
    places = {one.cluster: (x(one.current), y(one.potential)) for one in report.profiles}
    lines = [
        f'<line class="axis" x1="{x(thresholds[0]):.1f}" x2="{x(thresholds[0]):.1f}" y1="0" y2="{HIGH:.0f}"/>',
        f'<line class="axis" y1="{y(thresholds[1]):.1f}" y2="{y(thresholds[1]):.1f}" x1="0" x2="{WIDE:.0f}"/>',
        f'<text x="{WIDE:.0f}" y="{HIGH - 6:.0f}" text-anchor="end">current value →</text>',
        '<text x="4" y="14">↑ potential value</text>',
    ]
    drawn = [*lines, *_circles(report, places), *_arrows(report, places), *_numbers(report, places)]
    label = f"{len(report.profiles)} clusters by current and potential value, and {counted(len(report.moves), 'move')}"
    return svg(WIDE, HIGH, label, drawn)


def counted(number: int, what: str) -> str:
    """Return how many there are of something, in words.

    Examples
    --------
    >>> counted(1, "move"), counted(1_200, "move")
    ('1 move', '1,200 moves')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _radius(report: Report, customers: int) -> float:
    most = max((one.customers for one in report.profiles), default=0)
    return max(LARGEST * math.sqrt(customers / most), 3.0) if most else 3.0


def _circles(report: Report, places: dict[int, tuple[float, float]]) -> Iterator[str]:
    for one in report.profiles:
        x, y = places[one.cluster]
        about = escape(f"{one.name}: {counted(one.customers, 'customer')}")
        radius = _radius(report, one.customers)
        yield (
            f'<circle class="{escape(one.quadrant)}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" '
            f'fill-opacity="0.35"><title>{about}</title></circle>'
        )


def numbers(report: Report) -> dict[int, int]:
    """Return the number by which the picture and its legend call each cluster: 1 is the largest."""
    return {one.cluster: number for number, one in enumerate(report.profiles, start=1)}


def _numbers(report: Report, places: dict[int, tuple[float, float]]) -> Iterator[str]:
    """Yield a number in each circle; where two circles lie in each other, numbers make way to the right."""
    taken: list[tuple[float, float]] = []
    for cluster, number in numbers(report).items():
        x, y = places[cluster]
        while any(abs(x - left) < NUMBER and abs(y - top) < NUMBER for left, top in taken):
            x += NUMBER
        taken.append((x, y))
        yield f'<text class="number" x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle">{number}</text>'


def _arrows(report: Report, places: dict[int, tuple[float, float]]) -> Iterator[str]:
    """Yield an arrow for each pair of clusters, bent to its right so that both ways can be seen."""
    potential = {one.cluster: one.quadrant.endswith("high") for one in report.profiles}
    sizes = {one.cluster: one.customers for one in report.profiles}
    most = max(report.flows.values(), default=1)
    for (old, new), number in report.flows.items():
        if old not in places or new not in places:
            continue
        (x0, y0), (x1, y1) = places[old], places[new]
        bend = (x0 + x1) / 2 - (y1 - y0) * 0.18, (y0 + y1) / 2 + (x1 - x0) * 0.18
        x1, y1 = _edge((x1, y1), bend, _radius(report, sizes[new]))
        up = " up" if potential[new] and not potential[old] else ""
        width = max(1.0, WIDEST * number / most)
        yield (
            f'<g class="flow{up}" stroke-width="{width:.1f}"><title>{counted(number, "move")}</title>'
            f'<path d="M{x0:.1f} {y0:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {x1:.1f} {y1:.1f}"/>{_head(bend, (x1, y1))}</g>'
        )


def _edge(centre: tuple[float, float], seen_from: tuple[float, float], radius: float) -> tuple[float, float]:
    """Return where a line to a circle's centre meets the circle."""
    away = math.dist(centre, seen_from)
    part = min(radius / away, 1.0) if away else 0.0
    return centre[0] + (seen_from[0] - centre[0]) * part, centre[1] + (seen_from[1] - centre[1]) * part


def _head(bend: tuple[float, float], end: tuple[float, float]) -> str:
    """Return an arrow's head: two strokes back from its end."""
    angle = math.atan2(end[1] - bend[1], end[0] - bend[0])
    tips = [(end[0] - 12 * math.cos(angle + turn), end[1] - 12 * math.sin(angle + turn)) for turn in (-0.45, 0.45)]
    return f'<path d="M{tips[0][0]:.1f} {tips[0][1]:.1f}L{end[0]:.1f} {end[1]:.1f}L{tips[1][0]:.1f} {tips[1][1]:.1f}"/>'


def bars(profile: Profile, indices: tuple[str, ...]) -> str:
    """Return what stands out in a cluster: its indices farthest from the middle, as bars with their own values."""
    order = sorted(range(len(indices)), key=lambda n: -abs(profile.scaled[n]))
    shown = [n for n in order[:LINES] if abs(profile.scaled[n]) >= VISIBLE]
    units = {index.name: index.unit for index in chosen(indices)}
    drawn = [f'<line class="axis" x1="{MIDDLE:.0f}" x2="{MIDDLE:.0f}" y1="0" y2="{ROW * len(shown):.0f}"/>']
    for line, n in enumerate(shown):
        length = min(abs(profile.scaled[n]), CLIPPED) / CLIPPED * BAR
        x, y = MIDDLE - (length if profile.scaled[n] < 0 else 0.0), line * ROW
        text = escape(f"{indices[n]} {quantity(profile.values[n], units[indices[n]])}")
        drawn.append(f'<text x="0" y="{y + 14:.0f}">{text}</text>')
        drawn.append(
            f'<rect class="{escape(profile.quadrant)}" x="{x:.1f}" y="{y + 4:.0f}" width="{length:.1f}" height="12"/>'
        )
    return svg(MIDDLE + BAR, max(ROW * len(shown), ROW), f"what stands out in {profile.name}", drawn)


def svg(wide: float, high: float, label: str, drawn: Sequence[str]) -> str:
    """Return a picture of these elements, `wide` and `high`, with words for who cannot see it."""
    inside = "".join(drawn)
    return f'<svg viewBox="0 0 {wide:.0f} {high:.0f}" role="img" aria-label="{escape(label)}">{inside}</svg>'
