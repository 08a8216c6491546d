"""Every checker that there is. A tool is known when it stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bridle.harness.nouns import Verdict
from bridle.harness.verify.architecture import checker as architecture
from bridle.harness.verify.checkers import mypy, pytest, ruff
from bridle.harness.verify.job import Job
from bridle.harness.verify.security import checker as security

Checker = Callable[[Job], Verdict]
"""Runs one check and reads what it said. Whatever it raises becomes an `unknown`."""

CHECKERS: Mapping[str, Checker] = {
    "ruff": ruff.check,
    "architecture": architecture.check,
    "security": security.check,
    "mypy": mypy.check,
    "pytest": pytest.check,
}
"""By tool, in the order in which those of one stage run."""
