"""Both folds in one process over a finished log: no Spark, no Kafka, the same bits.

A feature for analysts, the oracle of the tests, and the definition of what the stream must say.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.control import Control, Reply, Request
from schemas.event import Event
from schemas.model import Model
from segmentation import central_node, local_node
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.central_state import CentralState, first_state
from segmentation.crossings import CLOCK, Crossing
from segmentation.first_model import Fit, fit, sample
from segmentation.history import classified, portrait, remember
from segmentation.intake import Intake
from segmentation.local_state import LocalState
from segmentation.parameters import Parameters

GENERATION = 1


@dataclass(frozen=True)
class Log:
    """A finished log: whole rows of all topics in the order of their arrival; `lanes` are the partitions that exist."""

    rows: pa.Table
    lanes: tuple[int, ...]

    @classmethod
    def of(cls, *tables: pa.Table) -> "Log":
        """Return the log that `produce` makes of tables: rows by event time, equal ones as they stand."""
        together = pa.concat_tables(tables)
        ends = _ends(together)
        if (ends[1:] < ends[:-1]).any():
            together = together.take(np.argsort(ends, kind="stable"))
        lanes = [int(table.column("lane")[0].as_py()) for table in tables if len(table)]
        return cls.arrived(together, lanes)

    @classmethod
    def arrived(cls, rows: pa.Table, lanes: Sequence[int]) -> "Log":
        """Return the log of rows that arrived in just this order, whatever their event times."""
        at = kinds.ROWS.get_field_index("offset")
        numbered = rows.set_column(at, kinds.ROWS.field(at), pa.array(np.arange(rows.num_rows)))
        return cls(numbered, tuple(sorted(set(lanes))))


@dataclass(frozen=True)
class Step:
    """What one micro-batch of a replay said."""

    events: tuple[Event, ...]
    promoted: tuple[Model, ...]
    too_late: int
    answers: tuple[Reply, ...] = ()


@dataclass
class Replay:
    """A replay in progress: `local` and `central` are the states after the steps taken so far."""

    local: LocalState
    central: CentralState
    parameters: Parameters
    pending: list[Control]
    asked: tuple[Request, ...] = ()

    def step(self, intake: Intake, *, early: bool = False) -> Step:
        """Fold one block of the log; what operators ask for stands on the control topic from the first one on."""
        commands, self.asked = [*self.pending, *self.asked], ()
        self.local, output = local_node.fold(self.local, commands, intake, 0, self.parameters, early=early)
        self.central, self.pending, promoted = central_node.fold(self.central, [output], {}, self.parameters)
        events = tuple(
            msgspec.structs.replace(event, origin="replay") if event.origin == "live" else event
            for event in output.events
        )
        answers = tuple(one for one in self.pending if isinstance(one, Reply))
        return Step(events, tuple(promoted), len(output.rejected), answers)


def begin(log: Log, ask: Fit, parameters: Parameters, asked: tuple[Request, ...] = ()) -> Replay:
    """Seed from the epochs of `log` up to `ask.epoch`: the first model, and everybody's first class.

    `asked` are requests of operators, each to be taken before the close of its epoch.
    """
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    history = remember(kinds.split(log.rows, calendar), ask.epoch, parameters, GENERATION, ask.mapping)
    model = fit(sample([portrait(history, parameters)]), ask, parameters)
    central = first_state(parameters, GENERATION, log.lanes, model)
    return Replay(classified(history, model, parameters), central, parameters, [], asked)


def run(replay: Replay, log: Log, *, early: bool = False, looks: int = 1,
        report: Callable[[int, int], None] | None = None) -> Iterator[Step]:  # fmt: skip
    """Fold the whole log, an epoch in `looks` blocks, until no command is in flight; what is not over stays open.

    Early flags depend on the blocks, for each is a look at whom it concerns; nothing else does.
    """
    blocks = list(cut(log, replay.central.answered, replay.parameters, looks))
    for done, intake in enumerate(blocks):
        yield replay.step(intake, early=early)
        if report is not None:
            report(done + 1, len(blocks))
    while replay.pending:
        yield replay.step(NOTHING, early=early)


NOTHING = Intake(kinds.NONE, (), ())


def cut(log: Log, closed: int, parameters: Parameters, looks: int = 1) -> Iterator[Intake]:
    """Return the log in `looks` blocks for every epoch: where one is over stand the clock records of `produce`."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    begin, times = 0, np.where(kinds.numbers(log.rows, "kind") == kinds.ATTRIBUTES, 0, _ends(log.rows))
    if len(times) == 0:
        return
    latest = np.maximum.accumulate(times)
    last = int(calendar.epoch_of(latest[-1:] - parameters.lateness_s)[0]) - 1
    for epoch in range(closed + 1, last + 1):
        over = calendar.end(epoch) + parameters.lateness_s
        for left in range(looks - 1, -1, -1):
            end = int(np.searchsorted(latest, over - left * parameters.epoch_s // looks))
            clocks = tuple(Crossing(lane, end, epoch, CLOCK) for lane in log.lanes) if left == 0 else ()
            yield replace(NOTHING, rows=kinds.split(log.rows.slice(begin, end - begin), calendar), crossings=clocks)
            begin = end
    yield replace(NOTHING, rows=kinds.split(log.rows.slice(begin), calendar))


def _ends(rows: pa.Table) -> NDArray[np.int64]:
    return np.asarray(kinds.numbers(rows, "start") + kinds.numbers(rows, "seconds"))
