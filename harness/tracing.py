"""Where a finding comes from: the lines that were changed lately, at it or in what a failing test reaches.

Changed means: unlike what Bridle found before its own last change there, else unlike git's last commit. Where neither
is known nothing is said. A test is followed by the frames of its failure, then by the calls of its failing lines, then
by those of the whole test. Bounded in findings, files and steps; never asked while somebody types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from bridle.harness.edits.hunks import Hunk, diffed
from bridle.harness.heads import HEAD, at_head
from bridle.harness.nouns import Finding, Origin, Related, Verdict
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.resolve import is_test
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.text import LineEdit, line_body, split_lines

MAX_FINDINGS = 200
MAX_STEPS = 150
MAX_CHANGED = 3
MAX_BYTES = 1 << 20
MIN_CONFIDENCE = 0.3

Read = Callable[[str], bytes | None]


class Before(msgspec.Struct, frozen=True):
    """A file as it was: `since` says what changed it, for people; `data` is None where it was not there."""

    since: str
    data: bytes | None


Past = Callable[[Sequence[str]], Mapping[str, Sequence[Before]]]
"""Gives what is known of how files were, the latest first; nothing for a file of which nothing is known."""


class Changes:
    """What changed in the files of one tree, each compared once."""

    def __init__(self, read: Read, past: Past) -> None:
        self._read = read
        self._past = past
        self._known: dict[str, tuple[tuple[Before, tuple[Hunk, ...]], ...]] = {}

    def look_at(self, paths: Iterable[str]) -> None:
        """Get ready to tell of these files, all at once."""
        fresh = [path for path in dict.fromkeys(paths) if path and path not in self._known]
        if not fresh:
            return
        past = self._past(fresh)
        for path in fresh:
            self._known[path] = tuple(_compared(self._read(path), past.get(path, ())))

    def at(self, path: str, start: int, end: int) -> Origin | None:
        """Return the change that holds or touches lines ``[start, end)``, the latest; None where there is none."""
        for before, hunks in self._known.get(path, ()):
            for hunk in hunks:
                if _touches(hunk, start, end):
                    return Origin(path, hunk.new_start, hunk.new_end, before.since, before.data is None)
        return None


def traced(verdict: Verdict, snapshot: Snapshot | None, changes: Changes) -> Verdict:
    """Return the verdict with the origin of its findings, and with what failing tests reach that was changed."""
    told = verdict.findings[:MAX_FINDINGS]
    ways = [list(_reached(finding, snapshot)) if finding.test and snapshot else [] for finding in told]
    changes.look_at([*(f.path for f in told), *(symbol.span.path for way in ways for symbol in way)])
    found = [_traced(finding, way, changes) for finding, way in zip(told, ways, strict=True)]
    return msgspec.structs.replace(verdict, findings=(*found, *verdict.findings[MAX_FINDINGS:]))


def reversal(now: bytes, before: bytes, start: int, end: int) -> tuple[LineEdit, ...]:
    """Return the edits of the text as it is that take back the changes touching lines ``[start, end)``.

    Lines come back with the line ends of the text that they come back to. Raises UndecodableError.
    """
    new, old = split_lines(decode(now).text), split_lines(decode(before).text)
    hunks = [one for one in _hunks(old, new) if _touches(one, start, end)]
    ending = _ending(new)
    return tuple(
        LineEdit(one.new_start, one.new_end, "".join(_ended(old[one.old_start : one.old_end], ending))) for one in hunks
    )


def past_of(root: Path, landed: Mapping[str, Before]) -> Past:
    """Return what tells of the past: Bridle's own last change of a file (`landed`), then git's last commit."""

    def past(paths: Sequence[str]) -> Mapping[str, Sequence[Before]]:
        committed = at_head(root, paths)
        told: dict[str, list[Before]] = {}
        for path in paths:
            known = [landed[path]] if path in landed else []
            known += [Before(HEAD, committed[path])] if path in committed else []
            told[path] = known
        return told

    return past


def _traced(finding: Finding, way: Sequence[Symbol], changes: Changes) -> Finding:
    here = changes.at(finding.path, finding.start_line, max(finding.end_line, finding.start_line + 1))
    changed: list[tuple[Symbol, Origin]] = []
    for symbol in way:
        span = symbol.span
        origin = changes.at(span.path, span.start_line, span.end_line)
        if origin is not None and len(changed) < MAX_CHANGED:
            changed.append((symbol, origin))
    if not changed:
        return msgspec.structs.replace(finding, origin=here) if here else finding
    related = tuple(
        Related(symbol.span.path, symbol.span.start_line, f"{symbol.name} was changed since {origin.since}", True)
        for symbol, origin in changed
    )
    return msgspec.structs.replace(finding, related=(*finding.related, *related), origin=changed[0][1])


def _reached(finding: Finding, snapshot: Snapshot) -> Iterator[Symbol]:
    """Yield the functions that a failing test reaches, the likeliest cause first, the test itself left out."""
    test = snapshot.enclosing(finding.path, finding.start_line)
    told: set[SymbolId] = {test.id} if test else set()
    for place in reversed(finding.related):
        symbol = snapshot.enclosing(place.path, place.start_line)
        if symbol is not None and symbol.id not in told and symbol.kind in ("function", "method"):
            told.add(symbol.id)
            yield symbol
    if test is None:
        return
    lines = range(finding.start_line, max(finding.end_line, finding.start_line + 1))
    called = _names_on(snapshot, finding.path, lines)
    waiting = sorted(_called_by(snapshot, test.id), key=lambda one: snapshot.symbols[one].name not in called)
    walked: set[SymbolId] = set()
    while waiting and len(walked) < MAX_STEPS:
        at = waiting.pop(0)
        symbol = snapshot.symbols[at]
        if at in walked or is_test(symbol):
            continue
        walked.add(at)
        if at not in told and symbol.kind in ("function", "method"):
            yield symbol
        waiting += _called_by(snapshot, at)


def _called_by(snapshot: Snapshot, source: SymbolId) -> list[SymbolId]:
    edges = snapshot.callees(source)
    return list(dict.fromkeys(edge.target for edge in edges if edge.confidence >= MIN_CONFIDENCE))


def _names_on(snapshot: Snapshot, path: str, lines: range) -> set[str]:
    known = snapshot.linked.files.get(path)
    return {one.name for one in known.facts.references if one.line in lines} if known else set()


def _compared(now: bytes | None, past: Sequence[Before]) -> Iterator[tuple[Before, tuple[Hunk, ...]]]:
    for before in past:
        if now is None or max(len(now), len(before.data or b"")) > MAX_BYTES:
            return
        try:
            new = split_lines(decode(now).text)
            old = split_lines(decode(before.data or b"").text)
        except UndecodableError:
            return
        yield before, tuple(_hunks(old, new))


def _touches(hunk: Hunk, start: int, end: int) -> bool:
    """Tell whether a hunk holds one of these lines, or stands right before one where it only took lines away."""
    return hunk.new_start < end and start < max(hunk.new_end, hunk.new_start + 1)


def _hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """Return what differs, line ends left out: git may have stored others."""
    return diffed([line_body(line) for line in old], [line_body(line) for line in new])


def _ending(lines: Sequence[str]) -> str:
    first = lines[0] if lines else ""
    return first[len(line_body(first)) :] or "\n"


def _ended(lines: Sequence[str], ending: str) -> Iterator[str]:
    for line in lines:
        body = line_body(line)
        yield body + (ending if body != line else "")
