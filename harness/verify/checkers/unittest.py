"""Tests, by the project's own unittest with a runner of ours, where the project has no pytest.

unittest prints a summary that anybody can print. So a small runner tells from inside what was collected, run and
loaded, in the lines that the plug-in for pytest writes too, and is judged as that is.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

import msgspec

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers import pytest
from bridle.harness.verify.checkers.pytest_report import Session, UnprovenError, read_session, running_test
from bridle.harness.verify.checks import is_unittest_path
from bridle.harness.verify.job import Job, Ran, last_line, narrowed, start, stopped, told, unknown, unstarted

MAX_ARGUMENT_BYTES = 100_000


def check(job: Job) -> Verdict:
    """Run the tests, or those in `job.paths` when they are all test files."""
    only_tests = all(is_unittest_path(path) and path in job.tree.files for path in job.paths)
    files = narrowed(job, is_unittest_path) if only_tests else []
    files = files or [f"./{told(job, path)}" for path in sorted(job.tree.files) if _is_tests(job, path)]
    if not files:
        return unstarted(job, "no tests were collected", "name test files test*.py, as unittest looks for them")
    if sum(len(path) + 1 for path in files) > MAX_ARGUMENT_BYTES:
        return unstarted(
            job, "there are more test files than one command line takes", "install pytest, which is told less"
        )
    ran, session = _session(job, files, ())
    if isinstance(session, Verdict):
        return session
    again = pytest.passed_again(job, session, lambda failed: _session(job, files, failed))
    return pytest.conclude(job, ran.longer(again.seconds), session, again.flaky)


def _session(job: Job, files: Sequence[str], only: Sequence[str]) -> tuple[Ran, Session | Verdict]:
    """Run the files' tests, or those of these ids; returns what the runner told, or why it proves nothing."""
    nonce, report = secrets.token_hex(16), job.shadow.new_report()
    variables = {"BRIDLE_PROOF": json.dumps({"path": str(report), "nonce": nonce, "only": only})}
    if job.check.package:
        variables["BRIDLE_ROOT"] = "/".join([".."] * len(job.check.package.split("/")))
    ran = start(job, files, variables, report, cap_bytes=pytest.MAX_OUTPUT_BYTES)
    data = pytest.written(report)
    ran = msgspec.structs.replace(ran, report=data)
    running = running_test(data)
    early = stopped(job, ran, f", in {running}" if running else "")
    if early is not None:
        return ran, early
    try:
        session = read_session(data, nonce)
    except UnprovenError as error:
        where = f" in {error.running}" if error.running else ""
        why = f"{error.reason}: {last_line(ran.completed.stderr)}" if not data else error.reason
        reason = f"unittest ended with exit code {ran.completed.exit_code}{where} and without a whole report: {why}"
        return ran, unknown(job, ran, reason, "look at the log for what ended it")
    return ran, pytest.misplaced(job, ran, session) or session


def _is_tests(job: Job, path: str) -> bool:
    return is_unittest_path(path) and job.check.owns(path)
