"""Orders about the log: whom nobody calls newly potential, which partitions count, and when an epoch is over."""

import msgspec

from schemas.control import Dismiss
from schemas.topics import INPUTS, LANES_PER_TOPIC, lane
from segmentation.calendar import FIRST_DAY, LAST_DAY, Calendar
from segmentation.central_state import CentralState, Cutoff
from segmentation.orders import BadOrder, Busy, CloseNow, DismissUntil, Done, Idle, LogOrder, Undismiss

replaced = msgspec.structs.replace


def carried_out(state: CentralState, order: LogOrder, because: str | None, calendar: Calendar) -> Done:
    """Return what an order leads to.

    Raises
    ------
    BadOrder
        Where it cannot be carried out, in the words of the answer.
    """
    match order:
        case DismissUntil():
            done = _dismiss(state, order, because, calendar)
        case Undismiss(customer=customer):
            lifted = Dismiss(state.stream, state.generation, customer, None, because or "")
            done = Done(state, f"{customer} is no longer dismissed", (lifted,))
        case Idle():
            done = _idle(state, order)
        case Busy():
            done = _busy(state, order)
        case CloseNow():
            done = _close(state, order, calendar)
    return done


def _dismiss(state: CentralState, order: DismissUntil, because: str | None, calendar: Calendar) -> Done:
    if because is None:
        raise BadOrder("a dismissal needs a reason: because")
    if not FIRST_DAY < order.until < LAST_DAY:
        raise BadOrder(f"expected a day from 2000 to 2199, found {order.until}")
    last = calendar.epoch_of_date(order.until) - 1
    if last <= state.commanded:
        raise BadOrder(f"{order.until} is over: the next epoch to close is {calendar.name(state.commanded + 1)}")
    command = Dismiss(state.stream, state.generation, order.customer, last, because)
    return Done(
        state,
        f"{order.customer} is dismissed until {order.until}; what said it was newly potential is withdrawn",
        (command,),
    )


def _lane(state: CentralState, topic: str, partition: int) -> int:
    if topic not in INPUTS or not 0 <= partition < LANES_PER_TOPIC or lane(topic, partition) not in state.lanes:
        raise BadOrder(f"no partition {partition} of {topic} is read; topics are {', '.join(INPUTS)}")
    return lane(topic, partition)


def _idle(state: CentralState, order: Idle) -> Done:
    number = str(_lane(state, order.topic, order.partition))
    idle = {**state.idle, number: order.offset}
    if number in state.idle:
        raise BadOrder(f"partition {order.partition} of {order.topic} is idle already")
    if all(str(one) in idle for one in state.lanes if one < LANES_PER_TOPIC):
        raise BadOrder(f"no partition of {INPUTS[0]} would be left to tell when an epoch is over")
    return Done(replaced(state, idle=idle), f"nobody waits for partition {order.partition} of {order.topic}")


def _busy(state: CentralState, order: Busy) -> Done:
    number = str(_lane(state, order.topic, order.partition))
    if number not in state.idle:
        raise BadOrder(f"partition {order.partition} of {order.topic} is not idle")
    idle = {one: offset for one, offset in state.idle.items() if one != number}
    return Done(replaced(state, idle=idle), f"partition {order.partition} of {order.topic} is waited for again")


def _close(state: CentralState, order: CloseNow, calendar: Calendar) -> Done:
    following = state.commanded + 1
    if _named(order.epoch, calendar) != following:
        raise BadOrder(f"{order.epoch} cannot be closed: the next epoch to close is {calendar.name(following)}")
    upto = dict(order.upto)
    if upto.keys() != {str(number) for number in state.lanes}:
        raise BadOrder(f"expected an offset for each of the {len(state.lanes)} partitions, found {len(upto)}")
    return Done(
        replaced(state, cutoff=Cutoff(following, upto)), f"{order.epoch} is closed with what has arrived by now"
    )


def _named(text: str, calendar: Calendar) -> int:
    try:
        return calendar.named(text)
    except ValueError as error:
        raise BadOrder(str(error)) from error
