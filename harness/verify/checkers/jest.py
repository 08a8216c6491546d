"""Tests, by the project's own Jest with our reporter beside the default one.

What was saved narrows it: test files to themselves, other code to the tests that import it.
"""

from __future__ import annotations

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers.node_session import PLUGINS, Run, run_and_judge, script_tests
from bridle.harness.verify.checkers.reaching import HOW_RELATED, reachable
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
    tests = script_tests(job, job.paths)
    related = () if tests else reachable(job)
    chosen: list[str] = []
    if tests:
        chosen = ["--runTestsByPath", *(f"./{told(job, path)}" for path in tests)]
    elif related:
        chosen = ["--findRelatedTests", *(f"./{told(job, path)}" for path in related)]
    manifest = (job.shadow.read(join(job.check.package, MANIFEST)) or b"").decode("utf-8", "replace")
    options = f"{ESM} --no-warnings" if ESM in manifest else ""
    run = Run((*ALWAYS, *chosen), "reads", node_options=options, files=tests, how=HOW_RELATED if related else "")
    return run_and_judge(job, run)
