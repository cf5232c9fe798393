"""The store: everything once, whatever comes again, dies half way, or comes in other portions."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, Select, create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError

from schemas.event import Closing, Event
from schemas.prospects import listed
from schemas.topics import EVENTS as EVENTS_TOPIC
from schemas.topics import STATES
from serving import questions
from serving.answers import standing
from serving.store import MovedError, StoreError, Taken, open_store, positions, take
from serving.tables import CUSTOMERS, DELIVERIES, EVENTS, FLAGS, META, WEBHOOKS
from tests.segmentation.runs import laws
from tests.serving.made import EVENT, LOW, MODEL, expects, moved, stands

BACK = {"from_": EVENT.to, "to": LOW, "newly_potential": False}
LOG = [
    moved("a", "C-1", status="early"), moved("b", "C-1", supersedes="a"), moved("c", "C-2", status="early"),
    moved("d", "C-2", status="withdrawn", supersedes="c"), moved("e", "C-3", confidence=0.9),
    moved("f", "C-4"), moved("g", "C-4", **BACK), moved("h", "C-5", confidence=0.2),
]  # fmt: skip


def content(engine: Engine) -> list[list[tuple[object, ...]]]:
    """Return all rows of all tables but how far it was read."""
    with engine.connect() as connection:
        return [
            sorted(map(tuple, connection.execute(select(table)).all()))
            for table in META.sorted_tables
            if table.name != "position"
        ]


def flagged(engine: Engine) -> list[str]:
    return [row.customer_id for row in questions.ask(engine, questions.newly_potential(10))]


def test_the_sales_list_holds_who_is_newly_potential_now_the_surest_first(store: Engine) -> None:
    take(store, Taken(events=LOG))
    assert flagged(store) == ["C-3", "C-1", "C-5"]


def test_what_sorts_it_is_potential_times_confidence_and_neither_alone(store: Engine) -> None:
    worths = {"A": (2.0, 0.5), "B": (1.1, 0.95), "C": (3.0, 0.3), "D": (1.0, 1.0)}
    flags = [moved(who, who, potential=one, confidence=other) for who, (one, other) in worths.items()]
    take(store, Taken(events=flags))
    assert flagged(store) == [flag.customer_id for flag in listed(flags)] == ["B", "A", "D", "C"]


def expected(engine: Engine) -> list[str]:
    return [row.customer_id for row in questions.ask(engine, questions.expected(10))]


def test_the_last_word_of_a_bucket_takes_the_place_of_the_one_before(store: Engine) -> None:
    take(store, Taken(expected=[expects(0, "A", "B"), expects(1, "C", probability=0.4)]))
    assert expected(store) == ["A", "C", "B"]
    take(store, Taken(expected=[expects(0, "A"), expects(0, "D", "B")]))
    assert expected(store) == ["D", "C", "B"]
    take(store, Taken(expected=[expects(1)]))
    assert expected(store) == ["D", "B"]


def test_after_a_new_seeding_nothing_is_left_of_the_one_before(store: Engine) -> None:
    take(store, Taken(expected=[expects(0, "A"), expects(5, "B")]))
    take(store, Taken(expected=[expects(5, "C"), expects(0, "B", generation=2)]))
    assert expected(store) == ["B"]


def test_an_event_that_comes_again_changes_nothing(store: Engine) -> None:
    assert take(store, Taken(events=LOG, states=[stands("C-1")], models=[MODEL])) == len(LOG)
    before = content(store)
    assert take(store, Taken(events=LOG[:3], states=[stands("C-1")], models=[MODEL])) == 0
    assert content(store) == before


@given(st.lists(st.integers(0, len(LOG)), max_size=4), st.data())
@laws(40)
def test_any_portions_with_repeats_give_the_same_store(cuts: list[int], data: st.DataObject) -> None:
    whole, portioned = open_store("sqlite://"), open_store("sqlite://")
    take(whole, Taken(events=LOG))
    edges = [0, *sorted(cuts), len(LOG)]
    for begin, end in pairwise(edges):
        again = data.draw(st.integers(0, begin))
        take(portioned, Taken(events=LOG[again:end]))
    assert content(portioned) == content(whole)


def test_what_fails_half_way_leaves_no_trace(store: Engine) -> None:
    broken = msgspec.structs.replace(MODEL, epoch=None)
    with pytest.raises(IntegrityError, match="epoch"):
        take(store, Taken(events=LOG, models=[broken], positions={("t", 0): 9}))
    assert content(store) == [[] for _ in content(store)]
    assert positions(store) == {}


def test_a_store_of_before_grows_and_reads_the_states_again(store: Engine) -> None:
    take(store, Taken(LOG, [stands("C-1")], positions={(STATES, 0): 9, (EVENTS_TOPIC, 0): 8}))
    with store.begin() as connection:
        for index in ("customer_by_mark", "customer_by_seq"):
            connection.exec_driver_sql(f"DROP INDEX {index}")
        connection.exec_driver_sql("CREATE INDEX of_old_times ON customer (name)")
        for column in ("mark", "seq", "current_value"):
            connection.exec_driver_sql(f"ALTER TABLE customer DROP COLUMN {column}")
    address = store.url.render_as_string(hide_password=False)
    again = open_store(address)
    assert positions(again) == {(EVENTS_TOPIC, 0): 8}
    take(again, Taken(states=[stands("C-1")]))
    assert [row.customer_id for row in questions.ask(again, questions.sample(5))] == ["C-1"]
    indexes = {index["name"] for index in inspect(again).get_indexes("customer")}
    assert ("customer_by_mark" in indexes, "of_old_times" in indexes) == (True, False)
    again.dispose()


def test_positions_are_kept_with_what_was_read(store: Engine) -> None:
    take(store, Taken(events=LOG[:2], positions={("t", 0): 2, ("t", 1): 5}))
    take(store, Taken(events=LOG[2:3], positions={("t", 0): 3}))
    assert positions(store) == {("t", 0): 3, ("t", 1): 5}


def test_a_portion_that_somebody_else_took_in_sets_no_class_back(store: Engine) -> None:
    old = Taken(LOG[:2], [stands("C-1", LOW)], positions={(STATES, 0): 5})
    take(store, old, {})
    take(store, Taken(LOG[2:], [stands("C-1")], positions={(STATES, 0): 9}), {(STATES, 0): 5})
    before = content(store)
    for known in ({}, {(STATES, 0): 4}, {(STATES, 0): 5}):
        with pytest.raises(MovedError, match=r"\('customer\.state|taken in by somebody else"):
            take(store, old, known)
    assert (content(store), positions(store)) == (before, {(STATES, 0): 9})
    assert questions.ask(store, questions.customer("C-1"))[0].cluster == 1


@given(st.data())
@laws(40)
def test_two_consumers_of_one_store_leave_what_one_leaves(data: st.DataObject) -> None:
    states = [stands("C-1", LOW), stands("C-2"), stands("C-1"), stands("C-2", LOW), stands("C-1", LOW), stands("C-3")]
    alone, shared = open_store("sqlite://"), open_store("sqlite://")
    take(alone, Taken(states=states, positions={(STATES, 0): len(states)}))
    known: list[dict[tuple[str, int], int]] = [{}, {}]
    while positions(shared) != {(STATES, 0): len(states)}:
        who = data.draw(st.integers(0, 1))
        begin = known[who].get((STATES, 0), 0)
        end = data.draw(st.integers(min(begin + 1, len(states)), len(states)))
        try:
            take(shared, Taken(states=states[begin:end], positions={(STATES, 0): end}), known[who])
            known[who] = {(STATES, 0): end}
        except MovedError:
            known[who] = positions(shared)
    assert [row[:-1] for row in content(shared)[0]] == [row[:-1] for row in content(alone)[0]]


def test_the_last_state_of_a_customer_counts_inside_one_portion_and_across(store: Engine) -> None:
    take(store, Taken(states=[stands("C-1", LOW), stands("C-1")]))
    assert questions.ask(store, questions.customer("C-1"))[0].cluster == 1
    take(store, Taken(states=[stands("C-1", LOW)]))
    assert questions.ask(store, questions.customer("C-1"))[0].cluster == 0


def test_a_closed_customer_is_a_member_of_nothing_and_says_what_became_of_it(store: Engine) -> None:
    gone = msgspec.structs.replace(stands("C-2"), closed=Closing("2026-03-25T00:00:00Z", ("C-8", "C-9")))
    take(store, Taken(states=[stands("C-1"), stands("C-2")]))
    take(store, Taken(states=[gone]))
    members, sizes, quadrants, sample = (
        questions.ask(store, question)
        for question in (questions.members(1, 9), questions.cluster_sizes(), questions.quadrant_sizes(),
                         questions.sample(9))
    )  # fmt: skip
    assert [row.customer_id for row in members] == [row.customer_id for row in sample] == ["C-1"]
    assert [tuple(row) for row in (*sizes, *quadrants)] == [(1, 1), ("low-high", 1)]
    told = standing(questions.ask(store, questions.customer("C-2"))[0])
    assert (told.cluster, told.name, told.closed) == (-1, "growing workshop", "2026-03-25T00:00:00Z")
    assert told.successors == ["C-8", "C-9"]
    take(store, Taken(states=[stands("C-2")]))
    assert standing(questions.ask(store, questions.customer("C-2"))[0]).closed is None


def test_a_webhook_is_owed_every_event_once_and_only_what_it_asked_for(store: Engine) -> None:
    with store.begin() as connection:
        for name, only in (("all", False), ("few", True)):
            row = {"webhook_id": name, "url": "http://x", "secret": "s", "newly_potential_only": only}
            connection.execute(WEBHOOKS.insert(), row)
    for _ in range(2):
        take(store, Taken(events=LOG))
    with store.connect() as connection:
        owed = connection.execute(select(DELIVERIES.c.webhook_id)).scalars().all()
    assert (owed.count("all"), owed.count("few")) == (len(LOG), sum(one.newly_potential for one in LOG))


def test_as_of_a_date_the_last_confirmed_event_counts(store: Engine) -> None:
    late = moved("z", "C-1", event_time="2026-04-01T00:00:00Z", **BACK)
    take(store, Taken(events=[*LOG, late]))
    (row,) = questions.ask(store, questions.as_of("C-1", 1_774_400_000_000_000))
    assert msgspec.json.decode(row.body, type=Event).event_id == "b"
    (row,) = questions.ask(store, questions.first_after("C-1", 1_774_400_000_000_000))
    assert msgspec.json.decode(row.body, type=Event).event_id == "z"
    assert questions.ask(store, questions.as_of("C-1", 0)) == []


def test_pages_of_the_sales_list_join_without_a_gap_or_a_repeat(store: Engine) -> None:
    many = [moved(f"e{n}", f"C-{n:03}", confidence=n % 7 / 10) for n in range(100)]
    take(store, Taken(events=many))
    found: list[str] = []
    after = None
    while rows := questions.ask(store, questions.newly_potential(9, after)):
        found += [row.customer_id for row in rows]
        after = questions.After(rows[-1].rank, rows[-1].customer_id)
    assert found == [one.customer_id for one in sorted(many, key=lambda one: (-one.confidence, one.customer_id))]


ASKED = [
    questions.newly_potential(50), questions.newly_potential(50, questions.After(0.5, "C-1"), 5),
    questions.customer("C-1"), questions.history("C-1", 50), questions.history("C-1", 50, questions.Before(5, "e")),
    questions.as_of("C-1", 5), questions.first_after("C-1", 5), questions.members(1, 50, "C-1"),
    questions.events_since(5, 50), questions.model(), questions.model(2), questions.cluster_sizes(),
    questions.newest_version(), questions.quadrant_sizes(),
    questions.sample(50), questions.newest_events(50), questions.events_after(5, 50),
    questions.customers_after(5, 50), questions.last_event(), questions.last_customer(),
    questions.customers_from("C", 8), questions.models_of([1, 2]), questions.versions(50), questions.orders(50),
    questions.first_event(), questions.latest_event(), questions.flagged(50), questions.flag("C-1"),
    questions.expectation("C-1"), questions.expected(50),
    questions.expected(50, questions.After(0.5, "C-1")),
]  # fmt: skip


@pytest.mark.parametrize("question", ASKED)
def test_an_index_belongs_to_every_question(store: Engine, question: Select[Any]) -> None:
    plan = planned(store, question)
    # the newest model is the last row of a table in the order of its key
    keyed = ("INDEX", "Index", "PRIMARY KEY", "SCAN model", "SEARCH model", "SCAN model_order")
    assert all(any(word in step for word in keyed) for step in plan.splitlines() if "SCAN" in step or "Scan" in step)
    assert not any(word in plan for word in ("TEMP B-TREE", "Seq Scan")), plan


def planned(store: Engine, question: Select[Any]) -> str:
    """Return the plan of a question, PostgreSQL's as for a table too long to be read as a whole."""
    text = str(question.compile(store, compile_kwargs={"literal_binds": True}))
    with store.connect() as connection:
        if store.dialect.name == "sqlite":
            return "\n".join(row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text))
        connection.exec_driver_sql("SET enable_seqscan = off; SET enable_bitmapscan = off")
        return "\n".join(row[0] for row in connection.exec_driver_sql("EXPLAIN " + text))


def test_the_tables_are_those_that_are_asked() -> None:
    assert {EVENTS.name, CUSTOMERS.name, FLAGS.name} <= {table.name for table in META.sorted_tables}


def test_connections_that_the_server_closed_are_made_anew_by_asking(postgresql: str) -> None:
    store, operator = open_store(postgresql), create_engine(postgresql)
    assert flagged(store) == []
    with operator.connect() as connection:
        closed = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        assert connection.execute(closed).all()
    assert flagged(store) == []
    store.dispose()
    operator.dispose()


@pytest.mark.parametrize(("address", "said"), [
    ("postgresql+psycopg://nobody:secret@127.0.0.1:1/none", "refused"),
    ("sqlite:////nowhere/at/all/store.db", "unable to open"),
    ("not an address", "parse"), ("oracles://x", "oracles"),
])  # fmt: skip
def test_a_store_that_cannot_be_opened_says_why_and_no_password(address: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as refused:
        open_store(address)
    assert "secret" not in str(refused.value)
