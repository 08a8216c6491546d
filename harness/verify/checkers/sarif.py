"""Reads SARIF 2.1.0, the format of static analysers. Pure: bytes in; results, and what was looked at, out.

A run that says itself that it did not succeed, or that a tool's notification calls an error, proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from bridle.harness.nouns import Severity
from bridle.harness.verify.checkers.results import MAX_MESSAGE, UnreadableError, cut
from bridle.harness.verify.checkers.sarif_log import (
    ArtifactLocation,
    Location,
    Log,
    Message,
    PhysicalLocation,
    Result,
    Rule,
    Run,
)

LEVELS: Mapping[str, Severity] = {"error": "error", "warning": "warning", "note": "information"}
MAX_RESULTS = 500_000


class Replacement(msgspec.Struct, frozen=True):
    """Put `text` where the 1-based region is; `end` is None for the end of its last line."""

    start: tuple[int, int]
    end: tuple[int, int | None]
    text: str


class Complaint(msgspec.Struct, frozen=True):
    """One result. Lines and columns are 1-based, 0 where it names none; `fix` is of its own file alone."""

    path: str
    message: str
    rule: str = ""
    severity: Severity = "warning"
    start_line: int = 0
    start_column: int = 0
    end_line: int = 0
    end_column: int = 0
    href: str = ""
    fix: tuple[Replacement, ...] = ()
    related: tuple[tuple[str, int, str], ...] = ()


class Analysis(msgspec.Struct, frozen=True):
    """All runs of one file. `examined` is None where the tool does not say what it looked at."""

    complaints: tuple[Complaint, ...]
    examined: frozenset[str] | None
    n_suppressed: int = 0
    doubt: str = ""
    utf16: bool = True


def read_sarif(data: bytes) -> Analysis:
    """Return what all runs of one file say.

    Raises:
        UnreadableError: it is not SARIF 2.1.0, or has no run.
    """
    if not data.strip():
        raise UnreadableError("there is no report")
    try:
        log = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=Log)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(f"the report is not SARIF: {error}") from error
    if log.version != "2.1.0":
        raise UnreadableError(f"the report is SARIF {log.version[:20]!r}, and 2.1.0 is what is read")
    if not log.runs:
        raise UnreadableError("the report holds no run")
    if sum(len(run.results or ()) for run in log.runs) > MAX_RESULTS:
        raise UnreadableError(f"the report holds more than {MAX_RESULTS} results")
    targets = [target for run in log.runs if (target := _examined(run)) is not None]
    kept = [(run, result) for run in log.runs for result in run.results or () if _counts(result)]
    shown = [(run, result) for run, result in kept if not _suppressed(result)]
    return Analysis(
        tuple(_complaint(run, result) for run, result in shown),
        frozenset(path for target in targets for path in target) if targets else None,
        len(kept) - len(shown),
        next((doubt for run in log.runs if (doubt := _doubt(run))), ""),
        all(run.column_kind != "unicodeCodePoints" for run in log.runs),
    )


def _counts(result: Result) -> bool:
    return (
        result.kind in ("", "fail", "open", "review") and result.level != "none" and result.baseline_state != "absent"
    )


def _suppressed(result: Result) -> bool:
    return bool(result.suppressions) and all(one.status == "accepted" for one in result.suppressions or ())


def _doubt(run: Run) -> str:
    if run.results is None:
        return f"{run.tool.driver.name} says of no result, not even that there is none"
    for invocation in run.invocations:
        notes = (*invocation.tool_execution_notifications, *invocation.tool_configuration_notifications)
        why = next((note.message.text for note in notes if note.level == "error"), None)
        if why is not None or not invocation.execution_successful:
            said = f": {cut(why, 300)}" if why else ""
            return f"{run.tool.driver.name} says that it did not succeed{said}"
    return ""


def _examined(run: Run) -> frozenset[str] | None:
    targets = [one for one in run.artifacts if "analysisTarget" in one.roles]
    return frozenset(_uri(run, one.location) for one in targets) if targets else None


def _complaint(run: Run, result: Result) -> Complaint:
    rule = _rule(run, result)
    place = result.locations[0].physical_location if result.locations else PhysicalLocation()
    region, path = place.region, _uri(run, place.artifact_location)
    level = result.level or (rule.default_configuration.level if rule else "warning")
    return Complaint(
        path=path,
        message=cut(_text(result.message, rule), MAX_MESSAGE),
        rule=result.rule_id or (rule.id if rule else ""),
        severity=LEVELS.get(level, "warning"),
        start_line=max(0, region.start_line),
        start_column=max(0, region.start_column),
        end_line=max(0, region.end_line or region.start_line),
        end_column=max(0, region.end_column),
        href=rule.help_uri if rule and rule.help_uri.startswith("https://") else "",
        fix=_fix(run, result, path),
        related=tuple(_related(run, one) for one in result.related_locations[:20]),
    )


def _rule(run: Run, result: Result) -> Rule | None:
    rules = run.tool.driver.rules
    if 0 <= result.rule_index < len(rules):
        return rules[result.rule_index]
    return next((rule for rule in rules if rule.id == result.rule_id), None) if result.rule_id else None


def _text(message: Message, rule: Rule | None) -> str:
    text = message.text or message.markdown
    if not text and rule is not None and message.id in rule.message_strings:
        text = rule.message_strings[message.id].text
    for number, argument in enumerate(message.arguments[:20]):
        text = text.replace(f"{{{number}}}", argument)
    return text or message.id


def _related(run: Run, location: Location) -> tuple[str, int, str]:
    place = location.physical_location
    return _uri(run, place.artifact_location), max(1, place.region.start_line), location.message.text[:300]


def _fix(run: Run, result: Result, path: str) -> tuple[Replacement, ...]:
    """Return the replacements of the first fix, none where it goes beyond its own file or has no whole place."""
    changes = result.fixes[0].artifact_changes if result.fixes else ()
    if len(changes) != 1 or _uri(run, changes[0].artifact_location) != path or not path:
        return ()
    found: list[Replacement] = []
    for one in changes[0].replacements:
        region = one.deleted_region
        if region.start_line < 1:
            return ()
        start = (region.start_line, max(1, region.start_column))
        end = (region.end_line or region.start_line, region.end_column or None)
        found.append(Replacement(start, end, one.inserted_content.text))
    return tuple(found)


def _uri(run: Run, place: ArtifactLocation) -> str:
    """Return where an artifact is: an absolute path, or one relative to where the tool ran."""
    uri, base = place.uri, place.uri_base_id
    if not uri and 0 <= place.index < len(run.artifacts):
        inner = run.artifacts[place.index].location
        uri, base = inner.uri, inner.uri_base_id
    seen: set[str] = set()
    while base and base not in seen and not re.match(r"[A-Za-z][\w+.-]*:", uri) and not uri.startswith("/"):
        seen.add(base)
        root = run.original_uri_base_ids.get(base, ArtifactLocation())
        uri = root.uri + ("" if not root.uri or root.uri.endswith("/") else "/") + uri
        base = root.uri_base_id
    return _plain(uri)


def _plain(uri: str) -> str:
    try:
        parts: Any = urlsplit(uri)
    except ValueError:
        return ""
    if parts.scheme not in ("", "file"):
        return ""
    return unquote(parts.path) if parts.scheme == "file" else unquote(uri)
