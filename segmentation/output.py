"""What a local node says about a batch: the only thing that leaves a bucket."""

from collections.abc import Mapping

import msgspec

from schemas.control import Request
from schemas.event import CustomerState, Event
from schemas.expectation import Expectations
from schemas.trial import Shadowed, Trial
from segmentation.crossings import Crossing


class Rejected(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A refused row: where it stood for ever (lane, offset), its bytes, and the rule it broke."""

    lane: int
    offset: int
    reason: str
    detail: str
    key: bytes | None
    value: bytes | None


class Answer(msgspec.Struct, frozen=True):
    """The answer to a close: micro-clusters of a bucket's customers, and what the models beside the live one would do.

    `mass` (m,), `sums` (m, d) and `squares` (m,) are int64 in native byte order, `shape` is (m, d); `quadrants` and
    `clusters` count customers, `silent` is the mass by cluster that was not heard; `trial` is the dry run of the model
    on trial.
    """

    epoch: int
    shape: tuple[int, int]
    mass: bytes
    sums: bytes
    squares: bytes
    quadrants: Mapping[str, int]
    clusters: Mapping[int, int]
    trial: Trial | None = None
    shadow: Shadowed | None = None
    silent: Mapping[int, int] = {}


class Output(msgspec.Struct, frozen=True):
    """Output of one fold; `counts` are rows by fate [1], `arrived` the oldest message's broker time [us], 0 without.

    `requests` are those of the control topic, in its order; one bucket passes them on.
    """

    bucket: int
    crossings: tuple[Crossing, ...] = ()
    events: tuple[Event, ...] = ()
    states: tuple[CustomerState, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    answer: Answer | None = None
    expected: Expectations | None = None
    requests: tuple[Request, ...] = ()
    counts: Mapping[str, int] = {}
    arrived: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Output)


def pack(output: Output) -> bytes:
    """Bytes of an output, the same for equal outputs."""
    return _encoder.encode(output)


def unpack(data: bytes) -> Output:
    """Return the inverse of `pack`."""
    return _decoder.decode(data)
