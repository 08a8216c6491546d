"""The page of languages says what the index reads, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

from bridle.indexer.languages.readers import READERS, TEXTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "languages.md"


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of a table by their first cells."""
    found = [re.split(r"\s*\|\s*", line)[1:-1] for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row for row in found[1:]}


def test_the_page_lists_each_language_with_its_endings_and_a_measure_that_met_the_goal() -> None:
    code, _, texts = PAGE.read_text("utf-8").partition("## Texts that are no code")
    for readers, listed in ((READERS, rows(code)), (TEXTS, rows(texts))):
        endings = {name: tuple(row[1].split()) for name, row in listed.items()}
        assert endings == {one.name: one.suffixes for one in readers}
    figures = [*(row[3:5] for row in rows(code).values()), *(row[4:] for row in rows(texts).values())]
    for told in (cell for cells in figures for cell in cells):
        precision, recall = map(float, told.split(" / "))
        assert precision >= 0.95
        assert recall >= 0.90
