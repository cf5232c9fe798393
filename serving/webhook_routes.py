"""Webhooks by the API, for admins."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field
from sqlalchemy import select

from serving import questions, webhooks
from serving.answers import Shape
from serving.desk import At, admin, nothing_else
from serving.problems import Refused, not_found
from serving.tables import WEBHOOKS

ROUTES = APIRouter(prefix="/v1/webhooks", dependencies=[Depends(admin), Depends(nothing_else)], tags=["webhooks"])


class Wanted(Shape):
    """A webhook that is asked for."""

    url: Annotated[str, Field(max_length=2_000, pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$")]
    newly_potential_only: bool = True


class Made(Shape):
    """A webhook that was made; its secret is told this once."""

    webhook_id: str
    url: str
    newly_potential_only: bool
    secret: str


class Known(Shape):
    """A webhook."""

    webhook_id: str
    url: str
    newly_potential_only: bool


@ROUTES.post("", status_code=201)
def create(desk: At, wanted: Wanted) -> Made:
    """Have events pushed to an address, signed as Standard Webhooks are, and tried again until they are taken."""
    try:
        made = webhooks.create(desk.engine, wanted.url, newly_potential_only=wanted.newly_potential_only)
    except ValueError as error:
        raise Refused(422, "Invalid request", f"url: {error}") from error
    return Made(**vars(made))


@ROUTES.get("")
def known(desk: At) -> list[Known]:
    """List the webhooks."""
    asked = select(WEBHOOKS.c.webhook_id, WEBHOOKS.c.url, WEBHOOKS.c.newly_potential_only)
    return [Known(**row._mapping) for row in questions.ask(desk.engine, asked)]  # noqa: SLF001 - its documented name


@ROUTES.delete("/{webhook_id}", status_code=204)
def remove(desk: At, webhook_id: Annotated[str, Path(max_length=32, pattern=r"^[^\x00]+$")]) -> None:
    """Tell an address no more."""
    if not webhooks.remove(desk.engine, webhook_id):
        raise not_found(f"no webhook {webhook_id!r}")
