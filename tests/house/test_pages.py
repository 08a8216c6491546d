"""Pages that quote the program: what they quote is what it says, and what they link to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridle.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FLOORS = ("indexer", "context", "harness", "lsp_server", "mcp_server", "cli")


def source() -> str:
    return "\n".join(path.read_text("utf-8") for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py")))


def test_every_message_of_the_troubleshooting_page_is_one_that_is_said() -> None:
    page, said = (DOCS / "troubleshooting.md").read_text("utf-8"), source()
    rows = [line.split("|")[1] for line in page.split("\n") if line.startswith("| `")]
    quoted = [words for row in rows for words in re.findall(r"`([^`]+)`", row)]
    assert len(quoted) > 15
    assert [words for words in quoted if words not in said] == []


@pytest.mark.parametrize("page", ["start.md", "troubleshooting.md", "privacy.md", "mcp.md"])
def test_the_commands_and_links_of_a_page_are_there(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    used = re.findall(r"`bridle ([a-z]+)", text) + re.findall(r"^    bridle ([a-z]+)", text, re.MULTILINE)
    assert [name for name in used if name not in COMMANDS] == []
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert [link for link in links if not (DOCS / link).resolve().exists()] == []


def test_every_claim_about_another_tool_names_a_page_and_every_page_is_used() -> None:
    page, _, sources = (DOCS / "comparison.md").read_text("utf-8").partition("## Read on")
    numbered = re.findall(r"^(\d+)\. <https://[^>\s]+>$", sources, re.MULTILINE)
    assert [int(number) for number in numbered] == list(range(1, len(numbered) + 1))
    assert set(re.findall(r"\[(\d+)\]", page)) == set(numbered)
    rows = [line for line in page.split("\n") if line.startswith("| **") and not line.startswith("| **Bridle**")]
    assert len(rows) == 7
    assert [row for row in rows if not re.search(r"\[\d+\]", row)] == []
    assert re.search(r"Written in \d{4}-\d\d", page)
