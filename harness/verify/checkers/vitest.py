"""Tests, by the project's own Vitest with our reporter beside the default one.

What was saved narrows it: test files to themselves, other code to the tests that import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers.node_session import Run, run_and_judge, script_tests
from bridle.harness.verify.checkers.pytest import PLUGINS
from bridle.harness.verify.checkers.reaching import HOW_RELATED, reachable
from bridle.harness.verify.job import Job, told

ALWAYS = (
    f"--reporter={PLUGINS / 'bridle_vitest.mjs'}",
    "--reporter=default",
    "--watch=false",
    "--coverage.enabled=false",
    "--passWithNoTests=false",
    "--bail=0",
    "--ui=false",
)


def check(job: Job) -> Verdict:
    """Run the tests, or those that `job.paths` are or reach."""
    tests = script_tests(job, job.paths)
    related = () if tests else reachable(job)
    if related:
        words = ("related", *(told(job, path) for path in related), "--run")
        return run_and_judge(job, Run((*words, *_always(job)), "", how=HOW_RELATED), partial(_only, job))
    return run_and_judge(job, _only(job, tests), partial(_only, job))


def _only(job: Job, tests: Sequence[str]) -> Run:
    """Return how these test files are run, all for none."""
    return Run(("run", *(told(job, path) for path in tests), *_always(job)), "", files=tuple(tests))


def _always(job: Job) -> tuple[str, ...]:
    return (*ALWAYS, *(f"--exclude={told(job, inner)}/**" for inner in job.check.without))
