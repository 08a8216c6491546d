"""Tests, by the project's own Vitest with our reporter beside the default one.

What was saved, or changed since all of them ran, narrows it: test files to themselves, other code to the tests that
import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers.node_session import Run, noticed, run_and_judge, run_by_impact, script_tests
from bridle.harness.verify.checkers.pytest import PLUGINS
from bridle.harness.verify.checkers.reaching import HOW_RELATED, reachable
from bridle.harness.verify.checkers.script_scope import Scope
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
    if not job.paths:
        return _by_impact(job, job.which.enough)
    tests = script_tests(job, job.paths)
    saved = () if tests else reachable(job)
    run = _related(job, Scope(saved), HOW_RELATED) if saved else _only(job, tests)
    return run_and_judge(job, run, partial(_only, job))


def notices(job: Job) -> bool | None:
    """Tell whether any of the tests that reach what changed fails, None where that cannot be told; learns nothing."""
    return noticed(_by_impact(job, 1, learns=False))


def _by_impact(job: Job, enough: int, *, learns: bool = True) -> Verdict:
    return run_by_impact(job, partial(_only, job), lambda scope: _related(job, scope, scope.how, enough), learns=learns)


def _related(job: Job, scope: Scope, how: str, enough: int = 0) -> Run:
    words = ("related", *(told(job, path) for path in (*scope.changed, *scope.always)), "--run")
    return Run((*words, *_always(job)), "", how=how, enough=enough)


def _only(job: Job, tests: Sequence[str]) -> Run:
    """Return how these test files are run, all for none."""
    return Run(("run", *(told(job, path) for path in tests), *_always(job)), "", files=tuple(tests))


def _always(job: Job) -> tuple[str, ...]:
    return (*ALWAYS, *(f"--exclude={told(job, inner)}/**" for inner in job.check.without))
