"""Blocks of messages: the same rows as `intake.read`, column by column where a message is plain.

Plain is a reading whose every field is what `produce` writes, beyond doubt. What is not (other topics, other spellings)
goes to `intake.read`, which alone decides what is refused: the fast way never refuses.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.reading import ENERGY_READING_TYPE, LONGEST_INTERVAL_S, STATUSES, Energy, Identifier
from schemas.times import duration_seconds
from schemas.topics import LANES_PER_TOPIC
from segmentation import intake, rules
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.decision import NEVER
from segmentation.intake import MOST_BRACKETS, SECOND_US, Intake, Message
from segmentation.parameters import Parameters
from segmentation.rows import pc

Column = Any

_BLOCK: dict[str, Any] = {
    "lane": pa.int32(), "offset": pa.int64(), "time": pa.int64(), "key": pa.binary(), "value": pa.binary(),
    "size": pa.int32(), "backfill": pa.bool_(),
}  # fmt: skip
MESSAGES = pa.schema(_BLOCK)
"""Columns of a block, those of `intake.Message`; key and value may be null."""

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
_TYPE = re.compile(r"[0-9]+(\.[0-9]+){17}")
_FLOWS = {"forward": kinds.IMPORT, "reverse": kinds.EXPORT}
_RANKS = {name: rank for rank, name in enumerate(STATUSES)}


# what cannot be right by its length is left to `intake.read`; of a key that stands twice the last counts, as there
_Instant = Annotated[str, msgspec.Meta(min_length=20, max_length=20)]
_Type = Annotated[str, msgspec.Meta(min_length=35)]


class _Interval(msgspec.Struct, gc=False):
    start: _Instant
    duration: str


class _Quality(msgspec.Struct, gc=False):
    status: Literal["missing", "estimated", "measured", "edited"]
    code: str | None = None


class _Plain(msgspec.Struct, gc=False, rename="camel"):
    """`schemas.reading.Reading` with times, length and type as texts: each different one is looked at once."""

    customer_id: Identifier
    interval: _Interval
    value: Energy
    unit: Literal["kWh"]
    quality: _Quality
    usage_point_id: Identifier | None = None
    meter_id: Identifier | None = None
    reading_type: _Type = ENERGY_READING_TYPE
    obis: str | None = None
    flow_direction: Literal["forward", "reverse"] = "forward"
    received_at: _Instant | None = None


_decode = msgspec.json.Decoder(_Plain).decode


def take(block: pa.Table, parameters: Parameters) -> Intake:
    """Read a block of messages (`MESSAGES`): rows, refusals, the crossings of all epochs. About 3 us per reading."""
    found = _decoded(block, parameters)
    plain = np.array([one is not None for one in found], np.bool_)
    fast, sure = _rows(block.filter(pa.array(plain)), [one for one in found if one is not None], parameters)
    plain[plain] = sure
    fast = fast.filter(pa.array(sure))
    rest = block.filter(pa.array(~plain))
    slow = intake.read((Message(*row.values()) for row in rest.to_pylist()), NEVER, parameters)
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    crossings = intake.crossings_of(fast, [], NEVER, parameters)
    rows = pa.concat_tables([kinds.split(fast, calendar), slow.rows])
    return Intake(rows, slow.rejected, tuple(sorted({*crossings, *slow.crossings})))


def _decoded(block: pa.Table, parameters: Parameters) -> list[_Plain | None]:
    """Return what each message says, None where it may not be plain."""
    readings = kinds.numbers(block, "lane") < LANES_PER_TOPIC
    values: Column = block.column("value").combine_chunks()
    likely = readings & (kinds.numbers(block, "size") <= parameters.largest_message)
    likely &= _brackets(values) <= MOST_BRACKETS
    return [_one(value) if hope else None for hope, value in zip(likely.tolist(), values.to_pylist(), strict=True)]


def _brackets(values: Column) -> Ints:
    """Return how many opening brackets each of the binary values (n,) has, 0 of null."""
    _, ends, content = values.buffers()
    ends = np.frombuffer(ends, np.int32)[values.offset : values.offset + len(values) + 1]
    # [ and { differ in one bit
    found = np.flatnonzero((np.frombuffer(content or b"", np.uint8)[: ends[-1]] & 0xDF) == ord("["))
    return np.diff(np.searchsorted(found, ends))


def _one(value: bytes | None) -> _Plain | None:
    if value is None:
        return None
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


@dataclass(frozen=True)
class _Coded:
    """Texts by their few different values: `codes` (n,) point into `texts`; null is the text None."""

    codes: Ints
    texts: list[str | None]

    def each(self, number: Callable[[str], int]) -> Ints:
        """Return the `number` (n,) of each text, -1 of None."""
        numbers = np.array([-1 if text is None else number(text) for text in self.texts], np.int64)
        return np.asarray(numbers[self.codes])


def _coded(texts: Sequence[str | None]) -> _Coded:
    found: Column = pa.array(texts, pa.string()).dictionary_encode(null_encoding="encode")
    return _Coded(found.indices.to_numpy(zero_copy_only=False).astype(np.int64), found.dictionary.to_pylist())


def _rows(block: pa.Table, found: Sequence[_Plain], parameters: Parameters) -> tuple[pa.Table, Flags]:
    """Whole rows (n) of decoded messages, and which of them are plain (n,); the others' columns mean nothing."""
    start, timed = _instants([one.interval.start for one in found])
    received, told = _instants([one.received_at for one in found])
    unsaid = np.array([one.received_at is None for one in found], np.bool_)
    seconds = _coded([one.interval.duration for one in found]).each(_seconds)
    reading_types = [one.reading_type for one in found]
    value = np.array([one.value for one in found], np.float64)
    arrived = kinds.numbers(block, "time")
    sure = timed & (told | unsaid) & (rules.broken(start, seconds, value, arrived, parameters) == rules.SOUND)
    customer = pa.array([one.customer_id for one in found], pa.string())
    keyed = pc.fill_null(pc.equal(customer.cast(pa.binary()), block.column("key")), fill_value=False)
    sure &= np.asarray(keyed.to_numpy())
    sure &= _coded(reading_types).each(lambda text: _TYPE.fullmatch(text) is not None) > 0
    flow = np.array([_FLOWS[one.flow_direction] for one in found], np.int64)
    columns = {
        "customer": customer, "lane": block.column("lane"), "offset": block.column("offset"),
        "epoch": np.zeros(len(found), np.int32), "kind": flow,
        "channel": _channels([str(one.usage_point_id) for one in found], reading_types, flow),
        "start": start // SECOND_US, "seconds": np.maximum(seconds, 0), "length": np.maximum(seconds, 0),
        "fine": seconds <= kinds.FINE_S, "status": np.array([_RANKS[one.quality.status] for one in found], np.int64),
        "received": np.where(told, np.minimum(received, rules.latest(arrived, parameters)), -1),
        "value": np.rint(value * 1_000).astype(np.int64), "text": [None] * len(found),
        "backfill": block.column("backfill"),
    }  # fmt: skip
    return pa.table([_cast(columns[one.name], one.type) for one in kinds.ROWS], schema=kinds.ROWS), np.asarray(sure)


def _channels(usage_points: list[str], reading_types: list[str], flow: Ints) -> Ints:
    parts = pa.array(usage_points, pa.string()), pa.array(reading_types, pa.string()), pa.array(flow).cast(pa.string())
    return kinds.texts(pc.binary_join_element_wise(*parts, "|"))


def _cast(values: Any, kind: pa.DataType) -> Column:  # noqa: ANN401 - Arrow, numpy or a list
    return values.cast(kind) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, kind)


def _instants(texts: Sequence[str | None]) -> tuple[Ints, Flags]:
    """Instants (n,) [us] of texts in the plain form, and which are in it."""
    coded = _coded(texts)
    found = pa.array(coded.texts, pa.string())
    plain = pc.fill_null(pc.match_substring_regex(found, _INSTANT), fill_value=False).to_numpy(zero_copy_only=False)
    numbers = np.zeros(len(found), np.int64)
    try:
        numbers[plain] = found.filter(pa.array(plain)).cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        plain = np.zeros(len(found), np.bool_)
    return numbers[coded.codes], plain[coded.codes]


def _seconds(text: str) -> int:
    try:
        seconds = duration_seconds(text)
    except ValueError:
        return -1
    return seconds if seconds <= LONGEST_INTERVAL_S else -1
