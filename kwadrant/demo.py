"""`kwadrant demo`: a town, a broker, Spark and the product on one machine, and nothing left behind at the end."""

import os
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from kwadrant import demo_children, demo_town, jars, topics
from kwadrant.broker import Broker
from kwadrant.demo_errors import ChildEndedError, DurationError
from kwadrant.demo_feed import Feed
from kwadrant.demo_folder import Memory, WorkFolder, opened
from kwadrant.demo_page import Page, browse
from kwadrant.demo_screen import Screen
from kwadrant.demo_signals import Asked, Signals
from kwadrant.demo_summary import Span, summary
from kwadrant.processes import stop
from schemas.times import iso, microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwadrant.processes import Child
    from schemas.event import Event
    from simulator.town import Town

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / ".work" / "demo"
SECONDS_PER_DAY = 1.5
_PARTITIONS = 2
_POLL = 0.1  # [s]
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class DemoOptions:
    """What a demo is asked for.

    Attributes
    ----------
    folder : where it keeps its things.
    for_s : how long to stream after the first batch is committed; until Ctrl-C when None [s].
    reset : forget the last run.
    customers, random_state : of the town [1].
    seconds_per_day : real time that a day of the town takes [s].
    """

    folder: Path = DEFAULT_FOLDER
    for_s: float | None = None
    reset: bool = False
    customers: int = 400
    random_state: int = 1
    seconds_per_day: float = SECONDS_PER_DAY


def start(for_: str | None, *, reset: bool, folder: Path | None, customers: int, random_state: int) -> int:
    """Run the demo as it was typed; returns the exit code."""
    for_s = None if for_ is None else seconds(for_)
    options = DemoOptions(folder or DEFAULT_FOLDER, for_s, reset, customers, random_state)
    return run(options, os.environ, Console())


def seconds(text: str) -> float:
    """Return a length of time such as 90s, 2m or 90 [s]; DurationError says what was expected.

    Examples
    --------
    >>> seconds("90s"), seconds("1.5m")
    (90.0, 90.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise DurationError(f"--for {text}: expected a number with s, m or h, such as 90s or 2m")
    return float(found[1]) * _UNITS[found[2]]


def run(options: DemoOptions, environment: Mapping[str, str], console: Console) -> int:
    """Run the demo until its time is over, or until it is asked to end.

    Returns
    -------
    int
        0, or 128 + the signal's number where it was asked to end before the first batch was committed.

    Raises
    ------
    LaunchError
        Of the folder, the jars, the broker, or a child; everything is stopped by then.
    """
    with Signals(console.show_cursor) as signals:
        session = None
        try:
            asked_for = Memory(options.customers, options.random_state)
            with opened(options.folder, asked_for, reset=options.reset) as work, Screen(console) as screen:
                session = Session(work, options, environment, screen)
                session.run(signals)
        except Asked as asked:
            if session is None or session.screen.state.ready is None:
                console.print("Stopped before the stream was ready; nothing is left running.")
                return asked.code
        finally:
            signals.calm()
        for line in session.summary():
            session.screen.tell(line)
        return 0


class Session:
    """One run of the demo in an open folder."""

    def __init__(self, work: WorkFolder, options: DemoOptions, environment: Mapping[str, str], screen: Screen) -> None:
        self.work, self.options, self.environment, self.screen = work, options, environment, screen
        self.events: list[Event] = []
        self.first = work.memory.sent

    def run(self, signals: Signals) -> None:
        """Start everything, one after the other, watch it, and stop it in the opposite order, whatever happens."""
        with ExitStack() as stack:
            try:
                self._body(stack)
            finally:
                signals.calm()
                self.screen.note("stopping; Ctrl-C again ends at once")
        self.screen.note("stopped")

    def _body(self, stack: ExitStack) -> None:
        self.screen.step("jars")
        fetched = jars.ensure(report=self.screen.note, environment=self.environment)
        self.screen.step("Kafka broker")
        broker = stack.enter_context(Broker(self.work.broker, fetched.broker, environment=self.environment))
        topics.create({"bootstrap_servers": broker.bootstrap}, _PARTITIONS)
        if not self.work.memory.seeded:
            self._seed(broker.bootstrap)
        self.screen.step("Spark")
        feed = self._feed(broker.bootstrap)
        child = demo_children.stream(self.work, broker.bootstrap, self.environment)
        lines = demo_children.Lines(child.log)
        stack.enter_context(self._ending(child, lines))
        stack.callback(feed.stop)
        feed.start()  # while Spark starts: its first batch has something to do at once
        told = self._until_ready(child, lines)
        self.screen.step("the first batch")
        self._take(told, feed)
        self.screen.tell(f"Kafka: {broker.bootstrap}, stream {demo_children.STREAM}")
        page = Page(lambda: demo_children.page(self.work, broker.bootstrap, self.environment))
        stack.callback(page.stop)
        self._watch(broker, child, lines, feed, page)

    def _seed(self, bootstrap: str) -> None:
        """Simulate the history, and seed the first model from it."""
        self.screen.step(f"a town of {self.options.customers} customers, {demo_town.HISTORY_DAYS} days of history")
        town = self._town(demo_town.HISTORY_DAYS)
        demo_town.write_history(town, self.work.town)
        self.screen.step("seeding the first model from the history")
        child = demo_children.seed(self.work, bootstrap, self.environment)
        lines = demo_children.Lines(child.log)
        try:
            while child.running:
                self._say_last(lines.new())
                time.sleep(_POLL)
        finally:
            stop(child)
        if child.process.returncode != 0:
            raise demo_children.ended(child, "should have seeded the first model")
        self.first = demo_town.midnight(town, demo_town.HISTORY_DAYS)
        self.work.remember(seeded=True, sent=self.first, closed=self.first)

    def _until_ready(self, child: "Child", lines: demo_children.Lines) -> list[bytes]:
        """Return the lines among which the stream said that it runs: there may be batches already."""
        while not demo_children.is_ready(new := lines.new()):
            self._say_last(new)
            if not child.running:
                raise demo_children.ended(child, "should have started the stream")
            time.sleep(_POLL)
        return new

    def _say_last(self, lines: list[bytes]) -> None:
        told = demo_children.progress(lines)
        if told:
            self.screen.note(told[-1])

    def _feed(self, bootstrap: str) -> Feed:
        return Feed(
            self._town, {"bootstrap_servers": bootstrap}, days=demo_town.days_until(datetime.now(UTC)),
            sent=self.work.memory.sent, closed=self.work.memory.closed, seconds_per_day=self.options.seconds_per_day,
            remember=lambda sent, closed: self.work.remember(sent=sent, closed=closed),
        )  # fmt: skip

    def _watch(self, broker: Broker, child: "Child", lines: demo_children.Lines, feed: Feed, page: Page
               ) -> None:  # fmt: skip
        """Show what the stream says until the time is over; ends with an error when anything ends by itself."""
        while not self._over():
            self._take(lines.new(), feed)
            self.screen.tick()
            self._tell_page(page)
            if not child.running:
                raise demo_children.ended(child, "should have gone on streaming")
            if broker.child is not None and not broker.child.running:
                raise ChildEndedError(f"the broker ended by itself. The end of its log:\n{broker.child.tail()}")
            if feed.error is not None:
                raise feed.error
            if not feed.is_alive():
                self.screen.note("the town has reached the present; --reset begins it again")
            time.sleep(_POLL)

    def _tell_page(self, page: Page) -> None:
        """Say where the live page is, and open it where there is a screen; nothing before the first batch."""
        said = page.news() if self.screen.state.ready is not None else None
        if said is not None:
            self.screen.page(said)
            if self.screen.console.is_terminal:
                browse(said, self.environment)

    def _over(self) -> bool:
        ready, limit = self.screen.state.ready, self.options.for_s
        return ready is not None and limit is not None and time.monotonic() - ready >= limit

    def _take(self, lines: list[bytes], feed: Feed | None = None) -> None:
        for batch in demo_children.batches(lines):
            if self.screen.state.ready is None:
                self.screen.step("")
            self.screen.batch(batch)
            if not batch.repeated:
                self.events += batch.events
            if feed is not None:
                feed.closed = max(feed.closed, microseconds(datetime.fromisoformat(batch.closed_until)))

    @contextmanager
    def _ending(self, child: "Child", lines: demo_children.Lines) -> "Iterator[None]":
        """Stop the stream at the end; what it did while it was stopping counts too."""
        try:
            yield
        except Asked:
            self._end(child, lines)
            raise
        except BaseException:
            stop(child)
            raise
        self._end(child, lines)

    def _end(self, child: "Child", lines: demo_children.Lines) -> None:
        code = stop(child, grace=demo_children.GRACE)
        self._take(lines.new())
        if code != 0 and self.screen.state.ready is not None:
            raise demo_children.ended(child, "should have ended with exit code 0")

    def _town(self, days: int) -> "Town":
        return demo_town.town(self.options.customers, self.options.random_state, days)

    def summary(self) -> list[str]:
        """Return what to say at the end."""
        sent = self.work.memory.sent
        days = round((sent - self.first) / 86_400e6)
        town = self._town(demo_town.day_at(self._town(1), sent) + 1)
        judged = demo_town.judged(self.events, demo_town.truth(town))
        return summary(self.screen.state, self.events, judged, Span(iso(self.first), iso(sent), days))
