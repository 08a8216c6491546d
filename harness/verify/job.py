"""One check on its way: what it works on, how its program is started, and the log that is kept of it.

Programs run on what would land and nothing they write is kept; every run has its own report, so no older one can be
taken for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from bridle.harness.nouns import Finding, Outcome, UserProblem, Verdict
from bridle.harness.shadow.contract import UNSET, UNSET_STEP, Shadow
from bridle.harness.verify.checks import Check
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.needs import access_of
from bridle.indexer.digest import digest
from bridle.indexer.files import TreeState
from bridle.indexer.process import Cancel, Completed

MAX_LOG_BYTES = 64 * 1024
MAX_REPORT_BYTES = 64 * 1024 * 1024
MAX_FINDINGS = 2_000
INSTALL = "install {} into the project's own environment"
NOT_STARTED = (126, 127)
"""How a shell ends when it cannot start a program."""

NEVER_RUN = Completed(None, b"", b"", 0.0)
TELL_WHERE = ("/bin/sh", "-c", 'pwd -P && cd -- "$1" && shift && exec "$@"', "sh")
"""Says first where the tree is, on some rungs each run has one of its own and tools name absolute paths; then goes to
the package."""

_LIMIT_STEPS = "see what takes so much, or raise memory_mb, processes or disk_mb of [sandbox] in your own settings"

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Which(msgspec.Struct, frozen=True):
    """Which tests run: with `impact` those that reach what changed since they were seen, of ids in `only` these.

    A run by impact ends after `enough` new failures, 0 for never.
    """

    impact: bool = False
    only: tuple[str, ...] = ()
    enough: int = 0


FLAKY = "flaky"
"""The code of a finding of a test that failed and passed when it was run again."""
MAX_AGAIN = 10
"""So many failing tests are run once more."""

ALL = Which()
IMPACT = Which(impact=True)


class Job(msgspec.Struct, frozen=True):
    """One run of one check. `tree` is what it is run on; `paths` narrows it where the tool can be narrowed.

    `memory` is what earlier runs saw of its tests, `which` of them run now, `failing` those that failed on the ground,
    `steady` those of them that failed there twice. `tools` is the digest of what the check runs with.
    """

    check: Check
    shadow: Shadow
    tree: TreeState
    paths: tuple[str, ...]
    timeout_s: float
    cancel: Cancel
    memory: Memory | None = None
    which: Which = ALL
    failing: frozenset[str] = frozenset()
    steady: frozenset[str] = frozenset()
    tools: str = ""


class Ran(msgspec.Struct, frozen=True):
    """What a program was and how it ended.

    `root` is where the tree was, `package` the folder of it that it ran in; `said` is what of its output goes into the
    log; `report` is what it reported, where that is not its output.
    """

    command: tuple[str, ...]
    completed: Completed
    root: Path = Path("/")
    package: str = ""
    said: bytes = b""
    report: bytes | None = None

    def path(self, named: str) -> str:
        """Return a path as the tool names it, relative to the tree and "/" separated; "" when it lies outside."""
        whole = Path(os.path.normpath(self.root / self.package / named))
        return whole.relative_to(self.root).as_posix() if whole.is_relative_to(self.root) else ""

    def longer(self, seconds: float) -> Ran:
        """Return it as having taken so much longer, in a second session of the same check."""
        completed = msgspec.structs.replace(self.completed, seconds=self.completed.seconds + seconds)
        return msgspec.structs.replace(self, completed=completed)


def start(
    job: Job,
    arguments: Sequence[str],
    env: Mapping[str, str],
    report: Path | None = None,
    *,
    cap_bytes: int = MAX_REPORT_BYTES,
    around: Sequence[str] = (),
) -> Ran:
    """Run the check's command with `arguments`; one that cannot be started ends with 127, as a shell has it.

    `cap_bytes` is what is kept of its output. `around` are words that start the command, as ``timeout 5`` would.
    """
    command = (*job.check.command, *arguments)
    try:
        completed = job.shadow.prove(
            (*TELL_WHERE, job.check.package or ".", *around, *command),
            env=env,
            timeout_s=job.timeout_s,
            report=report,
            cancel=job.cancel,
            cap_bytes=cap_bytes,
            access=access_of(job.check.needs),
        )
    except UserProblem as problem:
        completed = Completed(127, b"", problem.message.encode(), 0.0)
    where, _, stdout = completed.stdout.partition(b"\n")
    completed = msgspec.structs.replace(completed, stdout=stdout)
    return Ran(command, completed, Path(os.fsdecode(where)), job.check.package, stdout + completed.stderr)


def verdict(
    job: Job,
    outcome: Outcome,
    ran: Ran,
    *,
    reason: str = "",
    next_step: str = "",
    counts: tuple[int, int] = (0, 0),
    findings: Sequence[Finding] = (),
) -> Verdict:
    """Return a verdict on the job's tree; `counts` are collected and passed."""
    if len(findings) > MAX_FINDINGS:
        told = f"the first {MAX_FINDINGS} of {len(findings)} findings"
        reason = f"{reason}; {told}" if reason else told
    return Verdict(
        check=job.check.name,
        outcome=outcome,
        seconds=ran.completed.seconds,
        tree=job.tree.digest,
        rung=job.shadow.rung,
        collected=counts[0],
        passed=counts[1],
        findings=tuple(findings[:MAX_FINDINGS]),
        reason=reason,
        next_step=next_step,
        command=ran.command,
        exit_code=ran.completed.exit_code,
        log=log_text(ran.said),
        unit="test" if job.check.stage == "tests" else "file",
        report=digest(ran.completed.stdout if ran.report is None else ran.report),
    )


def unknown(job: Job, ran: Ran, reason: str, next_step: str) -> Verdict:
    """Return the verdict of a run that proves nothing."""
    return verdict(job, "unknown", ran, reason=reason, next_step=next_step)


def unstarted(job: Job, reason: str, next_step: str) -> Verdict:
    """Return the verdict of a check that was never run."""
    return unknown(job, Ran((), NEVER_RUN), reason, next_step)


def stopped(job: Job, ran: Ran, where: str = "") -> Verdict | None:
    """Return the verdict of a run that did not begin or that we ended, None where it ended by itself."""
    if ran.completed.cancelled:
        return unknown(job, ran, "cancelled", "run it again")
    if ran.completed.limit and ran.completed.exit_code != 0:
        return unknown(job, ran, f"it ran into the sandbox's limit of {ran.completed.limit}", _LIMIT_STEPS)
    if ran.completed.exit_code in NOT_STARTED:
        reason = f"{ran.command[0]!r} cannot be started in the sandbox: {last_line(ran.completed.stderr)}"
        is_sandbox = UNSET in reason
        return unknown(job, ran, reason, UNSET_STEP if is_sandbox else INSTALL.format(job.check.name))
    if not ran.completed.timed_out:
        return None
    reason = f"no end after {job.timeout_s:g} s{where}"
    return verdict(job, "timeout", ran, reason=reason, next_step="make it faster, or raise the time limit of checks")


def changed_files(job: Job, suffixes: tuple[str, ...]) -> set[str]:
    """Return the files of the check's package that the shadow changes, by suffix."""
    changed = {change.path for change in job.shadow.changes() if change.kind != "deleted"}
    return {path for path in changed if path.endswith(suffixes) and path in job.tree.files and job.check.owns(path)}


def narrowed(job: Job, counts: Callable[[str], bool]) -> list[str]:
    """Return the files that the job is narrowed to and its tool can take, as it is to be told of them."""
    wanted = [path for path in job.paths if path in job.tree.files and job.check.owns(path) and counts(path)]
    return [f"./{told(job, path)}" for path in wanted]


def told(job: Job, path: str) -> str:
    """Return a path of the check's package as its tool is to be told of it."""
    return path.removeprefix(f"{job.check.package}/") if job.check.package else path


def steady_failures(before: Sequence[Finding]) -> frozenset[str]:
    """Return the tests that failed twice, by the findings of one check; none where so many failed that it was once."""
    failed = {finding.test for finding in before}
    if "" in failed or len(failed) > MAX_AGAIN:
        return frozenset()
    return frozenset(failed - {finding.test for finding in before if finding.code == FLAKY})


def log_text(output: bytes) -> str:
    """Return the last lines of a program's output, plain, within the cap."""
    tail = output[-MAX_LOG_BYTES:]
    if len(output) > MAX_LOG_BYTES:
        tail = tail.partition(b"\n")[2] or tail
    return plain(tail.decode("utf-8", "replace"))


def plain(text: str) -> str:
    """Return text without colours and control characters, lines kept."""
    return _CONTROL.sub("", _ANSI.sub("", text.replace("\r\n", "\n")))


def last_line(output: bytes) -> str:
    """Return the last line that says something, for a reason."""
    lines = [line.strip() for line in log_text(output).splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
