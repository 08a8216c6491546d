"""The tests that a Rust file declares: functions marked as tests, with the assertion macros. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bridle.harness.verify.gates.claims import Claim
from bridle.harness.verify.gates.suites import Case, Suite
from bridle.harness.verify.gates.tree_claims import IDENTIFIERS, claim_of, failure_of, values_of
from bridle.indexer.languages.trees import plain, text_of, walk

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

TEST = re.compile(r"#\[\s*(?:\w+\s*::\s*)*(?:test|rstest|test_case|bench|wasm_bindgen_test|proptest)\b")
LEFT_OUT = re.compile(r"#\[\s*(?:ignore\b|should_panic\b|cfg\s*\((?!\s*test\s*\))|cfg_attr\b.*\bignore\b)")
MACROS = {"assert": 2, "assert_eq": 3, "assert_ne": 2, "debug_assert": 2, "debug_assert_eq": 3, "assert_matches": 2}
FAILS = frozenset(("panic", "unreachable", "bail"))
_TRUISMS = frozenset(("true", "1 == 1", "true || true"))


def read_rust(root: Node) -> Suite:
    """Return what a file declares."""
    tests: dict[str, Case] = {}
    helpers: dict[str, Case] = {}
    for name, node, marks in _functions(root, "", ()):
        case = _case(name, node, marks)
        if any(TEST.match(mark) for mark in marks):
            tests[name] = case
        elif case.claims and _is_of_tests(marks):
            helpers[name] = case
    return Suite(
        tests=tests,
        helpers=helpers,
        left_out=(),
        claims=(),
        imported=frozenset(),
        defined={name: case.line for name, case in {**tests, **helpers}.items()},
    )


def _functions(node: Node, prefix: str, around: tuple[str, ...]) -> Iterator[tuple[str, Node, tuple[str, ...]]]:
    """Yield each function with its name, and the marks of it and of the modules around it."""
    marks: list[str] = []
    for child in node.named_children:
        if child.type == "attribute_item":
            marks.append(text_of(child))
            continue
        name = child.child_by_field_name("name")
        if child.type == "function_item" and name is not None:
            yield prefix + text_of(name), child, (*around, *marks)
        elif child.type in ("mod_item", "impl_item"):
            inner, title = child.child_by_field_name("body"), text_of(name) if name is not None else "impl"
            if inner is not None:
                yield from _functions(inner, f"{prefix}{title}::", (*around, *marks))
        if not child.type.endswith("comment"):
            marks = []


def _is_of_tests(marks: Sequence[str]) -> bool:
    return any("cfg(test)" in mark.replace(" ", "") for mark in marks)


def _case(name: str, node: Node, marks: Sequence[str]) -> Case:
    body = node.child_by_field_name("body")
    values = {} if body is None else values_of(body, _bindings)
    return Case(
        name=name,
        line=node.start_point.row,
        body="" if body is None else plain(body),
        claims=() if body is None else tuple(_claims(body, (), values)),
        left_out=tuple(" ".join(mark.split()) for mark in marks if LEFT_OUT.match(mark)),
        rows=tuple(" ".join(mark.split()) for mark in marks if re.match(r"#\[\s*(?:case|test_case)\b", mark)),
        patched=frozenset(),
        names=frozenset(text_of(one) for one in walk(node) if one.type in IDENTIFIERS),
    )


def _claims(node: Node, guards: tuple[Node, ...], values: dict[str, Node]) -> Iterator[Claim]:
    match node.type:
        case "block":
            for child in node.named_children:
                yield from _claims(child, guards, values)
                if child.type == "expression_statement" and child.named_children[0].type == "return_expression":
                    return
        case "if_expression":
            condition = node.child_by_field_name("condition")
            inner = guards if condition is None else (*guards, condition)
            if condition is None or text_of(condition) != "false":
                for part in (node.child_by_field_name("consequence"), node.child_by_field_name("alternative")):
                    if part is not None:
                        yield from _claims(part, inner, values)
        case "match_arm":
            pattern = node.child_by_field_name("pattern")
            for child in node.named_children:
                yield from _claims(child, (*guards, pattern) if pattern is not None else guards, values)
        case "macro_invocation":
            yield from _asserted(node, guards, values)
        case _:
            for child in node.named_children:
                yield from _claims(child, guards, values)


def _asserted(node: Node, guards: tuple[Node, ...], values: dict[str, Node]) -> Iterator[Claim]:
    macro = node.child_by_field_name("macro")
    name = text_of(macro).rpartition("::")[2] if macro is not None else ""
    if name in FAILS and guards:
        yield failure_of(guards, [], node, values)
        return
    if name not in MACROS:
        return
    sides = _sides(node)
    compared = sides[: 2 if name.endswith(("_eq", "_ne")) else 1]
    said = [" ".join(map(plain, side)) for side in compared]
    if said and (said[0] in _TRUISMS or (name.endswith("_eq") and len(said) > 1 and said[0] == said[1])):
        return
    parts = [part for side in compared for part in side]
    marks = [plain(one) for one in guards]
    yield claim_of(name.removeprefix("debug_"), parts, node, rank=MACROS[name], guards=marks, values=values)


def _sides(node: Node) -> list[list[Node]]:
    """Return the arguments of a macro: its tokens, parted at the commas."""
    tree = next((child for child in node.named_children if child.type == "token_tree"), None)
    sides: list[list[Node]] = [[]]
    for child in tree.children[1:-1] if tree is not None else ():
        if text_of(child) == ",":
            sides.append([])
        else:
            sides[-1].append(child)
    return [side for side in sides if side]


def _bindings(node: Node) -> Iterator[tuple[str, Node | None]]:
    if node.type == "let_declaration":
        pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
        if pattern is not None and pattern.type == "identifier":
            yield text_of(pattern), value
        elif pattern is not None:
            yield from ((text_of(part), None) for part in walk(pattern) if part.type == "identifier")
    elif node.type in ("assignment_expression", "compound_assignment_expr"):
        yield text_of(node.child_by_field_name("left") or node), None
