"""What a survey finds wrong with a table, said with the names of its columns and rows."""

from collections.abc import Sequence

from clustering.engine import Engine
from clustering.errors import BadShape, BadWeight, NotFinite
from clustering.masses import LARGEST, STEPS
from clustering.survey import WEIGHT, Fault, Survey

# squares and their sums stay far below 1e308
_WIDEST = 1e150


def check_survey(survey: Survey, names: Sequence[str], engine: Engine) -> None:
    """Raise where a value cannot be used; a column without any value passes."""
    if survey.fault is not None:
        _refuse(survey.fault, names, engine)
    if survey.rows == 0:
        raise BadShape(expected="rows with a weight above 0", found="none", todo="look at the table and its weights")
    for name, width, (count, first) in zip(names, (survey.high - survey.low).tolist(), survey.missing, strict=True):
        if width > _WIDEST:
            raise NotFinite(
                expected=f"values of column {name!r} that differ by less than {_WIDEST:.0e}",
                found=f"{width:.1e}",
                todo="give the column another unit, or leave it out",
            )
        if 0 < count < survey.rows:
            raise NotFinite(
                expected=f"a number in every row of column {name!r}, or in none",
                found=f"{count} missing, the first at {engine.name(first)}",
                todo="fill them in, set these rows aside, or leave the column out",
            )


def _refuse(fault: Fault, names: Sequence[str], engine: Engine) -> None:
    place = engine.name(fault.place)
    if fault.column == WEIGHT:
        raise BadWeight(
            expected=f"weights that are 0 or between {1 / STEPS:.1e} and {LARGEST:.1e}",
            found=f"{fault.value} at {place}",
            todo="a weight counts as that many copies: multiply all by one number, or use 0 to leave a row out",
        )
    raise NotFinite(
        expected=f"numbers in column {names[fault.column]!r}",
        found=f"{fault.value} at {place}",
        todo="correct the value, or set the row aside",
    )
