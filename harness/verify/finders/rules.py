"""The checks that read a tree and start nothing: the project's own rules of architecture, and what a change opens."""

from __future__ import annotations

from collections.abc import Iterator

from bridle.harness.verify.checks import Check
from bridle.harness.verify.survey import Survey

DECLARED = r"^\s*\[+\s*architecture\b"


def find(survey: Survey) -> Iterator[Check]:
    """Yield the check of architecture where bridle.toml has rules, however wrong they are."""
    if survey.holds("bridle.toml", DECLARED):
        yield Check("architecture", "architecture", "architecture", ())
