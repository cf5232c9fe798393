"""Settings that are fixed when a deployment is seeded, beside those it was seeded with."""

from kwadrant.settings import SHAPING, Settings
from segmentation.parameters import Parameters

_UNITS = (("D", 86_400), ("H", 3_600), ("M", 60), ("S", 1))


def contradictions(settings: Settings, seeded: Parameters) -> list[str]:
    """Return a phrase with both values for every setting that somebody set and that the deployment has otherwise.

    Examples
    --------
    >>> contradictions(Settings(time_zone="Europe/Berlin", dwell="P1D"), Parameters())
    ['time_zone is Europe/Berlin, was UTC when it was seeded', 'dwell is P1D, was P7D when it was seeded']
    """
    asked = settings.parameters(buckets=seeded.buckets)
    found = []
    for name in (name for name in SHAPING if name in settings.model_fields_set):
        field = name if name in Parameters.__dataclass_fields__ else f"{name}_s"
        before = getattr(seeded, field)
        if getattr(asked, field) != before:
            was = _written(before if field == name else duration_text(before))
            found.append(f"{name} is {_written(getattr(settings, name))}, was {was} when it was seeded")
    return found


def duration_text(seconds: int) -> str:
    """Return the ISO 8601 duration of a length [s].

    Examples
    --------
    >>> duration_text(7_200), duration_text(604_800), duration_text(108_000), duration_text(0)
    ('PT2H', 'P7D', 'P1DT6H', 'PT0S')
    """
    parts, rest = [], seconds
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        parts.append(f"{count}{unit}" if count else "")
    clock = "".join(parts[1:])
    return f"P{parts[0]}" + (f"T{clock}" if clock else "") if seconds else "PT0S"


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
