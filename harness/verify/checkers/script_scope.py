"""Which of JavaScript's tests a run by impact runs: those that import, at any remove, what changed since all ran.

The runner itself follows the imports. What they do not tell of (another process, a file that is read by its name) is
never left out, and where it cannot be told all tests run.
"""

from __future__ import annotations

import re

import msgspec

from bridle.harness.verify.checkers.reaching import reaches_all
from bridle.harness.verify.checks import is_script_test
from bridle.harness.verify.impact.record import Record
from bridle.harness.verify.job import Job
from bridle.harness.verify.toolchain import toolchain

MAX_FILES = 50
"""How many changed files are handed to a runner; more reach nearly everything."""

CODE = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_BY_NAME = re.compile(
    rb"\b(?:child_process|execa|execSync|spawn\w*|worker_threads|Worker|cluster|createRequire|readFile\w*|readdir\w*|"
    rb"createReadStream|opendir\w*|globSync|fast-glob|tinyglobby|import\.meta\.glob|pathToFileURL)\b"
)
"""Words of code that may reach a file without importing it."""


class Scope(msgspec.Struct, frozen=True):
    """What a run is narrowed to: tests that import `changed`, and `always`; all where `wider` says why."""

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
    by_name = [path for path in now if path.endswith(CODE) and _BY_NAME.search(job.shadow.read(path) or b"")]
    helpers = [path for path in by_name if not is_script_test(path) and _is_beside_tests(path)]
    if helpers:
        return Scope(wider=f"{helpers[0]} may read files that it does not import")
    return Scope(tuple(changed), tuple(path for path in by_name if is_script_test(path) and job.check.owns(path)))


def learn(job: Job) -> None:
    """Keep on which tree all tests ran."""
    if job.memory is not None and not job.paths and not job.which.only:
        seen = Record(toolchain(job.check, job.shadow.workspace), dict(job.tree.files), {}, ())
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


def _is_beside_tests(path: str) -> bool:
    return bool(re.search(r"(?:^|/)(?:tests?|__tests__|e2e|specs?|testing)/", path))
