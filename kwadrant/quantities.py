"""Values of indices as a person says them: `348 W → 11 kW`, `38 % → 41 %`, `0.8 → 1.4 × its mean load`."""

from schemas.event import Reason
from segmentation.indices import REGISTRY

_UNITS = {index.name: index.unit for index in REGISTRY}
_KILO, _YEAR_D = 1_000, 365.25
_YEARS = 2
"""From so many years on a time is told in years."""
_BIG, _SMALL, _NOTHING = 9.95, 0.995, 0.005
_VISIBLE = 0.05
"""From this change on a sign says something once it is rounded to one digit [robust standard deviations]."""


def change(why: Reason) -> str:
    """Return how an index changed: in robust standard deviations (σ), and from which value to which.

    Values are said where both are known and are not told alike; the sign where the index itself has changed.

    Examples
    --------
    >>> change(Reason("consumption", 11_200.0, 3_480.0, 1.8, 0.7, 0.0))
    'consumption +1.8σ (3.5 kW → 11 kW)'
    """
    said = f"{why.index} {signed(why.change)}σ" if abs(why.change) >= _VISIBLE else why.index
    if why.value is None or why.previous is None:
        return said
    unit = _UNITS.get(why.index, "1")
    before, after = quantity(why.previous, unit), quantity(why.value, unit)
    return said if before == after else f"{said} ({_pair(before, after)})"


def signed(value: float) -> str:
    """Return a change with its sign and one digit."""
    return f"{value:+.1f}".replace("-", "−")


def quantity(value: float, unit: str) -> str:
    """Return a value with its unit, about two significant digits.

    Examples
    --------
    >>> quantity(0.382, "part"), quantity(11_200.0, "W"), quantity(3_700.0, "d"), quantity(1.5, "a month")
    ('38 %', '11 kW', '10 years', '1.5 a month')
    """
    if unit == "part":
        return f"{value * 100:.0f} %".replace("-", "−")
    if unit == "W" and abs(value) >= _KILO:
        return f"{number(value / _KILO)} kW"
    if unit == "d" and value >= _YEARS * _YEAR_D:
        return f"{number(value / _YEAR_D)} years"
    if unit == "1":
        return f"{value:.0f}" if value.is_integer() else number(value)
    return f"{number(value)} {unit}"


def number(value: float) -> str:
    """Return a number with about two significant digits."""
    size = abs(value)
    if size < _NOTHING:
        return "0"
    text = f"{value:.0f}" if size >= _BIG else f"{value:.1f}" if size >= _SMALL else f"{value:.2f}"
    return text.replace("-", "−")


def _pair(before: str, after: str) -> str:
    """Return `before → after`, a long unit that they share said once."""
    old, new = (said.partition(" ") for said in (before, after))
    shared = old[2] == new[2] and " " in old[2]
    return f"{old[0]} → {after}" if shared else f"{before} → {after}"
