"""The standing findings, on the lines where they stand now.

A check's newest verdict takes the place of its older ones; one that came to no verdict takes nothing away, and makes
them doubtful. Findings whose lines were touched go; the others move with their lines. What happens inside a run never
comes here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from bridle.harness.engine import Finding, Verdict
from bridle.indexer.history import LineMap
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.landing import carry
from bridle.lsp_server.settings import ClientSettings

Kind = Literal["tests", "lint", "types"]
Key = tuple[str, str]
"""Check and fingerprint."""

MAX_REACHING = 400
"""How many failing tests are followed to what they reach."""

SPOKEN = ("pass", "fail", "flaky")
"""Outcomes of a check that said what it found."""

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
    """A finding with its lines as they were at `revision` of its document (None: closed).

    What else it names stands where it stood when its check saw the documents, at `seen`.
    """

    finding: Finding
    revision: int | None
    seen: Mapping[str, int] = {}

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.finding.check, self.finding.fingerprint


class Reached(NamedTuple):
    """A changed definition on a line, and the findings of the failing tests that reach it."""

    line: int
    name: str
    findings: tuple[Finding, ...]


class Board:
    """All standing findings of one root."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._placed: dict[str, dict[str, list[Placed]]] = {}
        self._seen: dict[str, Mapping[str, int]] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._unclear: set[str] = set()
        self._introduced: set[str] = set()
        self.muted: set[Key] = set()
        self.told_sources: set[str] = set()
        self.client_tells = False

    # --- taking ---------------------------------------------------------------------------------------------

    def take(
        self, verdict: Verdict, buffers: Mapping[str, int], paths: Sequence[str] = (), *, after_landing: bool = False
    ) -> None:
        """Take a verdict on the tree with `buffers`; `paths` are the files that the check was narrowed to."""
        check = verdict.check
        self._verdicts[check] = msgspec.structs.replace(verdict, findings=(), fixed=(), log="")
        if verdict.outcome not in SPOKEN:
            self._unclear.add(check)
            return
        self._unclear.discard(check)
        found = [finding for finding in verdict.findings if _is_below(finding.path)]
        before = self._placed.get(check)
        if after_landing and before is not None:
            known = {placed.finding.fingerprint for group in before.values() for placed in group}
            self._introduced |= {finding.fingerprint for finding in found} - known
        kept = [one for group in (before or {}).values() for one in group if not _covered(one.finding, paths)]
        fresh = [Placed(finding, buffers.get(finding.path), buffers) for finding in found]
        self._placed[check] = _by_path([*kept, *fresh])
        self._seen[check] = dict(buffers)

    def settle(self, checks: Collection[str]) -> None:
        """Take the findings away of every check that is not among `checks`, all that there are: nobody takes them back
        any more.
        """
        for check in [check for check in (*self._placed, *self._verdicts) if check not in checks]:
            self._placed.pop(check, None)
            self._seen.pop(check, None)
            self._verdicts.pop(check, None)
            self._unclear.discard(check)

    def forget(self, paths: Iterable[str]) -> None:
        """Files are gone, or all that was below a folder: so are their findings."""
        gone = tuple(paths)
        for group in self._placed.values():
            for path in [path for path in group if any(path == one or path.startswith(f"{one}/") for one in gone)]:
                del group[path]

    def accept(self, accepted: Mapping[Key, int]) -> None:
        """Mark what is accepted, as often as it is; what is not accepted any more is new again."""
        left = dict(accepted)
        for check, group in self._placed.items():
            for path, placed in group.items():
                group[path] = [_marked(one, left) for one in sorted(placed, key=lambda one: one.finding.start_line)]
            self._placed[check] = group

    def follow(self, document: Document) -> None:
        """Move the findings of a document to where its lines stand now; done when they are asked for."""
        path = document.path or ""
        for group in self._placed.values():
            if any(one.revision != document.revision for one in group.get(path, ())):
                group[path] = _moved(group[path], document)

    def let_go(self, document: Document) -> None:
        """A document was closed: when it was not saved, its findings are about a text that is gone."""
        self.follow(document)
        path = document.path or ""
        for group in self._placed.values():
            if document.unsaved:
                group.pop(path, None)
            elif path in group:
                group[path] = [Placed(one.finding, None, one.seen) for one in group[path]]

    # --- asking ---------------------------------------------------------------------------------------------

    def stale(self, check: str) -> bool:
        """Tell whether a document changed since the check saw it."""
        seen = self._seen.get(check, {})
        return any(
            document.revision != max(seen.get(document.path, 0), document.opened_at)
            for document in self._documents
            if document.path is not None
        )

    def unclear(self, check: str) -> bool:
        """Tell whether the check has run since without coming to a verdict: nobody knows whether its findings stand."""
        return check in self._unclear

    def verdict(self, check: str = "") -> Verdict | None:
        """Return the last verdict of a check without its findings; of all, the first that is not green, if any."""
        if check:
            return self._verdicts.get(check)
        known = list(self._verdicts.values())
        return next((one for one in known if one.outcome != "pass"), known[-1] if known else None)

    def paths(self) -> set[str]:
        """Return the files that have findings."""
        return {path for group in self._placed.values() for path, placed in group.items() if placed}

    def on(self, path: str, start: int = 0, end: int | None = None) -> list[Finding]:
        """Return the findings on lines ``[start, end)`` of a file, in order of their lines."""
        return [placed.finding for placed in self.placed(path, start, end)]

    def placed(self, path: str, start: int = 0, end: int | None = None) -> list[Placed]:
        """Return the same with where they were seen."""
        if (document := self._documents.at(path)) is not None:
            self.follow(document)
        here = [
            one
            for group in self._placed.values()
            for one in group.get(path, ())
            if one.finding.end_line > start and (end is None or one.finding.start_line < end)
        ]
        return sorted(here, key=lambda one: _order(one.finding))

    def shown(self, finding: Finding, settings: ClientSettings) -> bool:
        """Tell whether a finding is shown beside those of the other tools that this client has."""
        if (finding.check, finding.fingerprint) in self.muted or (finding.accepted and settings.accepted == "off"):
            return False
        kind = kind_of(finding.check)
        mode = "on" if kind == "tests" else settings.lint if kind == "lint" else settings.types
        if mode != "auto" or finding.fingerprint in self._introduced:
            return mode != "off"
        return self.client_tells and not (self.told_sources & doubled_by(finding.check))

    def line_now(self, placed: Placed, path: str, line: int) -> int | None:
        """Return where a line of `path` stands that a finding names; None where it was touched since."""
        document = self._documents.at(path)
        if document is None:
            return line
        moved = document.log.since(max(placed.seen.get(path, 0), document.opened_at))
        return moved.line(line) if moved is not None else None

    def reached(self, settings: ClientSettings) -> dict[str, list[Reached]]:
        """Return, by file, the changed definitions that failing tests reach: each line once, and none of the tests'
        own lines.
        """
        found: dict[tuple[str, int], list[tuple[str, Finding]]] = {}
        reaching = (one for one in self._all() if any(place.changed for place in one.finding.related))
        for one in islice(reaching, MAX_REACHING):
            for place in one.finding.related:
                if not (place.changed and _is_below(place.path) and self.shown(one.finding, settings)):
                    continue
                line = self.line_now(one, place.path, place.start_line)
                if line is not None and (place.path, line) != (one.finding.path, one.finding.start_line):
                    found.setdefault((place.path, line), []).append((place.message, one.finding))
        by_path: dict[str, list[Reached]] = {}
        for (path, line), told in sorted(found.items()):
            findings = sorted((finding for _, finding in told), key=lambda f: (f.path, f.start_line, f.test))
            by_path.setdefault(path, []).append(Reached(line, told[0][0], tuple(findings)))
        return by_path

    def valued(self, path: str) -> list[Finding]:
        """Return the findings that know what the values were on some line of a file."""
        named = (one.finding for one in self._all() if any(held.path == path for held in one.finding.values))
        return sorted(named, key=_order)

    def count(self, key: Key) -> int:
        """Return how often a finding stands."""
        return sum(one.key == key for one in self._all())

    def _all(self) -> Iterator[Placed]:
        return (one for group in self._placed.values() for placed in group.values() for one in placed)


@cache
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


def _order(finding: Finding) -> tuple[int, str, int, str]:
    return finding.start_line, finding.check, finding.start_character, finding.message


def _by_path(placed: Iterable[Placed]) -> dict[str, list[Placed]]:
    found: dict[str, list[Placed]] = {}
    for one in placed:
        found.setdefault(one.finding.path, []).append(one)
    return found


def _is_below(path: str) -> bool:
    """Tell whether a path is one below the root: what a tool says of files elsewhere has no line to stand on."""
    return bool(path) and not path.startswith("/") and ".." not in path.split("/")


def _marked(one: Placed, left: dict[Key, int]) -> Placed:
    known = left.get(one.key, 0) > 0
    if known:
        left[one.key] -= 1
    if known is one.finding.accepted:
        return one
    return one._replace(finding=msgspec.structs.replace(one.finding, accepted=known, new=not known))


def _moved(group: Sequence[Placed], document: Document) -> list[Placed]:
    """Return the findings where their lines stand now; without those whose lines were touched."""
    maps: dict[int, LineMap | None] = {}
    kept: list[Placed] = []
    for one in group:
        since = max(one.revision or 0, document.opened_at)
        if since not in maps:
            maps[since] = document.log.since(since)
        if (moved := maps[since]) is not None and (finding := _carried(one.finding, moved, document)) is not None:
            kept.append(Placed(finding, document.revision, one.seen))
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
