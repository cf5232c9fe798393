"""How far a long replay is: a bar on a terminal, a line every two seconds elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

PERIOD_S = 2.0


@contextmanager
def bar(console: Console, what: str, say: Callable[[str], None]) -> Iterator[Callable[[int, int], None]]:
    """Give what to report (done, of) to."""
    if not console.is_terminal:
        yield lines(what, say)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(what)
        yield lambda done, of: shown.update(task, completed=done, total=of)


def lines(what: str, say: Callable[[str], None]) -> Callable[[int, int], None]:
    """Return what to report (done, of) to; it says a line every two seconds."""
    last = time.monotonic()

    def report(done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last > PERIOD_S:
            last = time.monotonic()
            say(f"{done} of {of} {what}")

    return report
