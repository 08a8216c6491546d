"""The tests that a Go file declares: functions of `testing`, with `t.Error` under a condition, or testify. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.harness.verify.gates.claims import Claim
from bridle.harness.verify.gates.suites import Case, Suite
from bridle.harness.verify.gates.tree_claims import (
    IDENTIFIERS,
    claim_of,
    failure_of,
    is_constant,
    is_same,
    values_of,
)
from bridle.indexer.languages.trees import plain, short, text_of, walk, words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

TEST = re.compile(r"(?:Test|Example|Fuzz)(?![a-z])")
CONSTRAINT = re.compile(r"^//(?:go:build| \+build)\s+(.+)$", re.MULTILINE)
FAILS = words("Error Errorf Fatal Fatalf Fail FailNow")
SKIPS = words("Skip Skipf SkipNow")
STRONG = words("Equal EqualValues Exactly Same JSONEq Nil NoError ErrorIs Len Empty Zero EqualError")
WEAK = words("True NotNil NotEmpty NotZero Error")
_TABLES = ("slice_type", "map_type", "implicit_length_array_type", "array_type")


def read_go(root: Node) -> Suite:
    """Return what a file declares."""
    tests: dict[str, Case] = {}
    helpers: dict[str, Case] = {}
    for node in root.named_children:
        name = node.child_by_field_name("name")
        if node.type not in ("function_declaration", "method_declaration") or name is None:
            continue
        case = _case(text_of(name), node)
        if TEST.match(case.name):
            tests[case.name] = case
        elif case.claims:
            helpers[case.name] = case
    return Suite(
        tests=tests,
        helpers=helpers,
        left_out=tuple(f"build {found[1].strip()}" for found in CONSTRAINT.finditer(text_of(root))),
        claims=(),
        imported=frozenset(),
        defined={name: case.line for name, case in {**tests, **helpers}.items()},
    )


def _case(name: str, node: Node) -> Case:
    body = node.child_by_field_name("body")
    reader = _Reader(body) if body is not None else None
    return Case(
        name=name,
        line=node.start_point.row,
        body=plain(body) if body is not None else "",
        claims=tuple(reader.node(body, ())) if reader is not None and body is not None else (),
        left_out=() if body is None else tuple(short(one) for one in walk(body) if _method(one) in SKIPS),
        rows=() if body is None else tuple(_rows(body)),
        patched=frozenset(),
        names=frozenset(text_of(one) for one in walk(node) if one.type in IDENTIFIERS),
    )


class _Reader:
    """Walks one function in the order in which it runs."""

    def __init__(self, body: Node) -> None:
        self._values = values_of(body, _bindings)

    def node(self, node: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        match node.type:
            case "comment":
                return
            case "block" | "statement_list":
                for child in node.named_children:
                    yield from self.node(child, guards)
                    if child.type in ("return_statement", "break_statement", "continue_statement") or (
                        child.type == "expression_statement" and _method(child.named_children[0]) in SKIPS
                    ):
                        return
            case "if_statement":
                yield from self._branches(node, guards)
            case "call_expression":
                yield from self._call(node, guards)
                for child in node.named_children:
                    yield from self.node(child, guards)
            case _:
                for child in node.named_children:
                    yield from self.node(child, guards)

    def _branches(self, node: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        condition = node.child_by_field_name("condition")
        then, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        first = node.child_by_field_name("initializer")
        if condition is None or then is None:
            return
        conditions = (*guards, *(one for one in (first, condition) if one is not None))
        if "false" not in plain(condition).split():
            yield from self.node(then, conditions)
        if other is not None:
            yield from self.node(other, conditions)

    def _call(self, node: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        called = node.child_by_field_name("function")
        owner = called.child_by_field_name("operand") if called is not None else None
        name, said = _method(node), text_of(owner) if owner is not None else ""
        arguments = node.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        if said in ("t", "tb", "b", "f", "s") and name in FAILS:
            yield failure_of(guards, [_operators(guards)], node, self._values)
        elif said in ("assert", "require", "is", "qt", "td", "cmp") and given:
            compared = given[1:3] if text_of(given[0]) in ("t", "tb", "s.T()", "c") else given[:2]
            if (compared and all(map(is_constant, compared))) or (len(compared) > 1 and is_same(*compared[:2])):
                return
            if len(compared) == 1 and text_of(compared[0]) in ("true", "nil"):
                return
            rank = 3 if name in STRONG else 1 if name in WEAK else 2
            yield claim_of(name, compared, node, rank=rank, guards=[plain(one) for one in guards], values=self._values)


def _method(node: Node) -> str:
    if node.type != "call_expression":
        return ""
    called = node.child_by_field_name("function")
    field = called.child_by_field_name("field") if called is not None else None
    return text_of(field) if field is not None else ""


def _rows(body: Node) -> Iterator[str]:
    """Yield the rows of the tables that a test goes through."""
    for node in walk(body):
        kind = node.child_by_field_name("type") if node.type == "composite_literal" else None
        value = node.child_by_field_name("body") if node.type == "composite_literal" else None
        if kind is not None and kind.type in _TABLES and "struct" in text_of(kind) and value is not None:
            yield from (plain(row) for row in value.named_children if row.type != "comment")


def _bindings(node: Node) -> Iterator[tuple[str, Node | None]]:
    if node.type in ("short_var_declaration", "assignment_statement"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        names = left.named_children if left is not None else []
        values = right.named_children if right is not None else []
        for at, name in enumerate(names):
            yield text_of(name), values[at] if len(values) == len(names) and node.type[0] == "s" else None
    elif node.type == "range_clause":
        left = node.child_by_field_name("left")
        yield from ((text_of(name), None) for name in (left.named_children if left is not None else ()))


def _operators(guards: tuple[Node, ...]) -> str:
    kinds = [text_of(part) for one in guards for part in walk(one) if part.child_count == 0 and not part.is_named]
    return " ".join(kind for kind in kinds if kind not in ("(", ")", ".", '"', "`", ":=", ","))
