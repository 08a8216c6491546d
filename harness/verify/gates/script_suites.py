"""The tests that a JavaScript or TypeScript file declares: mocha, jest, vitest, node:test and chai. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from bridle.harness.verify.gates.claims import Claim
from bridle.harness.verify.gates.script_claims import callback_of, claims_of, declared
from bridle.harness.verify.gates.suites import Case, Suite
from bridle.harness.verify.gates.tree_claims import IDENTIFIERS
from bridle.indexer.languages.trees import plain, short, text_of, walk, words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

GROUPS = words("describe context suite fdescribe xdescribe ddescribe xcontext")
TESTS = words("it test specify fit xit iit xtest xspecify")
LEFT_OUT = words("skip todo fails failing skipIf runIf fixme pending")
ALONE = words("only fit fdescribe iit ddescribe")


class _Head(msgspec.Struct, frozen=True):
    """What is called: `it`, with the words behind it (`skip`, `each`, `only`) and the call that holds the rows."""

    base: str
    words: tuple[str, ...]
    rows: Node | None


def read_script(root: Node) -> Suite:
    """Return what a file declares."""
    reader = _Reader(root)
    reader.block(root, "", ())
    return Suite(
        tests=reader.tests,
        helpers=reader.helpers(),
        left_out=tuple(reader.alone),
        claims=(),
        imported=frozenset(_imported(root)),
        defined={name: node.start_point.row for name, node in declared(root)},
    )


class _Reader:
    def __init__(self, root: Node) -> None:
        self.tests: dict[str, Case] = {}
        self.alone: list[str] = []
        self._root = root
        self._functions = {name: node for name, node in declared(root) if callback_of([node]) is not None}

    def block(self, node: Node, prefix: str, left_out: tuple[str, ...]) -> None:
        """Read the tests and groups below a node."""
        waiting = list(reversed(node.named_children))
        while waiting:
            at = waiting.pop()
            head = _head_of(at) if at.type == "call_expression" else None
            if head is None:
                hidden = at.type in ("if_statement", "ternary_expression", "catch_clause")
                if hidden:
                    self.block(at, prefix, (*left_out, f"if {short(at)[:40]}"))
                else:
                    waiting += reversed(at.named_children)
                continue
            self._declared(at, head, prefix, left_out)

    def helpers(self) -> dict[str, Case]:
        """Return the file's own functions that claim something."""
        found = {name: self._case(name, node, node, (), ()) for name, node in self._functions.items()}
        return {name: case for name, case in found.items() if case.claims}

    def _declared(self, call: Node, head: _Head, prefix: str, left_out: tuple[str, ...]) -> None:
        arguments = _arguments(call)
        title = plain(arguments[0]) if arguments else ""
        marks = (*left_out, *(word for word in _words(head, arguments) if word in LEFT_OUT))
        if ALONE & {head.base, *_words(head, arguments)}:
            self.alone.append(f"only {title}")
        body = callback_of(arguments)
        if head.base in GROUPS or head.base.endswith("describe"):
            if body is not None:
                self.block(body, f"{prefix}{title} > ", marks)
            return
        if body is None:
            marks = (*marks, "it has no body")
        name = f"{prefix}{title}"
        while name in self.tests:
            name += "'"
        self.tests[name] = self._case(name, call, body, marks, _rows(head, self._root))

    def _case(self, name: str, at: Node, body: Node | None, marks: Sequence[str], rows: tuple[str, ...] | None) -> Case:
        claims: list[Claim] = [] if body is None else claims_of(body, self._functions)
        skips = [] if body is None else [short(node) for node in walk(body) if _skips(node)]
        return Case(
            name=name,
            line=at.start_point.row,
            body="" if body is None else plain(body.child_by_field_name("body") or body),
            claims=tuple(claims),
            left_out=(*marks, *skips),
            rows=rows,
            patched=frozenset() if body is None else frozenset(_patched(body)),
            names=frozenset(text_of(node) for node in walk(at) if node.type in IDENTIFIERS),
        )


def _head_of(call: Node) -> _Head | None:
    """Return what a call declares; None where it declares no test."""
    words: list[str] = []
    rows: Node | None = None
    at = call.child_by_field_name("function")
    while at is not None and at.type in ("member_expression", "call_expression"):
        if at.type == "member_expression":
            words.append(text_of(at.child_by_field_name("property") or at))
            at = at.child_by_field_name("object")
        else:
            rows, at = at, at.child_by_field_name("function")
    base = text_of(at) if at is not None and at.type == "identifier" else ""
    if base in ("t", "ctx", "tc") and words in (["test"], ["it"]):
        base, words = words[0], []
    if base not in GROUPS and base not in TESTS:
        return None
    if rows is None and words and words[0] not in LEFT_OUT | ALONE | {"each", "concurrent", "sequential", "serial"}:
        return None  # test.beforeEach and its like
    is_text = bool(_arguments(call)) and (_arguments(call)[0].type != "arrow_function" or base in TESTS)
    if base.startswith("x") or base == "pending":
        words.append("skip")
    return _Head(base, tuple(words), rows) if is_text else None


def _words(head: _Head, arguments: Sequence[Node]) -> Iterator[str]:
    """Yield the words of a head, and those that stand as options: `{ skip: true }`."""
    yield from head.words
    for argument in arguments:
        if argument.type == "object":
            for pair in argument.named_children:
                key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                if key is not None and value is not None and text_of(value) not in ("false", "undefined"):
                    yield text_of(key)


def _arguments(call: Node) -> list[Node]:
    found = call.child_by_field_name("arguments")
    return [] if found is None else [node for node in found.named_children if node.type != "comment"]


def _rows(head: _Head, root: Node) -> tuple[str, ...] | None:
    if head.rows is None or "each" not in head.words:
        return ()
    table = head.rows.child_by_field_name("arguments")
    if table is None or table.type == "template_string":
        return () if table is None else tuple(line.strip() for line in text_of(table).splitlines()[1:] if line.strip())
    first = table.named_children[0] if table.named_children else None
    if first is not None and first.type == "identifier":
        first = dict(declared(root)).get(text_of(first))
    if first is None or first.type != "array":
        return None
    return tuple(plain(row) for row in first.named_children if row.type != "comment")


def _skips(node: Node) -> bool:
    if node.type != "call_expression":
        return False
    called = node.child_by_field_name("function")
    if called is None or called.type != "member_expression":
        return False
    name = text_of(called.child_by_field_name("property") or called)
    owner = text_of(called.child_by_field_name("object") or called)
    return name in ("skip", "todo", "fixme") and owner in ("this", "t", "ctx", "context", "test", "it", "tc")


def _patched(body: Node) -> Iterator[str]:
    """Yield the names that a test replaces by something of its own."""
    for node in walk(body):
        if node.type == "call_expression":
            called = text_of(node.child_by_field_name("function") or node).rpartition(".")[2]
            if called in ("spyOn", "stub", "method", "replace"):
                yield from (text_of(one).strip("'\"`") for one in _arguments(node)[1:2] if one.type == "string")


def _imported(root: Node) -> Iterator[str]:
    for node in root.named_children:
        if node.type == "import_statement":
            yield from (text_of(part) for part in walk(node) if part.type == "identifier")
    for name, value in declared(root):
        if value.type == "call_expression" and text_of(value.child_by_field_name("function") or value) == "require":
            yield name
