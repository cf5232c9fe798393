"""The report: one page that needs nothing else, and says what the replay or the store says."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kwadrant.cli import app
from kwadrant.common import UsageError
from kwadrant.explain import of_folder as events_of
from kwadrant.report import Report, of_folder, of_store
from kwadrant.report_page import page
from kwadrant.words import service_name
from schemas.event import CustomerState, Event, Offer, Place
from schemas.model import Model
from serving.store import Taken, open_store, take

TOWN = Path(__file__).parents[1] / "golden" / "small_town"
DAYS = 7


class Tags(HTMLParser):
    """The tags of a page, what they refer to, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open, self.refers, self.text = Counter[str](), list[str](), list[str](), ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a tag, and keep the address it names."""
        self.tags[tag] += 1
        self.refers += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "action")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a tag that ends at once."""
        self.handle_starttag(tag, attrs)
        if tag != "meta":
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Every tag ends in its turn."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


@pytest.fixture(scope="module")
def report() -> Report:
    return of_folder(TOWN, DAYS)


@pytest.fixture
def store(tmp_path: Path, report: Report) -> str:
    """Return the address of a store that has taken in what the replay said."""
    rows = pq.read_table(TOWN / "customers.parquet").to_pylist()
    states = [
        CustomerState(row["customer_id"], Place(row["cluster"], row["name"], row["quadrant"]), report.model.version)
        for row in rows if row["cluster"] is not None
    ]  # fmt: skip
    address = f"sqlite:///{tmp_path / 'store.db'}"
    engine = open_store(address)
    take(engine, Taken(events_of(TOWN), states, [report.model]))
    engine.dispose()
    return address


def test_the_page_is_whole_in_itself_and_has_no_script(report: Report) -> None:
    found = Tags(page(report))
    assert found.open == []
    assert found.refers == []
    assert "script" not in found.tags
    assert "://" not in page(report)
    assert "url(" not in page(report)


def test_the_picture_shows_every_cluster_and_every_flow(report: Report) -> None:
    found = Tags(page(report))
    assert found.tags["circle"] == len(report.model.clusters)
    assert found.tags["g"] == len(report.flows) > 0
    assert found.tags["svg"] == 1 + len(report.model.clusters)


def placed(report: Report) -> list[tuple[float, float]]:
    """Return where the numbers of the picture stand."""
    found = re.findall(r'class="number" x="([\d.]+)" y="([\d.]+)"', page(report))
    return [(float(x), float(y)) for x, y in found]


def test_every_circle_has_a_number_that_the_legend_explains(report: Report) -> None:
    assert len(placed(report)) == len(report.profiles)
    for number, one in enumerate(report.profiles, start=1):
        row = f'<tr><td>{number}</td><td><span class="{one.quadrant}">{one.name}</span></td>'
        assert row in page(report)


def test_no_two_numbers_meet_even_where_all_centres_are_one(report: Report) -> None:
    first = report.model.clusters[0]
    clusters = tuple(msgspec.structs.replace(one, centre=first.centre) for one in report.model.clusters)
    found = placed(replace(report, model=msgspec.structs.replace(report.model, clusters=clusters)))
    assert len(found) > 2
    assert all(abs(a[0] - b[0]) > 19 or abs(a[1] - b[1]) > 19 for n, a in enumerate(found) for b in found[:n])


def test_whom_to_call_has_a_customer_an_offer_and_what_confidence_is(report: Report) -> None:
    offer = Offer("solar", "it takes most by day")
    call = msgspec.structs.replace(report.moves[0], newly_potential=True, customer_id="C-CALL", services=(offer,))
    text = page(Report(report.model, report.sizes, [call], report.since, report.until))
    assert "<th>customer</th><th>why</th><th>offer</th>" in text
    assert f"<td>{service_name('solar')} (it takes most by day)</td>" in text
    assert text.count("it takes most by day") == 1
    assert "Confidence says how clear the change is" in text


def test_one_is_told_as_one(report: Report) -> None:
    one = Report(report.model, dict.fromkeys(report.sizes, 1), report.moves[:1], report.since, report.until)
    assert "1 move" in page(one)
    assert not re.search(r"\b1 (moves|customers)\b", page(one))


def test_a_cluster_lies_in_its_quadrant_and_an_arrow_is_coloured_only_towards_potential(report: Report) -> None:
    for one in report.profiles:
        assert one.quadrant == {cluster.name: cluster.quadrant for cluster in report.model.clusters}[one.name]
    potential = {one.id: one.quadrant.endswith("-high") for one in report.model.clusters}
    pairs = {(event.from_.cluster, event.to.cluster) for event in report.moves}
    up = sum(potential[new] and not potential[old] for old, new in pairs)
    assert page(report).count('class="flow up"') == up


def test_only_the_moves_of_the_last_days_are_told(report: Report) -> None:
    every, last = of_folder(TOWN, 10_000), of_folder(TOWN, 1)
    assert len(last.moves) < len(report.moves) < len(every.moves)
    confirmed = [event for event in events_of(TOWN) if event.status == "confirmed"]
    assert len(every.moves) == sum(event.from_.cluster != event.to.cluster for event in confirmed)
    assert all(report.since < event.event_time <= report.until for event in report.events)
    text = Tags(page(report)).text
    assert [event.customer_id in text for event in report.newly_potential] == [True] * len(report.newly_potential)


def test_the_store_gives_the_page_that_the_replay_gives(report: Report, store: str) -> None:
    assert page(of_store(store, DAYS)) == page(report)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with pytest.raises(UsageError, match=r"none\.db is not there"):
        of_store(f"sqlite:///{file}", DAYS)
    assert not file.exists()


def test_a_store_without_a_model_is_said_to_be_empty(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'empty.db'}"
    open_store(address).dispose()
    with pytest.raises(UsageError, match="has no model yet"):
        of_store(address, DAYS)


def hostile(report: Report) -> Report:
    """Return a report whose clusters and customers have names that are HTML."""
    bad = '<script src="http://x"></script>'
    clusters = tuple(msgspec.structs.replace(one, name=bad) for one in report.model.clusters)
    model: Model = msgspec.structs.replace(report.model, clusters=clusters)
    events: list[Event] = [msgspec.structs.replace(event, customer_id=bad) for event in report.events]
    return Report(model, report.sizes, events, report.since, report.until)


def test_a_rise_is_called_a_rise_and_draws_no_arrow(report: Report) -> None:
    move = report.moves[0]
    low, high = (msgspec.structs.replace(move.to, quadrant=f"low-{one}", since=None) for one in ("low", "high"))
    rise = msgspec.structs.replace(move, from_=low, to=high, newly_potential=True, customer_id="C-RISEN")
    fall = msgspec.structs.replace(move, from_=high, to=low, newly_potential=False, customer_id="C-FALLEN")
    found = Report(report.model, report.sizes, [rise, fall], report.since, report.until)
    text = Tags(page(found)).text
    assert (found.moves, found.rises, found.flows, found.newly_potential) == ([], [rise], {}, [rise])
    assert f"C-RISEN's potential for energy services has risen in {rise.to.name}: newly potential" in text
    assert "C-FALLEN" not in text
    assert "1rose in their class" in text


def test_a_name_is_text_whatever_it_is(report: Report) -> None:
    found = Tags(page(hostile(report)))
    assert (found.tags["script"], found.refers, found.open) == (0, [], [])


def test_without_an_event_the_page_says_so(report: Report) -> None:
    text = Tags(page(Report(report.model, {}, [], report.since, report.until))).text
    assert "Nobody has moved or risen in these days." in text
    assert "Nobody has become newly potential in these days." in text


def test_the_verb_writes_the_page(tmp_path: Path, report: Report) -> None:
    out = tmp_path / "report.html"
    ended = CliRunner().invoke(app, ["report", "--from", str(TOWN), "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert out.read_text() == page(report)
    assert f"{len(report.moves)} moves" in ended.stdout
