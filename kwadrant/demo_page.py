"""The live page beside the demo's stream: a child that starts once the stream runs, and whose end ends nothing."""

import threading
import webbrowser
from collections.abc import Callable, Mapping

from kwadrant.demo_children import Lines
from kwadrant.errors import ProcessError
from kwadrant.processes import Child, stop
from kwadrant.serving_verbs import LIVE_PAGE

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_GRACE = 10.0  # [s]


class Page:
    """The page's service; `start` begins it, so that nothing before the first batch waits for it.

    It is started in a thread: a signal, which interrupts the main one, must not lose a child that has just begun.
    """

    def __init__(self, start: Callable[[], Child]) -> None:
        self._start = start
        self._thread = threading.Thread(target=self._begin, name="kwadrant-page", daemon=True)
        self._begun = self._told = False
        self._child: Child | None = None
        self._lines: Lines | None = None
        self._error = ""

    def _begin(self) -> None:
        try:
            self._child = self._start()
            self._lines = Lines(self._child.log)
        except ProcessError as error:
            self._error = str(error)

    def news(self) -> str | None:
        """Return what there is to say of it that was not said before: its address, or why there is none."""
        if not self._begun:
            self._begun = True
            self._thread.start()
        said = None if self._told else self._said()
        self._told |= said is not None
        return said

    def _said(self) -> str | None:
        if self._error:
            return f"no live page: {self._error}"
        if self._child is None or self._lines is None:
            return None
        running = self._child.running  # asked first: what it says before it ends is heard
        found = [line.decode() for line in self._lines.new() if line.startswith(LIVE_PAGE.encode())]
        return found[-1] if found else None if running else f"no live page: see {self._child.log}"

    def stop(self) -> None:
        """End it, if it was started."""
        if self._thread.ident is not None:
            self._thread.join()
        if self._child is not None:
            stop(self._child, grace=_GRACE)


def address(said: str) -> str | None:
    """Return the page's address out of what `news` says, None where it says something else."""
    words = said.removeprefix(LIVE_PAGE).split()
    return words[0] if said.startswith(LIVE_PAGE) and words else None


def has_display(environment: Mapping[str, str]) -> bool:
    """Return whether there is a screen on which a browser could open."""
    return any(environment.get(name) for name in _DISPLAYS)


def browse(said: str, environment: Mapping[str, str], opened: Callable[[str], object] = webbrowser.open) -> None:
    """Open the page in a browser, where there is a screen."""
    found = address(said)
    if found is not None and has_display(environment):
        opened(found)
