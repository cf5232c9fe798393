"""Where the demo's state is shown: a live view on a terminal, plain lines anywhere else."""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live

from kwadrant import live
from kwadrant.live import Batch, State, Told

_STATUS = 10.0  # [s] between two plain status lines
_REFRESH = 4  # [1/s]


class Screen:
    """Shows a state that only this object changes; the clock is the process's own."""

    def __init__(self, console: Console) -> None:
        now = time.monotonic()
        self.state = State(now, now)
        self.console = console
        self._last_status = now
        self._live: AbstractContextManager[object] = nullcontext()
        if console.is_terminal:
            self._live = Live(get_renderable=self._view, console=console, refresh_per_second=_REFRESH)

    def __enter__(self) -> Self:
        """Begin to draw, on a terminal."""
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last view where it is."""
        self._live.__exit__(kind, error, trace)

    def step(self, name: str) -> None:
        """Say what begins now; the step before is done."""
        self.state = live.stepped(self.state, name, time.monotonic())
        self._last_status = time.monotonic()
        if name:
            self._plain(name)

    def note(self, text: str) -> None:
        """Say how far the step, or the stream, is; the same words twice are said once."""
        before, self.state = self.state, live.noted(self.state, text, time.monotonic())
        if before.note != self.state.note or before.steps[-1:] != self.state.steps[-1:]:
            self._plain(f"  {text}")

    def page(self, said: str) -> None:
        """Say where the live page is."""
        self.state = replace(self.state, page=said)
        self._plain(said)

    def batch(self, batch: Batch) -> None:
        """Show a batch of the stream."""
        now = time.monotonic()
        self.state = live.after(self.state, batch, now)
        for event in () if batch.repeated else batch.events:
            self._plain(live.spoken(Told(event, live.taken(self.state, batch, now))), stamp=False)

    def tick(self) -> None:
        """Let a plain status line through now and then."""
        now = time.monotonic()
        if now - self._last_status >= _STATUS:
            self._last_status = now
            self._plain(live.status(replace(self.state, now=now)), stamp=False)

    def tell(self, text: str) -> None:
        """Print lines that stay, in either way of showing."""
        self.console.print(text, soft_wrap=True, markup=False, highlight=False)

    def _plain(self, text: str, *, stamp: bool = True) -> None:
        if not self.console.is_terminal:
            self.tell(f"{live.clock(time.monotonic() - self.state.began)}  {text}" if stamp else text)

    def _view(self) -> RenderableType:
        return live.view(replace(self.state, now=time.monotonic()), self.console.size.height)
