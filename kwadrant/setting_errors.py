"""What is wrong with settings, each by the name it was given, with where it stands and what it may have been."""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kwadrant.settings import ELSEWHERE, FILE, Settings

_PREFIX, _DEEPER = "KWADRANT_", "__"
_UNKNOWN = "extra_forbidden"
_OF_OURS = "Value error, "
"""What pydantic puts before the sentences of our own validators."""


def sentences(error: ValidationError, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return a sentence for every setting that is wrong."""
    return [_sentence(part, environment) for part in error.errors()]


def _sentence(part: ErrorDetails, environment: Mapping[str, str]) -> str:
    name = ".".join(map(str, part["loc"]))
    typed = _typed(name, environment)
    called, source = typed or name, "environment" if typed else _source(name, environment)
    if part["type"] != _UNKNOWN:
        return f"{called} ({source}): {part['msg'].removeprefix(_OF_OURS)}"
    meant = _meant(name)
    if meant is None:
        return f"{called} ({source}): no such setting; docs/configuration.md lists them all"
    return f"{called} ({source}): no such setting; did you mean {meant if typed is None else _variable(meant)}?"


def _typed(name: str, environment: Mapping[str, str]) -> str | None:
    """Return the name in the environment that set a setting or its table; None where there is none."""
    wanted = _variable(name)
    ours = {typed.upper(): typed for typed in environment if typed.upper().startswith(_PREFIX)}
    while wanted not in ours and _DEEPER in wanted:
        wanted = wanted.rpartition(_DEEPER)[0]
    return ours.get(wanted)


def _source(name: str, environment: Mapping[str, str]) -> str:
    """Return where a setting may stand that no variable has by its whole name: its table's options may."""
    among = f"{_variable(name)}{_DEEPER}"
    places = ["environment"] if any(typed.upper().startswith(among) for typed in environment) else []
    return " or ".join([*places, *([str(FILE)] if FILE.exists() else [])]) or "typed"


def _variable(name: str) -> str:
    return _PREFIX + name.replace(".", _DEEPER).upper()


def _meant(name: str) -> str | None:
    """Return the setting that is spelled most like a name; of a table's entry at least the table counts."""
    asked = name.lower().replace(_DEEPER, ".")
    if close := get_close_matches(asked, [*_names(Settings), *ELSEWHERE], n=1):
        return close[0]
    table, dot, rest = asked.partition(".")
    close = get_close_matches(table, ("kafka", "spark", "metrics"), n=1) if dot else []
    return f"{close[0]}.{rest}" if close else None


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{prefix}{name}.")
