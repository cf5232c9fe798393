"""Questions about customers: the sales list, one customer, its history, where it stood, a cluster's members."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BeforeValidator

from serving import answers, questions
from serving.cursors import Cursor, cursor_of
from serving.desk import At, Desk, nothing_else, reader
from serving.problems import not_found

LARGEST_PAGE = 500
Customer = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
Page = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="rows of a page")]
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _text(value: object) -> object:
    """Let no number pass for an instant, as pydantic would."""
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        raise ValueError("expected an instant as RFC 3339 has it, e.g. 2026-03-25T00:00:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_text)]
Since = Annotated[Instant | None, Query(description="of this event time or later; RFC 3339")]
Next = Annotated[Cursor | None, Depends(cursor_of)]

ROUTES = APIRouter(prefix="/v1", dependencies=[Depends(reader), Depends(nothing_else)], tags=["customers"])


@ROUTES.get("/newly-potential")
def newly_potential(desk: At, after: Next, since: Since = None, limit: Page = 50) -> answers.FlaggedAnswer:
    """List the customers who are newly potential now, most promising first."""
    place = _place_after(after)
    rows = questions.ask(desk.engine, questions.newly_potential(limit, place, 0 if since is None else _us(since)))
    found = [
        answers.Flagged(customer_id=row.customer_id, status=row.status, rank=row.rank, event=answers.body(row))
        for row in rows
    ]
    following = Cursor(rows[-1].rank, rows[-1].customer_id).said() if len(rows) == limit else None
    return answers.FlaggedAnswer(basis=desk.basis(), customers=found, next=following)


@ROUTES.get("/expected")
def expected(desk: At, after: Next, limit: Page = 50) -> answers.ExpectedAnswer:
    """List the customers who may soon become potential ones, most promising first."""
    rows = questions.ask(desk.engine, questions.expected(limit, _place_after(after)))
    found = [
        answers.Expected(customer_id=row.customer_id, rank=row.rank, as_of=row.as_of, expectation=answers.body(row))
        for row in rows
    ]
    following = Cursor(rows[-1].rank, rows[-1].customer_id).said() if len(rows) == limit else None
    return answers.ExpectedAnswer(basis=desk.basis(), customers=found, next=following)


@ROUTES.get("/customers/{customer_id}")
def customer(desk: At, customer_id: Customer) -> answers.CustomerAnswer:
    """Tell where a customer stands."""
    return answers.CustomerAnswer(basis=desk.basis(), customer=_standing(desk, customer_id))


@ROUTES.get("/customers/{customer_id}/events")
def history(desk: At, customer_id: Customer, after: Next, limit: Page = 50) -> answers.EventsAnswer:
    """List what was said of a customer, the latest first."""
    place = None if after is None else questions.Before(int(after.number), after.text)
    rows = questions.ask(desk.engine, questions.history(customer_id, limit, place))
    following = Cursor(rows[-1].event_us, rows[-1].event_id).said() if len(rows) == limit else None
    return answers.EventsAnswer(basis=desk.basis(), events=[answers.body(row) for row in rows], next=following)


@ROUTES.get("/customers/{customer_id}/as-of")
def as_of(desk: At, customer_id: Customer, at: Instant) -> answers.AsOfAnswer:
    """Tell where a customer stood at a moment, as far as its confirmed events tell."""
    moment = _us(at)
    place = _place(desk, customer_id, moment)
    said = answers.instant(moment)
    return answers.AsOfAnswer(basis=desk.basis(), customer_id=customer_id, at=said, place=place)


@ROUTES.get("/clusters/{cluster}/customers")
def members(
    desk: At, cluster: Annotated[int, Path(ge=0, le=2**31 - 1)], after: Next, limit: Page = 50
) -> answers.MembersAnswer:
    """List the members of a cluster, by id."""
    rows = questions.ask(desk.engine, questions.members(cluster, limit, "" if after is None else after.text))
    following = Cursor(0, rows[-1].customer_id).said() if len(rows) == limit else None
    found = [answers.standing(row) for row in rows]
    return answers.MembersAnswer(basis=desk.basis(), customers=found, next=following)


def _place_after(cursor: Cursor | None) -> questions.After | None:
    return None if cursor is None else questions.After(cursor.number, cursor.text)


def _place(desk: Desk, customer_id: str, moment: int) -> dict[str, Any] | None:
    """Return the place of the last move before the moment, else the one that the first move after it left.

    None where the customer came there after the moment: where it was before that nobody has said.
    """
    if before := questions.ask(desk.engine, questions.as_of(customer_id, moment)):
        moved: dict[str, Any] = answers.body(before[0])["to"]
        return moved
    if later := questions.ask(desk.engine, questions.first_after(customer_id, moment)):
        place: dict[str, Any] = answers.body(later[0])["from"]
    else:
        found = _standing(desk, customer_id)
        place = {"cluster": found.cluster, "name": found.name, "quadrant": found.quadrant, "since": found.since}
    since = place["since"]
    return place if since is not None and _us(datetime.fromisoformat(since)) <= moment else None


def _standing(desk: Desk, customer_id: str) -> answers.Standing:
    rows = questions.ask(desk.engine, questions.customer(customer_id))
    if not rows:
        raise not_found(unknown(customer_id))
    return answers.standing(rows[0])


def unknown(customer_id: str) -> str:
    """Return what is said of a customer whom nobody knows."""
    return (
        f"No customer {customer_id} is known here. Is the number right? It is written in full, zeros included, as on "
        "the list. A new customer is known with its first class, which takes a week of readings."
    )


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
