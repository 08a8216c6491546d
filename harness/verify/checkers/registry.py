"""Every checker that there is. A tool is known when it stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers import eslint, jest, mypy, node_test, pytest, ruff, tsc, vitest
from bridle.harness.verify.job import Job

Checker = Callable[[Job], Verdict]
"""Runs one check and reads what it said. Whatever it raises becomes an `unknown`."""

CHECKERS: Mapping[str, Checker] = {
    "ruff": ruff.check,
    "eslint": eslint.check,
    "mypy": mypy.check,
    "tsc": tsc.check,
    "pytest": pytest.check,
    "vitest": vitest.check,
    "jest": jest.check,
    "node-test": node_test.check,
}
"""By tool, in the order in which those of one stage run."""
