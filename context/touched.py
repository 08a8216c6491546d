"""What a commit touched, of what was there before it: the answer to its own message, as far as that asks a question.

Definitions in code proper are answers, those whose own lines a diff changes; tests and what else stands beside are
none. Pure: asking git is done elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.languages.readers import is_text
from bridle.indexer.snapshot import Snapshot

MOST_TOUCHED = 12
MOST_FILES = 4
WHOLE_LINES = 80
BESIDE = re.compile(
    r"(^|/)(tests?|__tests__|testing|testdata|spec|e2e|examples?|benches|bench|benchmarks?|docs?|scripts|changelog"
    r"|vendor|third_party|node_modules|dist|fuzz|runtime-tests)(/|$)|_test\.go$|(^|/)test_[^/]*\.py$|_test\.py$"
    r"|(^|/)conftest\.py$|\.(spec|test|bench)\.[cm]?[jt]sx?$|\.d\.ts$|\.min\.js$|Tests?\.java$"
)
"""Files that are no answer: what stands beside the code proper."""
_NO_QUESTION = re.compile(r"(?i)^(revert|merge|bump|release|prepare|version|\[?docs?\b|chore\(deps)|typo|changelog")
_WORD = re.compile(r"[A-Za-z]{3,}")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def is_proper(path: str) -> bool:
    """Whether a file holds code that may be an answer."""
    return not is_text(path) and BESIDE.search(path) is None


def is_question(subject: str) -> bool:
    """Whether the first line of a message says what was done, rather than that something was released or mended."""
    return len(_WORD.findall(subject)) >= 3 and _NO_QUESTION.search(subject) is None


def touched(diff: str, snapshot: Snapshot, is_answer: Callable[[str], bool] = is_proper) -> set[SymbolId]:
    """Return the definitions of `snapshot` that a diff (``-U0 --no-renames``) from it touches.

    Nothing where it touches more than a person means by one change.
    """
    found: set[SymbolId] = set()
    symbols: list[tuple[Symbol, list[tuple[int, int]]]] = []
    for line in diff.split("\n"):
        if line.startswith("--- "):
            path = line[6:].rstrip("\t") if line.startswith("--- a/") else ""
            symbols = _chunks(snapshot, path) if path and is_answer(path) else []
        elif symbols and (hunk := _HUNK.match(line)):
            start, count = int(hunk[1]), int(hunk[2]) if hunk[2] is not None else 1
            found |= {symbol.id for symbol, holes in symbols if _is_touched(symbol, holes, start, count)}
    return found if len(found) <= MOST_TOUCHED else set()


def _chunks(snapshot: Snapshot, path: str) -> list[tuple[Symbol, list[tuple[int, int]]]]:
    """Return the definitions that may be the answer, each with the 1-based lines that are another's."""
    kept: list[Symbol] = []
    whole_until = -1
    for symbol in snapshot.in_file(path):
        if symbol.kind in {"module", "variable"} or symbol.span.start_byte < whole_until:
            continue
        kept.append(symbol)
        lines = symbol.span.end_line - symbol.span.start_line
        if symbol.kind in {"function", "method", "test"} and lines <= WHOLE_LINES:
            whole_until = symbol.span.end_byte
    return [(one, [_lines(other) for other in kept if _is_within(other, one)]) for one in kept]


def _lines(symbol: Symbol) -> tuple[int, int]:
    return symbol.span.start_line + 1, symbol.span.end_line


def _is_within(inner: Symbol, outer: Symbol) -> bool:
    a, b = inner.span, outer.span
    return inner is not outer and b.start_byte <= a.start_byte and a.end_byte <= b.end_byte


def _is_touched(symbol: Symbol, holes: list[tuple[int, int]], start: int, count: int) -> bool:
    first, last = _lines(symbol)
    if count == 0:
        return first <= start < last and not any(a <= start < b for a, b in holes)
    lines = range(max(first, start), min(last, start + count - 1) + 1)
    return any(not any(a <= line <= b for a, b in holes) for line in lines)
