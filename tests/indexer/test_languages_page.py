"""The page of languages says what the index reads, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

from bridle.indexer.languages.readers import READERS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "languages.md"


def test_the_page_lists_each_language_with_its_endings_and_a_measure_that_met_the_goal() -> None:
    rows = [re.split(r"\s*\|\s*", line)[1:-1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    listed = {row[0]: row for row in rows[1:]}
    assert {name: tuple(row[1].split()) for name, row in listed.items()} == {one.name: one.suffixes for one in READERS}
    for row in listed.values():
        for figures in row[3:5]:
            precision, recall = map(float, figures.split(" / "))
            assert precision >= 0.95
            assert recall >= 0.90
