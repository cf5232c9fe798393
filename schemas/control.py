"""Control records: how the central node commands the local nodes, in-band, on a topic of one partition."""

from collections.abc import Mapping

import msgspec

from schemas.model import Model


class Promote(msgspec.Struct, frozen=True, rename="camel", tag="promote", tag_field="type"):
    """`model` is in force from here on."""

    stream: str
    generation: int
    model: Model


class Candidate(msgspec.Struct, frozen=True, rename="camel", tag="candidate", tag_field="type"):
    """`model` is to be tried at the next close; nobody is judged by it."""

    stream: str
    generation: int
    model: Model


class Close(msgspec.Struct, frozen=True, rename="camel", tag="close", tag_field="type"):
    """Close `epoch`: fold its rows, and those of earlier epochs, whose offset is below `upto` of their lane.

    The keys of `upto` are lanes as decimal text (JSON has no other keys), its values offsets [1].
    """

    stream: str
    generation: int
    epoch: int
    upto: Mapping[str, int]


Control = Promote | Candidate | Close
