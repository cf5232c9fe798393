"""Bad messages of every kind, each with the reason that its dead letter must name."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.topics import ARCHIVE, READINGS, TRANSACTIONS

CUSTOMER = "C-0000000007"
GOOD: Mapping[str, Mapping[str, Any]] = {
    READINGS: {
        "customerId": CUSTOMER, "usagePointId": "UP-7",
        "interval": {"start": "2025-02-10T07:00:00Z", "duration": "PT1H"},
        "value": 0.4, "unit": "kWh", "flowDirection": "forward", "quality": {"status": "measured"},
    },
    TRANSACTIONS: {
        "transactionId": "T-1", "customerId": CUSTOMER, "time": "2025-02-10T07:00:00Z", "kind": "purchase",
    },
    ARCHIVE: {"customerId": CUSTOMER, "validFrom": "2025-02-10T07:00:00Z", "industry": "retail"},
}  # fmt: skip


@dataclass(frozen=True)
class Bad:
    """A message that must be refused for `reason`."""

    reason: str
    topic: str
    key: bytes | None
    value: bytes | None


def _changed(topic: str, **changes: Any) -> bytes:  # noqa: ANN401
    return json.dumps({**GOOD[topic], **changes}).encode()


def _without(topic: str, name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD[topic].items() if key != name}).encode()


def _interval(start: str = "2025-02-10T07:00:00Z", duration: str = "PT1H") -> dict[str, str]:
    return {"start": start, "duration": duration}


def _values(topic: str) -> list[tuple[str, bytes | None]]:
    whole = json.dumps(GOOD[topic]).encode()
    return [
        ("broken_json", whole[:-3]), ("broken_json", whole + b"}"), ("broken_json", b"{'single': 1}"),
        ("broken_json", b"\x00\x01"),
        ("empty", b""), ("empty", b"  "), ("tombstone", None), ("not_an_object", b"[]"), ("not_an_object", b"null"),
        ("not_an_object", b'"text"'), ("not_utf8", whole.replace(b"C-", b"C\xff", 1)),
        ("oversized", whole + b" " * 20_000),
        ("missing_field", _without(topic, "customerId")), ("wrong_type", _changed(topic, customerId=12)),
        ("bad_length", _changed(topic, customerId="")), ("bad_length", _changed(topic, customerId="x" * 65)),
        ("key_mismatch", _changed(topic, customerId="C-0000000008")),
    ]  # fmt: skip


_READINGS: list[tuple[str, bytes | None]] = [
    ("missing_field", _without(READINGS, "value")), ("missing_field", _without(READINGS, "interval")),
    ("wrong_type", _changed(READINGS, value="0.4")), ("wrong_type", _changed(READINGS, value=None)),
    ("wrong_type", _changed(READINGS, value=True)), ("wrong_type", _changed(READINGS, interval=5)),
    ("not_finite", _changed(READINGS, value=float("nan"))), ("not_finite", _changed(READINGS, value=float("inf"))),
    ("not_finite", _changed(READINGS, value=0.5).replace(b"0.5", b"1e999")),
    ("negative", _changed(READINGS, value=-0.001)),
    ("too_large", _changed(READINGS, value=1e10)), ("bad_time", _changed(READINGS, interval=_interval("yesterday"))),
    ("bad_time", _changed(READINGS, interval=_interval("2025-02-30T07:00:00Z"))),
    ("no_time_zone", _changed(READINGS, interval=_interval("2025-02-10T07:00:00"))),
    ("implausible_time", _changed(READINGS, interval=_interval("1975-02-10T07:00:00Z"))),
    ("future", _changed(READINGS, interval=_interval("2150-02-10T07:00:00Z"))),
    ("bad_duration", _changed(READINGS, interval=_interval(duration="an hour"))),
    ("bad_duration", _changed(READINGS, interval=_interval(duration="P"))),
    ("duration_out_of_range", _changed(READINGS, interval=_interval(duration="PT0S"))),
    ("duration_out_of_range", _changed(READINGS, interval=_interval(duration="P40D"))),
    ("unknown_unit", _changed(READINGS, unit="MJ")),
    ("unknown_status", _changed(READINGS, quality={"status": "guessed"})),
    ("unknown_flow_direction", _changed(READINGS, flowDirection="sideways")),
    ("unknown_reading_type", _changed(READINGS, readingType="energy")),
]  # fmt: skip
_TRANSACTIONS: list[tuple[str, bytes | None]] = [
    ("unknown_kind", _changed(TRANSACTIONS, kind="gift")),
    ("unknown_service", _changed(TRANSACTIONS, service="coal")),
    ("unknown_currency", _changed(TRANSACTIONS, currency="euro")), ("negative", _changed(TRANSACTIONS, amount=-3)),
    ("future", _changed(TRANSACTIONS, time="2150-02-10T07:00:00Z")),
    ("no_time_zone", _changed(TRANSACTIONS, due="2025-02-10T07:00:00")),
]  # fmt: skip
_ARCHIVE: list[tuple[str, bytes | None]] = [
    ("negative", _changed(ARCHIVE, capacityKw=-1)), ("bad_length", _changed(ARCHIVE, industry="x" * 65)),
    ("bad_time", _changed(ARCHIVE, validFrom="soon")),
]  # fmt: skip


def kinds() -> list[Bad]:
    """One message of every kind."""
    own = {READINGS: _READINGS, TRANSACTIONS: _TRANSACTIONS, ARCHIVE: _ARCHIVE}
    found = [
        Bad(reason, topic, CUSTOMER.encode(), value)
        for topic, more in own.items() for reason, value in [*_values(topic), *more]
    ]  # fmt: skip
    found += [Bad("missing_key", topic, None, json.dumps(GOOD[topic]).encode()) for topic in own]
    return found


def messages(count: int, coin: random.Random) -> list[Bad]:
    """`count` bad messages, every kind as often as the others."""
    every = kinds()
    chosen = [every[number % len(every)] for number in range(count)]
    coin.shuffle(chosen)
    return chosen
