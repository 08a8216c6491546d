"""From a tool's input to what the engine is asked, and from its reply to what the tool answers. Pure.

Inside, lines are 0-based and half-open; an agent counts from 1 and means the last line too.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bridle.harness import engine as e
from bridle.mcp_server import inputs, outputs

MAX_FINDINGS = 100
MAX_MESSAGE_CHARS = 2_000
OFFERED = "ask the person: they take it in their editor, or with: bridle proposals accept {id}"
LANDED = "call verify; the person can take the change back with: bridle undo {id}"

NOTHING = "nothing was checked: no check is known by that name, or nothing differs from the last commit"


class Refused(Exception):
    """A call that the agent can put right: the text says how."""


class Answer(msgspec.Struct, frozen=True):
    """What a tool says: as text to read, and as data."""

    text: str
    data: msgspec.Struct


def request_of(given: inputs.Strict, agent: str) -> e.EngineRequest:
    """Return what to ask for a call by `agent`. Raises Refused."""
    match given:
        case inputs.ContextInput():
            return e.GetContext(given.task, _selection(given), given.budget)
        case inputs.SymbolsInput():
            return e.FindSymbols(given.query, "utf-8", limit=given.start + given.limit, by_model=True)
        case inputs.ImpactInput():
            return e.GetImpact(given.symbol, given.tests, given.start, given.limit, by_model=True)
        case inputs.ReadInput():
            if given.end_line is not None and given.end_line < given.start_line:
                raise Refused(f"end_line {given.end_line} is above start_line {given.start_line}.")
            return e.ReadLines(given.path, given.start_line - 1, given.end_line)
        case inputs.ApplyInput():
            return e.EditLines([_plain(file) for file in given.files], given.dry_run, agent)
        case inputs.VerifyInput():
            paths, checks = tuple(map(_below, given.paths)), tuple(given.checks)
            return e.Verify(paths, "command", checks, given.since, tests=given.tests)
        case _:
            raise TypeError(type(given).__name__)


def answer_of(given: inputs.Strict, reply: e.EngineReply) -> Answer:
    """Return what the tool answers. Raises Refused."""
    match reply:
        case e.Refusal():
            raise Refused(reply.text)
        case e.PackView():
            return _context(reply)
        case e.Symbols() if isinstance(given, inputs.SymbolsInput):
            return _symbols(given, reply)
        case e.Impact() if isinstance(given, inputs.ImpactInput):
            return _impact(given, reply)
        case e.Shown():
            return _read(reply)
        case e.Edited():
            return _apply(reply)
        case e.Verified():
            return _verify(reply)
        case _:
            raise e.Fault(f"the engine answered {type(reply).__name__} to {type(given).__name__}")


def _selection(given: inputs.ContextInput) -> e.Selection | None:
    if given.path is None:
        if given.start_line is not None or given.end_line is not None:
            raise Refused("start_line and end_line are of a file: give its path too.")
        return None
    first = given.start_line or 1
    last = given.end_line or given.start_line or inputs.MAX_LINE
    if last < first:
        raise Refused(f"end_line {last} is above start_line {first}.")
    return e.Selection(_below(given.path), first - 1, last)


def _below(path: str) -> str:
    """Return a path below the root in its plain form. Raises Refused."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith(("/", "~")) or ".." in parts or "\\" in path or not parts:
        raise Refused(f"{path!r} is no file of the workspace: name it from the workspace's root, with '/'.")
    return "/".join(parts)


def _plain(file: inputs.FileEdits) -> dict[str, Any]:
    """Return the edits of one file as the edit tool takes them: what was not said is not there."""
    found: dict[str, Any] = msgspec.to_builtins(file)
    return {key: value for key, value in found.items() if value is not None}


def _context(view: e.PackView) -> Answer:
    pieces = [outputs.Piece(p.path, p.start_line + 1, p.end_line, p.detail, p.n_tokens, p.reason) for p in view.pieces]
    left_out = [outputs.LeftOut(path, reason) for path, reason in view.left_out[:MAX_FINDINGS]]
    text = view.text or "Nothing here speaks to that task; try other words, or a path."
    return Answer(text, outputs.ContextOutput(view.text, view.n_tokens, view.budget, pieces, left_out))


def _symbols(given: inputs.SymbolsInput, found: e.Symbols) -> Answer:
    rows = [
        outputs.SymbolRow(
            row.id, row.kind, row.name, row.qualname, row.detail[:MAX_MESSAGE_CHARS], row.path, *_lines(row.area)
        )
        for row in found.rows[given.start :]
    ]
    more = given.start + len(rows) if found.known.cut and rows else None
    return _as_json(outputs.SymbolsOutput(rows, found.known.complete, more))


def _lines(area: e.Area) -> tuple[int, int]:
    start, _, end, character = area
    return start + 1, max(end + (character > 0), start + 1)


def _impact(given: inputs.ImpactInput, found: e.Impact) -> Answer:
    if not found.of:
        unread = "" if found.known.complete else " Files are still being read: ask again in a while."
        near = f" Alike: {', '.join(found.alike)}." if found.alike else ""
        raise Refused(f"Nothing here is named {given.symbol!r}.{near} `symbols` finds ids.{unread}")
    of = [outputs.Definition(row.id, row.kind, row.path, row.start_line + 1, row.end_line) for row in found.of]
    reached = [
        outputs.ReachedRow(
            row.id, row.kind, row.path, row.start_line + 1, row.end_line, row.confidence, row.is_test, list(row.way)
        )
        for row in found.rows
    ]
    more = given.start + len(reached) if found.known.cut and reached else None
    return _as_json(outputs.ImpactOutput(of, reached, found.total, found.known.complete, more))


def _read(shown: e.Shown) -> Answer:
    last = max((end for _, end in shown.shown), default=0)
    more = last + 1 if 0 < last < shown.total else None
    told = f"\n({shown.total} lines in all; go on with start_line {more})" if more else ""
    return Answer(shown.text + told, outputs.ReadOutput(shown.path, shown.rev, shown.text, shown.total, more))


def _apply(edited: e.Edited) -> Answer:
    files = [
        outputs.ChangedFile(file.path, file.added, file.removed, list(file.warnings), file.rev, file.text)
        for file in edited.files
    ]
    step = {"landed": LANDED, "offered": OFFERED, "checked": "send it without dry_run"}[edited.outcome]
    step = step.format(id=edited.proposal)
    told = {
        "landed": "Written, not verified yet",
        "offered": f"Not written: it waits on offer, since {edited.reason}",
        "checked": "This would apply; nothing was written",
    }[edited.outcome]
    lines = [f"{told}. Next: {step}."]
    for file in files:
        lines.append(f"{file.path}: +{file.added} -{file.removed}")
        lines += [f"warning: {warning}" for warning in file.warnings]
        lines += [file.text] if file.text else []
    data = outputs.ApplyOutput(edited.outcome, files, edited.proposal, edited.reason, step)
    return Answer("\n".join(lines), data)


def _verify(verified: e.Verified) -> Answer:
    if verified.outcome == "cancelled":
        raise Refused("Stopped, since a newer verification began. Wait for that one, or call verify again.")
    verdicts = [_verdict(verdict) for verdict in verified.verdicts]
    return _as_json(outputs.VerifyOutput(verified.outcome, "" if verdicts else NOTHING, verified.tree, verdicts))


def _verdict(verdict: e.Verdict) -> outputs.VerdictRow:
    told = sorted(verdict.findings, key=lambda finding: not finding.new)[:MAX_FINDINGS]
    findings = [
        outputs.FindingRow(
            finding.path,
            finding.start_line + 1,
            finding.code,
            finding.severity,
            finding.message[:MAX_MESSAGE_CHARS],
            finding.new,
            finding.test,
        )
        for finding in told
    ]
    return outputs.VerdictRow(
        verdict.check,
        verdict.outcome,
        round(verdict.seconds, 3),
        verdict.collected,
        verdict.passed,
        verdict.rung,
        verdict.reason[:MAX_MESSAGE_CHARS],
        verdict.next_step[:MAX_MESSAGE_CHARS],
        findings,
        len(verdict.findings),
    )


def _as_json(data: msgspec.Struct) -> Answer:
    return Answer(msgspec.json.encode(data).decode(), data)
