"""How the central node takes what operators ask for.

Requests are taken in the order of the log, and only between the answer to a close and the command of the next: so what
an order finds, and from which close on it holds, does not depend on how the log was cut.
"""

from collections.abc import Sequence

import msgspec

from schemas.control import Control, Reply, Request
from segmentation import log_orders, model_orders
from segmentation.calendar import Calendar
from segmentation.central_state import HEARD, CentralState
from segmentation.orders import BadOrder, Done, LogOrder, order_of
from segmentation.output import Output
from segmentation.parameters import Parameters

replaced = msgspec.structs.replace


def heard(state: CentralState, outputs: Sequence[Output]) -> CentralState:
    """Return the state with the requests of a batch waiting; one whose id was heard before is passed over."""
    for request in (request for output in outputs for request in output.requests):
        if request.id not in state.heard:
            ids = (*state.heard, request.id)[-HEARD:]
            state = replaced(state, waiting=(*state.waiting, request), heard=ids)
    return state


def obey(state: CentralState, controls: list[Control], parameters: Parameters) -> CentralState:
    """Carry out every waiting request whose time has come: its commands and its answer are appended to `controls`."""
    due = [one for one in state.waiting if one.epoch is None or one.epoch <= state.commanded + 1]
    if not due:
        return state
    state = replaced(state, waiting=tuple(one for one in state.waiting if one not in due))
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    for request in due:
        try:
            done, accepted = _done(state, request, calendar), True
        except BadOrder as refusal:
            done, accepted = Done(state, str(refusal)), False
        state = done.state
        reply = Reply(
            state.stream, state.generation, request.id, accepted, done.said, calendar.name(state.commanded + 1),
            state.force.version,
        )  # fmt: skip
        controls += [*done.controls, reply]
    return state


def _done(state: CentralState, request: Request, calendar: Calendar) -> Done:
    order = order_of(request)
    if isinstance(order, LogOrder):
        return log_orders.carried_out(state, order, request.because, calendar)
    return model_orders.carried_out(state, order, request.because)
