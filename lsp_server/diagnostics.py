"""From findings and proposals to the editor's diagnostics. Pure; the first line of each message stands for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lsprotocol import types as lsp

from bridle.harness.engine import Finding, Proposal
from bridle.indexer.text import line_body, unit_length
from bridle.lsp_server.board import Reached
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.documents import Document
from bridle.lsp_server.offers import Stand
from bridle.lsp_server.questions import Question

OWN = "bridle"
BEFORE_EDIT = " (before your last edit)"
NO_VERDICT = " (no verdict since)"
ACCEPTED = " (accepted)"
MAX_HEADLINE = 100
MAX_NAME = 36
MAX_DETAIL = 2_000
MAX_REACHING = 10

_SEVERITIES = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "information": lsp.DiagnosticSeverity.Information,
    "hint": lsp.DiagnosticSeverity.Hint,
}


def finding_diagnostic(
    finding: Finding,
    document: Document | None,
    uri_of: Callable[[str], str],
    client: Client,
    *,
    stale: bool,
    unclear: bool = False,
) -> lsp.Diagnostic:
    """Return a finding as the editor shows it, with who says it and on what evidence.

    `stale` says that a document changed since, `unclear` that its check ran since and came to no verdict: then nobody
    knows whether it stands, and it is a hint.
    """
    related = [
        lsp.DiagnosticRelatedInformation(
            location=lsp.Location(uri=uri_of(place.path), range=_line(place.start_line)), message=place.message
        )
        for place in finding.related
    ]
    described = lsp.CodeDescription(href=finding.href) if finding.href and client.code_description else None
    return lsp.Diagnostic(
        range=finding_range(finding, document),
        message=_message(finding, _suffix(finding, stale=stale, unclear=unclear), client),
        severity=_SEVERITIES["hint" if unclear or finding.accepted else finding.severity],
        source=f"{OWN}·{finding.check}",
        code=finding.code or None,
        code_description=described,
        related_information=related if related and client.related_information else None,
        data={"check": finding.check, "fingerprint": finding.fingerprint},
    )


def finding_range(finding: Finding, document: Document | None) -> lsp.Range:
    """Return a finding's place in the editor's units; whole lines where it names no characters."""
    last = max(finding.end_line - 1, finding.start_line)
    start, end = finding.start_character, finding.end_character
    if not (start or end):
        return lsp.Range(start=lsp.Position(line=finding.start_line, character=0), end=_end_of_line(document, last))
    return lsp.Range(start=_position(document, finding.start_line, start), end=_position(document, last, end))


def hunk_diagnostics(proposal: Proposal, stands: Sequence[Stand], document: Document | None) -> list[lsp.Diagnostic]:
    """Return where a proposal would change a file; the first place says all, with the badge as it is now."""
    size = f"+{proposal.added} -{proposal.removed} in {len(proposal.files)} file{'s' * (len(proposal.files) != 1)}"
    several = len({hunk.group for hunk in proposal.hunks}) > 1
    found: list[lsp.Diagnostic] = []
    for stand in stands:
        which = f" (hunk {stand.hunk.id} of {len(proposal.hunks)})" if several else ""
        for edit in stand.edits:
            first = not found
            said = f"on offer, {proposal.badge.text} ({size})" if first else f"also changed by the proposal{which}"
            if stand.broken:
                said = f"needs refresh{which}: you changed the same lines since; ask again by its code action"
            severity = lsp.DiagnosticSeverity.Information if first or stand.broken else lsp.DiagnosticSeverity.Hint
            start = lsp.Position(line=edit.start, character=0)
            found.append(
                lsp.Diagnostic(
                    range=lsp.Range(start=start, end=_end_of_line(document, max(edit.end - 1, edit.start))),
                    message=_cut(said, MAX_HEADLINE) + (f"\n{proposal.title}" if first or stand.broken else ""),
                    severity=severity,
                    source=OWN,
                    code="needs refresh" if stand.broken else proposal.badge.state,
                    data={"proposal": proposal.id, "hunk": stand.hunk.id},
                )
            )
    return found


def instruction_diagnostic(line: int, instruction: str, document: Document) -> lsp.Diagnostic:
    """Return the hint at a comment that asks for a change."""
    return lsp.Diagnostic(
        range=lsp.Range(start=lsp.Position(line=line, character=0), end=_end_of_line(document, line)),
        message=_cut(f"an instruction for Bridle, run by its code action: {instruction}", MAX_HEADLINE),
        severity=lsp.DiagnosticSeverity.Hint,
        source=OWN,
        code="instruction",
    )


def question_diagnostic(question: Question, document: Document) -> lsp.Diagnostic:
    """Return a question to the person, whole, where they can read it before they answer."""
    line = min(question.line, max(0, len(document.text.lines) - 1))
    start = lsp.Position(line=line, character=_indent(document, line))
    return lsp.Diagnostic(
        range=lsp.Range(start=start, end=_end_of_line(document, line)),
        message=_cut(f"{question.message}\nanswer by code action: {', '.join(question.choices)}", MAX_DETAIL),
        severity=lsp.DiagnosticSeverity.Warning,
        source=OWN,
        code="question",
    )


def reached_diagnostic(
    reached: Reached, document: Document | None, uri_of: Callable[[str], str], client: Client
) -> lsp.Diagnostic:
    """Return what stands on a changed definition that failing tests reach: which, and what they say."""
    findings = reached.findings
    names = list(dict.fromkeys(_test_name(finding) for finding in findings))
    if len(names) == 1:
        said = f"reached by a failing test: {headline(findings[0])}"
    else:
        said = f"reached by {len(names)} failing tests: {', '.join(names)}"
    rows = [f"{one.path}:{one.start_line + 1}: {headline(one)}" for one in findings[:MAX_REACHING]]
    related = [
        lsp.DiagnosticRelatedInformation(
            location=lsp.Location(uri=uri_of(one.path), range=_line(one.start_line)), message=headline(one)
        )
        for one in findings[:MAX_REACHING]
    ]
    more = [f"and {len(findings) - MAX_REACHING} more"] if len(findings) > MAX_REACHING else []
    body = [reached.name, *([] if client.related_information else rows), *more]
    start = lsp.Position(line=reached.line, character=_indent(document, reached.line))
    return lsp.Diagnostic(
        range=lsp.Range(start=start, end=_end_of_line(document, reached.line)),
        message="\n".join([_cut(said, MAX_HEADLINE), *body]),
        severity=lsp.DiagnosticSeverity.Information,
        source=f"{OWN}·{findings[0].check}",
        code="changed",
        related_information=related if client.related_information else None,
        data={"check": findings[0].check, "reached_by": [one.fingerprint for one in findings[:MAX_REACHING]]},
    )


def left_out_diagnostic(count: int) -> lsp.Diagnostic:
    """Return what says that a file has more to show than is shown."""
    start = lsp.Position(line=0, character=0)
    return lsp.Diagnostic(
        range=lsp.Range(start=start, end=start),
        message=f"{count} more findings of this file are not shown",
        severity=lsp.DiagnosticSeverity.Information,
        source=OWN,
        code="left out",
    )


def headline(finding: Finding, limit: int = MAX_HEADLINE) -> str:
    """Return a finding in one line of at most `limit` characters; a long name of a test gives way to what it says."""
    first = finding.message.strip().partition("\n")[0].strip() or finding.code or finding.check
    name = _test_name(finding)
    if not name or name in first:
        return _cut(first, limit)
    room = max(limit - len(first) - 2, min(MAX_NAME, limit // 3))
    return _cut(f"{_cut(name, room)}: {first}", limit)


def _test_name(finding: Finding) -> str:
    return finding.test.rpartition("::")[2]


def _suffix(finding: Finding, *, stale: bool, unclear: bool) -> str:
    accepted = ACCEPTED if finding.accepted else ""
    return accepted + (BEFORE_EDIT if stale else NO_VERDICT if unclear else "")


def _message(finding: Finding, suffix: str, client: Client) -> str:
    parts = [headline(finding, MAX_HEADLINE - len(suffix)) + suffix]
    rest = finding.message.strip().partition("\n")[2].strip("\n")
    evidence = finding.detail.strip() or rest  # a detail holds the whole complaint again, with its place
    parts += [_cut(evidence, MAX_DETAIL)] if evidence else []
    if not client.related_information:
        parts += [f"{place.path}:{place.start_line + 1}: {place.message}" for place in finding.related]
    return "\n".join(parts)


def _position(document: Document | None, line: int, character: int) -> lsp.Position:
    """Return a place given in code points in the editor's units; as it is where the line is not known."""
    if document is None or line >= len(document.text.lines):
        return lsp.Position(line=line, character=character)
    body = line_body(document.text.lines[line])
    return lsp.Position(line=line, character=unit_length(body[:character], document.text.encoding))


def _indent(document: Document | None, line: int) -> int:
    """Return where the text of a line begins; blanks count one in every encoding."""
    if document is None or line >= len(document.text.lines):
        return 0
    body = line_body(document.text.lines[line])
    return len(body) - len(body.lstrip(" \t"))


def _end_of_line(document: Document | None, line: int) -> lsp.Position:
    if document is None or line >= len(document.text.lines):
        return lsp.Position(line=line + 1, character=0)
    body = line_body(document.text.lines[line])
    return lsp.Position(line=line, character=unit_length(body, document.text.encoding))


def _line(line: int) -> lsp.Range:
    return lsp.Range(start=lsp.Position(line=line, character=0), end=lsp.Position(line=line + 1, character=0))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
