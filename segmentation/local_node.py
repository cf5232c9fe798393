"""The fold of a bucket: `fold(state, controls, intake) -> state, output`. Pure: no clock, no I/O, Spark or Kafka."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from schemas.control import Candidate, Close, Control, Dismiss, Promote, Request, Shadow
from schemas.event import Event
from schemas.expectation import Expectations
from schemas.model import Model
from segmentation.calendar import Calendar
from segmentation.closing import Closed, close
from segmentation.dismissals import obeyed
from segmentation.early import flag, gather
from segmentation.errors import OutOfOrder
from segmentation.expecting import told
from segmentation.intake import Intake
from segmentation.local_state import LocalState, Models
from segmentation.output import Output
from segmentation.parameters import Parameters

FIRST = 0
"""The bucket that passes requests on to the central node."""


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
    mine = [control for control in controls if _is_mine(control, state)]
    for control in mine:
        state = _obey(state, control, said, parameters)
    events = tuple(event for closed in said for event in closed.events)
    if early and (intake.rows.num_rows or any(closed.answer for closed in said)):
        state, flags = flag(gather(state, intake.rows, parameters), parameters)
        events += flags
    requests = tuple(control for control in mine if isinstance(control, Request)) if bucket == FIRST else ()
    output = _output(bucket, intake, said, events, requests)
    return state, msgspec.structs.replace(output, expected=_expected(bucket, said, parameters))


def _append(state: LocalState, intake: Intake) -> LocalState:
    return replace(state, open=(*state.open, intake.rows)) if intake.rows.num_rows else state


def _is_mine(control: Control, state: LocalState) -> bool:
    return (control.stream, control.generation) == (state.passport.stream, state.passport.generation)


def _obey(state: LocalState, control: Control, said: list[Closed], parameters: Parameters) -> LocalState:
    match control:
        case Close(epoch=epoch):
            if epoch <= state.closed:
                return state
            closed = _close(state, control, parameters)
        case Dismiss():
            closed = Closed(*obeyed(state, control, Calendar(parameters.time_zone, parameters.epoch_s)))
        case _:
            return replace(state, models=_changed(state.models, control))
    said.append(closed)
    return closed.state


def _close(state: LocalState, order: Close, parameters: Parameters) -> Closed:
    if order.epoch != state.closed + 1:
        message = f"a close of epoch {order.epoch} after epoch {state.closed}; the control topic has lost records"
        raise OutOfOrder(message)
    return close(state, order.epoch, {int(lane): offset for lane, offset in order.upto.items()}, parameters)


def _changed(models: Models, control: Control) -> Models:
    """Return the models after a command; a request, an answer and a hold change nothing here."""
    match control:
        case Promote(model=model, undo=undo):
            return _promoted(models, model, undo)
        case Candidate(model=model):
            return replace(models, trial=model)
        case Shadow(model=model):
            return replace(models, shadow=model)
        case _:
            return models


def _promoted(models: Models, model: Model, undo: int | None) -> Models:
    """Return the models after a promotion; a younger one stays on trial."""
    younger = models.trial if models.trial is not None and models.trial.version > model.version else None
    past = {**models.past, model.version: model}
    return replace(models, force=model, trial=younger, past=past, undo=models.undo if undo is None else undo)


def _expected(bucket: int, said: Sequence[Closed], parameters: Parameters) -> Expectations | None:
    """Return whom the bucket expects as of the last close of a batch, None without one: no later command has a part."""
    last = next((closed for closed in reversed(said) if closed.answer is not None), None)
    if last is None or last.state.models.force is None:
        return None
    return told(last.state, last.state.models.force, bucket, parameters, last.outlook)


def _output(bucket: int, intake: Intake, said: list[Closed], events: tuple[Event, ...], requests: tuple[Request, ...]
            ) -> Output:  # fmt: skip
    counts = {"rows": intake.rows.num_rows, "rejected": len(intake.rejected)}
    for closed in said:
        for name, number in closed.counts.items():
            counts[name] = counts.get(name, 0) + number
    answers = [closed.answer for closed in said if closed.answer is not None]
    return Output(
        bucket=bucket, crossings=intake.crossings, events=events,
        states=tuple(state for closed in said for state in closed.states),
        rejected=(*intake.rejected, *(row for closed in said for row in closed.rejected)),
        answer=answers[-1] if answers else None, requests=requests, counts=counts,
    )  # fmt: skip
