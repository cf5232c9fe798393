"""The page's routes: who comes in, what a browser may load, and the stream of news."""

import json
import math
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from kwadrant.teller import PageTeller
from schemas.control import Hold, Promote
from schemas.trial import Shift, Trial
from segmentation import expecting
from segmentation.calendar import Calendar
from serving import page_routes, picture, tokens
from serving.api import app
from serving.desk import Desk
from serving.limits import Limit
from serving.picture import Seen, thinned
from serving.store import Taken, take
from tests.serving.made import LOW, MODEL, expects, moved, stands
from tests.serving.pages import HOST, Site, desk_of, site

TRIAL = Trial(2, 20_001, 400, (Shift(0, 1, 30, 25, 4),))


FITTING = msgspec.structs.replace(MODEL, indices=("night share",))


@pytest.fixture
def client(store: Engine) -> Iterator[TestClient]:
    states = [stands("C-1"), stands("C-2", LOW)]
    take(store, Taken([moved("a")], states, [FITTING], {0: Promote("s", 1, FITTING, TRIAL)}))
    with TestClient(app(desk_of(store)), follow_redirects=False) as found:
        yield found


def desk_of_client(client: TestClient) -> Desk:
    found: Desk = client.app.state.desk  # type: ignore[attr-defined]
    return found


def let_in(client: TestClient) -> Any:  # noqa: ANN401 - the test client's own answer
    return client.get("/", params={"key": desk_of_client(client).door.key})


def test_the_link_opens_once_and_leaves_a_cookie_that_no_script_reads(client: TestClient) -> None:
    first = let_in(client)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert client.get("/page/overview").status_code == 200
    client.cookies.clear()
    assert "set-cookie" not in let_in(client).headers
    assert client.get("/page/overview").status_code == 401


def test_a_wrong_key_opens_nothing_and_uses_up_nothing(client: TestClient) -> None:
    assert "set-cookie" not in client.get("/", params={"key": "x"}).headers
    assert "set-cookie" in let_in(client).headers


def test_the_cookie_is_good_for_reading_alone(client: TestClient) -> None:
    desk = desk_of_client(client)
    token = tokens.create(desk.engine, "boss", "admin")
    assert client.post("/page/enter", json={"token": token}).status_code == 204
    assert client.get("/v1/model").status_code == 200
    assert client.post("/v1/webhooks", json={"url": "http://a/"}).status_code == 401


def test_who_leaves_is_out_and_so_is_whose_token_is_revoked(client: TestClient) -> None:
    let_in(client)
    client.post("/page/leave")
    assert client.get("/page/overview").status_code == 401
    desk = desk_of_client(client)
    client.post("/page/enter", json={"token": tokens.create(desk.engine, "x", "read")})
    tokens.revoke(desk.engine, "x")
    assert client.get("/page/overview").status_code == 401


def test_guessing_tokens_is_slowed_down(client: TestClient) -> None:
    desk = desk_of_client(client)
    desk.limit = Limit(per_second=0.01, burst=2)
    answers = [client.post("/page/enter", json={"token": "kw_x"}).status_code for _ in range(3)]
    assert answers == [401, 401, 429]


@pytest.mark.parametrize("path", ["/", "/page/files/js/main.js", "/page/files/style.css"])
def test_a_browser_may_load_nothing_from_elsewhere_and_run_nothing_inline(client: TestClient, path: str) -> None:
    policy = client.get(path).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_no_file_of_the_page_names_another_host_or_holds_a_script_or_style_inline() -> None:
    own = [path for path in page_routes.FILES.rglob("*") if path.is_file() and "vendor" not in path.parts]
    text = "\n".join(path.read_text(encoding="utf-8") for path in own).replace("http://www.w3.org/2000/svg", "")
    assert not any(part in text for part in ("http:", "https:", "<style", 'style="', 'onclick="', "innerHTML"))
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= 400 for path in own)


def test_without_words_there_is_no_page(store: Engine) -> None:
    desk = desk_of(store)
    desk.teller = None
    with TestClient(app(desk)) as found:
        assert found.get("/").status_code == 404


def test_a_customer_is_told_with_its_history_explained(client: TestClient) -> None:
    let_in(client)
    found = client.get("/page/customers/C-1").json()
    assert found["place"]["name"] == "growing workshop"
    (event,) = found["events"]
    assert event["text"].startswith("C-1 moved from *steady shop* to *growing workshop*: newly potential")
    assert event["why"]["parts"] == [{"text": "night_share +1.5σ (0.30 → 0.50)", "share": 1.0}]
    assert client.get("/page/customers/nobody").status_code == 404
    assert client.get("/page/find", params={"begin": "C-"}).json() == ["C-1", "C-2"]


def test_who_is_expected_is_told_in_words(client: TestClient) -> None:
    let_in(client)
    assert client.get("/page/expected").json()["events"] == []
    assert client.get("/page/customers/C-2").json()["expected"] is None
    take(desk_of_client(client).engine, Taken(expected=[expects(0, "C-2", "C-1", probability=0.34)]))
    first, second = client.get("/page/expected").json()["events"]
    assert (first["customer"], second["customer"], first["status"]) == ("C-2", "C-1", "expected")
    assert first["text"] == (
        "C-2 in *steady shop*: 34 % likely to become a potential customer within 28 days; "
        "stands at 1.20 times what it was"
    )
    assert client.get("/page/customers/C-2").json()["expected"] == first["text"]


def test_who_might_be_next_is_told_beside_how_many_became_potential_lately(client: TestClient) -> None:
    let_in(client)
    engine = desk_of_client(client).engine
    take(engine, Taken(expected=[expects(0, "C-2", probability=0.75)]))
    young = client.get("/page/expected").json()
    assert (young["usual"], young["events"][0]["times"]) == (None, None)  # a day's events tell of no month
    take(engine, Taken([moved("b", "C-3", event_time="2026-04-25T11:00:00Z", newly_potential=False)]))
    assert client.get("/page/expected").json()["usual"] == 0.0  # `a` was longer ago
    take(engine, Taken([moved("c", "C-2", event_time="2026-04-26T11:00:00Z"),
                        moved("d", "C-2", event_time="2026-04-27T11:00:00Z"),
                        moved("e", "C-1", event_time="2026-04-28T11:00:00Z", status="early")]))  # fmt: skip
    found = client.get("/page/expected").json()
    assert (found["usual"], found["events"][0]["times"]) == (0.5, 1.5)  # C-2, of two customers


def test_the_span_of_what_became_of_others_is_that_of_the_probabilities() -> None:
    assert picture.AHEAD == expecting.AHEAD


def test_a_held_version_is_told_with_its_dry_run_and_the_reason(client: TestClient) -> None:
    let_in(client)
    trial = Trial(3, 20_002, 400, TRIAL.shifts)
    take(desk_of_client(client).engine, Taken(orders={5: Hold("s", 1, "budget", "7.5 % would move", trial)}))
    found = client.get("/page/model").json()
    assert found["held"] == {"by": "budget", "because": "7.5 % would move"}
    assert [(row["version"], row["status"]) for row in found["versions"]] == [(3, "held"), (2, "in force")]
    assert found["versions"][0]["trial"] == {"customers": 400, "would_move": 30, "by_model": 25, "protected": 4}


def test_a_promotion_ends_a_hold_and_a_new_seeding_all_that_was_decided_before(client: TestClient) -> None:
    let_in(client)
    hold, newer = Hold("s", 1, "operator", "look first", TRIAL), msgspec.structs.replace(FITTING, version=3)
    take(desk_of_client(client).engine, Taken(models=[newer], orders={1: hold, 2: Promote("s", 1, newer)}))
    found = client.get("/page/model").json()
    assert (found["held"], [row["status"] for row in found["versions"]]) == (None, ["in force", "not promoted"])
    take(desk_of_client(client).engine, Taken(orders={9: Promote("s", 2, newer)}))
    assert [row["version"] for row in client.get("/page/model").json()["versions"]] == [3]


def test_a_centre_stands_in_its_quadrant_and_has_the_day_that_its_indices_tell(client: TestClient) -> None:
    let_in(client)
    found = client.get("/page/model").json()
    (_, growing) = found["clusters"]
    assert growing["quadrant"] == "low-high"
    assert growing["potential"] > found["thresholds"][1]
    assert growing["day"] == []
    assert [(trait["index"], trait["word"]) for trait in growing["traits"]] == [("night share", "night-active")]


def test_the_hours_of_a_day_have_the_mean_of_one() -> None:
    model = msgspec.structs.replace(
        FITTING, indices=("night share", "evening share"), scale_centre=(0.7, 0.5), scale_spread=(0.1, 0.1),
        factor_weights=(1.0, 1.0), clusters=(msgspec.structs.replace(MODEL.clusters[0], centre=(1.0, -1.0)),),
    )  # fmt: skip
    (drawn,) = PageTeller(Calendar("UTC")).drawn(model)
    assert sum((part.end - part.start) * part.level for part in drawn.day) == pytest.approx(24.0, abs=1e-3)
    assert drawn.day[0].level == pytest.approx(math.expm1(0.8), abs=1e-3)


@pytest.mark.parametrize(("versions", "most", "thin"), [
    ([3, 2, 1], 40, [3, 2, 1]), (list(range(9, 0, -1)), 3, [9, 5, 1]), ([], 3, []),
])  # fmt: skip
def test_paths_are_thinned_evenly_and_keep_both_ends(versions: list[int], most: int, thin: list[int]) -> None:
    assert thinned(versions, most) == thin


@pytest.mark.parametrize("text", ["", "7", "1-2-3", "a-b", "-1-2", "1-٣"])
def test_an_id_that_is_none_of_ours_is_none(text: str) -> None:
    assert Seen.read(text) is None


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Site]:
    """Give a page that runs over three customers."""
    many = Taken([moved(f"e{n}", f"C-{n}") for n in range(3)], [stands(f"C-{n}") for n in range(3)], [FITTING])
    with site(tmp_path) as found:
        found.hear(many)
        yield found


class Reader:
    """A client of the stream that says what it has seen."""

    def __init__(self, site: Site, seen: str = "", header: str | None = None) -> None:
        token = tokens.create(site.desk.engine, "reader", "read")
        self.connection = HTTPConnection(HOST, site.port, timeout=20)
        headers = {"Authorization": f"Bearer {token}"} | ({} if header is None else {"Last-Event-ID": header})
        self.connection.request("GET", f"/page/stream?seen={seen}", headers=headers)
        self.answer: HTTPResponse = self.connection.getresponse()

    def frame(self) -> dict[str, str]:
        """Return the next frame that is more than a word on how to connect again."""
        found: dict[str, str] = {}
        while "event" not in found:
            found = {}
            while line := self.answer.readline().decode().strip():
                name, _, value = line.partition(": ")
                found[name] = value
        return found

    def news(self) -> tuple[str, Any]:
        """Return the id and the content of the next news."""
        while (found := self.frame())["event"] != "news":
            pass
        return found["id"], json.loads(found["data"])


def test_news_come_by_the_stream_and_each_once(running: Site) -> None:
    reader = Reader(running)
    assert reader.frame()["event"] == "beat"
    running.hear(Taken([moved("new", "C-1")], [stands("C-1", LOW)]))
    seen, told = reader.news()
    assert [one["id"] for one in told["events"]] == ["new"]
    assert [dot[:1] for dot in told["customers"]] == []  # it has no place on the axes
    assert (told["sizes"], seen) == ({"0": 1, "1": 2}, "4-4")


@pytest.mark.parametrize("how", ["seen", "header"])
def test_who_comes_back_hears_what_it_missed(running: Site, how: str) -> None:
    reader = Reader(running, **{how: "2-1"})
    seen, told = reader.news()
    assert ([one["id"] for one in told["events"]], seen) == (["e2"], "3-3")


def test_who_missed_too_much_begins_anew(running: Site) -> None:
    running.hear(Taken([moved(f"x{n}", f"D-{n}") for n in range(picture.LONGEST + 1)]))
    seen, told = Reader(running, "1-1").news()
    assert (seen, told) == (f"{picture.LONGEST + 4}-3", {"anew": True})


def test_long_news_come_in_portions(running: Site) -> None:
    running.hear(Taken([moved(f"x{n}", f"D-{n}") for n in range(picture.AT_ONCE + 5)]))
    reader = Reader(running, "3-3")
    assert [len(reader.news()[1]["events"]) for _ in range(2)] == [picture.AT_ONCE, 5]


def test_a_stream_ends_with_the_service(running: Site) -> None:
    reader = Reader(running)
    reader.frame()
    running.desk.ending.set()
    assert reader.answer.read() == b""


def test_there_are_only_so_many_streams(running: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_routes, "MOST_STREAMS", 1)
    first = Reader(running)
    first.frame()
    assert Reader(running).answer.status == 503
    first.connection.close()
    first.answer.close()
    running.hear(Taken([moved("y", "C-1")]))  # what is sent tells the service that nobody listens
    deadline = time.monotonic() + 20
    while (status := Reader(running).answer.status) == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert status == 200


def test_without_a_token_nothing_streams(running: Site) -> None:
    connection = HTTPConnection(HOST, running.port, timeout=20)
    connection.request("GET", "/page/stream")
    assert connection.getresponse().status == 401
