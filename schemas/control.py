"""Control records: how the central node commands the local nodes, in-band, on a topic of one partition.

An operator's command is a `Request`. It does nothing by itself: the central node takes it, answers with a `Reply`, and
commands what follows from it, so that every reading of the log finds it at the same place.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from schemas.model import Model
from schemas.trial import Trial

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Sentence = Annotated[str, Meta(min_length=1, max_length=500)]


class Promote(msgspec.Struct, frozen=True, rename="camel", tag="promote", tag_field="type"):
    """`model` is in force from here on; `trial` is its dry run.

    With `undo` (a rollback), moves that a model of a later version than that made alone are undone at the next close.
    """

    stream: str
    generation: int
    model: Model
    trial: Trial | None = None
    undo: int | None = None


class Candidate(msgspec.Struct, frozen=True, rename="camel", tag="candidate", tag_field="type"):
    """`model` is to be tried at the next close; nobody is judged by it."""

    stream: str
    generation: int
    model: Model


class Hold(msgspec.Struct, frozen=True, rename="camel", tag="hold", tag_field="type"):
    """The model of dry run `trial` is not promoted: `because` says why, `by` who decided."""

    stream: str
    generation: int
    by: Literal["budget", "operator"]
    because: str
    trial: Trial


class Close(msgspec.Struct, frozen=True, rename="camel", tag="close", tag_field="type"):
    """Close `epoch`: fold its rows, and those of earlier epochs, whose offset is below `upto` of their lane.

    The keys of `upto` are lanes as decimal text (JSON has no other keys), its values offsets [1].
    """

    stream: str
    generation: int
    epoch: int
    upto: Mapping[str, int]


class Shadow(msgspec.Struct, frozen=True, rename="camel", tag="shadow", tag_field="type"):
    """`model` is judged beside the live one at every close, and only counted; None ends it."""

    stream: str
    generation: int
    model: Model | None


class Dismiss(msgspec.Struct, frozen=True, rename="camel", tag="dismiss", tag_field="type"):
    """`customer` is not newly potential, `because`: not now, and not at a close up to that of epoch `until`.

    `until` None lifts what was said before.
    """

    stream: str
    generation: int
    customer: str
    until: int | None
    because: str


class Request(msgspec.Struct, frozen=True, rename="camel", tag="request", tag_field="type"):
    """What an operator asks for: an `action` of `segmentation.orders` with its arguments.

    The same `id` counts once. With `epoch` it is taken just before the close of that epoch, else as soon as it is read.
    """

    stream: str
    generation: int
    id: Word
    action: Word
    arguments: Mapping[str, Any] = {}
    by: Word | None = None
    because: Sentence | None = None
    epoch: int | None = None


class Reply(msgspec.Struct, frozen=True, rename="camel", tag="reply", tag_field="type"):
    """The answer to request `id`: what is done now, or why nothing is.

    What is done shows from the close of the epoch `close` names on, under model `version`.
    """

    stream: str
    generation: int
    id: str
    accepted: bool
    said: str
    close: str
    version: int


Control = Promote | Candidate | Hold | Close | Shadow | Dismiss | Request | Reply
_COMMANDS = {record.__struct_config__.tag for record in get_args(Control)} - {"request"}


class _Typed(msgspec.Struct):
    type: str = ""


_decode = msgspec.json.Decoder(Control).decode
_peek = msgspec.json.Decoder(_Typed).decode


def read(value: bytes) -> Control | None:
    """Return the record of these bytes, None for what is no record of ours and must not stop anybody: a bad request.

    Raises
    ------
    msgspec.ValidationError
        Where a command of a central node cannot be read: it would be lost.
    """
    try:
        record: Control = _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if _kind(value) in _COMMANDS:
            raise
        return None
    return record


def _kind(value: bytes) -> str:
    try:
        return _peek(value).type
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
