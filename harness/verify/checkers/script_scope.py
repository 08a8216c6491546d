"""Which of JavaScript's tests a run by impact runs: those that import, at any remove, what changed since all ran.

The runner itself follows the imports. What they do not tell of (another process, a file that is read by its name) is
never left out, and where it cannot be told all tests run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from bridle.harness.nouns import Finding
from bridle.harness.verify.checkers.reaching import reaches_all
from bridle.harness.verify.checks import is_script_test
from bridle.harness.verify.impact.evidence import Context
from bridle.harness.verify.impact.record import Record
from bridle.harness.verify.job import Job
from bridle.harness.verify.toolchain import toolchain

MAX_READ = 5_000
"""How many files of code are looked through for what reaches others by name."""
MAX_FILES = 50
"""How many changed files are handed to a runner; more reach nearly everything."""

CODE = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_STARTS = r"child_process|execa|spawn\w*|worker_threads|Worker|cluster|createRequire|import\.meta\.glob"
_READS = r"readFile\w*|readdir\w*|createReadStream|opendir\w*|globSync|fast-glob|tinyglobby|pathToFileURL"
_BY_NAME = re.compile(rf"\b(?:{_STARTS}|{_READS})\b".encode())
"""Words of tests that may reach code without importing it."""
_ELSEWHERE = re.compile(rf"\b(?:{_STARTS})\b".encode())
"""Words of other code that may run code without importing it."""


_BESIDE_TESTS = re.compile(r"(?:^|/)(?:tests?|__tests__|e2e|specs?|testing)/")


class Scope(msgspec.Struct, frozen=True):
    """What a run is narrowed to: tests that are or import `changed` or `always`; all where `wider` says why."""

    changed: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    wider: str = ""

    @property
    def how(self) -> str:
        """What runs, in words."""
        named = ", ".join(self.changed[:2]) + (f" and {len(self.changed) - 2} more" if len(self.changed) > 2 else "")
        return f"the tests that import {named}" if self.changed else ""


def scope_of(job: Job) -> Scope:
    """Return what a run without named files is narrowed to; nothing where impact is not asked for."""
    if job.memory is None or job.paths or not job.which.impact:
        return Scope()
    known = job.memory.known(job.check.name)
    if known is None or not known.record.files:
        return Scope(wider="no run of the tests was recorded yet")
    if known.record.toolchain != toolchain(job.check, job.shadow.workspace):
        return Scope(wider="the interpreter or what is installed changed")
    before, now = known.record.files, job.tree.files
    changed = sorted({path for path, _ in before.items() ^ now.items()})
    if not changed:
        return Scope(wider="nothing changed since all of it was seen")
    if len(changed) > MAX_FILES:
        return Scope(wider=f"{len(changed)} files changed")
    for path in changed:
        if why := _untold(job, path):
            return Scope(wider=why)
    code = [path for path in now if path.endswith(CODE) and job.check.owns(path)]
    if len(code) > MAX_READ:
        return Scope(wider=f"{len(code)} files of code are more than can be looked through")
    failed = {test.path for test in known.evidence.tests.values()}
    always = tuple(path for path in code if path in failed or _may_go_past(job, path))
    if len(always) > MAX_FILES:
        return Scope(wider=f"{len(always)} files may reach code that they do not import")
    return Scope(tuple(changed), always)


def learn(job: Job, findings: Sequence[Finding]) -> None:
    """Keep on which tree all tests ran, and which files hold tests that failed: these run again whatever changes."""
    if job.memory is not None and not job.paths and not job.which.only:
        files = {finding.test.partition(" > ")[0] or finding.path for finding in findings}
        failed = tuple(Context(f"test:{path}", path=path, outcome="failed") for path in sorted(files))
        seen = Record(toolchain(job.check, job.shadow.workspace), dict(job.tree.files), {}, failed)
        job.memory.learn(job.check.name, seen, whole=True)


def _untold(job: Job, path: str) -> str:
    """Return why imports do not tell which tests this file reaches, "" where they do."""
    if path not in job.tree.files:
        return f"{path} is gone"
    if not job.check.owns(path):
        return f"{path} lies outside the package"
    if reaches_all(path):
        return f"{path} reaches any test"
    return ""


def _may_go_past(job: Job, path: str) -> bool:
    """Tell whether a file may reach code without importing it."""
    is_of_tests = is_script_test(path) or _BESIDE_TESTS.search(path)
    return bool((_BY_NAME if is_of_tests else _ELSEWHERE).search(job.shadow.read(path) or b""))
