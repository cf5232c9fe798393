"""What the API answers: the shapes of its JSON, and how the store's rows become them."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from schemas.event import Event, Place
from schemas.expectation import Expectation
from schemas.model import Model
from serving.description import record


class Shape(BaseModel):
    """A part of an answer; unknown fields are an error of ours."""

    model_config = ConfigDict(extra="forbid")


class Basis(Shape):
    """What an answer rests on: the model in force, and how long ago the last record came in."""

    model_version: int | None = Field(description="version of the newest model, null before the first")
    age_seconds: float | None = Field(
        description="since the service last knew all that its topics had for it, null before the first time"
    )


class Standing(Shape):
    """The present class of a customer, and where it stood on the axes when that was decided [robust std. dev.]."""

    customer_id: str
    cluster: int
    name: str
    quadrant: str
    since: str | None
    model_version: int
    event_id: str | None
    current_value: float | None
    potential_value: float | None
    closed: str | None = Field(description="since when it is one no more, of no cluster (-1); else null")
    successors: list[str] = Field(description="what a closed customer was merged or split into")


class Flagged(Shape):
    """A customer who is newly potential now, and the event that says so."""

    customer_id: str
    status: str
    rank: float
    event: Annotated[dict[str, Any], record(Event)]


class Expected(Shape):
    """A customer who may become a potential one within 28 days of `as_of`, the last close."""

    customer_id: str
    rank: float = Field(description="potential times probability: what sorts the list")
    as_of: str
    expectation: Annotated[dict[str, Any], record(Expectation)]


class CustomerAnswer(Shape):
    """A customer."""

    basis: Basis
    customer: Standing


class EventsAnswer(Shape):
    """Events, and where the next page begins: null where there is none."""

    basis: Basis
    events: list[Annotated[dict[str, Any], record(Event)]]
    next: str | None


class FlaggedAnswer(Shape):
    """The sales list, most promising first."""

    basis: Basis
    customers: list[Flagged]
    next: str | None


class ExpectedAnswer(Shape):
    """Who may soon become a potential customer, most promising first."""

    basis: Basis
    customers: list[Expected]
    next: str | None


class MembersAnswer(Shape):
    """Members of a cluster by id."""

    basis: Basis
    customers: list[Standing]
    next: str | None


class AsOfAnswer(Shape):
    """Where a customer stood at a moment: a place as events name it, null where the store cannot tell."""

    basis: Basis
    customer_id: str
    at: str
    place: Annotated[dict[str, Any], record(Place)] | None


class ClusterAnswer(Shape):
    """A cluster of the newest model."""

    id: int
    name: str
    quadrant: str
    customers: int


class ModelAnswer(Shape):
    """The newest model, its clusters with the number of their customers."""

    basis: Basis
    clusters: list[ClusterAnswer]
    model: Annotated[dict[str, Any], record(Model)] | None


def standing(row: Row[Any]) -> Standing:
    """Return the present class out of a row of `customer`."""
    named = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    named["successors"] = (named["successors"] or "").split()
    return Standing(**{name: named[name] for name in Standing.model_fields})


def body(row: Row[Any]) -> dict[str, Any]:
    """Return the record out of a row's JSON."""
    found: dict[str, Any] = json.loads(row.body)
    return found


def instant(us: int) -> str:
    """Return a moment [us since 1970] as the API writes it."""
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat().replace("+00:00", "Z")
