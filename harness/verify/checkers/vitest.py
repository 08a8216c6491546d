"""Tests, by the project's own Vitest with our reporter beside the default one.

What was saved narrows it: test files to themselves, other code to the tests that import it.
"""

from __future__ import annotations

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers.node_session import PLUGINS, Run, run_and_judge, script_tests
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
    wanted = ["related", *(told(job, path) for path in related)] if related else ["run", *(told(job, x) for x in tests)]
    excluded = [f"--exclude={told(job, inner)}/**" for inner in job.check.without]
    arguments = (*wanted, "--run", *ALWAYS, *excluded) if related else (*wanted, *ALWAYS, *excluded)
    return run_and_judge(job, Run(arguments, "", files=tests, how=HOW_RELATED if related else ""))
