"""Which changed lines no test executes: pure."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.impact.evidence import Evidence

CHECK = "coverage"
MAX_FINDINGS = 50


def changed_lines(before: str | None, after: str) -> int:
    """Return the lines of `after`, as a mask, that `before` does not have."""
    new = after.split("\n")
    found = (1 << len(new)) - 1
    if before is None:
        return found
    matcher = difflib.SequenceMatcher(None, before.split("\n"), new, autojunk=False)
    for _, start, size in matcher.get_matching_blocks():
        found &= ~(((1 << size) - 1) << start)
    return found


def executable_lines(text: str) -> int:
    """Return the lines of a Python text that do something when they are reached; 0 for what is no Python."""
    try:
        waiting = [compile(text, "text", "exec", dont_inherit=True)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    found = 0
    while waiting:
        code = waiting.pop()
        for _, _, line in code.co_lines():
            if line and line != code.co_firstlineno:
                found |= 1 << (line - 1)
        waiting += [one for one in code.co_consts if isinstance(one, types.CodeType)]
    return found


def coverage(
    changes: Mapping[str, tuple[str | None, str]], evidence: Evidence, wanted: float, like: Verdict
) -> Verdict | None:
    """Return the verdict on the changed lines, None where none of them can be executed.

    `changes` is path → text before and after, for files as `evidence` saw them; `wanted` is the share of lines that
    tests must execute; `like` is the verdict of the tests, on whose tree this one stands.
    """
    missing: dict[str, int] = {}
    n_lines = 0
    for path, (before, after) in sorted(changes.items()):
        if path in evidence.test_files:
            continue
        lines = changed_lines(before, after) & executable_lines(after)
        n_lines += lines.bit_count()
        if left := lines & ~evidence.executed(path):
            missing[path] = left
    if not n_lines:
        return None
    n_missing = sum(mask.bit_count() for mask in missing.values())
    share = 1 - n_missing / n_lines
    findings = tuple(_findings(missing))[:MAX_FINDINGS] if share < wanted else ()
    told = f"tests execute {n_lines - n_missing} of {n_lines} changed lines, {wanted:.0%} are wanted"
    return Verdict(
        check=CHECK,
        outcome="fail" if findings else "pass",
        seconds=0.0,
        tree=like.tree,
        rung=like.rung,
        collected=len(changes),
        findings=findings,
        reason=told,
        next_step="write tests that execute them" if findings else "",
    )


def _findings(missing: Mapping[str, int]) -> Iterator[Finding]:
    for path, mask in missing.items():
        line = 0
        while mask >> line:
            start = line
            while mask >> line & 1:
                line += 1
            if line > start:
                many = line - start > 1
                said = "no test executes these changed lines" if many else "no test executes this changed line"
                yield Finding(CHECK, path, start, line, said, code="uncovered", fingerprint=f"{CHECK}:{path}:{start}")
            line += 1
