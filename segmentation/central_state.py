"""The state of the central node: plain data, published whole whenever it changes."""

import binascii
import zlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from schemas.control import Request
from schemas.model import Model
from schemas.trial import Shadowed, Trial
from segmentation import learning
from segmentation.crossings import Crossing
from segmentation.errors import WrongPassport
from segmentation.learning import Learning, begun
from segmentation.parameters import Parameters

FORMAT = 3
PAST = 30
"""Models once in force that can be rolled back to."""
HEARD = 256
"""Requests whose repeats are known as such."""


class Held(msgspec.Struct, frozen=True):
    """Promotions are held: `by` whom, and `because` of what.

    `model` is the last one whose dry run, `trial`, is known: the one that an operator may promote; None before the
    first close since.
    """

    by: Literal["budget", "operator"]
    because: str
    model: Model | None = None
    trial: Trial | None = None


class Cutoff(msgspec.Struct, frozen=True):
    """An operator wants `epoch` closed without waiting: rows whose offset is below `upto` of their lane are in it.

    The keys of `upto` are lanes as decimal text.
    """

    epoch: int
    upto: Mapping[str, int]


class CentralState(msgspec.Struct, frozen=True):
    """What the central node remembers: lanes, models, crossings, and how far epochs are commanded and answered.

    `lanes` are all data partitions, `idle` those that nobody waits for (in decimal text), with the offset below which
    their rows count; `newest` is the last model made, on trial unless it is `force`, and `pool` its memory; `past` were
    in force before it, oldest first, and are not published with the state: each is a record of its own on the control
    topic. `pace` is how far a candidate goes from the model in force to what was learned [1]. `waiting` are requests
    whose time has not come, `heard` the ids of the last ones.
    """

    format: int
    stream: str
    generation: int
    lanes: tuple[int, ...]
    force: Model
    newest: Model
    pool: Learning
    commanded: int
    answered: int
    crossings: tuple[Crossing, ...] = ()
    past: tuple[Model, ...] = ()
    held: Held | None = None
    pace: float = 1.0
    shadow: Shadowed | None = None
    idle: Mapping[str, int] = {}
    cutoff: Cutoff | None = None
    waiting: tuple[Request, ...] = ()
    heard: tuple[str, ...] = ()


def first_state(parameters: Parameters, generation: int, lanes: Sequence[int], model: Model) -> CentralState:
    """Return the state after seeding: `model` in force, nothing commanded after its epoch."""
    epoch, pool = model.epoch, begun(model, next_id=model.next_id)
    return CentralState(FORMAT, parameters.stream, generation, tuple(sorted(lanes)), model, model, pool, epoch, epoch)


def promoted(state: CentralState, model: Model) -> CentralState:
    """Return the state with `model` in force."""
    return msgspec.structs.replace(state, force=model, past=(*state.past, state.force)[-PAST:])


def with_past(state: CentralState, in_force: Sequence[Model]) -> CentralState:
    """Return a state as it was published with the models that were `in_force` before its own, oldest first."""
    past = [model for model in in_force if model.version < state.force.version]
    return msgspec.structs.replace(state, past=tuple(past[-PAST:]))


def _plain(value: object) -> bytes:
    if isinstance(value, Learning):
        return learning.pack(value)
    raise NotImplementedError(type(value))


def _rich(_: type, value: str) -> Learning:
    try:
        return learning.unpack(b64decode(value))
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"the pool is damaged: {error}") from error


_encode = msgspec.json.Encoder(order="deterministic", enc_hook=_plain).encode
_decode = msgspec.json.Decoder(CentralState, dec_hook=_rich).decode


def pack(state: CentralState) -> bytes:
    """Bytes of a state without its past."""
    return _encode(msgspec.structs.replace(state, past=()))


def unpack(data: bytes) -> CentralState:
    """Return the inverse of `pack`.

    Raises
    ------
    WrongPassport
        Where another version of the program wrote the bytes.
    """
    try:
        state = _decode(data)
    except msgspec.DecodeError as error:
        message = f"the central node's state is of another format than {FORMAT}: {error}; seed again with this version"
        raise WrongPassport(message) from error
    if state.format != FORMAT:
        message = f"the central node's state has format {state.format}, this program reads {FORMAT}; seed again with it"
        raise WrongPassport(message)
    return state
