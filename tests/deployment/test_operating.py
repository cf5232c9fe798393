"""The pages for operators: a link into a page leads to a section that it has."""

import re
from pathlib import Path

import pytest

from kwadrant.settings import SHAPING

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
LINK = re.compile(r"\]\(([^)#:\s]*)#([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return the names under which a page's sections are reached."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_into_a_page_leads_to_a_section(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    lost = [link for link in links if link[1] not in anchors((page.parent / link[0]) if link[0] else page)]
    assert lost == []


def test_what_is_fixed_at_seeding_is_to_be_decided_before() -> None:
    section = (
        (DOCS / "operating.md").read_text(encoding="utf-8").partition("## Before you seed")[2].partition("\n## ")[0]
    )
    assert [name for name in SHAPING if f"`{name}`" not in section] == []
