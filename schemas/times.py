"""Instants as integer microseconds since 1970 (UTC) and ISO 8601 durations as integer seconds."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DURATION = re.compile(r"P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?", re.ASCII)
_SECONDS = (7 * 86_400, 86_400, 3_600, 60, 1)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 (UTC) [us] of an aware datetime, exactly."""
    return (instant - _ORIGIN) // _MICROSECOND


def instant(us: int) -> datetime:
    """Return the aware UTC datetime of `us` [us] since 1970: the inverse of `microseconds`."""
    return _ORIGIN + us * _MICROSECOND


def iso(us: int) -> str:
    """RFC 3339 text of an instant [us], with `Z`, and microseconds only where there are any: `2026-11-20T07:45:00Z`."""
    return instant(us).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=4096)
def duration_seconds(text: str) -> int:
    """Length [s] of an ISO 8601 duration of weeks, days, hours, minutes and seconds; days count 24 hours.

    Raises
    ------
    ValueError
        Where `text` is no such duration (years and months have no fixed length).

    Examples
    --------
    >>> duration_seconds("PT15M"), duration_seconds("P1DT6H")
    (900, 108000)
    """
    found = _DURATION.fullmatch(text)
    if found is None or text[-1] in "PT":
        message = f"expected an ISO 8601 duration such as PT15M or P1D, found {text!r}"
        raise ValueError(message)
    return sum(int(part) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True) if part)
