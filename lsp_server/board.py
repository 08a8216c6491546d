"""The standing findings, on the lines where they stand now.

A check's newest verdict takes the place of its older ones; one that came to no verdict takes nothing away. Findings
whose lines were touched go; the others move with their lines. What happens inside a run never comes here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from bridle.harness.engine import Finding, Verdict
from bridle.indexer.history import LineMap
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.landing import carry
from bridle.lsp_server.settings import ClientSettings

Kind = Literal["tests", "lint", "types"]

BESIDE: Mapping[Kind, frozenset[str]] = {
    "tests": frozenset(),
    "lint": frozenset(
        {"ruff", "ruff-format", "flake8", "pylint", "pycodestyle", "pyflakes", "eslint", "biome", "oxc", "oxlint", "xo"}
        | {"cargo-clippy", "clippy"}
    ),
    "types": frozenset(
        {"mypy", "pyright", "pylance", "basedpyright", "pyre", "pyrefly", "ty", "tsc", "ts", "js", "typescript"}
        | {"cargo-check", "rustc", "rust-analyzer", "go-vet", "vet", "go vet", "compiler", "syntax", "gopls", "printf"}
    ),
}
"""The sources of other tools, in lower case, beside which findings of each kind would be doubled."""

OF_LANGUAGE = (
    frozenset({"eslint", "biome", "oxc", "oxlint", "xo", "tsc", "ts", "js", "typescript"}),
    frozenset({"cargo-check", "cargo-clippy", "rustc", "clippy", "rust-analyzer"}),
    frozenset({"go-vet", "vet", "go vet", "compiler", "syntax", "gopls", "printf"}),
)
"""Those that look at one language alone, and double nothing that is said of any other; the rest are Python's.

What gopls finds bears the name of its part: of those, vet's commonest stands for all."""


NEVER_NARROWED = frozenset({"mypy", "tsc", "cargo-check", "cargo-clippy", "cargo-test"})
"""Those that look at all of their package, whichever of its files was saved."""

BY_FOLDER = frozenset({"go-vet", "go-test"})
"""Those that look at the whole folders of the saved files."""

_SCRIPT_TEST = re.compile(r"[.](?:test|spec)[.][cm]?[jt]sx?$|(?:^|/)__tests__/")


class Placed(NamedTuple):
    """A finding with its lines as they were at `revision` of its document (None: closed)."""

    finding: Finding
    revision: int | None


class Board:
    """All standing findings of one root."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._placed: dict[str, list[Placed]] = {}
        self._seen: dict[str, Mapping[str, int]] = {}
        self._introduced: set[str] = set()
        self.told_sources: set[str] = set()
        self.client_tells = False

    def take(
        self, verdict: Verdict, buffers: Mapping[str, int], paths: Sequence[str] = (), *, after_landing: bool = False
    ) -> None:
        """Take a verdict on the tree with `buffers`; `paths` are the files that the check was narrowed to."""
        if verdict.outcome not in ("pass", "fail"):
            return
        check = verdict.check
        before = self._placed.get(check)
        if after_landing and before is not None:
            known = {placed.finding.fingerprint for placed in before}
            self._introduced |= {f.fingerprint for f in verdict.findings} - known
        kept = [placed for placed in before or () if not _covered(placed.finding, paths)]
        fresh = [Placed(finding, buffers.get(finding.path)) for finding in verdict.findings]
        self._placed[check] = [*kept, *fresh]
        self._seen[check] = dict(buffers)

    def follow(self, document: Document) -> None:
        """Move the findings of a document to where its lines stand now; done when they are asked for."""
        for check, group in self._placed.items():
            if any(one.finding.path == document.path and one.revision != document.revision for one in group):
                self._placed[check] = _moved(group, document)

    def let_go(self, document: Document) -> None:
        """A document was closed: when it was not saved, its findings are about a text that is gone."""
        self.follow(document)
        for check, placed in self._placed.items():
            self._placed[check] = [
                one if one.finding.path != document.path else Placed(one.finding, None)
                for one in placed
                if one.finding.path != document.path or not document.unsaved
            ]

    def stale(self, check: str) -> bool:
        """Tell whether a document changed since the check saw it."""
        seen = self._seen.get(check, {})
        return any(
            document.revision != max(seen.get(document.path, 0), document.opened_at)
            for document in self._documents
            if document.path is not None
        )

    def paths(self) -> set[str]:
        """Return the files that have findings."""
        return {placed.finding.path for group in self._placed.values() for placed in group}

    def on(self, path: str, start: int = 0, end: int | None = None) -> list[Finding]:
        """Return the findings on lines ``[start, end)`` of a file, in order of their lines."""
        if (document := self._documents.at(path)) is not None:
            self.follow(document)
        found = (placed.finding for group in self._placed.values() for placed in group)
        here = [
            finding
            for finding in found
            if finding.path == path and finding.end_line > start and (end is None or finding.start_line < end)
        ]
        return sorted(here, key=lambda f: (f.start_line, f.check, f.start_character, f.message))

    def shown(self, finding: Finding, settings: ClientSettings) -> bool:
        """Tell whether a finding is shown beside those of the other tools that this client has."""
        kind = kind_of(finding.check)
        mode = "on" if kind == "tests" else settings.lint if kind == "lint" else settings.types
        if mode != "auto" or finding.fingerprint in self._introduced:
            return mode != "off"
        return self.client_tells and not (self.told_sources & doubled_by(finding.check))


def kind_of(check: str) -> Kind:
    """Return what a check looks at."""
    for kind, names in BESIDE.items():
        if tool_of(check) in names:
            return kind
    return "tests"


def doubled_by(check: str) -> frozenset[str]:
    """Return the sources beside which the findings of a check would be doubled: of its kind, and of its language."""
    names, tool = BESIDE[kind_of(check)], tool_of(check)
    for language in OF_LANGUAGE:
        if tool in language:
            return names & language
    return names.difference(*OF_LANGUAGE)


def tool_of(check: str) -> str:
    """Return the tool of a check, in lower case, by the check's name."""
    return check.lower().partition(":")[0]


def _moved(group: Sequence[Placed], document: Document) -> list[Placed]:
    """Return the findings where their lines stand now; without those whose lines were touched."""
    maps: dict[int, LineMap | None] = {}
    kept: list[Placed] = []
    for one in group:
        if one.finding.path != document.path:
            kept.append(one)
            continue
        since = max(one.revision or 0, document.opened_at)
        if since not in maps:
            maps[since] = document.log.since(since)
        if (moved := maps[since]) is not None and (finding := _carried(one.finding, moved, document)) is not None:
            kept.append(Placed(finding, document.revision))
    return kept


def _carried(finding: Finding, moved: LineMap, document: Document) -> Finding | None:
    places = [moved.line(line) for line in range(finding.start_line, finding.end_line)]
    start = places[0] if places else moved.line(finding.start_line)
    if start is None or any(place != start + n for n, place in enumerate(places)):
        return None
    end = start + finding.end_line - finding.start_line
    fix = carry(finding.fix, moved, document)
    edits = () if fix.conflicts else fix.edits
    return msgspec.structs.replace(finding, start_line=start, end_line=end, fix=edits)


def _covered(finding: Finding, paths: Sequence[str]) -> bool:
    """Tell whether a check that was narrowed to `paths` would have found `finding` again.

    Tests are chosen by what they reach: only when all paths are tests themselves do the others stay unseen.
    """
    tool = tool_of(finding.check)
    if not paths or finding.path in paths or tool in NEVER_NARROWED:
        return True
    if tool in BY_FOLDER:
        return finding.path.rpartition("/")[0] in {path.rpartition("/")[0] for path in paths}
    return kind_of(finding.check) == "tests" and not all(_is_test(path) for path in paths)


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("test_") or name.endswith("_test.py") or _SCRIPT_TEST.search(path) is not None
