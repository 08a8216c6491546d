"""The check `security`: what new lines open, by our own reading and by the S rules of the project's ruff.

New is what the shadow changes; where it changes nothing, what the person's tree has beyond its last commit.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bridle.harness.nouns import Finding, Outcome, Verdict
from bridle.harness.verify.job import (
    NEVER_RUN,
    TELL_WHERE,
    Job,
    Ran,
    last_line,
    start,
    stopped,
    unknown,
    unstarted,
    verdict,
)
from bridle.harness.verify.security.concerns import Concern, Files, NewLines
from bridle.harness.verify.security.judging import judge_security
from bridle.indexer.bounded import read_bounded
from bridle.indexer.encoding import text_of

NOISE = "S101,S105,S106,S107,S110,S112,S311,S403,S404,S405,S406,S407,S408,S409,S411,S412,S413,S415,S603,S606,S607"
"""Rules of ruff that speak of every assertion, import or list of arguments, and those that ours say better."""

MAX_RUFF_FILES = 500
CAP_BYTES = 16_000_000
DIFF = """
git rev-parse --verify --quiet HEAD >/dev/null || exit 3
exec git -c core.fsmonitor=false -c core.hooksPath=/dev/null diff HEAD --no-ext-diff --no-textconv --no-renames \\
  --no-color -U0 --src-prefix=a/ --dst-prefix=b/
"""
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
HOW = "ask for it again when the tree can be compared: with a repository of git that has a commit"


class _Place(msgspec.Struct, frozen=True):
    """1-based row and column."""

    row: int
    column: int


class _Item(msgspec.Struct, frozen=True):
    """One element of `ruff check --output-format json`."""

    message: str
    filename: str
    location: _Place
    end_location: _Place
    code: str | None = None
    url: str | None = None


def check(job: Job) -> Verdict:
    """Judge the new lines of the tree."""
    began = time.perf_counter()
    files = _changed(job)
    if isinstance(files, str):
        return unstarted(job, files, HOW)
    if job.paths:
        files = {path: both for path, both in files.items() if path in job.paths}
    concerns = judge_security(files)
    findings = [_finding(concern) for concern in concerns]
    ran = Ran((), msgspec.structs.replace(NEVER_RUN, seconds=time.perf_counter() - began))
    if job.check.command:
        told = _ruff(job, files, concerns)
        if isinstance(told, Verdict):
            return told
        ran, more = told
        findings += more
    outcome: Outcome = "fail" if findings else "pass"
    reason = "" if files else "nothing differs from the last commit"
    return verdict(job, outcome, ran, reason=reason, counts=(len(files), len(files)), findings=findings)


def _changed(job: Job) -> Files | str:
    """Return the changed files with their texts, or why they cannot be had."""
    changes = job.shadow.changes()
    if changes:
        return {
            change.path: (_read(job.shadow.workspace / change.path), text_of(job.shadow.read(change.path)))
            for change in changes
            if not change.link
        }
    done = job.shadow.prove(
        (*TELL_WHERE, ".", "/bin/sh", "-c", DIFF),
        env={},
        timeout_s=job.timeout_s,
        cancel=job.cancel,
        cap_bytes=CAP_BYTES,
    )
    if done.exit_code == 3:
        return "there is no commit to compare with"
    if done.exit_code != 0 or done.truncated or done.timed_out or done.cancelled:
        return f"git cannot compare: {last_line(done.stderr) or done.exit_code}"
    added = _added(done.stdout.partition(b"\n")[2].decode("utf-8", "replace"))
    found: dict[str, tuple[str | None, str | None]] = {}
    for path, numbers in added.items():
        after = text_of(job.shadow.read(path))
        if after is not None:
            lines = after.splitlines(keepends=True)
            found[path] = "".join(line for number, line in enumerate(lines) if number not in numbers), after
    return found


def _added(diff: str) -> dict[str, set[int]]:
    """Return the 0-based lines that a diff adds, by path."""
    found: dict[str, set[int]] = {}
    path = ""
    for line in diff.splitlines():
        if line.startswith("+++ "):
            path = line[6:].strip('"\t') if line.startswith("+++ b/") else ""
        elif path and (hunk := _HUNK.match(line)):
            start_at, count = int(hunk[1]), int(hunk[2] or "1")
            found.setdefault(path, set()).update(range(start_at - 1, start_at - 1 + count))
    return found


def _ruff(job: Job, files: Files, concerns: tuple[Concern, ...]) -> tuple[Ran, list[Finding]] | Verdict:
    """Return ruff's findings on new lines that ours do not tell of, or the verdict where it cannot say."""
    wanted = [
        path for path, (_, after) in sorted(files.items()) if after is not None and path.endswith((".py", ".pyi"))
    ]
    if not wanted:
        return Ran((), NEVER_RUN), []
    rules = ("--select", "S", "--ignore", NOISE, "--no-cache", "--no-fix", "--force-exclude", "--quiet")
    ran = start(job, ("check", *rules, "--output-format", "json", *wanted), {})
    early = stopped(job, ran)
    if early is not None:
        return early
    try:
        items = msgspec.json.decode(ran.completed.stdout, type=tuple[_Item, ...])
    except msgspec.DecodeError:
        items = None
    if items is None or ran.completed.exit_code not in (0, 1):
        why = last_line(ran.completed.stderr) or "its report cannot be read"
        return unknown(job, ran, f"ruff: {why}", "correct ruff's configuration, or install a newer ruff")
    return ran, list(_fresh(ran, items, NewLines(files), concerns))


def _fresh(ran: Ran, items: tuple[_Item, ...], new: NewLines, concerns: tuple[Concern, ...]) -> Iterator[Finding]:
    ours = {(one.path, line) for one in concerns for line in range(one.start_line, one.end_line)}
    for item in items:
        path, line = ran.path(item.filename), item.location.row - 1
        if (item.code or "").startswith("S") and line in new.of(path) and (path, line) not in ours:
            yield Finding(
                check="security",
                path=path,
                start_line=line,
                end_line=item.end_location.row,
                start_character=item.location.column - 1,
                end_character=item.end_location.column - 1,
                message=item.message,
                code=item.code or "",
                severity="warning",
                href=item.url or "",
            )


def _finding(concern: Concern) -> Finding:
    return Finding(
        check="security",
        path=concern.path,
        start_line=concern.start_line,
        end_line=concern.end_line,
        message=f"{concern.message}\n{concern.remedy[:1].upper()}{concern.remedy[1:]}.",
        code=concern.code,
        severity="error" if concern.kind == "secret" else "warning",
    )


def _read(path: Path) -> str | None:
    try:
        return text_of(read_bounded(path, CAP_BYTES))
    except OSError:
        return None
