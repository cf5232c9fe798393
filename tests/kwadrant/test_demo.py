"""The demo as a whole, with children that only pretend: what it says, and how it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, Self

import msgspec
import pytest
from rich.console import Console

from kwadrant import demo, demo_children, demo_town, jars, topics
from kwadrant.demo import DemoOptions
from kwadrant.demo_errors import ChildEndedError, DurationError
from kwadrant.demo_folder import WorkFolder
from kwadrant.demo_page import Page, browse
from kwadrant.demo_signals import Asked, Signals
from kwadrant.demo_summary import Span, summary
from kwadrant.errors import ProcessError
from kwadrant.live import Batch, State
from kwadrant.processes import Child, start
from schemas.event import Event, Evidence, Place, Reason

ROOT = Path(__file__).parents[2]
CHILD = """
import signal, sys, time, threading
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print("starting Spark", flush=True)
print('{"ready":true}', flush=True)
for line in sys.argv[2:]:
    print(line, flush=True)
if sys.argv[1] != "stay":
    print("out of luck")
    sys.exit(int(sys.argv[1]))
stop.wait(20)
print(sys.argv[-1].replace('"batch":1', '"batch":2'), flush=True)
"""


def event(day: int = 10, customer: str = "C-0000000417", **changes: Any) -> Event:  # noqa: ANN401 - fields of an event
    made = Event(
        event_id=f"{customer} {day}", customer_id=customer, from_=Place(1, "steady shop", "low-low"),
        to=Place(2, "growing workshop", "low-high"), newly_potential=True, cause="customer_moved",
        model_version_from=1, model_version_to=2, status="confirmed", margin=2.0, confidence=0.7,
        reasons=(Reason("night share", 1.4, 0.4, 1.8, 0.71, 0.0),), quality=Evidence(0.0, provisional=False),
        event_time=f"2018-03-{day:02d}T23:00:00Z",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def line(*events: Event) -> str:
    batch = Batch(1, 1.1, {"rows": 500}, events, "2018-03-08T23:00:00Z", 3, 1.4, quadrants={"low-low": 40})
    return msgspec.json.encode(batch).decode()


@dataclass
class Feed:
    """Sends nothing."""

    remember: Any
    log: list[str]
    error: None = None
    closed: int = 0
    sent: int = 0

    def start(self) -> None:
        """Do nothing."""

    def is_alive(self) -> bool:
        """Return True."""
        return True

    def stop(self) -> None:
        """Write it down, and remember a day."""
        self.log.append("feed stopped")
        self.remember(self.sent + 86_400_000_000, self.closed)


@dataclass
class Broker:
    """Listens to nobody."""

    log: list[str]
    bootstrap: str = "127.0.0.1:1"
    child: None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.append("broker stopped")


@dataclass
class Stage:
    """A demo whose children pretend; `log` has what was stopped, `said` what was printed."""

    folder: Path
    log: list[str] = field(default_factory=list)
    text: StringIO = field(default_factory=StringIO)
    children: list[Child] = field(default_factory=list)

    def run(self, for_s: float | None = 0.3) -> int:
        """Run the demo for so long [s]."""
        options = DemoOptions(self.folder, for_s, customers=40)
        return demo.run(options, os.environ, Console(file=self.text, width=200))

    @property
    def said(self) -> str:
        """Return what was printed."""
        return self.text.getvalue()


Make = Any
PAGE = "live page: http://127.0.0.1:8080/?key=k  (the link opens once)"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return what prepares a demo whose stream says these lines and then does this."""

    def make(then: str, *lines: str, seeding: Literal["0", "1"] = "0", pages: str = "stay") -> Stage:
        found = Stage(tmp_path / "demo")

        def child(work: WorkFolder, name: str, *arguments: str) -> Child:
            found.children.append(start([sys.executable, "-c", CHILD, *arguments], log=work.log(name)))
            return found.children[-1]

        monkeypatch.setattr(jars, "ensure", lambda **_: SimpleNamespace(broker=()))
        monkeypatch.setattr(demo, "Broker", lambda *_, **__: Broker(found.log))
        monkeypatch.setattr(topics, "create", lambda *_: [])
        monkeypatch.setattr(demo, "Feed", lambda *_, remember, sent, **__: Feed(remember, found.log, sent=sent))
        monkeypatch.setattr(demo_town, "write_history", lambda *_: None)
        monkeypatch.setattr(demo_children, "seed", lambda work, *_: child(work, "seed", seeding))
        monkeypatch.setattr(demo_children, "stream", lambda work, *_: child(work, "stream", then, *lines))
        monkeypatch.setattr(demo_children, "page", lambda work, *_: child(work, "serve", pages, PAGE))
        return found

    return make


def test_a_demo_ends_after_its_time_with_a_summary(stage: Make) -> None:
    made = stage("stay", line(event()))
    assert made.run() == 0
    assert "C-0000000417 moved from *steady shop* to *growing workshop*: newly potential" in made.said
    assert "Streamed 1 days" in made.said
    assert "2 confirmed moves, 2 newly potential" in made.said
    assert made.log == ["feed stopped", "broker stopped"]


def test_what_the_stream_says_while_it_is_stopped_counts_too(stage: Make) -> None:
    made = stage("stay", line(event()))
    made.run()
    assert "1,000 readings" in made.said


def test_children_are_stopped_in_order(stage: Make) -> None:
    made = stage("stay", line())
    made.run()
    *before, page = [child.process.returncode for child in made.children]
    assert before == [0, 0]
    assert page in (0, -signal.SIGTERM)  # it is asked to end while it may not have begun to listen


def test_the_second_run_does_not_seed_again(stage: Make) -> None:
    made = stage("stay", line())
    made.run()
    made.run()
    assert [child.log.stem for child in made.children] == ["seed", "stream", "serve", "stream", "serve"]


def test_the_live_page_starts_with_the_first_batch_and_its_address_is_said(stage: Make) -> None:
    made = stage("stay", line())
    made.run(1.0)
    assert PAGE in made.said
    assert [child.log.stem for child in made.children] == ["seed", "stream", "serve"]


def test_a_live_page_that_dies_is_told_and_ends_nothing(stage: Make) -> None:
    made = stage("stay", line(), pages="3")
    made.run(1.0)
    assert made.said.count("live page: http") + made.said.count("no live page: see") == 1
    assert "Streamed" in made.said


def test_a_page_that_cannot_be_started_is_told_with_the_reason() -> None:
    def refuse() -> Child:
        raise ProcessError("Cannot start python")

    page = Page(refuse)
    deadline = time.monotonic() + 10
    while (said := page.news()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (said, page.news()) == ("no live page: Cannot start python", None)
    page.stop()


def test_a_page_that_is_just_starting_is_stopped_too(tmp_path: Path) -> None:
    begun: list[Child] = []

    def slow() -> Child:
        time.sleep(0.3)
        begun.append(start([sys.executable, "-c", CHILD, "stay"], log=tmp_path / "serve.log"))
        return begun[0]

    page = Page(slow)
    assert page.news() is None
    page.stop()
    assert [child.running for child in begun] == [False]


@pytest.mark.parametrize(("environment", "opened"), [({}, []), ({"DISPLAY": ":0"}, ["http://127.0.0.1:8080/?key=k"])])
def test_a_browser_opens_only_where_there_is_a_screen(environment: dict[str, str], opened: list[str]) -> None:
    found: list[str] = []
    browse(PAGE, environment, found.append)
    browse("no live page: see its log", environment, found.append)
    assert found == opened


def test_a_stream_that_dies_is_told_with_the_end_of_its_log(stage: Make) -> None:
    made = stage("3", line())
    with pytest.raises(ChildEndedError, match=r"`kwadrant stream` .*exit code 3[\s\S]*--reset[\s\S]*out of luck"):
        made.run(None)
    assert made.log == ["feed stopped", "broker stopped"]


def test_a_seeding_that_fails_is_told_and_done_again_the_next_time(stage: Make) -> None:
    made = stage("stay", line(), seeding="1")
    with pytest.raises(ChildEndedError, match="`kwadrant seed` should have seeded"):
        made.run()
    assert made.log == ["broker stopped"]
    assert stage("stay", line()).run() == 0


def test_being_asked_ends_a_running_demo_with_a_summary(stage: Make) -> None:
    made = stage("stay", line(event()))
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    assert made.run(None) == 0
    assert "Streamed" in made.said
    assert made.log == ["feed stopped", "broker stopped"]


def test_being_asked_before_the_first_batch_is_no_success(stage: Make) -> None:
    made = stage("stay")
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert made.run(None) == 130
    assert "nothing is left running" in made.said
    assert not made.children[-1].running


def test_the_first_signal_is_a_wish_and_nothing_disturbs_what_is_being_stopped() -> None:
    with Signals(lambda: None) as signals:
        with pytest.raises(Asked) as asked:
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)  # a second one at once is the same wish
        signals.calm()
    assert asked.value.code == 143


def test_who_asks_again_later_is_obeyed_at_once() -> None:
    code = (
        "import os, signal, time; from kwadrant.demo_signals import Signals\n"
        "with Signals(lambda: print('at once', flush=True)) as s:\n"
        "    s.calm(); os.kill(os.getpid(), 2); time.sleep(1.1); os.kill(os.getpid(), 2); print('still here')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "at once\n")


@pytest.mark.parametrize(("text", "length"), [("90s", 90), ("90", 90), ("2m", 120), ("1.5m", 90), ("1h", 3600)])
def test_a_length_of_time_is_read(text: str, length: float) -> None:
    assert demo.seconds(text) == length


@pytest.mark.parametrize("text", ["", "soon", "-3s", "5 d"])
def test_a_length_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DurationError, match="such as 90s"):
        demo.seconds(text)


def test_the_childrens_settings_are_the_demos() -> None:
    ours = {"KWADRANT_MARGIN": "9", "KWADRANT_JARS": "/jars", "KWADRANT_METRICS__PORT": "9464", "PATH": "/bin",
            "PYTHONPATH": str(ROOT)}  # fmt: skip
    found = demo_children.environment(ours)
    assert found["KWADRANT_METRICS__PORT"] == "9464"
    assert (found["KWADRANT_JARS"], found["PATH"], found["PYTHONPATH"]) == ("/jars", "/bin", str(ROOT))
    assert (found["KWADRANT_TIME_ZONE"], "KWADRANT_MARGIN" in found) == (demo_town.ZONE, False)


def test_lines_are_read_whole_and_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntw")
    lines = demo_children.Lines(log)
    assert lines.new() == [b"one"]
    with log.open("ab") as file:
        file.write(b"o\nthree\n")
    assert (lines.new(), lines.new()) == ([b"two", b"three"], [])


def test_batches_are_found_among_what_spark_says() -> None:
    mixed = b"26/11/21 WARN " + line(event()).encode()
    lines = [b"26/11/21 WARN no hadoop", b'{"ready":true}', mixed, b"starting Spark"]
    assert [batch.events for batch in demo_children.batches(lines)] == [(event(),)]
    assert demo_children.is_ready(lines)
    assert demo_children.progress(lines) == ["starting Spark"]


@pytest.mark.parametrize(
    ("changed", "status", "judged"),
    [
        (1, "confirmed", (1, 0, 0)), (45, "confirmed", (1, 0, 0)), (46, "confirmed", (0, 1, 0)),
        (-1, "confirmed", (0, 0, 1)), (None, "confirmed", (0, 0, 1)), (1, "early", (0, 0, 0)),
    ],
)  # fmt: skip
def test_a_move_is_right_where_the_customer_changed_shortly_before(
    changed: int | None, status: str, judged: tuple[int, int, int]
) -> None:
    moved = event(status=status)
    when = datetime.fromisoformat(moved.event_time)
    changes = {} if changed is None else {moved.customer_id: when - timedelta(days=changed)}
    found = demo_town.judged([moved], changes)
    assert (found.right, found.late, found.wrong) == judged


def test_the_most_telling_moves_come_first() -> None:
    events = [event(1, "C-1", confidence=0.9, newly_potential=False), event(2, "C-2", status="early"),
              event(3, "C-3", confidence=0.5), event(4, "C-4", confidence=0.6)]  # fmt: skip
    span = Span("2018-03-01T23:00:00Z", "2018-03-11T23:00:00Z", 10)
    lines = summary(State(0.0, 70.0, ready=10.0), events, demo_town.Judged(2, 0, 1), span)
    assert [text.split()[0] for text in lines if "moved from" in text] == ["C-4", "C-3", "C-1"]
    assert "Streamed 10 days of the town (2018-03-01 to 2018-03-11) in 1:00" in lines[0]
    assert "2 of 3 confirmed moves (67%)" in lines[-1]


def test_a_short_run_says_why_it_found_nothing() -> None:
    span = Span("2018-03-01T23:00:00Z", "2018-03-02T23:00:00Z", 1)
    assert "No move was confirmed yet" in summary(State(0.0, 1.0), [], demo_town.Judged(0, 0, 0), span)[-1]
