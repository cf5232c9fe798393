"""The fold of a bucket: `fold(state, controls, intake) -> state, output`. Pure: no clock, no I/O, Spark or Kafka."""

from collections.abc import Sequence
from dataclasses import replace

from schemas.control import Candidate, Close, Control, Promote
from schemas.event import Event
from schemas.model import Model
from segmentation.closing import Closed, close
from segmentation.early import flag, gather
from segmentation.errors import OutOfOrder
from segmentation.intake import Intake
from segmentation.local_state import LocalState, Models
from segmentation.output import Output
from segmentation.parameters import Parameters


def fold(state: LocalState, controls: Sequence[Control], intake: Intake, bucket: int, parameters: Parameters,
         *, early: bool = True) -> tuple[LocalState, Output]:  # fmt: skip
    """One micro-batch of a bucket.

    The rows are taken in, then the commands carried out in the order of their offsets, then (with `early`) the touched
    customers judged. Commands of another stream or generation are ignored. Inputs untouched.

    Raises
    ------
    OutOfOrder
        Where a close does not name the epoch after the last one.
    """
    passed = tuple(crossing for crossing in intake.crossings if crossing.epoch > state.closed)
    intake = replace(intake, crossings=passed)
    state = _append(state if early else replace(state, gathered=None), intake)
    said: list[Closed] = []
    for control in controls:
        if (control.stream, control.generation) == (state.passport.stream, state.passport.generation):
            state = _obey(state, control, said, parameters)
    events = tuple(event for closed in said for event in closed.events)
    if early and intake.rows.num_rows + len(said):
        state, flags = flag(gather(state, intake.rows, parameters), parameters)
        events += flags
    return state, _output(bucket, intake, said, events)


def _append(state: LocalState, intake: Intake) -> LocalState:
    return replace(state, open=(*state.open, intake.rows)) if intake.rows.num_rows else state


def _obey(state: LocalState, control: Control, said: list[Closed], parameters: Parameters) -> LocalState:
    match control:
        case Promote(model=model):
            return replace(state, models=_promoted(state.models, model))
        case Candidate(model=model):
            return replace(state, models=replace(state.models, trial=model))
        case Close(epoch=epoch, upto=upto):
            if epoch <= state.closed:
                return state
            if epoch != state.closed + 1:
                message = f"a close of epoch {epoch} after epoch {state.closed}; the control topic has lost records"
                raise OutOfOrder(message)
            closed = close(state, epoch, {int(lane): offset for lane, offset in upto.items()}, parameters)
            said.append(closed)
            return closed.state


def _promoted(models: Models, model: Model) -> Models:
    return Models(force=model, trial=None, past={**models.past, model.version: model})


def _output(bucket: int, intake: Intake, said: list[Closed], events: tuple[Event, ...]) -> Output:
    counts = {"rows": intake.rows.num_rows, "rejected": len(intake.rejected)}
    for closed in said:
        for name, number in closed.counts.items():
            counts[name] = counts.get(name, 0) + number
    return Output(
        bucket=bucket, crossings=intake.crossings, events=events,
        states=tuple(state for closed in said for state in closed.states),
        rejected=(*intake.rejected, *(row for closed in said for row in closed.rejected)),
        answer=said[-1].answer if said else None, counts=counts,
    )  # fmt: skip
