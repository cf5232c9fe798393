"""What a start finds on the topics, over topics made by hand: the last seeding, and the state that belongs to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

from schemas import topics
from schemas.control import Candidate, Control, Promote
from segmentation.central_state import CentralState, first_state, pack
from segmentation.errors import WrongPassport
from segmentation.parameters import Parameters
from streaming import start, topic
from streaming.deployment import Deployment
from streaming.errors import NotSeeded
from tests.segmentation.runs import first_model
from tests.segmentation.towns import LANES, PARAMETERS

MODEL = msgspec.structs.replace(first_model(0), version=1, fingerprint=PARAMETERS.fingerprint)
LATER = msgspec.structs.replace(MODEL, version=2)


@dataclass
class Log:
    """Records by topic."""

    records: dict[str, list[tuple[bytes, bytes]]] = field(default_factory=dict)

    def write(self, name: str, stream: str, record: Control | CentralState) -> None:
        """Append a record."""
        self.records.setdefault(name, []).append(
            (stream.encode(), pack(record) if isinstance(record, CentralState) else msgspec.json.encode(record))
        )

    def read(self, _: object, name: str, __: str | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield what there is."""
        yield from self.records.get(name, [])


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Return empty topics."""
    made = Log()
    for module in (start, topic):
        monkeypatch.setattr(module, "committed_records", made.read)
    monkeypatch.setattr(start, "_lanes", lambda _: list(LANES))
    return made


def seed(log: Log, generation: int, stream: str = "town") -> None:
    log.write(topics.CONTROL, stream, Promote(stream, generation, MODEL))


def deployment(generation: int, parameters: Parameters = PARAMETERS) -> Deployment:
    return Deployment(
        parameters=parameters, generation=generation, kafka={}, checkpoint=Path("cp"), initial_state=Path("state")
    )


def test_the_newest_generation_counts_whatever_came_after_it(log: Log) -> None:
    seed(log, 1)
    seed(log, 2)
    seed(log, 7, stream="other")
    log.write(topics.CONTROL, "town", Promote("town", 2, LATER))
    log.write(topics.CONTROL, "town", Candidate("town", 2, LATER))
    assert start.last_seeding(deployment(2)) == Promote("town", 2, MODEL)


REFUSED = {
    "nothing seeded": (None, deployment(1), "no model of stream 'town'; run `kwadrant seed`"),
    "an older folder": (2, deployment(1), "newest model is of generation 2, the initial state of 1; use the folder"),
    "a seeding that was not published": (1, deployment(2), "newest model is of generation 1, the initial state of 2"),
    "other settings": (1, deployment(1, replace(PARAMETERS, margin=9.0)), "was seeded with parameters .* this run has"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_start_is_refused_with_what_to_do(name: str, log: Log) -> None:
    generation, asked, words = REFUSED[name]
    if generation is not None:
        seed(log, generation)
    with pytest.raises(NotSeeded, match=words):
        start.last_seeding(asked)


def state(generation: int) -> CentralState:
    first = first_state(PARAMETERS, generation, LANES, MODEL)
    return msgspec.structs.replace(first, newest=LATER, commanded=first.commanded + 1)


def test_the_central_state_goes_on_where_it_was_published(log: Log) -> None:
    seed(log, 1)
    log.write(topics.CENTRAL, "town", state(1))
    assert start.central_state(deployment(1)) == state(1)


def test_its_past_is_what_the_control_topic_promoted_before(log: Log) -> None:
    seed(log, 1)
    later = [msgspec.structs.replace(MODEL, version=version) for version in (2, 5, 6)]
    for model in later:
        log.write(topics.CONTROL, "town", Promote("town", 1, model))
    log.records[topics.CONTROL].append((b"town", b"what nobody can read"))
    log.write(topics.CENTRAL, "town", msgspec.structs.replace(state(1), force=later[1], newest=later[1]))
    assert [model.version for model in start.central_state(deployment(1)).past] == [1, 2]


def test_a_central_state_of_another_format_is_refused_by_name(log: Log) -> None:
    seed(log, 1)
    log.records[topics.CENTRAL] = [(b"town", b'{"stream":"town","generation":1}')]
    with pytest.raises(WrongPassport, match=r"of another format than .*seed again"):
        start.central_state(deployment(1))


def test_after_a_new_seeding_it_begins_with_the_seedings_model(log: Log) -> None:
    seed(log, 1)
    log.write(topics.CENTRAL, "town", state(1))
    seed(log, 2)
    assert start.central_state(deployment(2)) == first_state(PARAMETERS, 2, LANES, MODEL)
