"""What a time zone and a duration have to be: a setting with another value is refused when it is read."""

from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from schemas.times import duration_seconds
from segmentation.calendar import Calendar


def zone(name: str) -> str:
    """Return the name of a time zone that there is.

    Raises
    ------
    ValueError
        Where there is none of that name, with the one that is spelled most like it.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = get_close_matches(name, sorted(available_timezones()), n=1)
        meant = f"did you mean {close[0]}?" if close else "expected a name like Europe/Berlin"
        message = f"there is no time zone {name!r}; {meant}"
        raise ValueError(message) from None
    return name


def duration(text: str) -> str:
    """Return an ISO 8601 duration of a fixed length; others are a ValueError."""
    duration_seconds(text)
    return text


def epoch(text: str) -> str:
    """Return the length of an epoch: a duration that divides a day; others are a ValueError."""
    Calendar("UTC", duration_seconds(text))
    return text
