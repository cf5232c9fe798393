"""Blocks of messages: the same rows as `intake.read`, column by column where a message is plain.

Plain is a reading whose every field is what `produce` writes, beyond doubt. What is not (other topics, other spellings,
anything odd in a block's JSON) goes to `intake.read`, which alone decides what is refused: the fast way never refuses.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json
from numpy.typing import NDArray

from schemas.reading import LARGEST_KW, LARGEST_KWH, LONGEST_INTERVAL_S, STATUSES
from schemas.times import duration_seconds
from schemas.topics import LANES_PER_TOPIC
from segmentation import intake
from segmentation import rows as kinds
from segmentation.calendar import Calendar
from segmentation.decision import NEVER
from segmentation.intake import EARLIEST_US, LATEST_US, SECOND_US, Intake, Message
from segmentation.parameters import Parameters
from segmentation.rows import pc

pj: Any = pyarrow.json  # the stubs know fewer argument types than there are
Column = Any

_BLOCK: dict[str, Any] = {
    "lane": pa.int32(), "offset": pa.int64(), "time": pa.int64(), "key": pa.binary(), "value": pa.binary(),
    "size": pa.int32(),
}  # fmt: skip
MESSAGES = pa.schema(_BLOCK)
"""Columns of a block: `time` is the broker's [us], `size` the whole value's [bytes]; key and value may be null."""

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
_TEXT = pa.string()
_CONTENT = pa.schema([
    ("customerId", _TEXT), ("usagePointId", _TEXT), ("meterId", _TEXT), ("readingType", _TEXT), ("obis", _TEXT),
    ("interval", pa.struct([("start", _TEXT), ("duration", _TEXT)])), ("value", pa.float64()), ("unit", _TEXT),
    ("flowDirection", _TEXT), ("quality", pa.struct([("status", _TEXT), ("code", _TEXT)])), ("receivedAt", _TEXT),
])  # fmt: skip
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
_READING_TYPE = re.compile(r"[0-9]+(\.[0-9]+){17}")
_BRACKETS = 3
"""Opening brackets of a plain reading."""
_LONGEST_NAME = 64
_SMALL = 256
"""Messages that are read one by one rather than in ever smaller halves."""


def take(block: pa.Table, parameters: Parameters) -> Intake:
    """Read a block of messages (`MESSAGES`): rows, refusals, and the crossings of all epochs. About 2 us per reading.

    A block in which something is odd is taken in halves, so that one bad message does not slow down thousands.
    """
    plain, fast = _plain(block, parameters)
    if fast is None and block.num_rows > _SMALL:
        half = block.num_rows // 2
        return _together(take(block.slice(0, half), parameters), take(block.slice(half), parameters))
    rest = block.filter(pa.array(~plain))
    slow = intake.read((Message(*row.values()) for row in rest.to_pylist()), NEVER, parameters)
    if fast is None:
        return slow
    calendar = Calendar(parameters.time_zone, parameters.epoch_s)
    crossings = intake.crossings_of(fast, [], NEVER, parameters)
    rows = pa.concat_tables([kinds.split(fast, calendar), slow.rows])
    return Intake(rows, slow.rejected, tuple(sorted({*crossings, *slow.crossings})))


def _together(one: Intake, other: Intake) -> Intake:
    crossings = tuple(sorted({*one.crossings, *other.crossings}))
    return Intake(pa.concat_tables([one.rows, other.rows]), one.rejected + other.rejected, crossings)


def _plain(block: pa.Table, parameters: Parameters) -> tuple[Flags, pa.Table | None]:
    """Which messages of a block are plain (n,), and their whole rows."""
    likely = _likely(block, parameters)
    chosen = block.filter(pa.array(likely)).combine_chunks()
    content = _parsed(chosen)
    if content is None:
        return np.zeros(block.num_rows, np.bool_), None
    rows, sure = _rows(chosen, content, parameters)
    plain = likely.copy()
    plain[likely] = sure
    return plain, rows.filter(pa.array(sure))


def _likely(block: pa.Table, parameters: Parameters) -> Flags:
    value, size = block.column("value"), kinds.numbers(block, "size")
    shaped = pc.and_(pc.starts_with(value, "{"), pc.ends_with(value, "}"))
    keyed = pc.and_kleene(pc.fill_null(shaped, fill_value=False), pc.is_valid(block.column("key")))
    # each message for itself: what stands beside it must not decide whether it is nested too deeply
    brackets = pc.fill_null(pc.add(pc.count_substring(value, "{"), pc.count_substring(value, "[")), 0).to_numpy()
    readings = (kinds.numbers(block, "lane") < LANES_PER_TOPIC) & (brackets <= _BRACKETS)
    return np.asarray(keyed.to_numpy() & readings & (size <= parameters.largest_message))


def _parsed(block: pa.Table) -> pa.Table | None:
    """Messages' JSON as columns, None where anything about the block's bytes is odd."""
    if block.num_rows == 0:
        return None
    values = block.column("value").combine_chunks()
    lines: Column = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)
    joined = pc.binary_join(lines, b"\n")[0].as_buffer().to_pybytes()
    if _odd(joined, len(values)):
        return None
    parse = pj.ParseOptions(explicit_schema=_CONTENT, unexpected_field_behavior="ignore")
    read = pj.ReadOptions(use_threads=False, block_size=len(joined) + 1)
    try:
        content = pj.read_json(pa.BufferReader(joined), parse_options=parse, read_options=read)
    except pa.ArrowInvalid:
        return None
    return content if content.num_rows == len(values) else None


def _odd(joined: bytes, messages: int) -> bool:
    """Whether lines could be taken apart otherwise than one message each, or hold what only the slow way judges."""
    if joined.count(b"\n") != messages - 1 or b"NaN" in joined or b"Infinity" in joined:
        return True
    try:
        joined.decode()
    except UnicodeDecodeError:
        return True
    return False


@dataclass(frozen=True)
class _Coded:
    """A text column by its few different values: `codes` (n,) point into `texts`; null is the text None."""

    codes: Ints
    texts: list[str | None]

    def each(self, table: dict[str, int]) -> Ints:
        """Return the number (n,) that `table` has for each text, -1 where it has none."""
        numbers = np.array([table.get(text, -1) if text is not None else -1 for text in self.texts], np.int64)
        return np.asarray(numbers[self.codes])


def _coded(column: Column) -> _Coded:
    found = column.dictionary_encode(null_encoding="encode")
    return _Coded(found.indices.to_numpy(zero_copy_only=False).astype(np.int64), found.dictionary.to_pylist())


def _rows(block: pa.Table, content: pa.Table, parameters: Parameters) -> tuple[pa.Table, Flags]:
    """Whole rows (n) of parsed messages, and which of them are plain (n,); the others' columns mean nothing."""
    field = {name: content.column(name).combine_chunks() for name in content.column_names}
    interval, quality = field["interval"], field["quality"]
    start, timed = _instants(pc.struct_field(interval, "start"))
    received, told = _instants(field["receivedAt"])
    lengths = _coded(pc.struct_field(interval, "duration"))
    seconds = lengths.each({text: _seconds(text) for text in lengths.texts if text is not None})
    status = _coded(pc.struct_field(quality, "status")).each({name: rank for rank, name in enumerate(STATUSES)})
    flow = _coded(field["flowDirection"]).each({"forward": kinds.IMPORT, "reverse": kinds.EXPORT})
    types = _coded(field["readingType"])
    typed = types.each({text: 1 for text in types.texts if text is not None and _READING_TYPE.fullmatch(text)})
    value = pc.fill_null(field["value"], -1.0).to_numpy(zero_copy_only=False)
    sure = timed & (told | ~pc.is_valid(field["receivedAt"]).to_numpy(zero_copy_only=False))
    sure &= (seconds > 0) & (seconds <= LONGEST_INTERVAL_S) & (status >= 0) & (flow >= 0) & (typed > 0)
    sure &= (value >= 0) & (value <= LARGEST_KWH) & (value * 3_600 <= LARGEST_KW * seconds)
    sure &= _coded(field["unit"]).each({"kWh": 1}) > 0
    sure &= _in_time(start, seconds, kinds.numbers(block, "time").astype(np.int64), parameters) & _named(block, field)
    rows = _table(
        block, field, start=start // SECOND_US, seconds=np.maximum(seconds, 0), status=status, flow=flow,
        received=np.where(told, received, -1), value=np.rint(np.where(sure, value, 0.0) * 1_000).astype(np.int64),
    )  # fmt: skip
    return rows, np.asarray(sure)


def _table(block: pa.Table, field: dict[str, Column], *, start: Ints, seconds: Ints, status: Ints, flow: Ints,
           received: Ints, value: Ints) -> pa.Table:  # fmt: skip
    count = block.num_rows
    usage_point, reading_type = pc.fill_null(field["usagePointId"], "None"), pc.fill_null(field["readingType"], "")
    direction = pa.array(flow).cast(pa.string())
    channel = kinds.texts(pc.binary_join_element_wise(usage_point, reading_type, direction, "|"))
    columns = {
        "customer": field["customerId"], "lane": block.column("lane"), "offset": block.column("offset"),
        "epoch": np.zeros(count, np.int32), "kind": flow, "channel": channel, "start": start, "seconds": seconds,
        "fine": seconds <= kinds.FINE_S, "status": status, "received": received, "value": value,
        "text": [None] * count,
    }  # fmt: skip
    return pa.table([_cast(columns[column.name], column.type) for column in kinds.ROWS], schema=kinds.ROWS)


def _cast(values: Any, kind: pa.DataType) -> Column:  # noqa: ANN401 - Arrow, numpy or a list
    return values.cast(kind) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values).cast(kind)


def _instants(column: Column) -> tuple[Ints, Flags]:
    """Instants (n,) [us] of texts in the plain form, and which are in it."""
    coded = _coded(column)
    texts = pa.array(coded.texts, pa.string())
    plain = pc.fill_null(pc.match_substring_regex(texts, _INSTANT), fill_value=False).to_numpy(zero_copy_only=False)
    numbers = np.zeros(len(texts), np.int64)
    try:
        numbers[plain] = texts.filter(pa.array(plain)).cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        plain = np.zeros(len(texts), np.bool_)
    return numbers[coded.codes], plain[coded.codes]


def _seconds(text: str) -> int:
    try:
        seconds = duration_seconds(text)
    except ValueError:
        return -1
    return seconds if seconds <= LONGEST_INTERVAL_S else -1


def _in_time(start: Ints, seconds: Ints, arrived: Ints, parameters: Parameters) -> Flags:
    end = start + np.clip(seconds, 0, LONGEST_INTERVAL_S) * SECOND_US
    return np.asarray(
        (start >= EARLIEST_US) & (end < LATEST_US) & (end <= arrived + parameters.future_skew_s * SECOND_US)
    )


def _named(block: pa.Table, field: dict[str, Column]) -> Flags:
    """Whether identifiers have a plain length, and the key is the customer."""
    sure = pc.fill_null(pc.equal(field["customerId"].cast(pa.binary()), block.column("key")), fill_value=False)
    for name in ("customerId", "usagePointId", "meterId"):
        length = pc.fill_null(pc.utf8_length(field[name]), 1)
        sure = pc.and_(sure, pc.and_(pc.greater(length, 0), pc.less_equal(length, _LONGEST_NAME)))
    return np.asarray(sure.to_numpy())
