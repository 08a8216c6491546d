"""Tests, by the project's own Jest with our reporter beside the default one.

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
from bridle.harness.verify.node_manifest import MANIFEST
from bridle.harness.verify.survey import join

ALWAYS = (
    "--reporters=default",
    f"--reporters={PLUGINS / 'bridle_jest.cjs'}",
    "--ci",
    "--watchAll=false",
    "--watch=false",
    "--watchman=false",
    "--coverage=false",
    "--onlyChanged=false",
    "--passWithNoTests=false",
    "--bail=0",
    "--notify=false",
    "--no-cache",
    "--testLocationInResults",
)
ESM = "--experimental-vm-modules"
"""The flag by which Jest runs modules; a project that wants it says so in its scripts."""


def check(job: Job) -> Verdict:
    """Run the tests, or those that `job.paths` are or reach."""
    if not job.paths:
        return _by_impact(job)
    tests = script_tests(job, job.paths)
    saved = () if tests else reachable(job)
    run = _related(job, Scope(saved), HOW_RELATED) if saved else _only(job, tests)
    return run_and_judge(job, run, partial(_only, job))


def notices(job: Job) -> bool | None:
    """Tell whether any of the tests that reach what changed fails, None where that cannot be told; learns nothing."""
    return noticed(_by_impact(job, learns=False))


def _by_impact(job: Job, *, learns: bool = True) -> Verdict:
    return run_by_impact(job, partial(_only, job), lambda scope: _related(job, scope, scope.how), learns=learns)


def _related(job: Job, scope: Scope, how: str) -> Run:
    """Return how the tests of a scope are run, all of them: `--bail` takes no number in every version of Jest."""
    words = ("--findRelatedTests", *(f"./{told(job, path)}" for path in (*scope.changed, *scope.always)))
    return Run((*ALWAYS, *words), "reads", node_options=_node_options(job), how=how)


def _only(job: Job, tests: Sequence[str]) -> Run:
    """Return how these test files are run, all for none."""
    words = ("--runTestsByPath", *(f"./{told(job, path)}" for path in tests)) if tests else ()
    return Run((*ALWAYS, *words), "reads", node_options=_node_options(job), files=tuple(tests))


def _node_options(job: Job) -> str:
    manifest = job.shadow.read(join(job.check.package, MANIFEST)) or b""
    return f"{ESM} --no-warnings" if ESM.encode() in manifest else ""
