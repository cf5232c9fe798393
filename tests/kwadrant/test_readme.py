"""What README and docs tell people to type is there: every verb, every option, every file."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kwadrant.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^ *```\w*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def typed(page: Path) -> list[list[str]]:
    """Return the words after `kwadrant` of every command in the page's blocks of code."""
    text = page.read_text(encoding="utf-8")
    blocks = [*_BLOCK.findall(text), *_INDENTED.findall(_BLOCK.sub("", text))]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [re.match(r"\s*(?:\w+=\S+ )*kwadrant +([a-z].*)", line) for line in lines]
    return [shlex.split(one[1], comments=True) for one in found if one]


COMMANDS = [(page.name, words) for page in PAGES for words in typed(page)]


@pytest.mark.parametrize(
    ("page", "words"), COMMANDS, ids=lambda part: " ".join(part) if isinstance(part, list) else part
)
def test_a_command_of_the_docs_is_one_of_ours_with_options_of_ours(page: str, words: list[str]) -> None:
    assert page
    until = next((at for at, word in enumerate(words) if word in ("|", ">", "&", "&&", "<")), len(words))
    command: Any = typer.main.get_command(app)
    rest = words[:until]
    while hasattr(command, "commands"):
        name = rest.pop(0)
        assert name in command.commands
        command = command.commands[name]
    with command.make_context(command.name, rest) as context:
        assert context.params


def test_there_are_commands_of_every_kind() -> None:
    verbs = {words[0] for page, words in COMMANDS if page == "README.md"}
    assert {"doctor", "topics", "seed", "stream", "events", "list", "produce", "replay", "report", "model"} <= verbs


@pytest.mark.slow
def test_the_recipe_from_parquet_files_gives_a_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    mine = [words for page, words in COMMANDS if page == "README.md" and {"town", "found"} & set(words)]
    told = [
        (words[0], CliRunner().invoke(app, words)) for words in mine if words[0] != "replay" or "--map" not in words
    ]
    assert [(verb, ended.exit_code) for verb, ended in told] == [("simulate", 0), ("replay", 0), ("list", 0)]
    assert told[-1][1].stdout.splitlines()[1].startswith("1     C-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_a_file(page: Path) -> None:
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
