"""The verdict on complaints that a declared analyser makes, in SARIF or in lines of its own.

No complaint is not green by itself: the report must say what was examined, or `counts` must find it in the output. An
exit code alone proves that a program ended, and nothing about the tree.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pathspec

from bridle.harness.nouns import Finding, Related, Severity, Verdict
from bridle.harness.verify.checkers import matcher
from bridle.harness.verify.checkers.places import Places
from bridle.harness.verify.checkers.results import UnreadableError
from bridle.harness.verify.checkers.ruff_fix import CharacterEdit
from bridle.harness.verify.checkers.sarif import Analysis, Complaint, read_sarif
from bridle.harness.verify.checkers.texts import Texts
from bridle.harness.verify.checks import Reading
from bridle.harness.verify.job import Job, Ran, plain, told, unknown, verdict
from bridle.indexer.process import run
from bridle.indexer.text import PositionEncoding

MATCHING_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
PROVE_STEP = "say with `counts` of the check what in its output tells how much it examined"
_WORDS: Mapping[str, Severity] = {
    "e": "error", "err": "error", "error": "error", "fatal": "error", "critical": "error",
    "w": "warning", "warn": "warning", "warning": "warning",
    "i": "information", "info": "information", "information": "information", "note": "information",
    "h": "hint", "hint": "hint",
}  # fmt: skip


class _Answer(msgspec.Struct, frozen=True):
    matches: tuple[dict[str, str], ...]
    counted: int | None


def judge_lines(job: Job, ran: Ran, reading: Reading) -> Verdict:
    """Return the verdict on a program that prints its complaints. Raises UnreadableError."""
    text = plain(ran.said.decode("utf-8", "replace"))
    answer = _matched(reading.matcher, reading.counts, text)
    texts, places = Texts(job), Places(job.tree.files, ran.path)
    findings = [_of_match(job, match, texts, places) for match in answer.matches]
    return _judge(job, ran, reading, findings, answer.counted, None)


def judge_sarif(job: Job, ran: Ran, reading: Reading, reports: Sequence[bytes]) -> Verdict:
    """Return the verdict on SARIF reports. Raises UnreadableError."""
    parts = [read_sarif(report) for report in reports]
    texts, places = Texts(job), Places(job.tree.files, ran.path)
    findings = [_of_complaint(job, part, one, texts, places) for part in parts for one in part.complaints]
    doubt = next((part.doubt for part in parts if part.doubt), "")
    if doubt and not findings:
        return unknown(job, ran, doubt, "look at the log for why")
    said = [part.examined for part in parts if part.examined is not None]
    examined = {places.path(path) for paths in said for path in paths} - {""} if said else None
    counted = (
        None if not reading.counts else _matched((), reading.counts, plain(ran.said.decode("utf-8", "replace"))).counted
    )
    n_suppressed = sum(part.n_suppressed for part in parts)
    aside = "; ".join(filter(None, (doubt, f"{n_suppressed} suppressed" if n_suppressed else "")))
    return _judge(job, ran, reading, findings, counted, examined, aside)


def _judge(
    job: Job,
    ran: Ran,
    reading: Reading,
    findings: Sequence[Finding],
    counted: int | None,
    examined: set[str] | None,
    aside: str = "",
) -> Verdict:
    code, name = ran.completed.exit_code, job.check.name
    n_examined = len(examined) if examined is not None else counted or 0
    if code not in reading.exits:
        step = "mend what it complains of in the log, or add the code to `exit` of the check if it is documented"
        return unknown(job, ran, f"{name} ended with exit code {code}, which its declaration does not name", step)
    complaints = [finding for finding in findings if finding.severity in ("error", "warning")]
    if complaints:
        return verdict(job, "fail", ran, reason=aside, counts=(n_examined, 0), findings=findings)
    if code != 0:
        return unknown(job, ran, f"{name} ended with exit code {code} and named nothing", "look at the log for why")
    if examined is None and counted is None:
        return unknown(job, ran, "exit code 0 alone does not tell that anything was examined", PROVE_STEP)
    if not n_examined:
        return unknown(job, ran, f"{name} examined nothing", "see what its configuration leaves out")
    unseen = sorted(_changed(job, reading) - examined) if examined is not None else []
    if unseen:
        aside = "; ".join(filter(None, (aside, f"not among its files: {', '.join(unseen[:5])}")))
    return verdict(job, "pass", ran, reason=aside, counts=(n_examined, n_examined), findings=findings)


def _changed(job: Job, reading: Reading) -> set[str]:
    """Return the changed files that the check looks at, by its patterns; none where it has none."""
    spec = pathspec.GitIgnoreSpec.from_lines(reading.files)
    changed = {change.path for change in job.shadow.changes() if change.kind != "deleted"}
    return {path for path in changed if job.check.owns(path) and spec.match_file(told(job, path))}


def _matched(patterns: Sequence[str], counts: str, text: str) -> _Answer:
    """Ask the matcher, in a process of its own that has a bounded time. Raises UnreadableError."""
    asked = msgspec.json.encode({"patterns": patterns, "counts": counts, "text": text})
    argv = (sys.executable, "-I", "-S", str(Path(matcher.__file__)))
    done = run(argv, env={}, timeout_s=MATCHING_S, stdin=asked, cap_bytes=MAX_ANSWER_BYTES)
    if done.timed_out:
        raise UnreadableError(f"its patterns took more than {MATCHING_S:g} s, make them simpler")
    try:
        return msgspec.json.decode(done.stdout, type=_Answer)
    except msgspec.DecodeError as error:
        raise UnreadableError(f"its patterns could not be tried: {error}") from error


def _of_match(job: Job, match: Mapping[str, str], texts: Texts, places: Places) -> Finding:
    path = places.path(match["file"].strip()) if match.get("file") else ""
    start = max(0, _number(match, "line") - 1) if path else 0
    end = max(start, _number(match, "end_line") - 1) if path else 0
    column = max(0, _number(match, "column") - 1) if path else 0
    end_column = max(0, _number(match, "end_column") - 1) if path else 0
    width = len(texts.line(path, start))
    return Finding(
        check=job.check.name,
        path=path,
        start_line=start,
        end_line=end + 1,
        message=match.get("message", "").strip()[:2_000] or "a complaint without words",
        code=match.get("code", "").strip()[:100],
        severity=_WORDS.get(match.get("severity", "").strip().lower(), "error"),
        start_character=min(column, width),
        end_character=min(end_column, width) if end_column else 0,
    )


def _of_complaint(job: Job, part: Analysis, one: Complaint, texts: Texts, places: Places) -> Finding:
    path = places.path(one.path) if one.path else ""
    encoding: PositionEncoding = "utf-16" if part.utf16 else "utf-32"
    start, end = max(0, one.start_line - 1), max(0, one.start_line - 1, one.end_line - 1)

    def character(line: int, column: int) -> int:
        return texts.character(path, line, column - 1, encoding) if path and column else 0

    fix = [
        CharacterEdit(
            (at.start[0] - 1, character(at.start[0] - 1, at.start[1])),
            (at.end[0] - 1, character(at.end[0] - 1, at.end[1]) if at.end[1] else len(texts.line(path, at.end[0] - 1))),
            at.text,
        )
        for at in one.fix
    ]
    return Finding(
        check=job.check.name,
        path=path,
        start_line=start if path else 0,
        end_line=end + 1 if path else 1,
        message=plain(one.message) or one.rule or "a complaint without words",
        code=one.rule[:100],
        severity=one.severity,
        start_character=character(start, one.start_column),
        end_character=character(end, one.end_column),
        href=one.href,
        related=tuple(Related(places.path(at), line - 1, said) for at, line, said in one.related if places.path(at)),
        fix=texts.fix(path, fix),
    )


def _number(match: Mapping[str, str], name: str) -> int:
    value = match.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 9 else 0
