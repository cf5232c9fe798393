"""Intake: from messages, or from tables, to rows. Good rows and refused ones part here, and none is lost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from schemas.archive import Archive
from schemas.reading import LARGEST_KW, LONGEST_INTERVAL_S, STATUSES, Clock, Reading
from schemas.rejection import Refusal, refusal_of
from schemas.times import duration_seconds, microseconds
from schemas.topics import LANES_PER_TOPIC
from schemas.transaction import Transaction
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.crossings import CLOCK, Crossing, first_crossings
from segmentation.output import Rejected
from segmentation.parameters import Parameters

SECOND_US = 1_000_000
EARLIEST_US, LATEST_US = 946_684_800 * SECOND_US, 7_258_118_400 * SECOND_US
"""2000-01-01 and 2200-01-01: no meter of ours measured before, nor after."""
KEPT_BYTES = 4_096
"""How much of a refused message a dead letter keeps."""
MOST_BRACKETS = 100
"""Ours have three; the decoder recurses at each, and where the stack ends must not decide about a row."""

Fields = tuple[int, int, int, int, bool, int, int, int, str | None]
"""kind, channel, start [s], seconds [s], fine, status, received [us], value, text: what a message gives to ROWS."""
Good = tuple[str, int, int, *Fields, bool]
"""customer, lane, offset, fields, backfill: a whole row."""


@dataclass(frozen=True)
class Message:
    """One Kafka message: `time` [us] is the broker's, `size` [bytes] that of the whole value, which may be cut.

    `backfill` is whether its header says ``origin: backfill``.
    """

    lane: int
    offset: int
    time: int
    key: bytes | None
    value: bytes | None
    size: int
    backfill: bool = False


@dataclass(frozen=True)
class Intake:
    """What a block of messages holds: good rows, cut into epochs' pieces; refused ones; crossings."""

    rows: pa.Table
    rejected: tuple[Rejected, ...]
    crossings: tuple[Crossing, ...]


def read(messages: Iterable[Message], closed: int, parameters: Parameters) -> Intake:
    """Parse and check messages; crossings are reported for epochs after `closed`. About 6 us per message."""
    good: list[Good] = []
    clocks: list[tuple[int, int, int]] = []
    rejected = []
    for message in messages:
        try:
            if message.key is None:
                clocks.append((message.lane, message.offset, _clock(message, parameters)))
            else:
                customer, fields = _accept(message, parameters)
                good.append((customer, message.lane, message.offset, *fields, message.backfill))
        except Refusal as refusal:
            rejected.append(_rejected(message, refusal))
    whole = whole_rows(good)
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    crossings = crossings_of(whole, clocks, closed, parameters)
    return Intake(kinds.split(whole, calendar), tuple(rejected), crossings)


def _rejected(message: Message, refusal: Refusal) -> Rejected:
    value = None if message.value is None else message.value[:KEPT_BYTES]
    return Rejected(message.lane, message.offset, refusal.reason, refusal.detail, message.key, value)


def whole_rows(good: Sequence[Good]) -> pa.Table:
    """Return uncut rows of what was accepted."""
    if not good:
        return kinds.NONE
    names = (name for name in kinds.ROWS.names if name not in ("epoch", "length"))
    columns = dict(zip(names, zip(*good, strict=True), strict=True))
    columns |= {"epoch": (0,) * len(good), "length": columns["seconds"]}
    return pa.table([pa.array(columns[field.name], field.type) for field in kinds.ROWS], schema=kinds.ROWS)


def crossings_of(whole: pa.Table, clocks: list[tuple[int, int, int]], closed: int, parameters: Parameters
                 ) -> tuple[Crossing, ...]:  # fmt: skip
    """Crossings of uncut rows and clock records (lane, offset, time [us]) that concern epochs after `closed`."""
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    end = kinds.numbers(whole, "start").astype(np.int64) + kinds.numbers(whole, "seconds")
    ahead = (kinds.numbers(whole, "kind") == kinds.ATTRIBUTES) & (kinds.numbers(whole, "received") >= 0)
    end = np.where(ahead, kinds.numbers(whole, "received") // SECOND_US, end)
    moment = np.concatenate([end, np.array([time // SECOND_US for *_, time in clocks], np.int64)])
    passed = calendar.epoch_of(np.maximum(moment - parameters.lateness_s, EARLIEST_US // SECOND_US)) - 1
    news = np.flatnonzero(passed > closed)
    if len(news) == 0:
        return ()
    lanes = np.concatenate([kinds.numbers(whole, "lane"), np.array([lane for lane, *_ in clocks], np.int64)])
    offsets = np.concatenate([kinds.numbers(whole, "offset"), np.array([offset for _, offset, _ in clocks], np.int64)])
    names = np.array([*whole.column("customer").to_pylist(), *(CLOCK for _ in clocks)], object)
    chosen = (lanes[news], offsets[news], passed[news], names[news])
    return tuple(first_crossings(*chosen, witnesses=parameters.witnesses))


def _clock(message: Message, parameters: Parameters) -> int:
    """Time [us] of a clock record; anything else without a key is refused."""
    value = _bytes(message, parameters)
    try:
        return _checked(microseconds(_CLOCK.decode(value).clock), message, parameters)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal("missing_key", "a message that is no clock record needs its customer as key") from None


def _bytes(message: Message, parameters: Parameters) -> bytes:
    if message.value is None:
        raise Refusal("tombstone", "the value is null")
    if message.size > parameters.largest_message:
        raise Refusal("oversized", f"{message.size} bytes, at most {parameters.largest_message} are read")
    if message.value.count(b"[") + message.value.count(b"{") > MOST_BRACKETS:
        raise Refusal("too_nested", f"more than {MOST_BRACKETS} opening brackets")
    return message.value


def _accept(message: Message, parameters: Parameters) -> tuple[str, Fields]:
    value = _bytes(message, parameters)
    decoder, reader = _READERS[message.lane // LANES_PER_TOPIC]
    try:
        content = _content(decoder, value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refusal_of(error, value) from None
    customer = content.customer_id
    if customer.encode() != message.key:
        raise Refusal("key_mismatch", f"key {message.key!r}, customer {customer!r}")
    return customer, reader(content, message, parameters)


def _content(decoder: msgspec.json.Decoder[Any], value: bytes) -> Any:  # noqa: ANN401 - what the decoder gives
    """Return what a message says; of a field that stands in it twice the last counts, whatever the first one was."""
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        try:
            return decoder.decode(msgspec.json.encode(msgspec.json.decode(value)))
        except (msgspec.MsgspecError, UnicodeError):
            raise error from None


def _latest(message: Message, parameters: Parameters) -> int:
    """Return the latest moment [us] that a message may speak of: when the broker took it, and the allowed skew."""
    return message.time + parameters.future_skew_s * SECOND_US


def _checked(us: int, message: Message, parameters: Parameters) -> int:
    if not EARLIEST_US <= us < LATEST_US:
        raise Refusal("implausible_time", "times lie between 2000 and 2200")
    if us > _latest(message, parameters):
        raise Refusal("future", f"{(us - message.time) // SECOND_US} s after the broker took it")
    return us


def reading_fields(reading: Reading, message: Message, parameters: Parameters) -> Fields:
    """Return what a reading gives to ROWS, or raise the refusal by whose rule it may not."""
    try:
        seconds = duration_seconds(reading.interval.duration)
    except ValueError as error:
        raise Refusal("bad_duration", str(error)) from None
    if not 0 < seconds <= LONGEST_INTERVAL_S:
        raise Refusal("duration_out_of_range", f"{seconds} s")
    start = _checked(microseconds(reading.interval.start), message, parameters)
    _checked(start + seconds * SECOND_US, message, parameters)
    if reading.value * 3_600 > LARGEST_KW * seconds:
        raise Refusal("too_large", f"{reading.value} kWh in {seconds} s")
    kind = kinds.IMPORT if reading.flow_direction == "forward" else kinds.EXPORT
    channel = kinds.channel(f"{reading.usage_point_id}|{reading.reading_type}|{kind}")
    received = -1
    if reading.received_at is not None:  # a head end whose clock is ahead must not win over all that comes later
        received = min(microseconds(reading.received_at), _latest(message, parameters))
    status = STATUSES.index(reading.quality.status)
    watt_hours = round(reading.value * 1_000)
    return kind, channel, start // SECOND_US, seconds, seconds <= kinds.FINE_S, status, received, watt_hours, None


def transaction_fields(transaction: Transaction, message: Message, parameters: Parameters) -> Fields:
    """Return what a transaction gives to ROWS, or raise the refusal by whose rule it may not."""
    time = _checked(microseconds(transaction.time), message, parameters)
    kind = kinds.TRANSACTION_KINDS.get(transaction.kind, kinds.OTHER)
    if kind == kinds.PAYMENT and transaction.due is not None and transaction.time > transaction.due:
        kind = kinds.LATE_PAYMENT
    cents = round((transaction.amount or 0.0) * 100)
    text = transaction.service if kind in kinds.TELLING else None
    return kind, kinds.channel(transaction.transaction_id), time // SECOND_US, 0, False, 2, -1, cents, text


def archive_fields(archive: Archive, message: Message, parameters: Parameters) -> Fields:
    """Return what an archive change gives to ROWS, or raise the refusal by whose rule it may not.

    One that lies ahead has been `received` when the broker took it: it does not say that the time before is over.
    """
    time = microseconds(archive.valid_from)
    ahead = time > _latest(message, parameters)
    if not ahead or not EARLIEST_US <= time < LATEST_US:
        _checked(time, message, parameters)
    text = msgspec.json.encode(archive).decode()
    return kinds.ATTRIBUTES, 0, time // SECOND_US, 0, False, 2, message.time if ahead else -1, 0, text


_CLOCK = msgspec.json.Decoder(Clock)
_READERS: tuple[tuple[msgspec.json.Decoder[Any], Callable[[Any, Message, Parameters], Fields]], ...] = (
    (msgspec.json.Decoder(Reading), reading_fields),
    (msgspec.json.Decoder(Transaction), transaction_fields),
    (msgspec.json.Decoder(Archive), archive_fields),
)
"""Decoder and reader by the index of the topic in `schemas.topics.INPUTS`."""
