"""The fast way in: the same rows, refusals and crossings as `intake.read`, whatever stands beside what."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.blocks import MESSAGES, take
from segmentation.crossings import kept
from segmentation.decision import NEVER
from segmentation.intake import Intake, Message, read
from tests.segmentation.runs import laws
from tests.segmentation.test_intake import ARCHIVE, BAD, READING, RECORD, TRANSACTION, changed, fields, message, odd
from tests.segmentation.towns import PARAMETERS, town

PLAIN = changed(readingType="0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0", flowDirection="forward", usagePointId="UP")


def assert_same(messages: list[Message]) -> None:
    rows = [tuple(vars(one).values()) for one in messages]
    block = pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), MESSAGES, strict=True)],
        schema=MESSAGES,
    )
    fast, slow = take(block, PARAMETERS), read(messages, NEVER, PARAMETERS)
    assert sorted(fast.rejected) == sorted(slow.rejected)
    assert in_order(fast) == in_order(slow)
    assert [kept(one.crossings, NEVER, 2) for one in (fast, slow)] == [kept(slow.crossings, NEVER, 2)] * 2


def in_order(intake: Intake) -> list[dict[str, Any]]:
    return intake.rows.sort_by([(name, "ascending") for name in ("lane", "offset", "epoch")]).to_pylist()


def numbered(values: Sequence[tuple[bytes | None, int]]) -> list[Message]:
    """Return messages at rising offsets, every third one sent as history."""
    sent = (message(value, topic, offset=offset) for offset, (value, topic) in enumerate(values))
    return [replace(one, backfill=one.offset % 3 == 1) for one in sent]


@pytest.mark.parametrize("state", range(3))
def test_a_town(state: int) -> None:
    assert_same(town(state).all)


@pytest.mark.parametrize(("reason", "value", "topic"), BAD)
def test_a_bad_message_among_plain_ones(reason: str, value: bytes | None, topic: int) -> None:
    assert reason
    assert_same(numbered([(PLAIN, READING), (value, topic), (PLAIN, READING)]))


SPELLINGS: list[bytes] = [
    PLAIN.replace(b": ", b":"), PLAIN.replace(b"{", b"{ \t"), PLAIN.replace(b", ", b",\n"),
    PLAIN.replace(b"C-1", rb"C\u002d1"), PLAIN.replace(b"C-1", rb"\u0000"), PLAIN + PLAIN, b"{}\n" + PLAIN, b"{}", b"{",
    PLAIN.replace(b"}", b"},", 1), PLAIN.replace(b'"unit"', b'"value":7,"unit"'),
    PLAIN.replace(b"07:45:00Z", b"07:45:00.5Z"), PLAIN.replace(b"07:45:00Z", b"08:45:00+01:00"),
    PLAIN.replace(b"T07", b" 07"), PLAIN.replace(b"T07", b"t07"),
    PLAIN.replace(b"0.412", b"4.12e-1"), PLAIN.replace(b"0.412", b"-0.0"), PLAIN.replace(b"0.412", b"0.0125"),
    PLAIN.replace(b"0.412", b"0.0135"), PLAIN.replace(b"0.412", b"04"), PLAIN.replace(b"forward", b"reverse"),
    PLAIN.replace(b"measured", b"missing"), PLAIN.replace(b'"unit"', b'"x":{"y":[]},"unit"'),
    PLAIN.replace(b'"unit"', b'"x":' + b"[" * 99 + b"]" * 99 + b',"unit"'),
    PLAIN.replace(b'"UP"', b"null"), PLAIN.replace(b'"UP"', b"5"), PLAIN.replace(b'"UP"', b'""'),
    PLAIN.replace(b'"UP"', json.dumps("\u00e4" * 64).encode()), PLAIN.replace(b"UP", "\u00e4".encode() * 65),
    PLAIN.replace(b'"UP"', rb'"\ud83d\ude00"'), PLAIN.replace(b'"UP"', rb'"\u0000"'),
    changed(receivedAt="2026-11-20T08:02:11Z"), changed(receivedAt="soon"), changed(obis=5),
    changed(quality={"status": "measured", "code": 7}), changed(quality={"status": "measured", "more": 1}),
    changed(interval={"start": "2026-02-29T00:00:00Z", "duration": "PT15M"}),
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_among_plain_ones(spelling: bytes) -> None:
    assert_same(numbered([(PLAIN, READING), (spelling, READING), (PLAIN, READING)]))
    assert_same(numbered([(b"{}", READING)] * 60 + [(spelling, READING)]))


@given(
    st.lists(
        st.sampled_from([PLAIN, RECORD, *SPELLINGS, *(value for _, value, topic in BAD if topic == READING)]),
        max_size=9,
    )
)
@laws(60)
def test_any_company(values: list[bytes | None]) -> None:
    assert_same(numbered([(value, READING) for value in values] + [(changed(t), t) for t in (TRANSACTION, ARCHIVE)]))


@given(st.dictionaries(fields, odd, min_size=1, max_size=2))
@laws(150)
def test_any_odd_field(changes: dict[str, Any]) -> None:
    value = json.dumps(json.loads(PLAIN) | changes).encode()
    assert_same(numbered([(PLAIN, READING), (value, READING)]))


TWICE = [
    (b'"readingType": ', b'"0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0x"'), (b'"start": ', b'"2026-11-20T07:45:00X"'),
    (b'"start": ', b"7"), (b'"duration": ', b'"PT"'), (b'"value": ', b'"much"'), (b'"unit": ', b'"MWh"'),
    (b'"customerId": ', b'""'),
]  # fmt: skip


@pytest.mark.parametrize(("key", "bad"), TWICE)
def test_of_a_field_that_stands_twice_the_last_counts(key: bytes, bad: bytes) -> None:
    before, after = PLAIN.split(key)
    first, last = before + key + bad + b", " + key + after, PLAIN.replace(b"}", b", " + key + bad + b"}")
    good = numbered([(first, READING)])
    assert_same(good)
    assert read(good, NEVER, PARAMETERS).rejected == ()
    assert_same(numbered([(last, READING)]))


@given(st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN)), st.binary(max_size=4))
@laws(150)
def test_any_damage(begin: int, end: int, noise: bytes) -> None:
    assert_same(numbered([(PLAIN, READING), (PLAIN[:begin] + noise + PLAIN[end:], READING), (PLAIN, READING)]))
