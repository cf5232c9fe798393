"""Orders about the log: dismissals, idle partitions, an epoch closed by hand; and the words of what is refused."""

import re
from dataclasses import replace

import msgspec
import pytest

from schemas.control import Close, Control, Dismiss, Reply, Request
from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS
from segmentation import central_state
from segmentation.central_node import fold
from segmentation.central_state import CentralState
from segmentation.crossings import CLOCK, Crossing
from segmentation.output import Output
from tests.segmentation import hand
from tests.segmentation.asking import ask
from tests.segmentation.towns import CALENDAR, FIRST, LANES, PARAMETERS

MODEL = hand.two_classes("consumption", 2.0, 8.0)
STATE = central_state.first_state(PARAMETERS, 1, LANES, MODEL)
READ_TO = dict.fromkeys(LANES, 50)
EVERYWHERE = {str(number): 50 for number in LANES}
NEXT = "2026-03-23"
"""The next epoch to close."""


def folded(state: CentralState, *requests: Request, crossed: dict[int, int] | None = None,
           ends: dict[int, int] | None = None) -> tuple[CentralState, list[Control]]:  # fmt: skip
    """Return what follows from requests, crossings of the next epoch at these offsets, and what has been read."""
    crossings = tuple(Crossing(lane, offset, state.commanded + 1, CLOCK) for lane, offset in (crossed or {}).items())
    after, controls, _ = fold(state, [Output(0, crossings, requests=requests)], ends or {}, PARAMETERS)
    return after, controls


def closes(controls: list[Control]) -> list[dict[str, int]]:
    return [dict(one.upto) for one in controls if isinstance(one, Close)]


def idle(partition: int, offset: int, topic: str = READINGS) -> Request:
    return ask("idle", topic=topic, partition=partition, offset=offset)


def busy(partition: int, topic: str = READINGS) -> Request:
    return ask("busy", topic=topic, partition=partition)


def close(upto: dict[str, int], epoch: str = NEXT) -> Request:
    return ask("close", epoch=epoch, upto=upto)


def dismissal(until: str, because: str | None = "plant closed", customer: str = "C") -> Request:
    return ask("dismiss", because=because, customer=customer, until=until)


def test_a_dismissal_is_told_to_the_local_nodes_with_its_last_epoch() -> None:
    _, (order, reply) = folded(STATE, dismissal("2026-03-25"))
    assert order == Dismiss("town", 1, "C", CALENDAR.named("2026-03-24"), "plant closed")
    assert isinstance(reply, Reply)
    assert (reply.accepted, reply.close) == (True, NEXT)
    assert folded(STATE, ask("undismiss", customer="C"))[1][0] == Dismiss("town", 1, "C", None, "")


def test_an_idle_partition_is_closed_where_it_ended_and_nobody_waits_for_it() -> None:
    rest = dict.fromkeys(LANES[1:], 7)
    assert closes(folded(STATE, crossed=rest, ends=READ_TO)[1]) == []
    after, controls = folded(STATE, idle(0, 33), crossed=rest, ends=READ_TO)
    assert closes(controls) == [{"0": 33, **{str(lane): 7 for lane in LANES[1:]}}]
    assert after.commanded == FIRST + 1


def test_it_ends_where_it_was_said_to_even_if_something_came() -> None:
    assert closes(folded(STATE, idle(0, 33), crossed=dict.fromkeys(LANES, 7), ends=READ_TO)[1])[0]["0"] == 33


def test_an_idle_partition_is_read_to_its_end_before_anything_is_closed() -> None:
    rest = dict.fromkeys(LANES[1:], 7)
    before, controls = folded(STATE, idle(0, 33), crossed=rest, ends={0: 32})
    assert closes(controls) == []
    assert len(closes(folded(before, ends={0: 33})[1])) == 1


def test_a_busy_partition_is_waited_for_again() -> None:
    before, _ = folded(STATE, idle(0, 33))
    after, controls = folded(before, busy(0), crossed=dict.fromkeys(LANES[1:], 7), ends=READ_TO)
    assert (closes(controls), dict(after.idle)) == ([], {})
    assert closes(folded(after, crossed={0: 40})[1])[0]["0"] == 40


def test_an_epoch_is_closed_by_hand_with_what_has_arrived() -> None:
    after, controls = folded(STATE, close(EVERYWHERE), ends=READ_TO)
    assert closes(controls) == [EVERYWHERE]
    assert (after.commanded, after.cutoff) == (FIRST + 1, None)
    assert [type(one) for one in controls] == [Reply, Close]


def test_all_that_had_arrived_is_read_first_and_what_crossed_before_ends_there() -> None:
    waiting, controls = folded(STATE, close(EVERYWHERE), crossed={0: 7, 1: 60}, ends=READ_TO | {4096: 49})
    assert closes(controls) == []
    assert closes(folded(waiting, ends=READ_TO)[1]) == [EVERYWHERE | {"0": 7, "1": 50}]


def test_a_close_by_hand_that_came_too_late_is_forgotten() -> None:
    waiting, _ = folded(STATE, close(EVERYWHERE), ends={})
    after, controls = folded(waiting, crossed=dict.fromkeys(LANES, 7))
    assert closes(controls) == [{str(lane): 7 for lane in LANES}]
    assert after.cutoff is None


@pytest.mark.parametrize("epoch", [None, FIRST + 1, FIRST - 5])
def test_a_request_is_taken_before_the_close_of_its_epoch(epoch: int | None) -> None:
    request = msgspec.structs.replace(idle(0, 3), epoch=epoch)
    assert [type(one) for one in folded(STATE, request)[1]] == [Reply]


def test_a_request_for_a_later_epoch_waits_and_so_does_one_while_a_close_is_in_flight() -> None:
    later = msgspec.structs.replace(idle(0, 3), epoch=FIRST + 2)
    after, controls = folded(STATE, later)
    assert (controls, after.waiting) == ([], (later,))
    flying = msgspec.structs.replace(STATE, commanded=FIRST + 1)
    after, controls = folded(flying, idle(0, 3))
    assert (controls, len(after.waiting)) == ([], 1)


def test_a_request_is_answered_once_however_often_it_comes() -> None:
    request = idle(0, 3)
    after, controls = folded(STATE, request, request)
    assert [type(one) for one in (*controls, *folded(after, request)[1])] == [Reply]
    assert after.heard == (request.id,)


IDLE = folded(STATE, idle(0, 3))[0]
REFUSED = {
    "no reason": (STATE, dismissal("2026-04-01", None), "a dismissal needs a reason"),
    "over": (STATE, dismissal("2026-03-23"), "2026-03-23 is over: the next epoch to close is 2026-03-23"),
    "before time": (STATE, dismissal("1980-01-01"), "expected a day from 2000 to 2199, found 1980-01-01"),
    "after time": (STATE, dismissal("2300-01-01"), "expected a day from 2000 to 2199"),
    "no day": (STATE, dismissal("soon"), "dismiss cannot be read: Invalid .*date"),
    "no customer": (STATE, dismissal("2026-04-01", customer=""), "read: Expected `str` of length >= 1"),
    "long customer": (STATE, dismissal("2026-04-01", customer="C" * 65), "dismiss cannot be read: Expected `str` of"),
    "no topic": (STATE, idle(0, 3, "weather"), f"no partition 0 of weather is read; topics are {READINGS}"),
    "no partition": (STATE, idle(7, 3, ARCHIVE), f"no partition 7 of {ARCHIVE} is read"),
    "below zero": (STATE, idle(-1, 3, TRANSACTIONS), "no partition -1 of"),
    "another topic's lane": (STATE, idle(4096, 3), "no partition 4096 of"),
    "idle already": (IDLE, idle(0, 3), f"partition 0 of {READINGS} is idle already"),
    "the last one": (IDLE, idle(1, 3), f"no partition of {READINGS} would be left"),
    "not idle": (IDLE, busy(1), f"partition 1 of {READINGS} is not idle"),
    "a bad offset": (STATE, idle(0, -1), "idle cannot be read: Expected `int` >= 0"),
    "another epoch": (STATE, close(EVERYWHERE, "2026-03-24"), "2026-03-24 cannot .* epoch to close is 2026-03-23"),
    "no epoch": (STATE, close(EVERYWHERE, "yesterday"), "Invalid isoformat string: 'yesterday'"),
    "a lane too few": (STATE, close({"0": 7}), "an offset for each of the 4 partitions, found 1"),
    "an odd lane": (STATE, close(EVERYWHERE | {"x": 1}), "an offset for each of the 4 partitions, found 5"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(name: str) -> None:
    before, request, words = REFUSED[name]
    after, (reply,) = folded(before, request, ends=READ_TO)
    assert isinstance(reply, Reply)
    assert not reply.accepted
    assert re.search(words, reply.said)
    assert msgspec.structs.replace(after, heard=before.heard) == before


def test_with_short_epochs_they_are_called_by_the_instant_at_which_they_begin() -> None:
    hours = replace(PARAMETERS, epoch_s=3_600)
    state = central_state.first_state(hours, 1, LANES, msgspec.structs.replace(MODEL, epoch=493_000))
    order = close(EVERYWHERE, "2026-03-29T18:00:00+01:00")
    _, controls, _ = fold(state, [Output(0, requests=(order,))], READ_TO, hours)
    assert isinstance(controls[0], Reply)
    assert controls[0].close == "2026-03-29T17:00:00Z"
    assert closes(controls) == [EVERYWHERE]
