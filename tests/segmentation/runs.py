"""Both folds over a town's log, cut as a test likes, in one process."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache

import msgspec
import numpy as np
from hypothesis import settings

from schemas.control import Close, Control, Request
from schemas.event import CANONICAL_OUT, CustomerState, Event
from schemas.expectation import Expectations
from schemas.model import Model
from segmentation import central_node, codec, local_node
from segmentation.buckets import bucket_of
from segmentation.calendar import FIRST_DAY, Calendar
from segmentation.central_state import CentralState, first_state, pack
from segmentation.first_model import Fit, fit, sample
from segmentation.history import classified, portrait, remember
from segmentation.intake import Message, read
from segmentation.local_state import LocalState
from segmentation.output import Output
from segmentation.parameters import Parameters
from tests.segmentation.towns import LANES, PARAMETERS, SEEDED, Town, town

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def laws(examples: int) -> settings:
    """So many examples, thirty times as many under HYPOTHESIS_PROFILE=thorough."""
    return settings(max_examples=examples * 30 if THOROUGH else examples, deadline=None)


@lru_cache(maxsize=16)
def first_model(state: int, parameters: Parameters = PARAMETERS) -> Model:
    epoch = Calendar(parameters.time_zone, parameters.epoch_s).epoch_of_date(FIRST_DAY + timedelta(days=SEEDED + 1)) - 1
    intake = read(town(state).all, epoch, parameters)
    history = remember(intake.rows, epoch, parameters, 1)
    return fit(sample([portrait(history, parameters)]), Fit(k=3, epoch=epoch), parameters)


def seeded(messages: Iterable[Message], model: Model, parameters: Parameters = PARAMETERS) -> LocalState:
    """Return the local state after history: what `messages` say of epochs up to the model's."""
    rows = read(messages, model.epoch, parameters).rows
    return classified(remember(rows, model.epoch, parameters, 1), model, parameters)


def share(messages: Iterable[Message], bucket: int | None) -> list[Message]:
    """Return the messages of one bucket; those without a key go to bucket 0; all where `bucket` is None."""
    return [
        message for message in messages
        if bucket is None or (bucket_of(message.key.decode(), PARAMETERS.buckets) if message.key else 0) == bucket
    ]  # fmt: skip


@dataclass
class Run:
    """Local nodes (one for each bucket, or one for their union) and the central node, and all they said."""

    locals: dict[int | None, LocalState]
    central: CentralState
    parameters: Parameters = PARAMETERS
    pending: list[Control] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    states: list[CustomerState] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    outputs: list[list[Output]] = field(default_factory=list)
    log: list[Control] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)

    def step(self, messages: Sequence[Message], *, early: bool = False, asked: Sequence[Request] = ()) -> None:
        """One micro-batch, with what operators ask for; `log` is the control topic."""
        outputs, commands = [], [*self.pending, *asked]
        self.log += commands
        for message in messages:
            self.ends[message.lane] = max(self.ends.get(message.lane, 0), message.offset + 1)
        for bucket, state in self.locals.items():
            intake = read(share(messages, bucket), state.closed, self.parameters)
            self.locals[bucket], output = local_node.fold(
                state, commands, intake, bucket or 0, self.parameters, early=early
            )
            outputs.append(output)
        self.central, self.pending, promoted = central_node.fold(self.central, outputs, self.ends, self.parameters)
        self.models += promoted
        self.outputs.append(outputs)
        for output in outputs:
            self.events += output.events
            self.states += output.states

    def over(self, batches: Iterable[tuple[Sequence[Message], bool]], asked: Sequence[Request] = ()) -> "Run":
        """All batches, each with early flags or not, then empty ones while a command is in flight.

        What operators ask for comes with the first one, and may wait for its epoch.
        """
        for messages, early in batches:
            self.step(messages, early=early, asked=asked)
            asked = ()
        while self.pending:
            self.step(())
        return self

    @property
    def expected(self) -> dict[int, Expectations]:
        """The last word of each bucket on whom it expects."""
        return {one.bucket: said for outputs in self.outputs for one in outputs if (said := one.expected) is not None}

    def saved_and_loaded(self) -> None:
        """Every local state through its bytes."""
        self.locals = {bucket: loaded(state) for bucket, state in self.locals.items()}

    @property
    def said(self) -> tuple[bytes, ...]:
        """What is a pure function of the log: models, classes, canonical confirmed events, refusals, states."""
        rejected = sorted(row for outputs in self.outputs for output in outputs for row in output.rejected)
        states = sorted(self.states, key=lambda state: (state.place.since or "", state.customer_id))
        expected = [said.customers for said in self.expected.values()]
        hot = [codec.pack_hot(state) for _, state in sorted(self.locals.items(), key=str)]
        told = sorted(canonical(event) for event in self.events if event.status == "confirmed")
        return (
            *map(msgspec.json.encode, (self.models, rejected, states, expected, self.central.past)),
            pack(self.central),
            *told,
            *hot,
        )


def begin(
    messages: Sequence[Message],
    model: Model,
    buckets: Iterable[int | None] = (None,),
    parameters: Parameters = PARAMETERS,
) -> Run:
    locals_ = {bucket: seeded(share(messages, bucket), model, parameters) for bucket in buckets}
    return Run(locals_, first_state(parameters, 1, LANES, model), parameters)


def loaded(state: LocalState) -> LocalState:
    """Return the state after a round trip through the bytes that Spark keeps."""
    from_bytes = codec.unpack_hot(codec.pack_hot(state))
    early = codec.unpack_early(codec.pack_early(state.early))
    return replace(from_bytes, open=state.open, window=dict(state.window), early=early)


def amends(event: Event) -> bool:
    """Whether an event speaks of an earlier move: takes it back, or says that it is provisional no more."""
    return event.cause == "late_correction" or event.to.since is not None


def canonical(event: Event) -> bytes:
    content = msgspec.to_builtins(event)
    if amends(event):  # what it amends is an event of the log's, no early flag of a cut's
        content["amended"] = event.supersedes
    return msgspec.json.encode({name: value for name, value in content.items() if name not in CANONICAL_OUT})


def cuts(of: Town, state: int, batches: int) -> Iterator[tuple[list[Message], bool]]:
    """Cut every lane at `batches` random places of its own: any interleaving of the lanes, early flags now and then."""
    source = np.random.default_rng(state)
    ends = {
        number: [*np.sort(source.integers(0, len(messages) + 1, batches - 1)).tolist(), len(messages)]
        for number, messages in of.messages.items()
    }
    begins = dict.fromkeys(ends, 0)
    for batch in range(batches):
        chosen = [number for number in of.messages if ends[number][batch] > begins[number]]
        taken = [message for number in chosen for message in of.messages[number][begins[number] : ends[number][batch]]]
        begins = {number: places[batch] for number, places in ends.items()}
        yield taken, bool(source.random() < 0.5)


def calm(state: int) -> Run:
    """Run the town's log in one batch, one bucket, without early flags."""
    return begin(town(state).all, first_model(state)).over([(town(state).all, False)])


def close_of(epoch: int, lanes: Iterable[int] = LANES, *, stream: str = "town", generation: int = 1) -> Close:
    """Return a close of all rows of `lanes` up to `epoch`."""
    return Close(stream, generation, epoch, {str(number): 1 << 60 for number in lanes})
