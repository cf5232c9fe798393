"""Intake: every bad message is refused by the name of the rule it breaks, and no other row notices."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.rejection import REASONS
from segmentation.intake import KEPT_BYTES, Intake, Message, read
from segmentation.parameters import Parameters
from tests.segmentation.runs import laws

PARAMETERS = Parameters(time_zone="Europe/Berlin")
READING, TRANSACTION, ARCHIVE = 0, 4096, 8192
BROKER = 1_800_000_000_000_000
"""The broker's time [us]: January 2027."""
GOOD: dict[int, dict[str, Any]] = {
    READING: {
        "customerId": "C-1", "interval": {"start": "2026-11-20T07:45:00Z", "duration": "PT15M"}, "value": 0.412,
        "unit": "kWh", "quality": {"status": "measured"},
    },
    TRANSACTION: {"transactionId": "T-1", "customerId": "C-1", "time": "2026-11-20T07:45:00Z", "kind": "purchase"},
    ARCHIVE: {"customerId": "C-1", "validFrom": "2026-11-20T07:45:00Z", "industry": "metal", "capacityKw": 30.0},
}  # fmt: skip


def message(value: bytes | None, topic: int = READING, *, key: bytes | None = b"C-1", offset: int = 0) -> Message:
    return Message(topic, offset, BROKER, key, value, 0 if value is None else len(value))


def changed(topic: int = READING, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return a good record as JSON with these fields set, or without those that are None."""
    content = {**GOOD[topic], **changes}
    return json.dumps({name: value for name, value in content.items() if value is not None}).encode()


def interval(start: str, duration: str) -> bytes:
    return changed(interval={"start": start, "duration": duration})


def taken(*messages: Message) -> Intake:
    return read(messages, 0, PARAMETERS)


RECORD = changed()
START = "2026-11-20T07:45:00Z"
BAD = [
    ("empty", b"", READING), ("empty", b" \n", TRANSACTION), ("tombstone", None, ARCHIVE),
    ("broken_json", RECORD[:-1], READING), ("broken_json", RECORD + b"x", READING),
    ("broken_json", b"\xef\xbb\xbf{}", READING),
    ("broken_json", RECORD.replace(b"C-1", rb"\ud800"), READING),
    ("broken_json", RECORD.replace(b"C-1", b"\x01"), READING),
    ("too_nested", b'{"x":' + b"[" * 16_000, READING), ("too_nested", b'{"x":' * 101, ARCHIVE),
    ("not_utf8", RECORD.replace(b"C-1", b"C\xff"), READING),
    ("not_an_object", b"[]", READING), ("not_an_object", b"null", TRANSACTION), ("not_an_object", b'"x"', ARCHIVE),
    ("missing_field", b"{}", READING), ("missing_field", changed(quality={}), READING),
    ("missing_field", changed(ARCHIVE, validFrom=None), ARCHIVE),
    ("wrong_type", changed(value="1"), READING), ("wrong_type", changed(value=True), READING),
    ("wrong_type", changed(interval=7), READING), ("wrong_type", changed(TRANSACTION, time=1_700_000_000), TRANSACTION),
    ("wrong_type", changed(unit=5), READING),
    ("bad_length", changed(customerId=""), READING), ("bad_length", changed(customerId="C" * 65), READING),
    ("bad_length", changed(ARCHIVE, zone="Z" * 65), ARCHIVE),
    ("not_finite", RECORD.replace(b"0.412", b"NaN"), READING),
    ("not_finite", RECORD.replace(b"0.412", b"-Infinity"), READING),
    ("not_finite", RECORD.replace(b"0.412", b"1e400"), READING),
    ("not_finite", RECORD.replace(b"0.412", b"9" * 5_000), READING),
    ("negative", changed(value=-0.001), READING), ("negative", changed(TRANSACTION, amount=-1), TRANSACTION),
    ("negative", changed(ARCHIVE, capacityKw=-1), ARCHIVE),
    ("too_large", changed(value=1.1e9), READING), ("too_large", changed(value=800_000.0), READING),
    ("too_large", changed(TRANSACTION, amount=1.1e9), TRANSACTION), ("too_large", changed(value=10**30), READING),
    ("bad_time", interval("yesterday", "PT15M"), READING),
    ("bad_time", interval("2026-02-30T00:00:00Z", "PT15M"), READING),
    ("bad_time", interval("2026-06-30T23:59:60Z", "PT15M"), READING),
    ("bad_time", interval("0000-01-01T00:00:00Z", "PT1H"), READING),
    ("bad_time", interval("2026-11-20T07:45:00+24:00", "PT15M"), READING),
    ("no_time_zone", interval("2026-11-20T07:45:00", "PT15M"), READING),
    ("implausible_time", interval("0001-01-01T00:00:00+14:00", "PT15M"), READING),
    ("implausible_time", interval("9999-12-31T23:59:59-14:00", "PT15M"), READING),
    ("implausible_time", interval("1999-12-31T23:59:59Z", "PT15M"), READING),
    ("implausible_time", interval("2200-01-01T00:00:00Z", "P1D"), READING),
    ("implausible_time", changed(ARCHIVE, validFrom="1970-01-01T00:00:00Z"), ARCHIVE),
    ("future", interval("2027-01-15T08:05:01Z", "PT15M"), READING),
    ("future", interval("2027-01-15T07:51:00Z", "PT15M"), READING),
    ("future", changed(TRANSACTION, time="2030-01-01T00:00:00Z"), TRANSACTION),
    ("bad_duration", interval(START, "P"), READING), ("bad_duration", interval(START, "PT"), READING),
    ("bad_duration", interval(START, "P1DT"), READING), ("bad_duration", interval(START, "-PT15M"), READING),
    ("bad_duration", interval(START, ""), READING), ("bad_duration", interval(START, "P1Y"), READING),
    ("bad_duration", interval(START, "PT1.5H"), READING), ("bad_duration", interval(START, "PT\u0661H"), READING),
    ("duration_out_of_range", interval(START, "PT0S"), READING),
    ("duration_out_of_range", interval(START, "P999999D"), READING),
    ("duration_out_of_range", interval(START, "P31DT1S"), READING),
    ("unknown_unit", changed(unit="MWh"), READING), ("unknown_status", changed(quality={"status": "guessed"}), READING),
    ("unknown_flow_direction", changed(flowDirection="up"), READING),
    ("unknown_reading_type", changed(readingType="1.2"), READING),
    ("unknown_kind", changed(TRANSACTION, kind="gift"), TRANSACTION),
    ("unknown_service", changed(TRANSACTION, service="yoga"), TRANSACTION),
    ("unknown_currency", changed(TRANSACTION, currency="Euro"), TRANSACTION),
    ("oversized", changed(meterId=None, obis="x" * 17_000), READING),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "value", "topic"), BAD)
def test_a_bad_message_is_refused_by_name_beside_good_ones(reason: str, value: bytes | None, topic: int) -> None:
    good = [message(changed(topic), topic, offset=offset) for offset in (1, 3)]
    intake = taken(good[0], message(value, topic, offset=2), good[1])
    assert [(row.lane, row.offset, row.reason) for row in intake.rejected] == [(topic, 2, reason)]
    assert intake.rejected[0].value == (None if value is None else value[:KEPT_BYTES])
    assert intake.rows.equals(taken(*good).rows)


@pytest.mark.parametrize(
    ("reason", "key", "value"),
    [
        ("missing_key", None, RECORD), ("missing_key", None, b"{}"), ("missing_key", None, b'{"clock":"2026-11-20"}'),
        ("missing_key", None, b"\xff"), ("tombstone", None, None), ("too_nested", None, b'{"clock":' + b"[" * 9_000),
        ("implausible_time", None, b'{"clock":"1000-01-01T00:00:00Z"}'),
        ("future", None, b'{"clock":"2030-01-01T00:00:00Z"}'),
        ("key_mismatch", b"C-2", RECORD), ("key_mismatch", b"\xff", RECORD), ("key_mismatch", b"", RECORD),
    ],
)  # fmt: skip
def test_a_wrong_key_is_refused_by_name(reason: str, key: bytes | None, value: bytes | None) -> None:
    assert [row.reason for row in taken(message(value, key=key)).rejected] == [reason]


def test_the_tables_name_every_reason_that_intake_can_give() -> None:
    tried = {reason for reason, *_ in BAD} | {"missing_key", "key_mismatch"}
    assert set(REASONS) - tried == {"too_late"}


@pytest.mark.parametrize(
    "value",
    [
        changed(value=-0.0), changed(value=0), changed(receivedAt="9999-12-31T23:59:59-23:59"),
        changed(unknown={"a": [1]}),
        interval("2026-11-20T07:45:00+14:00", "PT15M"), interval("2026-11-20T07:45:00.123456789Z", "P31D"),
        interval("2027-01-15T07:50:00Z", "PT15M"), changed(customerId="C-1", usagePointId="\u00e4\U0001f600"),
        changed(obis="x" * 15_000),
    ],
)  # fmt: skip
def test_what_is_odd_but_right_is_taken(value: bytes) -> None:
    intake = taken(message(value))
    assert (intake.rows.num_rows > 0, intake.rejected) == (True, ())


@given(st.binary(max_size=300), st.sampled_from([READING, TRANSACTION, ARCHIVE]), st.none() | st.binary(max_size=4))
@example(b"[" * 20_000, READING, b"C-1")
@laws(200)
def test_any_bytes_give_rows_or_exactly_one_refusal(value: bytes, topic: int, key: bytes | None) -> None:
    assert_only_one(taken(message(value, topic, key=key)))


def assert_only_one(intake: Intake) -> None:
    assert (intake.rows.num_rows > 0) + len(intake.rejected) + len(intake.crossings) >= 1
    assert (intake.rows.num_rows > 0) + len(intake.rejected) <= 1
    assert {row.reason for row in intake.rejected} <= set(REASONS)


odd = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(
        ["C-1", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", START, "PT1H", "P", "\ud800", "1e400"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=5,
)  # fmt: skip
fields = st.sampled_from(
    sorted({name for record in GOOD.values() for name in record} | {"due", "receivedAt", "amount"})
)


@given(st.sampled_from([READING, TRANSACTION, ARCHIVE]), st.dictionaries(fields, odd, min_size=1, max_size=2))
@laws(300)
def test_any_odd_field_gives_rows_or_exactly_one_refusal(topic: int, changes: dict[str, Any]) -> None:
    assert_only_one(taken(message(changed(topic, **changes), topic)))


@given(st.integers(0, len(RECORD)), st.integers(0, len(RECORD)), st.binary(max_size=4))
@laws(200)
def test_any_damage_to_a_good_record_gives_rows_or_exactly_one_refusal(begin: int, end: int, noise: bytes) -> None:
    assert_only_one(taken(message(RECORD[:begin] + noise + RECORD[end:])))
