"""A change of a contract must not break who writes to us or reads from us; `published/` is what they were promised.

A new release copies `schemas/wire/` there. Writers may go on as before: nothing they leave out is asked for, nothing
they send is refused. Readers may go on as before: nothing is gone, nothing has another type or may be null anew.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.wire_contracts import contract

PUBLISHED = Path(__file__).parent / "published"
WRITTEN = ("reading", "clock", "transaction", "archive")
READ = ("event", "customer-state", "model", "fitted")
NARROWER = ("minimum", "minLength", "pattern", "maximum", "maxLength", "format", "const")


def resolved(part: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    return definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def kinds(part: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    """Return the JSON types that a schema allows, `enum` standing for a closed list."""
    part = resolved(part, definitions)
    if "anyOf" in part:
        return {kind for one in part["anyOf"] for kind in kinds(one, definitions)}
    return {part.get("type", "enum" if "enum" in part else "any")}


def breaks(old: Any, new: Any, where: str = "", *, reader: bool) -> list[str]:  # noqa: ANN401 - any JSON
    """Return what a client of `old` would stumble over in `new`; both are whole schemas."""
    before, after = old.get("$defs", {}), new.get("$defs", {})
    return _breaks(resolved(old, before), resolved(new, after), (before, after), where, reader=reader)


def _breaks(old: Any, new: Any, defs: tuple[Any, Any], where: str, *, reader: bool) -> list[str]:  # noqa: ANN401
    old, new = resolved(old, defs[0]), resolved(new, defs[1])
    gave, gives = kinds(old, defs[0]), kinds(new, defs[1])
    if gives - gave if reader else gave - gives:
        return [f"{where}: {sorted(gave)} has become {sorted(gives)}"]
    found = [f"{where}: {name} is narrower" for name in NARROWER if not reader and old.get(name) != new.get(name)]
    found += [f"{where}: {value} is gone" for value in set(old.get("enum", ())) - set(new.get("enum", ()))]
    sure, asked = set(old.get("required", ())), set(new.get("required", ()))
    found += [f"{where}.{name} is required now" for name in asked - sure if not reader]
    found += [f"{where}.{name} may be absent now" for name in sure - asked if reader]
    for name, part in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            found.append(f"{where}.{name} is gone")
        else:
            found += _breaks(part, new["properties"][name], defs, f"{where}.{name}", reader=reader)
    return found


@pytest.mark.parametrize("name", [*WRITTEN, *READ])
def test_who_was_promised_the_published_contract_can_go_on(name: str) -> None:
    published = json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))
    assert breaks(published, json.loads(contract(name)), name, reader=name in READ) == []


def changed(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    base = {"properties": {"a": {"type": "string"}, "b": {"enum": ["x", "y"]}}, "required": ["a"], "type": "object"}
    return base | changes


@pytest.mark.parametrize(
    ("new", "reader", "broken"),
    [
        (changed(), True, False), (changed(required=["a", "b"]), False, True),
        (changed(required=["a", "b"]), True, False), (changed(required=[]), True, True),
        (changed(properties={"a": {"type": "string"}}), True, True),
        (changed(properties={"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "b": {"enum": ["x", "y"]}}), True,
         True),
        (changed(properties={"a": {"type": "string", "minLength": 2}, "b": {"enum": ["x", "y"]}}), False, True),
        (changed(properties={"a": {"type": "string"}, "b": {"enum": ["x"]}}), False, True),
        (changed(properties={"a": {"type": "string"}, "b": {"enum": ["x", "y", "z"]}}), True, False),
        (changed(properties={"a": {"type": "string"}, "b": {"enum": ["x", "y"]}, "c": {"type": "null"}}), True, False),
    ],
)  # fmt: skip
def test_what_breaks_is_told_from_what_does_not(new: dict[str, Any], *, reader: bool, broken: bool) -> None:
    assert bool(breaks(changed(), new, reader=reader)) == broken
