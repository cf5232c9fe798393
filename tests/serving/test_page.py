"""The live page in a real browser, over a store that the consumer's own functions filled."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from kwadrant.demo_town import CHANGE_DAYS, START
from schemas.event import CustomerState, Dismissed
from serving import picture, questions
from serving.api import app
from serving.service import Address, answering
from serving.store import Taken
from tests.serving.in_browser import CONTRAST, DRAWN, NAMES, RINGS
from tests.serving.made import HIGH, LOW, expects, moved
from tests.serving.pages import HOST, Site, cut, desk_of, filled, site
from tests.serving.town_log import Life, portions

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENSHOTS = os.environ.get("SCREENSHOTS")
LIFE = Life(400, 100, START, CHANGE_DAYS) if SCREENSHOTS else Life(60, 90)
"""The pictures are of a town that lives as that of `./run` does."""
PICTURE = {"width": 1280, "height": 800}
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SMALL = 250_000
WAIT_MS = 20_000
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
    pytest.mark.timeout(300),
]


@dataclass(frozen=True)
class Town:
    """A store that has heard most of what a stream says of a town, and the rest of it."""

    begun: Path
    coming: Sequence[Taken]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Give a town of which some moves are still to come."""
    told = list(portions(LIFE))
    begin = cut(told, 3)
    return Town(filled(tmp_path_factory.mktemp("town"), told[:begin]), told[begin:])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a headless Chromium; it refuses its sandbox to root, and a container's shared memory is too small for it."""
    options = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=options)
        yield found
        found.close()


@pytest.fixture
def running(town: Town, tmp_path: Path) -> Iterator[Site]:
    """Give a page over the town."""
    with site(tmp_path, town.coming, town.begun) as found:
        yield found


class Visitor:
    """Somebody with a browser; `wrong` is what the browser complained about."""

    def __init__(self, browser: Browser, **options: Any) -> None:  # noqa: ANN401 - of a browser's context
        self.context: BrowserContext = browser.new_context(**{"viewport": DESKTOP, **options})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self.asked.append(request.url))

    def comes(self, link: str) -> Page:
        """Open a link and wait until the page is live."""
        self.page.goto(link)
        self.is_live()
        return self.page

    def is_live(self) -> None:
        """Wait until the page is live."""
        expect(self.page.locator("#link")).to_have_attribute("data-state", "live", timeout=WAIT_MS)


@pytest.fixture
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Give a visitor, with the options of the test's parameter."""
    found = Visitor(browser, **getattr(request, "param", {}))
    yield found
    found.context.close()


def told(page: Page, event_id: str) -> None:
    expect(page.locator(f'#moves li[data-event="{event_id}"]')).to_be_visible(timeout=WAIT_MS)


def test_the_link_lets_one_browser_in_and_its_key_is_gone_from_the_address(
    running: Site, visitor: Visitor, browser: Browser
) -> None:
    assert visitor.comes(running.link).url == running.url
    late = Visitor(browser)
    late.page.goto(running.link)
    expect(late.page.locator("#enter")).to_be_visible()
    assert late.page.locator("#total").inner_text() == "–"
    late.context.close()


def test_the_page_shows_what_the_store_holds_and_asks_nobody_else(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    held = picture.overview(running.desk, running.desk.teller)  # type: ignore[arg-type]
    assert page.locator("#total").inner_text() == str(sum(held["sizes"].values()))
    assert page.locator("#flagged").inner_text() == str(held["flagged"])
    told_again = {event["supersedes"] for event in held["feed"]} & {event["id"] for event in held["feed"]}
    assert page.locator("#moves li").count() == len(held["feed"]) - len(told_again) > 0
    assert len(told_again) > 0
    assert page.locator("#groups > li svg.day").count() == page.locator("#chips button").count() == 8
    expect(page.locator("#versions tr.force")).to_have_count(1)
    assert visitor.wrong == []
    assert all(url.startswith((running.url, "data:")) for url in visitor.asked)


def test_a_move_that_arrives_is_shown_and_said_aloud(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    portion = running.next_moves()
    told(page, portion.events[-1].event_id)
    expect(page.locator("#heard")).to_have_text(re.compile("moved|move from|ris|news"), timeout=WAIT_MS)
    version = max((one.version for one in portion.models), default=None)
    if version is not None:
        expect(page.locator("#version")).to_have_text(f"v{version}")
    assert visitor.wrong == []


def test_a_move_stands_once_whatever_is_said_of_it_later(running: Site, visitor: Visitor) -> None:
    early = moved("early", "C-9999", status="early", event_time="2026-03-23T11:00:00Z")
    running.hear(Taken(events=[early]))
    page = visitor.comes(running.link)
    told(page, "early")
    page.locator('#moves li[data-event="early"] button').focus()
    running.hear(Taken(events=[moved("confirmed", "C-9999", supersedes="early")]))
    told(page, "confirmed")
    expect(page.locator('#moves li[data-event="early"]')).to_have_count(0)
    one = page.locator('#moves li[data-event="confirmed"]')
    expect(one.locator(".meta")).to_contain_text("seen early on 23 Mar 2026")
    expect(one.locator("button")).to_be_focused()
    page.reload()
    told(page, "confirmed")
    expect(page.locator('#moves li[data-event="early"]')).to_have_count(0)


def test_the_rings_are_drawn_when_the_page_says_what_they_are(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    rings = page.evaluate(RINGS)
    assert rings > 0
    expect(page.locator("#map-note")).to_contain_text(f"Green rings: the {rings} to call first.")


def test_who_was_taken_off_the_list_is_said_to_be_that_by_an_operator(running: Site, visitor: Visitor) -> None:
    word = Dismissed("2026-05-11T22:00:00Z", "called, has an offer")  # local midnight: the 12th begins
    off = moved("off", "C-9999", status="withdrawn", newly_potential=False, because=word.because, dismissed=word)
    running.hear(Taken(events=[off]))
    page = visitor.comes(running.link)
    page.locator('#moves li[data-event="off"] button').click()
    expect(page.locator("#customer-body")).to_contain_text(
        "An operator took it off the list until 2026-05-12: called, has an offer."
    )
    expect(page.locator("#customer-body")).not_to_contain_text("The customer changed")


def test_a_customer_who_moves_is_drawn_elsewhere(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    (coming,) = [one for one in running.coming if one.events and one.states][:1]
    last = {one.customer_id: one for one in coming.states}
    before = {customer: page.evaluate(DRAWN, customer) for customer in last}
    running.next_moves()
    told(page, coming.events[-1].event_id)
    for customer, one in last.items():
        place = [one.current_value, one.potential_value, one.place.cluster]
        assert before[customer] != page.evaluate(DRAWN, customer) == place


def test_a_browser_without_a_net_says_so_and_hears_later_what_it_missed(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    visitor.context.set_offline(True)
    expect(page.locator("#link")).to_have_text("offline")
    expect(page.locator("#notice")).to_contain_text("You are offline")
    portion = running.next_moves()
    assert page.locator(f'#moves li[data-event="{portion.events[-1].event_id}"]').count() == 0
    visitor.context.set_offline(False)
    visitor.is_live()
    told(page, portion.events[-1].event_id)
    expect(page.locator("#notice")).to_be_hidden()


def test_a_service_that_comes_back_is_found_again_without_a_new_link(
    town: Town, tmp_path: Path, visitor: Visitor
) -> None:
    with site(tmp_path, begun=town.begun) as first:
        page = visitor.comes(first.link)
        port, engine = first.port, first.desk.engine
    expect(page.locator("#link")).to_have_text("reconnecting", timeout=WAIT_MS)
    again = desk_of(engine)
    with answering(app(again), Address(HOST, port)):
        visitor.is_live()
        again.ending.set()


def test_everything_can_be_done_by_keyboard(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    name = page.locator("#moves li .said").first.inner_text().split()[0].removesuffix("'s")
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator("#customer")).to_be_visible()
    expect(page.locator("#customer-title")).to_have_text(name)
    expect(page.locator("#customer article .parts meter").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#customer")).to_be_hidden()
    running.hear(Taken(events=[moved("flag", name)]))
    told(page, "flag")
    page.locator("#tab-moves").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-calls")).to_be_focused()
    expect(page.locator("#tab-calls")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#feed")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#customer")).to_be_visible()


def test_who_is_expected_is_told_beside_who_is_newly_potential(running: Site, visitor: Visitor) -> None:
    known = running.desk.engine
    customer = questions.ask(known, questions.sample(1))[0].customer_id
    running.hear(Taken(expected=[expects(0, customer, probability=0.34)]))
    page = visitor.comes(running.link)
    page.locator("#tab-moves").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-expected")).to_be_focused()
    told_of = page.locator(f'#moves li[data-event="{customer}"]')
    expect(told_of.locator(".said")).to_contain_text(f"{customer} in {LOW.name}: 34 % likely to become")
    expect(page.locator("#feed-note")).to_contain_text("Most of them will not.")
    told_of.locator("button").click()
    expect(page.locator("#customer-body")).to_contain_text("34 % likely to become a potential customer within 28 days")
    page.keyboard.press("Escape")
    running.hear(Taken(expected=[expects(0)]))  # no event says so: a close that expects nobody any more
    expect(page.locator("#feed-empty")).to_contain_text("Nobody stands out", timeout=WAIT_MS)


def test_a_list_that_is_drawn_anew_keeps_the_focus(running: Site, visitor: Visitor) -> None:
    running.hear(Taken(events=[moved("flag", "C-9999")]))
    page = visitor.comes(running.link)
    page.locator("#to-calls").click()
    expect(page.locator("#feed")).to_have_attribute("aria-busy", "false")
    first = page.locator("#moves li").first
    event = first.get_attribute("data-event")
    first.locator("button").focus()
    with page.expect_response("**/page/calls"):
        running.next_moves()
    expect(page.locator("#feed")).to_have_attribute("aria-busy", "false")
    kept = page.locator(f'#moves li[data-event="{event}"] button')
    expect(kept if kept.count() else page.locator("#feed")).to_be_focused()


def test_a_group_can_be_shown_alone(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    chip = page.locator("#chips button").nth(2)
    chip.focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_attribute("aria-pressed", "true")
    running.next_moves()  # the focus stays where it is when the news redraw the groups
    page.wait_for_timeout(1_500)
    expect(chip).to_be_focused()
    expect(chip).to_have_attribute("aria-pressed", "true")


def test_an_unknown_customer_is_told_in_words(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    page.locator("#asked").fill("nobody")
    page.locator("#asked").press("Enter")
    expect(page.locator("#customer-body")).to_contain_text("No customer nobody is known here. Is the number right?")


@pytest.mark.parametrize("visitor", [{"color_scheme": "dark"}, {"color_scheme": "light"}], indirect=True)
def test_dark_and_light_are_the_systems_until_somebody_says_otherwise(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    wide = "getComputedStyle(document.body).backgroundColor"
    first, theme = page.evaluate(wide), page.evaluate("document.documentElement.dataset.theme")
    assert theme == page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
    page.locator("#theme").click()
    assert page.evaluate(wide) != first
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") != theme


@pytest.mark.parametrize("visitor", [{"viewport": PHONE, "has_touch": True}], indirect=True)
def test_a_phone_has_all_of_it_in_its_width(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for part in ("#map canvas", "#moves li", "#groups li", "#versions tr", "#asked"):
        expect(page.locator(part).first).to_be_visible()
    page.locator("#moves li button").first.tap()
    expect(page.locator("#customer")).to_be_visible()


@pytest.mark.parametrize("visitor", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_by_itself_where_that_is_not_wanted(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    told(page, running.next_moves().events[-1].event_id)
    assert page.evaluate("document.getAnimations().length") == 0


def test_an_empty_store_is_told_as_such(tmp_path: Path, visitor: Visitor) -> None:
    with site(tmp_path) as empty:
        page = visitor.comes(empty.link)
        expect(page.locator("#map-empty")).to_contain_text("No customer has a class yet")
        expect(page.locator("#feed-empty")).to_contain_text("Nobody has changed class yet")
        expect(page.locator("#until")).to_have_text("no model yet")
        assert visitor.wrong == []


def test_where_they_are_many_the_page_says_that_it_draws_a_sample(running: Site, visitor: Visitor) -> None:
    states = [
        CustomerState(f"M-{n:05}", HIGH, 2, current_value=n % 50 / 25, potential_value=n % 40 / 30)
        for n in range(4_000)
    ]  # fmt: skip
    running.hear(Taken(states=states))
    page = visitor.comes(running.link)
    expect(page.locator("#map-note")).to_contain_text(
        f"{picture.DRAWN:,} of {4_000 + LIFE.customers:,} customers are drawn"
    )


def test_all_that_can_be_pressed_has_a_name(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    assert all(page.evaluate(NAMES))


@pytest.mark.parametrize("visitor", [{"color_scheme": "dark"}, {"color_scheme": "light"}], indirect=True)
def test_every_word_stands_out_from_its_ground(running: Site, visitor: Visitor) -> None:
    page = visitor.comes(running.link)
    assert page.evaluate(CONTRAST) == []


PICTURES: dict[str, dict[str, Any]] = {
    "live-page": {}, "live-page-phone": {"viewport": PHONE}, "live-page-dark": {"color_scheme": "dark"},
    "live-page-customer": {},
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES if SCREENSHOTS else ["live-page"])
def test_the_screenshots_are_small(name: str, running: Site, browser: Browser, tmp_path: Path) -> None:
    visitor = Visitor(browser, **{"viewport": PICTURE, **PICTURES[name]})
    page = visitor.comes(running.link)
    told(page, running.next_moves().events[-1].event_id)
    if name.endswith("customer"):
        page.locator("#moves li.flag button").first.click()
        expect(page.locator("#customer")).to_be_visible()
    page.wait_for_timeout(1_800)
    file = Path(SCREENSHOTS or tmp_path) / f"{name}.png"
    page.screenshot(path=file)
    visitor.context.close()
    assert file.stat().st_size < SMALL
