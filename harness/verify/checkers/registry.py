"""Every checker that there is. A tool is known when it stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bridle.harness.nouns import Verdict
from bridle.harness.verify.architecture import checker as architecture
from bridle.harness.verify.checkers import (
    cargo,
    eslint,
    go,
    jest,
    mypy,
    node_test,
    pyright,
    pytest,
    reported,
    ruff,
    ruff_format,
    tsc,
    unittest,
    vitest,
)
from bridle.harness.verify.checks import Check
from bridle.harness.verify.job import Job
from bridle.harness.verify.security import checker as security

Checker = Callable[[Job], Verdict]
"""Runs one check and reads what it said. Whatever it raises becomes an `unknown`."""

CHECKERS: Mapping[str, Checker] = {
    "ruff": ruff.check,
    "ruff-format": ruff_format.check,
    "eslint": eslint.check,
    "cargo-clippy": cargo.check,
    "architecture": architecture.check,
    "security": security.check,
    "mypy": mypy.check,
    "pyright": pyright.check,
    "tsc": tsc.check,
    "go-vet": go.vet,
    "cargo-check": cargo.check,
    "pytest": pytest.check,
    "unittest": unittest.check,
    "vitest": vitest.check,
    "jest": jest.check,
    "node-test": node_test.check,
    "go-test": go.test,
    "cargo-test": cargo.test,
}
"""By tool, in the order in which those of one stage run."""


def checker_of(check: Check) -> Checker:
    """Return the checker of a check: its tool's own, or the one that reads what its declaration says."""
    return CHECKERS[check.tool] if check.reading is None else reported.check


def rank(tool: str) -> int:
    """Return where a tool stands among those of its stage; one that was declared comes after those that are known."""
    known = list(CHECKERS)
    return known.index(tool) if tool in CHECKERS else len(known)
