"""One finding explained from what is known of it, without a model: what, where from, by what evidence. Pure.

Markdown, to be read as it is. What a project or a tool says is shown as code: nothing in it becomes a link or a
heading.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridle.harness.engine import Finding, Verdict
from bridle.lsp_server.diagnostics import headline
from bridle.lsp_server.values import fenced

MAX_DETAIL = 8_000


def explanation(finding: Finding, verdict: Verdict | None, *, stale: bool, unclear: bool) -> str:
    """Return what is known of a finding and of the verdict that it came with."""
    parts = [
        f"# {_plain(headline(finding))}",
        "\n".join(_facts(finding)),
        *_block("What the tool says", finding.detail or finding.message),
        *_list("Also looked at", _places(finding)),
        *_list(
            "Values", [f"{fenced(f'{name} = {value}')}" for held in finding.values[-1:] for name, value in held.shown]
        ),
        *_list("How old it is", _age(finding, stale=stale, unclear=unclear)),
        *_list("Evidence", _evidence(verdict) if verdict is not None else []),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(finding: Finding) -> Iterator[str]:
    yield f"- place: {fenced(f'{finding.path}:{finding.start_line + 1}')}"
    yield f"- check: {fenced(finding.check)}" + (f", rule {fenced(finding.code)}" if finding.code else "")
    if finding.test:
        yield f"- test: {fenced(finding.test)}"
    if finding.href:
        yield f"- {'log' if finding.href.startswith('file:') else 'rule'}: <{finding.href}>"
    if finding.fix:
        yield f"- {finding.check} has a fix of its own, offered as a code action"
    if finding.origin is not None:
        origin = finding.origin
        place = f"{origin.path}:{origin.start_line + 1}"
        yield f"- comes from: the lines at {fenced(place)}, changed since {_plain(origin.since)}"


def _places(finding: Finding) -> list[str]:
    return [f"{fenced(f'{place.path}:{place.start_line + 1}')} {_plain(place.message)}" for place in finding.related]


def _age(finding: Finding, *, stale: bool, unclear: bool) -> Iterator[str]:
    if finding.accepted:
        yield "accepted: it is known for good, and no run or gate counts it as new"
    elif finding.new:
        yield "new: what it is compared with did not have it"
    else:
        yield "not new: it was there before"
    if unclear:
        yield "doubtful: the check ran since and came to no verdict"
    if stale:
        yield "from before your last edit: the next check says whether it still stands"
    mark = f"known again by {fenced(finding.fingerprint[:12])}: tool, rule, file, message and the text of its line"
    yield mark if finding.fingerprint else "it cannot be known again: it has no fingerprint"


def _evidence(verdict: Verdict) -> Iterator[str]:
    yield f"outcome: {verdict.outcome}" + (f", {_plain(verdict.reason)}" if verdict.reason else "")
    yield f"command: {fenced(' '.join(verdict.command) or 'not started')}"
    yield f"exit code: {'none, it was ended' if verdict.exit_code is None else verdict.exit_code}"
    yield f"took {verdict.seconds:.2f} s, looked at {verdict.collected} {verdict.unit}{'s' * (verdict.collected != 1)}"
    yield f"tree: {fenced(verdict.tree)}, on the rung {fenced(verdict.rung)}"
    if verdict.receipt:
        yield f"receipt: {fenced(verdict.receipt)}"
    if verdict.log_file:
        yield f"log: {fenced(verdict.log_file)}"
    if verdict.next_step:
        yield f"next: {_plain(verdict.next_step)}"


def _list(title: str, rows: list[str] | Iterator[str]) -> list[str]:
    told = [f"- {row}" for row in rows]
    return [f"## {title}", "\n".join(told)] if told else []


def _block(title: str, text: str) -> list[str]:
    if not text.strip():
        return []
    cut = text.strip()[:MAX_DETAIL]
    return [f"## {title}", "\n".join(f"    {line}" for line in cut.splitlines())]


def _plain(text: str) -> str:
    """Return text in one line in which nothing is markup."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|!" else letter for letter in " ".join(text.split()))
