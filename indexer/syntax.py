"""What a grammar says of one file: where it finds errors, and which block begins on a line. One question at a time.

Runs inside a process of its own (`indexer/syntax_worker.py`): a grammar holds the interpreter's lock while it
parses and may hang. Lines are the protocol's, counted from bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.languages.blocks import NoBlockError, block_lines
from bridle.indexer.languages.grammars import Grammar, MissingGrammarError, grammar_of, parser_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

MAX_FAULTS = 1_000

_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONE_CR = re.compile(rb"\r(?!\n)")


class Compare(msgspec.Struct, frozen=True, tag=True):
    """Asks whether the second of two texts of the file at `path`, in UTF-8, has more errors than the first."""

    path: str
    before: bytes
    after: bytes


class Locate(msgspec.Struct, frozen=True, tag=True):
    """Asks which block of the file at `path` is named by 0-based `line`."""

    path: str
    text: bytes
    line: int


class SyntaxFault(msgspec.Struct, frozen=True):
    """One place that the grammar cannot read. `line` is 0-based; `what` quotes nothing of the file."""

    line: int
    what: str


class Compared(msgspec.Struct, frozen=True, tag=True):
    """How many errors each text has, the first of the one before, and the first of the other that is new."""

    n_before: int
    n_after: int
    before: SyntaxFault | None = None
    after: SyntaxFault | None = None


class Located(msgspec.Struct, frozen=True, tag=True):
    """A block's first line and the one after its last, 0-based."""

    start: int
    end: int


class Unanswered(msgspec.Struct, frozen=True, tag=True):
    """Why there is no answer."""

    reason: str


Question = Compare | Locate
Answer = Compared | Located | Unanswered


def answer(question: Question) -> Answer:
    """Return what the grammar of the file says."""
    grammar = grammar_of(question.path)
    if grammar is None:
        return Unanswered("no grammar is known for files of this kind")
    try:
        if isinstance(question, Compare):
            return _compared(grammar, question)
        return _located(grammar, question)
    except (MissingGrammarError, NoBlockError) as error:
        return Unanswered(str(error))


def _compared(grammar: Grammar, question: Compare) -> Compared:
    before, after = (faults(grammar, text) for text in (question.before, question.after))
    left = Counter(fault.what for fault in before)
    new: SyntaxFault | None = None
    for fault in after:
        left[fault.what] -= 1
        if left[fault.what] < 0:
            new = fault
            break
    return Compared(len(before), len(after), before[0] if before else None, new or (after[0] if after else None))


def _located(grammar: Grammar, question: Locate) -> Located:
    source = _LONE_CR.sub(b"\n", question.text)
    starts = _line_starts(source)
    if not 0 <= question.line < len(starts):
        raise NoBlockError("there is no such line")
    return Located(*block_lines(grammar, source, starts, _tree(grammar, source).root_node, question.line))


def faults(grammar: Grammar, text: bytes) -> list[SyntaxFault]:
    """Return the errors that the grammar finds in `text`, in their order, as many as are counted."""
    source = _LONE_CR.sub(b"\n", text)  # no grammar ends a line at a lone carriage return
    starts = _line_starts(source)
    found: list[tuple[int, SyntaxFault]] = []
    waiting = [_tree(grammar, source).root_node]
    while waiting and len(found) < MAX_FAULTS:
        node = waiting.pop()
        if node.is_missing or node.is_error:
            found.append((node.start_byte, SyntaxFault(_line_of(starts, node.start_byte), _what(node))))
        if node.has_error and not node.is_missing:
            waiting += reversed(node.children)
    return [fault for _, fault in sorted(found, key=lambda one: one[0])]


def _what(node: Node) -> str:
    if node.is_missing:
        return f"{node.type!r} is missing" if node.type.isprintable() and node.type.strip() else "an end is missing"
    return "what begins here is not its syntax"


def _tree(grammar: Grammar, source: bytes) -> Tree:
    return parser_of(grammar).parse(source)


def _line_starts(source: bytes) -> list[int]:
    return [0, *(match.end() for match in _LINE_END.finditer(source))]


def _line_of(starts: list[int], byte: int) -> int:
    return bisect_right(starts, byte) - 1
