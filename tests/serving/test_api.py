"""The API: who may ask, what is answered, page by page, and that nothing it is asked breaks it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from sqlalchemy import Engine, select

from serving import tokens
from serving.api import app
from serving.desk import Desk
from serving.limits import Limit
from serving.store import Taken, take
from serving.tables import TOKENS
from tests.serving.made import EVENT, HIGH, LOW, MODEL, expects, moved, stands

NOW = datetime(2026, 3, 25, tzinfo=UTC).timestamp()
PATHS = [
    "/v1/newly-potential", "/v1/customers/C-1", "/v1/customers/C-1/events", "/v1/model", "/v1/clusters/1/customers",
    "/v1/expected",
    "/v1/customers/C-1/as-of?at=2026-03-25T00:00:00Z",
]  # fmt: skip


@pytest.fixture
def desk(store: Engine) -> Desk:
    many = [moved(f"e{n}", f"C-{n}", confidence=n / 100, event_time=f"2026-03-{n:02}T00:00:00Z") for n in range(1, 25)]
    take(store, Taken(events=many, states=[stands(one.customer_id) for one in many], models=[MODEL],
                      expected=[expects(n, *(f"C-{n}-{m}" for m in range(6))) for n in range(4)]))  # fmt: skip
    return Desk(store, Limit(per_second=1_000.0, burst=100_000), taken_at=NOW - 2.5, now=lambda: NOW)


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    token = tokens.create(desk.engine, "sales", "read")
    with TestClient(app(desk), headers={"Authorization": f"Bearer {token}"}) as found:
        yield found


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_what_it_rests_on(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.json()["basis"] == {"model_version": 2, "age_seconds": 2.5}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer kw_wrong"}, {"Authorization": "Basic eDp5"}])
def test_without_a_valid_token_nothing_is_told(client: TestClient, path: str, header: dict[str, str]) -> None:
    client.headers = {}
    answer = client.get(path, headers=header)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "kwadrant token create" in answer.json()["detail"]


def test_a_revoked_token_is_none(client: TestClient, desk: Desk) -> None:
    assert tokens.revoke(desk.engine, "sales") == 1
    assert client.get("/v1/model").status_code == 401


def test_a_token_is_not_in_the_store(desk: Desk) -> None:
    token = tokens.create(desk.engine, "sales", "read")
    with desk.engine.connect() as connection:
        (row,) = connection.execute(select(TOKENS)).all()
    assert token not in map(str, row)


@pytest.mark.parametrize(("path", "key"), [
    ("/v1/newly-potential", "customers"), ("/v1/clusters/1/customers", "customers"),
    ("/v1/expected", "customers"),
])  # fmt: skip
def test_pages_join_to_the_whole_list(client: TestClient, path: str, key: str) -> None:
    whole = client.get(path, params={"limit": 500}).json()[key]
    assert len(whole) == 24
    found: list[Any] = []
    after: dict[str, str] = {}
    while len(found) < 100:
        page = client.get(path, params={"limit": 5, **after}).json()
        found += page[key]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == whole


def test_a_history_is_paged_too_where_events_fall_together(client: TestClient, desk: Desk) -> None:
    take(desk.engine, Taken(events=[moved(f"x{n}", "C-9", event_time="2026-03-09T00:00:00Z") for n in range(7)]))
    whole = client.get("/v1/customers/C-9/events").json()["events"]
    first = client.get("/v1/customers/C-9/events", params={"limit": 5}).json()
    rest = client.get("/v1/customers/C-9/events", params={"limit": 5, "after": first["next"]}).json()
    assert len(whole) == 8
    assert first["events"] + rest["events"] == whole


def test_who_is_expected_comes_by_potential_times_probability(client: TestClient) -> None:
    found = client.get("/v1/expected", params={"limit": 5}).json()["customers"]
    assert [one["customer_id"] for one in found] == ["C-0-0", "C-1-0", "C-2-0", "C-3-0", "C-0-1"]
    assert [one["rank"] for one in found] == pytest.approx([0.6] * 4 + [0.3])
    assert (found[0]["as_of"], found[0]["expectation"]["place"]["name"]) == ("2026-03-25T00:00:00Z", LOW.name)


def test_since_leaves_out_older_flags(client: TestClient) -> None:
    found = client.get("/v1/newly-potential", params={"since": "2026-03-20T00:00:00Z"}).json()["customers"]
    assert [one["customer_id"] for one in found] == ["C-24", "C-23", "C-22", "C-21", "C-20"]
    assert found[0]["event"]["reasons"][0]["index"] == "night_share"


@pytest.mark.parametrize(("at", "cluster"), [("2026-03-04T23:00:00Z", 0), ("2026-03-05T00:00:00Z", 1)])
def test_as_of_tells_where_a_customer_stood(client: TestClient, at: str, cluster: int) -> None:
    found = client.get("/v1/customers/C-5/as-of", params={"at": at}).json()
    assert (found["place"]["cluster"], found["at"]) == (cluster, at)


def test_as_of_a_customer_who_never_moved_is_its_class(client: TestClient, desk: Desk) -> None:
    take(desk.engine, Taken(states=[stands("C-77", LOW)]))
    found = client.get("/v1/customers/C-77/as-of", params={"at": "2026-03-01T00:00:00Z"}).json()
    assert found["place"] == {"cluster": 0, "name": LOW.name, "quadrant": LOW.quadrant, "since": LOW.since}


@pytest.mark.parametrize("customer", ["C-5", "C-77"])
def test_as_of_a_moment_before_the_first_known_class_is_null(client: TestClient, desk: Desk, customer: str) -> None:
    take(desk.engine, Taken(states=[stands("C-77", LOW)]))
    found = client.get(f"/v1/customers/{customer}/as-of", params={"at": "2026-02-28T23:59:59Z"}).json()
    assert found["place"] is None


def test_the_model_tells_its_clusters_and_their_sizes(client: TestClient) -> None:
    sizes = {one["id"]: one["customers"] for one in client.get("/v1/model").json()["clusters"]}
    assert sizes == {LOW.cluster: 0, HIGH.cluster: 24}


def test_an_unknown_customer_is_not_found_in_words(client: TestClient) -> None:
    answer = client.get("/v1/customers/nobody")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not found")
    assert "nobody" in answer.json()["detail"]


def test_an_answer_that_has_not_changed_is_not_sent_again(client: TestClient, desk: Desk) -> None:
    tag = client.get("/v1/newly-potential").headers["etag"]
    desk.taken_at = NOW - 99
    assert client.get("/v1/newly-potential", headers={"If-None-Match": tag}).status_code == 304
    take(desk.engine, Taken(events=[moved("new", "C-99")]))
    assert client.get("/v1/newly-potential", headers={"If-None-Match": tag}).status_code == 200


def test_who_asks_too_often_is_told_when_to_come_back(client: TestClient, desk: Desk) -> None:
    desk.limit = Limit(per_second=0.5, burst=2)
    answers = [client.get("/v1/model") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "3"
    assert answers[2].json()["detail"].endswith("wait 3 s")


@pytest.mark.parametrize("after", ["x", "bnVsbA==", "W10=", "WzFlOTksICJhIl0=", "%00", "\N{SNOWMAN}"])
def test_a_cursor_that_is_not_ours_is_refused(client: TestClient, after: str) -> None:
    answer = client.get("/v1/newly-potential", params={"after": after})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("at", ["5", "2026-03-25", "2026-03-25T00:00:00", "2026-02-30T00:00:00Z", "now"])
def test_an_instant_is_written_out(client: TestClient, at: str) -> None:
    answer = client.get("/v1/customers/C-1/as-of", params={"at": at})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "at: " in answer.json()["detail"]


def test_the_event_in_an_answer_is_the_one_of_the_topic(client: TestClient) -> None:
    found = client.get("/v1/customers/C-7/events").json()["events"]
    assert [(one["eventId"], one["to"]["quadrant"]) for one in found] == [("e7", EVENT.to.quadrant)]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_api_keeps_every_promise_of_its_own_description(desk: Desk, mode: GenerationMode) -> None:
    token = tokens.create(desk.engine, "all", "admin")
    described = schemathesis.openapi.from_asgi("/openapi.json", app(desk))
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == sum(map(len, described.raw_schema["paths"].values()))
    for operation in operations:

        @given(operation.as_strategy(generation_mode=mode))
        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def ask(case: Any) -> None:  # noqa: ANN401 - schemathesis' own
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"})

        ask()
