"""The pages for people hold together: links lead somewhere, what is quoted parses, what is named can be run."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bridle.cli.main import COMMANDS, whole_parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
MARKDOWN = MarkdownIt("commonmark").enable("table")


class Named(NamedTuple):
    """Something that a page names, and where."""

    page: str
    what: str


def named(page: Path, what: str) -> Named:
    return Named(str(page.relative_to(ROOT)), what)


@cache
def tokens(page: Path) -> list[Token]:
    """What a page is made of, each piece of text by itself."""
    found: list[Token] = []
    for token in MARKDOWN.parse(page.read_text("utf-8")):
        found += [token, *(token.children or ())]
    return found


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    read = tokens(page)
    headings = [after.content for token, after in pairwise(read) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead."""
    found = (token.attrs.get("href") or token.attrs.get("src") for token in tokens(page))
    return [unquote(str(link)) for link in found if link]


def dead(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere here."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            yield link


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Every piece of code of a page, by the language that it says or shows."""
    for token in tokens(page):
        if token.type == "fence":
            yield token.info, token.content
        elif token.type == "code_block" and re.match(r"\[\[?[\w.-]+\]\]?\n", token.content):
            yield "toml", token.content
        elif token.type == "code_block" and token.content.startswith("{"):
            yield "json", token.content


def called(page: Path) -> Iterator[list[str]]:
    """The words behind each `bridle` that a page calls, as far as they are one call."""
    for token in tokens(page):
        if token.type in ("code_inline", "code_block", "fence"):
            for line in token.content.splitlines():
                words = re.split(r"[\s|]+", line.split("  ")[0])
                if words[0] == "bridle" and len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]):
                    yield words[1:]


def broken(language: str, text: str) -> str:
    """What is wrong with a piece of code, "" for nothing."""
    try:
        if language == "toml":
            tomllib.loads(text)
        elif language == "json":
            json.loads(text)
    except ValueError as problem:
        return str(problem)
    if language == "lua" and any(text.count(one) != text.count(other) for one, other in ("()", "{}", "[]")):
        return "brackets do not match"
    return ""


@cache
def choices() -> dict[str, set[str]]:
    """What each command takes as its first word, for those that take one of a few."""
    found: dict[str, set[str]] = {}
    (commands,) = (action for action in whole_parser()._actions if action.dest == "command")
    assert isinstance(commands.choices, dict)
    for name, parser in commands.choices.items():
        for action in parser._actions:
            if action.choices is not None and not action.option_strings and name not in found:
                found[name] = {str(one) for one in action.choices}
    return found


def is_there(words: list[str]) -> bool:
    """Whether a call names a command, and one of the few things that it can be told to do."""
    least = choices().get(words[0])
    free = least is None or len(words) < 2 or not re.fullmatch(r"[a-z]+", words[1])
    return words[0] in COMMANDS and (free or words[1] in (least or ()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_page_an_anchor_or_a_file_that_is_there(page: Path) -> None:
    assert [named(page, link) for link in dead(page)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_of_files_can_be_read_as_such(page: Path) -> None:
    wrong = [(text, problem) for language, text in blocks(page) if (problem := broken(language, text))]
    assert wrong == []


def test_every_command_that_a_page_names_is_there_with_what_it_is_told_to_do() -> None:
    wrong = [named(page, " ".join(words)) for page in PAGES for words in called(page) if not is_there(words)]
    assert wrong == []
    assert len([words for page in PAGES for words in called(page)]) > 100


def test_every_page_is_found_from_the_front_page() -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "README.md", ROOT / "ARCHITECTURE.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        there = [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if ":" not in link]
        ahead += [one for one in there if one.exists() and one.is_file()]
    pages = {page for page in PAGES if page.parent == ROOT / "docs"}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - seen) == []


def test_the_checks_find_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One Page\n\n[a](gone.md) [b](#one-page) [c](#two) ![d](no.png) `[e](code.md)`\n\n"
        "```toml\na = \n```\n\n```lua\nf({1)\n```\n\n    [table]\n    key =\n"
    )
    assert list(dead(page)) == ["gone.md", "#two", "no.png"]
    assert [language for language, text in blocks(page) if broken(language, text)] == ["toml", "lua", "toml"]
    page = tmp_path / "calls.md"
    page.write_text(
        "`bridle frobnicate`, `bridle sessions dance`, `bridle sessions show RUN`\n\n    bridle dance   now\n"
    )
    assert [words for words in called(page) if not is_there(words)] == [
        ["frobnicate"], ["sessions", "dance"], ["dance"],
    ]  # fmt: skip
