"""Why a row is refused: a closed list of reason codes, and the reading of a decoder's error."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "the message has no bytes",
        "tombstone": "the message's value is null",
        "broken_json": "the bytes are not JSON",
        "too_nested": "the JSON has more brackets than any record of ours",
        "not_utf8": "a text is not UTF-8",
        "not_an_object": "the JSON is not an object",
        "missing_field": "a required field is absent",
        "wrong_type": "a field has another JSON type",
        "bad_length": "a text is empty or too long",
        "not_finite": "a number is NaN, infinite or beyond 64 bits",
        "negative": "a quantity is below zero",
        "too_large": "a quantity is beyond what a meter or an invoice can show",
        "bad_time": "a time is not RFC 3339",
        "no_time_zone": "a time has no offset from UTC",
        "implausible_time": "a time lies before 2000 or after 2200",
        "future": "the row's time lies beyond the broker's clock plus the allowed skew",
        "bad_duration": "the interval's duration is no ISO 8601 duration",
        "duration_out_of_range": "the interval lasts no time, or more than 31 days",
        "unknown_unit": "the unit is not kWh",
        "unknown_status": "the quality status is not measured, estimated, edited or missing",
        "unknown_flow_direction": "the flow direction is neither forward nor reverse",
        "unknown_kind": "the transaction's kind is not in the closed list",
        "unknown_service": "the service is not in the closed list",
        "unknown_currency": "the currency is no three-letter code",
        "unknown_reading_type": "the reading type is no CIM code of 18 parts",
        "missing_key": "the message has no key, and is no clock record",
        "key_mismatch": "the message's key is not its customer",
        "oversized": "the message is longer than the limit",
        "too_late": "the row's day lies beyond the correction window",
    }
)

_ENUMS = MappingProxyType(
    {
        "$.unit": "unknown_unit",
        "$.quality.status": "unknown_status",
        "$.flowDirection": "unknown_flow_direction",
        "$.kind": "unknown_kind",
        "$.service": "unknown_service",
    }
)
_BEGINNINGS = (
    ("Object missing required field", "missing_field"),
    ("Invalid RFC3339", "bad_time"),
    ("Expected `datetime` with a timezone", "no_time_zone"),
    ("Number out of range", "not_finite"),
    ("Integer value out of range", "not_finite"),
    ("Expected `str` of length", "bad_length"),
    ("Expected `float` >=", "negative"),
    ("Expected `int` >=", "negative"),
    ("Expected `float` <=", "too_large"),
    ("Expected `int` <=", "too_large"),
    ("Expected `str` matching regex '^[A-Z]{3}$'", "unknown_currency"),
    ("Expected `str` matching regex", "unknown_reading_type"),
)
_NOT_NUMBERS = (b"NaN", b"Infinity")


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - a verdict on a row, raised to leave the parser, never an operator's error
    """A row breaks the rule named `reason`; `detail` says where and what was found."""

    reason: str
    detail: str


def refusal_of(error: Exception, value: bytes) -> Refusal:
    """Return the refusal that a decoder's `error` over `value` stands for; `value` is left untouched."""
    return Refusal(_reason(error, value), str(error))


def _reason(error: Exception, value: bytes) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not_utf8"
    if isinstance(error, msgspec.ValidationError):
        return _rule(str(error))
    if not value.strip():
        return "empty"
    return "not_finite" if any(token in value for token in _NOT_NUMBERS) else "broken_json"


def _rule(message: str) -> str:
    for beginning, reason in _BEGINNINGS:
        if message.startswith(beginning):
            return reason
    if message.startswith("Invalid enum value"):
        return _ENUMS.get(message.rpartition("at `")[2].rstrip("`"), "wrong_type")
    return "wrong_type" if " - at `" in message else "not_an_object"
