"""The checks that need no tool: the project's own rules of architecture, and what new lines open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from bridle.harness.verify.checks import Check
from bridle.harness.verify.interpreter import find_interpreter
from bridle.harness.verify.survey import Survey

ARCHITECTURE = r"^[ \t]*\[+\s*architecture\b"
SECURITY = r"^[ \t]*\[+\s*security\b"


def find(survey: Survey) -> Iterator[Check]:
    """Yield the checks that bridle.toml asks for, however wrong their tables are."""
    if survey.holds("bridle.toml", ARCHITECTURE):
        yield Check("architecture", "architecture", "architecture", ())
    if survey.holds("bridle.toml", SECURITY):
        interpreter = find_interpreter(survey.root, survey.python)
        ruff = interpreter.beside("ruff") or shutil.which("ruff")
        yield Check("security", "security", "security", (ruff,) if ruff else (), python=interpreter.path)
