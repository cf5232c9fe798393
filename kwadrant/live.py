"""What the demo shows: a state, what each line of `stream --json` makes of it, and how it looks. No clock, no I/O."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from kwadrant.words import sentence
from schemas.event import Event

_KEPT = 40
_WINDOW = 10.0  # [s] over which the rate is averaged
_COLOURS = {"early": "yellow", "confirmed": "bold", "withdrawn": "dim"}
_HALVES = ("high", "low")
_FRAME = 17
"""Lines of the view that are not events."""


class Batch(msgspec.Struct, frozen=True, rename="camel"):
    """A batch, as `stream --json` says it in one line; its docstring there has the units."""

    batch: int
    seconds: float
    counts: dict[str, int]
    events: tuple[Event, ...]
    closed_until: str
    model_version: int
    arrived_seconds_ago: float | None = None
    repeated: bool = False
    quadrants: dict[str, int] = {}
    pending: int = 0
    held: str | None = None


@dataclass(frozen=True)
class Step:
    """Something that has to be done before the stream runs; `seconds` it took [s], None while it goes on."""

    name: str
    began: float
    seconds: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Told:
    """An event, and how long after the arrival of its data it was decided [s]."""

    event: Event
    seconds: float | None


@dataclass(frozen=True)
class State:
    """All that the view shows.

    Attributes
    ----------
    began, now, ready : moments of one clock: start, the present, the first batch's commit [s].
    steps : what was done before the stream ran.
    sent_until : event time up to which readings have been sent; empty before the first.
    batch : the last batch.
    rows : rows that the stream has taken in [1].
    recent : (moment [s], rows [1]) of the last batches, for the rate.
    quadrants : customers by quadrant at the last close [1].
    statuses : events by status, and "newly potential" for the confirmed ones that are [1].
    told : the last events, newest first.
    page : what there is to say of the live page.
    """

    began: float
    now: float
    ready: float | None = None
    steps: tuple[Step, ...] = ()
    sent_until: str = ""
    batch: Batch | None = None
    rows: int = 0
    recent: tuple[tuple[float, int], ...] = ()
    quadrants: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    told: tuple[Told, ...] = ()
    note: str = ""
    page: str = ""

    @property
    def rate(self) -> float:
        """Return rows per second over the last batches [1/s]."""
        if not self.recent:
            return 0.0
        first = max(self.recent[0][0], self.now - _WINDOW)
        rows = sum(count for moment, count in self.recent if moment > first)
        return rows / (self.now - first) if self.now > first else 0.0


def after(state: State, batch: Batch, now: float) -> State:
    """Return the state after a batch; a repeated one was told before.

    How long a decision took is said where all its data came since the demo began: before, nobody was there to decide.
    """
    if batch.repeated:
        return replace(state, now=now)
    rows = batch.counts.get("rows", 0)
    told = [Told(event, taken(state, batch, now)) for event in reversed(batch.events)]
    kept = tuple((moment, count) for moment, count in state.recent if now - moment <= 2 * _WINDOW)
    return replace(
        state, now=now, ready=now if state.ready is None else state.ready, batch=batch, rows=state.rows + rows,
        recent=(*kept, (now, rows)), quadrants=batch.quadrants or state.quadrants,
        statuses=Counter(state.statuses) + _statuses(batch.events), told=(*told, *state.told)[:_KEPT],
    )  # fmt: skip


def taken(state: State, batch: Batch, now: float) -> float | None:
    """Return the time from the arrival of a batch's oldest message to its end [s], None where nobody was there."""
    ago = batch.arrived_seconds_ago
    return None if ago is None or ago > now - state.began else ago


def stepped(state: State, name: str, now: float) -> State:
    """Return the state with the last step done, and a new one begun (none where `name` is empty)."""
    return replace(
        state, now=now, steps=(*_ended(state.steps, now), *([Step(name, now)] if name else [])), note=""
    )  # fmt: skip


def noted(state: State, text: str, now: float) -> State:
    """Return the state with a word on how far the present step, or the stream, is."""
    if not state.steps or state.steps[-1].seconds is not None:
        return replace(state, now=now, note=text)
    return replace(state, now=now, steps=(*state.steps[:-1], replace(state.steps[-1], note=text)))


def _ended(steps: tuple[Step, ...], now: float) -> tuple[Step, ...]:
    if not steps or steps[-1].seconds is not None:
        return steps
    return (*steps[:-1], replace(steps[-1], seconds=now - steps[-1].began))


def _statuses(events: tuple[Event, ...]) -> Counter[str]:
    found = Counter[str](event.status for event in events)
    found["newly potential"] = sum(event.newly_potential for event in events if event.status == "confirmed")
    return found


def view(state: State, lines: int = 30) -> RenderableType:
    """Return how the state looks on a terminal of so many lines."""
    title = f"kWadrant · {clock(state.now - state.began)}"
    if state.batch is None:
        return Panel(_steps(state), title=title, title_align="left", padding=(1, 2))
    parts: list[RenderableType] = [_figures(state, state.batch), Text(), _quadrants(state.quadrants), Text()]
    parts += [Text(state.page, style="cyan", overflow="fold"), Text()] if state.page else []
    parts += [Rule(_tally(state), style="dim"), *_events(state, max(3, lines - _FRAME))]
    return Panel(Group(*parts), title=title, title_align="left", subtitle=state.note or "Ctrl-C stops all of it")


def _steps(state: State) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for step in state.steps:
        going = step.seconds is None
        taken = state.now - step.began if step.seconds is None else step.seconds
        name = Text(step.name, style="bold" if going else "")
        note = Text(step.note, style="dim", overflow="ellipsis", no_wrap=True)
        grid.add_row("…" if going else "✓", name, Text(f"{taken:.1f} s", justify="right"), note)
    return grid


def _figures(state: State, batch: Batch) -> RenderableType:
    grid = Table.grid(expand=True)
    figures = {
        "readings/s": f"{state.rate:,.0f}",
        "batch": f"{batch.seconds:.1f} s",
        "model": f"version {batch.model_version}{', held' if batch.held else ''}",
        "closed until": day_of(batch.closed_until),
        "readings": f"{state.rows:,}",
    }
    for _ in figures:
        grid.add_column(justify="center", ratio=1)
    grid.add_row(*(Text(value, style="bold") for value in figures.values()))
    grid.add_row(*(Text(name, style="dim") for name in figures))
    return grid


def _quadrants(counts: Mapping[str, int]) -> RenderableType:
    table = Table(box=None, padding=(0, 2))
    table.add_column("customers", style="dim")
    for potential in _HALVES:
        table.add_column(f"{potential} potential", justify="right")
    for current in _HALVES:
        cells = [str(counts.get(f"{current}-{potential}", 0)) for potential in _HALVES]
        table.add_row(f"{current} current value", *cells)
    return table


def _tally(state: State) -> str:
    found = state.statuses
    return (
        f"{found.get('confirmed', 0)} confirmed, {found.get('newly potential', 0)} of them newly potential · "
        f"{found.get('early', 0)} early · {found.get('withdrawn', 0)} withdrawn"
    )


def _events(state: State, lines: int) -> list[RenderableType]:
    if not state.told:
        return [Text("nobody has changed class yet", style="dim")]
    grid = Table.grid(padding=(0, 1))
    for told in state.told[: max(1, lines // 2)]:
        words = Text.from_markup(sentence(told.event, seconds=told.seconds, marked=True))
        words.stylize(_COLOURS[told.event.status])
        grid.add_row(Text(day_of(told.event.event_time), style="dim"), words)
    return [grid]


def spoken(told: Told) -> str:
    """Return an event as a plain line."""
    return f"{day_of(told.event.event_time)}  {sentence(told.event, seconds=told.seconds)}"


def status(state: State) -> str:
    """Return the state as one plain line."""
    batch = state.batch
    if batch is None:
        return f"{clock(state.now - state.began)}  {state.steps[-1].name if state.steps else 'starting'}"
    people = ", ".join(f"{name} {count}" for name, count in sorted(state.quadrants.items()))
    return (
        f"{clock(state.now - state.began)}  {state.rate:,.0f} readings/s, batch {batch.seconds:.1f} s, closed until "
        f"{day_of(batch.closed_until)}, model {batch.model_version}; {_tally(state)}; customers: {people or '–'}"
    )


def clock(seconds: float) -> str:
    """Return a length of time as minutes and seconds.

    Examples
    --------
    >>> clock(75.2)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def day_of(moment: str) -> str:
    """Return the UTC day that an instant belongs to; midnight ends a day, it does not begin one.

    Examples
    --------
    >>> day_of("2025-03-09T00:00:00Z"), day_of("2025-03-08T23:00:00Z")
    ('2025-03-08', '2025-03-08')
    """
    time = datetime.fromisoformat(moment).astimezone(UTC) - timedelta(microseconds=1)
    return time.date().isoformat()
