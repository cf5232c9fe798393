"""What `docs/consumers.md` gives to copy, as it stands there: the rule of the list, the check against the schema."""

import ast
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

from schemas.event import Event
from schemas.prospects import listed
from tests.serving.made import EVENT, HIGH, LOW

ROOT = Path(__file__).parents[2]
PROGRAM, CHECK = re.findall(r"```python\n(.*?)```", (ROOT / "docs/consumers.md").read_text(encoding="utf-8"), re.DOTALL)
LINES = [line for path in (ROOT / "tests/golden").glob("*/events.jsonl") for line in path.read_bytes().splitlines()]
GOLDEN = [msgspec.json.decode(line, type=Event) for line in LINES]
Rule = Callable[[Any, dict[str, Any]], Any]


def rule() -> Rule:
    """Return the page's `after`, without the program around it."""
    functions: list[ast.stmt] = [part for part in ast.parse(PROGRAM).body if isinstance(part, ast.FunctionDef)]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(functions, []), "page", "exec"), names)  # noqa: S102 - our own page
    found: Rule = names["after"]
    return found


AFTER = rule()


def on_the_list(events: Iterable[Event]) -> set[str]:
    """Return the ids of the flags that the page's rule leaves."""
    flags: dict[str, Any] = {}
    for event in events:
        read = json.loads(msgspec.json.encode(event))
        flags[read["customerId"]] = AFTER(flags.get(read["customerId"]), read)
    return {flag["eventId"] for flag in flags.values() if flag}


def same(events: list[Event]) -> bool:
    return on_the_list(events) == {flag.event_id for flag in listed(events)}


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """Draw a log in which any event may follow any other, and name any as the one that it supersedes."""
    said = st.fixed_dictionaries({
        "customer_id": st.sampled_from(["C-1", "C-2"]), "status": st.sampled_from(["early", "confirmed", "withdrawn"]),
        "newly_potential": st.booleans(), "from_": st.sampled_from([LOW, HIGH]), "to": st.sampled_from([LOW, HIGH]),
        "supersedes": st.none() | st.integers(0, 8).map("e{}".format),
    })  # fmt: skip
    many = draw(st.lists(said, max_size=9))
    return [msgspec.structs.replace(EVENT, event_id=f"e{number}", **one) for number, one in enumerate(many)]


@given(logs())
def test_the_rule_of_the_page_keeps_the_list_that_the_product_keeps(log: list[Event]) -> None:
    assert same(log)


def test_it_does_so_after_every_event_of_the_golden_towns() -> None:
    assert any(on_the_list(GOLDEN[:number]) for number in range(len(GOLDEN)))
    assert all(same(GOLDEN[:number]) for number in range(len(GOLDEN) + 1))


def test_the_check_of_the_page_passes_an_event_and_refuses_what_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    event = json.loads(msgspec.json.encode(GOLDEN[0]))
    exec(CHECK, {"event": event})  # noqa: S102 - our own page
    with pytest.raises(ValidationError):
        exec(CHECK, {"event": event | {"status": "perhaps"}})  # noqa: S102 - our own page
