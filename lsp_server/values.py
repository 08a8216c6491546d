"""What the locals were on a line when it failed, as hover: only for the very text that failed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bridle.harness.engine import Finding, Values

MAX_FAILURES = 3


def values_hover(findings: Sequence[Finding], path: str, line: int, digest: str, *, markdown: bool) -> str:
    """Return the values that stood on `line` of the text with `digest`, by failing test; "" where none are known."""
    found = [
        (finding, held)
        for finding in findings
        for held in finding.values
        if held.path == path and held.start_line <= line < held.end_line and held.digest == digest and held.shown
    ]
    parts = [_told(finding, held, markdown=markdown) for finding, held in found[:MAX_FAILURES]]
    if len(found) > MAX_FAILURES:
        parts.append(f"and {len(found) - MAX_FAILURES} more failing tests here")
    return "\n\n".join(parts)


def _told(finding: Finding, held: Values, *, markdown: bool) -> str:
    name = finding.test.rpartition("::")[2] or finding.code
    rows = [f"{name} = {value}" for name, value in held.shown]
    if held.n_left_out:
        rows.append(f"# {held.n_left_out} more are left out")
    body = "\n".join(rows)
    if not markdown:
        return f"{name} failed with\n{body}"
    fence = "`" * max(3, _longest_run(body) + 1)
    return f"{fenced(name)} failed with\n{fence}python\n{body}\n{fence}"


def fenced(text: str) -> str:
    """Return text as code in a line of Markdown, whatever is in it."""
    marks = "`" * (_longest_run(text) + 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{marks}{room}{' '.join(text.split())}{room}{marks}"


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
