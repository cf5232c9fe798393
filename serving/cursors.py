"""Where a page begins, as an opaque text: the sort key of the last row of the page before."""

import base64
from typing import Annotated

import msgspec
from fastapi import Query

from serving.problems import not_found

Number = Annotated[float, msgspec.Meta(ge=-1e17, le=1e17)]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Sort key of a row: a number, then a text."""

    number: Number
    text: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")]

    def said(self) -> str:
        """Return the cursor as the client sends it back."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


def cursor_of(after: Annotated[str | None, Query(max_length=400, description="`next` of the page before")] = None
              ) -> Cursor | None:  # fmt: skip
    """Read a cursor; one that is not ours is refused."""
    if after is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(after), type=Cursor)
    except ValueError as error:
        detail = "no page begins there: `after` is the `next` of an earlier answer; ask without it first"
        raise not_found(detail) from error
