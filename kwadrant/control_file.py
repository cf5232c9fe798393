"""Requests of operators for a replay: a file with one JSON object per line, each with the epoch before which it stands.

A line is a request as it stands on the control topic (`action`, `arguments`, `because`), and `before`: the epoch, by
its name, before whose close it is taken. What an operator typed while a stream ran becomes such a file with the `close`
of the answers.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from kwadrant.errors import RefusedError
from schemas.control import Request, Sentence, Word
from segmentation.calendar import Calendar
from segmentation.orders import BadOrder, Busy, CloseNow, Idle, order_of
from segmentation.parameters import Parameters
from segmentation.replay import GENERATION


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request, and the name of the epoch before which it is taken."""

    before: str
    action: Word
    arguments: Mapping[str, Any] = {}
    because: Sentence | None = None


def read(path: Path, parameters: Parameters) -> tuple[Request, ...]:
    """Return the requests of a file, in its order.

    Raises
    ------
    RefusedError
        Where a line is no request, or speaks of offsets, which a file of rows does not have.
    """
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    if not path.is_file():
        raise RefusedError(f"no file {path}")
    lines = enumerate(path.read_bytes().splitlines(), 1)
    return tuple(_request(number, line, f"{path}, line {number}", calendar, parameters.stream)
                 for number, line in lines if line.strip())  # fmt: skip


def _request(number: int, text: bytes, place: str, calendar: Calendar, stream: str) -> Request:
    try:
        line = msgspec.json.decode(text, type=Line)
        request = Request(
            stream, GENERATION, f"line-{number}", line.action, line.arguments, None, line.because,
            calendar.named(line.before),
        )  # fmt: skip
        order = order_of(request)
    except (msgspec.DecodeError, BadOrder, ValueError) as error:
        raise RefusedError(f"{place}: {error}") from error
    if isinstance(order, Idle | Busy | CloseNow):
        raise RefusedError(
            f"{place}: {line.action} speaks of a topic's offsets; a replay has files, and no such offsets"
        )
    return request
