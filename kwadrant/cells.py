"""The values of a foreign column made into ours: text, numbers, and instants out of local times.

::

    TableError
    ├── MissingTableError    no such file, or no format of ours
    ├── MissingColumnError   a column that is needed, or named by `--map`, is not there
    └── WrongValueError      a value cannot be what its column says, or may not be empty
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.types as pt

INSTANT: pa.DataType = pa.timestamp("us", tz="UTC")
NAIVE: pa.DataType = pa.timestamp("us")

if TYPE_CHECKING:
    Column: TypeAlias = pa.ChunkedArray[Any]
else:
    Column: TypeAlias = pa.ChunkedArray
pc: Any = pyarrow.compute  # the stubs know fewer argument types than there are
Cast: TypeAlias = Callable[[Column], Column]

_OFFSET = re.compile(r":.*(Z|[+-]\d\d(:?\d\d)?)$")


class TableError(Exception):
    """The root: the message says what was expected, what was there, and what to type."""


class MissingTableError(TableError):
    """There is no such file, or it has no format of ours."""


class MissingColumnError(TableError):
    """A column that is needed, or that `--map` names, is not in the file."""


class WrongValueError(TableError):
    """A value cannot be read as its column's type, or is empty where it may not be."""


@dataclass(frozen=True)
class Place:
    """Where a column's values come from, for the words of an error; `row` is the number of rows before them [1]."""

    path: str
    column: str
    row: int

    def wrong(self, index: int, value: object, expected: str) -> WrongValueError:
        """Return the error for the value at `index`; rows of data are counted from 1."""
        return WrongValueError(
            f"{self.path}: column {self.column!r}, row {self.row + index + 1}: expected {expected}, found {value!r}"
        )


def text(column: Column, place: Place) -> Column:
    """Return identities and words as text: integers in digits, fractions refused."""
    if pt.is_floating(column.type) or pt.is_temporal(column.type):
        raise place.wrong(0, column[0].as_py() if len(column) else column.type, "a text or an integer")
    return column.cast(pa.string())


def number(column: Column, place: Place) -> Column:
    """Return finite numbers as float64."""
    numbers = cast(column, lambda c: c.cast(pa.float64()), place, "a number")
    bad = pc.fill_null(pc.invert(pc.is_finite(numbers)), fill_value=False)
    return _none(numbers, bad, place, "a finite number")


def seconds(column: Column, place: Place) -> Column:
    """Return lengths as int32, at least one second [s]."""
    whole = cast(column, lambda c: c.cast(pa.int32()), place, "whole seconds")
    return _none(whole, pc.fill_null(pc.less(whole, 1), fill_value=False), place, "at least one second")


def flag(column: Column, place: Place) -> Column:
    """Return truth values; in a text true, yes or 1, and false, no or 0."""
    if not pt.is_string(column.type):
        return cast(column, lambda c: c.cast(pa.bool_()), place, "true or false")
    words = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    plain = pc.replace_substring_regex(pc.replace_substring_regex(words, "^yes$", "true"), "^no$", "false")
    return cast(plain, lambda c: c.cast(pa.bool_()), place, "true or false")


def instant(column: Column, place: Place, zone: str, *, strict: bool) -> Column:
    """Return dates and times as instants; those without an offset are local in `zone`.

    Where the clocks change, `strict` refuses a local time that is no instant or two of them; otherwise it becomes the
    earlier of two, and the first instant after a gap: right for the beginnings of days.
    """
    words = "a date or time such as 2025-01-06 or 2025-01-06T00:15:00Z"
    if pt.is_dictionary(column.type) or pt.is_large_string(column.type):
        column = column.cast(pa.string())
    if pt.is_string(column.type):
        column = cast(column, lambda c: c.cast(INSTANT if _has_offset(column) else NAIVE), place, words)
    elif not (pt.is_date(column.type) or pt.is_timestamp(column.type)):
        raise place.wrong(0, column[0].as_py() if len(column) else column.type, words)
    if pt.is_timestamp(column.type) and column.type.tz is not None:
        return column.cast(INSTANT, safe=False)
    local = column.cast(pa.timestamp("us"), safe=False)
    expected = f"a time that the clocks of {zone} show exactly once (write it with its offset from UTC)"
    times = _each(local, lambda each: from_local(each, zone, strict=strict))
    lost = pc.index(pc.and_(pc.is_null(times), pc.is_valid(local)), value=True).as_py()
    if lost >= 0:
        raise place.wrong(lost, str(local[lost].as_py()), expected)
    return times


def from_local(column: Column, zone: str, *, strict: bool) -> Column:
    """Return the instants of local times; null where `strict` and the clocks of the zone change just then."""
    times = pd.DatetimeIndex(column.to_pandas())
    if strict:
        aware = times.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    else:
        first = np.ones(len(times), bool)
        aware = times.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return pa.chunked_array([pa.array(aware.tz_convert("UTC"))]).cast(INSTANT)


def later_days(column: Column, zone: str, days: int) -> Column:
    """Return the instants `days` local days after those of a column: 23 or 25 hours a day where the clocks change."""
    return _each(column, lambda each: _later_days(each, zone, days))


def _later_days(column: Column, zone: str, days: int) -> Column:
    local = pd.DatetimeIndex(column.to_pandas()).tz_convert(zone).tz_localize(None)
    # a day whose midnight the clocks skip begins at one o'clock, and ends at the next midnight all the same
    begins = from_local(_naive(local.normalize()), zone, strict=False)
    midnight = pc.equal(begins, column).to_numpy()
    return from_local(_naive(local.where(~midnight, local.normalize()) + pd.Timedelta(days=days)), zone, strict=False)


def _each(column: Column, change: Cast) -> Column:
    """Return `change` of a column, made once for each different value; nulls stay null."""
    coded = column.combine_chunks().dictionary_encode()
    return change(pa.chunked_array([coded.dictionary])).take(coded.indices)


def _naive(times: pd.DatetimeIndex) -> Column:
    return pa.chunked_array([pa.array(times)])


def filled(column: Column, place: Place) -> Column:
    """Return the column unchanged; refuse an empty value in it."""
    return _none(column, pc.or_kleene(pc.is_null(column), _empty(column)), place, "a value")


def cast(column: Column, change: Cast, place: Place, expected: str) -> Column:
    """Return `change(column)`; where that fails, say which value is the first it fails on (bisection, n log n)."""
    try:
        return change(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        good, bad = 0, len(column)
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if _works(change, column.slice(good, middle - good)) else (good, middle)
        raise place.wrong(good, column[good].as_py(), expected) from error


def _works(change: Cast, column: Column) -> bool:
    try:
        change(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError):
        return False
    return True


def _none(column: Column, bad: Any, place: Place, expected: str) -> Column:  # noqa: ANN401 - a boolean Arrow array
    """Return the column where nothing is `bad`; otherwise refuse the first value that is."""
    index = pc.index(bad, value=True).as_py()
    if index >= 0:
        raise place.wrong(index, column[index].as_py(), expected)
    return column


def _empty(column: Column) -> Any:  # noqa: ANN401 - a boolean Arrow array
    return pc.equal(column, "") if pt.is_string(column.type) else pc.is_null(column)


def _has_offset(column: Column) -> bool:
    """Return whether the first text of the column ends with an offset from UTC."""
    given = column.drop_null()
    return bool(len(given)) and _OFFSET.search(str(given[0])) is not None
