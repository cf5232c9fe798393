"""`kwadrant preview`: what other settings of hysteresis would have said, from one replay of the tables."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from kwadrant.common import UsageError
from kwadrant.evaluate import truth_of
from kwadrant.inputs import Inputs
from kwadrant.replay import Way, begun
from kwadrant.settings import Settings
from schemas.times import instant
from segmentation import replay
from segmentation.calendar import Calendar
from segmentation.moves import SECOND_US
from segmentation.parameters import DAY_S, Parameters
from segmentation.previewing import Diary, Judge, shown
from segmentation.sides import sides, told
from segmentation.truth import Change, compared

MARGINS, DWELLS, COOL_DOWNS = (0.0, 0.5, 1.0, 2.0), (0.0, 3.0, 7.0, 14.0), (0.0, 30.0, 60.0)
LASTING_S = 30 * DAY_S
"""From this time on another side is no passing thing, and within it a change has to be found [s]."""
MOST = 400
"""Cells of a grid."""
ENOUGH, CALM = 0.9, 0.1
"""What a good cell finds at least of the changes, and its most flaps for each [1]."""
_WEEK = 7


@dataclass(frozen=True, order=True)
class Setting:
    """A cell of the grid: margin [1], dwell and cool-down [d]."""

    margin: float
    dwell: float
    cool_down: float

    def of(self, parameters: Parameters) -> Parameters:
        """Return `parameters` with this hysteresis."""
        dwell, cool_down = (round(days * DAY_S) for days in (self.dwell, self.cool_down))
        return replace(parameters, margin=self.margin, dwell_s=dwell, cool_down_s=cool_down)

    def __str__(self) -> str:
        return f"margin {self.margin:g}, dwell {self.dwell:g} d, cool-down {self.cool_down:g} d"


@dataclass(frozen=True)
class Grid:
    """Values of each setting; `present` is always among the cells."""

    margins: Sequence[float] = MARGINS
    dwells: Sequence[float] = DWELLS
    cool_downs: Sequence[float] = COOL_DOWNS

    def cells(self, present: Setting) -> list[Setting]:
        """Return every cell once, rising.

        Raises
        ------
        UsageError
            Where there are more than a preview is quick for.
        """
        found = sorted({present, *(Setting(*one) for one in product(self.margins, self.dwells, self.cool_downs))})
        if len(found) > MOST:
            raise UsageError(f"the grid has {len(found)} cells, at most {MOST}; give fewer values to an option")
        return found


def grid(margin: str | None, dwell: str | None, cool_down: str | None) -> Grid:
    """Return the grid that was typed; the usual values where nothing was.

    Raises
    ------
    UsageError
        Naming the option and what it takes.
    """
    typed = (("--margin", margin, MARGINS), ("--dwell", dwell, DWELLS), ("--cool-down", cool_down, COOL_DOWNS))
    return Grid(*(_values(name, text, usual) for name, text, usual in typed))


def _values(name: str, text: str | None, usual: Sequence[float]) -> Sequence[float]:
    if text is None:
        return usual
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [-1.0]
    if not all(0 <= value < math.inf for value in found):
        raise UsageError(f"{name} takes numbers of at least 0 with commas between them, such as 0,3,7; found {text!r}")
    return found


@dataclass(frozen=True)
class Cell:
    """What a setting says: confirmed events, moves and newly potential a week, and how these meet the changes.

    `changes` is their number, `found` the share found [1], `delay` the median until then [d], `flaps` the moves that
    are no find, per change [1].
    """

    setting: Setting
    events: float
    moves: float
    newly: float
    changes: int
    found: float
    delay: float
    flaps: float

    @property
    def wait(self) -> float:
        """Days until a change is told, whole ones [d]: the median where it is found, a month where it is not."""
        return float(round(_known(self.found * self.delay) + (1 - _known(self.found)) * LASTING_S / DAY_S))


@dataclass(frozen=True)
class Preview:
    """All cells, which of them is set at `present` and which one is `best` and `why`; `against` is what counts."""

    cells: list[Cell]
    present: Setting
    best: Cell
    why: str
    against: str
    customers: int
    days: float
    promoted: int


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is previewed."""

    grid: Grid = Grid()
    k: int = 8
    random_state: int = 0
    seed_until: datetime | None = None
    truth: Path | None = None


def run(settings: Settings, given: Inputs, ask: Ask, report: Callable[[int, int], None] | None = None) -> Preview:
    """Replay once by the present settings, with a judge for every cell beside it."""
    changes = None if ask.truth is None else truth_of(ask.truth)
    running, log, _ = begun(settings, given, k=ask.k, random_state=ask.random_state, way=Way(ask.seed_until))
    parameters, seeded = running.parameters, running.local.closed
    present = Setting(parameters.margin, parameters.dwell_s / DAY_S, parameters.cool_down_s / DAY_S)
    cells = ask.grid.cells(present)
    judges = [Judge(cell.of(parameters), running.local.customers) for cell in cells]
    diary, promoted = Diary(), 0
    diary.write(seeded, running.local.customers, running.local.customers.cluster)
    for step in replay.run(running, log, report=report):
        promoted += len(step.promoted)
        showing = shown(running.local, parameters)
        if showing is None or showing.epoch == diary.pages[-1][0]:
            continue
        diary.write(showing.epoch, showing.customers, showing.nearest)
        for judge in judges:
            judge.look(showing)
    if len(diary.pages) == 1:
        raise UsageError("no epoch closes after the seeding: give readings beyond it, or an earlier --seed-until")
    measured = _Measure(diary, parameters, changes)
    found = [measured.cell(cell, judge) for cell, judge in zip(cells, judges, strict=True)]
    best, why = choice(found)
    against = "changes of side that last 30 days" if changes is None else "the truth"
    return Preview(found, present, best, why, against, len(diary.ids), measured.weeks * _WEEK, promoted)


class _Measure:
    """What every cell is measured by."""

    def __init__(self, diary: Diary, parameters: Parameters, changes: list[Change] | None) -> None:
        epochs = [page[0] for page in diary.pages]
        self.calendar = Calendar(parameters.time_zone, parameters.epoch_s)
        self.days = parameters.epoch_s / DAY_S
        self.weeks = (len(epochs) - 1) * self.days / _WEEK
        self.least, self.changes = parameters.epochs(LASTING_S), changes
        self.span = self._time(epochs[0]), self._time(epochs[-1])
        self.sides = sides(diary.ids, diary.whole(), epochs[0], self.least)

    def _time(self, epoch: int) -> datetime:
        return instant(self.calendar.end(epoch) * SECOND_US)

    def cell(self, setting: Setting, judge: Judge) -> Cell:
        """Return what came of a cell."""
        events, moves, newly = (n / self.weeks for n in (judge.events, len(judge.moves), len(judge.rises)))
        if self.changes is None:
            known = told(judge.moves, self.sides, self.least)
            delay = float(np.median(known.delays)) * self.days if known.delays else math.nan
            return Cell(setting, events, moves, newly, known.changes, known.found, delay, known.flaps)
        said = ((self._time(move.epoch), move.customer) for move in judge.moves)
        score = compared(said, self.changes, self.span)
        return Cell(setting, events, moves, newly, score.changes, score.recall, score.delay, score.flaps)


def choice(cells: Sequence[Cell]) -> tuple[Cell, str]:
    """Return the cell to take, and why.

    Of those that find enough and flap little the one with the shortest wait; where none does, of those that find enough
    the calmest; where none finds enough, the one that finds most. What is equal goes to fewer flaps, then to fewer
    events, then to the longer cool-down.
    """
    enough = [cell for cell in cells if cell.found >= ENOUGH]
    good = [cell for cell in enough if cell.flaps <= CALM]
    if good:
        best = min(good, key=lambda cell: (cell.wait, *_calm(cell)))
        return best, (
            f"of {len(cells)} cells {len(good)} find at least {ENOUGH:.0%} of the changes with at most {CALM:g} flaps "
            "for each; with this one a change waits least to be told, one that is missed counted as a month"
        )
    if enough:
        best = min(enough, key=lambda cell: (round(cell.flaps, 2), cell.wait, *_calm(cell)))
        return best, (
            f"no cell keeps to {CALM:g} flaps per change and finds {ENOUGH:.0%} of them; of the {len(enough)} that "
            "find enough this one flaps least"
        )
    best = min(cells, key=lambda cell: (-_known(cell.found), *_calm(cell)))
    if math.isnan(best.found):
        return best, "nothing changed that could tell the cells apart; this one says least"
    return best, f"no cell finds {ENOUGH:.0%} of the changes; this one finds most"


def _calm(cell: Cell) -> tuple[float, float, float]:
    return _known(cell.flaps), cell.events, -cell.setting.cool_down


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def words(found: Preview) -> Iterator[str]:
    """Yield what came out, in sentences."""
    present = next(cell for cell in found.cells if cell.setting == found.present)
    yield (
        f"{found.customers:,} customers, {found.days:g} days, {present.changes} changes; found, delay and flaps are "
        f"against {found.against}; {found.promoted} models were promoted, by the present settings"
    )
    yield f"present settings, {_said(present)}"
    if found.best.setting == found.present:
        yield f"keep them: {found.why}"
    else:
        yield f"it would choose {_said(found.best)}: {found.why}"


def _said(cell: Cell) -> str:
    return (
        f"{cell.setting}: {cell.events:.1f} events a week, {cell.newly:.1f} of them newly potential; finds "
        f"{percent(cell.found)} of the changes after {number(cell.delay)} days (median), {number(cell.flaps, 2)} flaps "
        "for each"
    )


def percent(value: float) -> str:
    """Return a share as people read it, a dash where it is unknown."""
    return "-" if math.isnan(value) else f"{value:.0%}"


def number(value: float, digits: int = 0) -> str:
    """Return a number as people read it, a dash where it is unknown."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def mark(found: Preview, cell: Cell) -> str:
    """Return what there is to say of a cell: `present`, `best`, both or nothing."""
    named = {"present": cell.setting == found.present, "best": cell == found.best}
    return ", ".join(name for name, is_so in named.items() if is_so)


HEADINGS = ("margin", "dwell [d]", "cool-down [d]", "events/week", "moves/week", "newly potential/week", "found",
            "delay [d]", "flaps/change", "")  # fmt: skip


def rows(found: Preview) -> Iterator[tuple[str, ...]]:
    """Yield a row of words for every cell, under `HEADINGS`."""
    for cell in found.cells:
        setting = cell.setting
        yield (
            f"{setting.margin:g}", f"{setting.dwell:g}", f"{setting.cool_down:g}", f"{cell.events:.1f}",
            f"{cell.moves:.1f}", f"{cell.newly:.1f}", percent(cell.found), number(cell.delay),
            number(cell.flaps, 2), mark(found, cell),
        )  # fmt: skip


def show(found: Preview, console: Console) -> None:
    """Print the table and the words: as a table on a terminal, as Markdown elsewhere, where no heading is cut."""
    if console.is_terminal:
        table = Table(box=None)
        for heading in HEADINGS:
            table.add_column(heading, justify="right" if heading else "left")
        for row in rows(found):
            table.add_row(*row, style="bold" if row[-1] else None)
        console.print(table)
    lines = [] if console.is_terminal else [*markdown(found), ""]
    for line in (*lines, *words(found)):
        console.print(line, soft_wrap=True, highlight=False)


def markdown(found: Preview) -> Iterator[str]:
    """Yield the table as Markdown."""
    for row in (HEADINGS, tuple("---" for _ in HEADINGS), *rows(found)):
        yield f"| {' | '.join(row)} |"
