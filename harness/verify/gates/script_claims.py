"""What a JavaScript or TypeScript test claims: `expect`, `assert`, `should`, and the `.expect` of supertest. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from bridle.harness.verify.gates.claims import Claim
from bridle.harness.verify.gates.tree_claims import (
    claim_of,
    failure_of,
    is_constant,
    is_same,
    values_of,
)
from bridle.indexer.languages.trees import plain, text_of, walk, words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

FUNCTIONS = words("arrow_function function_expression function function_declaration generator_function")
STRONG = words(
    "toBe toEqual toStrictEqual equal equals eql deepEqual strictEqual deepStrictEqual same is toBeNull "
    "toBeUndefined toMatchInlineSnapshot toHaveLength lengthOf null undefined true false "
    "toThrowErrorMatchingInlineSnapshot"
)
WEAK = words("toBeTruthy toBeDefined ok exist exists isOk assert truthy isDefined pass")
ASSERTERS = frozenset(("assert", "t", "chai.assert"))
CHAINERS = words("to be been is that which and has have with at of same but does still also deep")
ANYTHING = frozenset(("expect.anything()", "expect.any(Object)", "sinon.match.any"))
ENDS = frozenset(("return_statement", "throw_statement", "break_statement", "continue_statement"))
MAX_INLINED = 3


def claims_of(body: Node, helpers: Mapping[str, Node], depth: int = 0) -> list[Claim]:
    """Return the claims of a test's body; those of the file's own `helpers` that it calls are its own."""
    reader = _Reader(body, helpers, depth)
    return list(reader.node(body, ()))


def callback_of(arguments: Sequence[Node]) -> Node | None:
    """Return the last function among the arguments of a call; a wrapped one counts."""
    for argument in reversed(arguments):
        if argument.type in FUNCTIONS:
            return argument
        if argument.type == "call_expression":
            inner = argument.child_by_field_name("arguments")
            found = callback_of(inner.named_children) if inner is not None else None
            if found is not None:
                return found
    return None


def declared(root: Node) -> Iterator[tuple[str, Node]]:
    """Yield the names bound at the top of a file, each with its value, or with the function that it names."""
    for statement in root.named_children:
        at = (
            statement.named_children[0]
            if statement.type == "export_statement" and statement.named_children
            else statement
        )
        if at.type in ("function_declaration", "class_declaration"):
            name = at.child_by_field_name("name")
            if name is not None:
                yield text_of(name), at
        for part in at.named_children if at.type in ("lexical_declaration", "variable_declaration") else ():
            name, value = part.child_by_field_name("name"), part.child_by_field_name("value")
            if name is not None and value is not None:
                yield text_of(name), value


class _Reader:
    """Walks one test in the order in which it runs."""

    def __init__(self, body: Node, helpers: Mapping[str, Node], depth: int) -> None:
        self._helpers = helpers
        self._depth = depth
        self._values = values_of(body, _bindings)
        words = [text_of(node) for node in walk(body) if node.type == "identifier"]
        self._once = {word for word in words if words.count(word) == 1} if len(words) < 5_000 else set[str]()

    def node(self, node: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        if node.type == "comment" or self._is_never_run(node):
            return
        match node.type:
            case "statement_block" | "program":
                for child in node.named_children:
                    yield from self.node(child, guards)
                    if child.type in ENDS:
                        return
            case "if_statement":
                yield from self._branches(node, guards)
            case "try_statement":
                yield from self._attempt(node, guards)
            case "throw_statement" if guards:
                yield failure_of(guards, [_operators(guards)], node, self._values)
            case "call_expression" | "member_expression":
                yield from self._expression(node, guards)
            case _:
                for child in node.named_children:
                    yield from self.node(child, guards)

    def _is_never_run(self, node: Node) -> bool:
        """Tell whether it is a loop over nothing, or a function that nobody calls."""
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        match node.type:
            case "for_in_statement":
                return _is_empty(node.child_by_field_name("right"))
            case "while_statement":
                return text_of(node.child_by_field_name("condition") or node) in ("(false)", "(0)")
            case "function_declaration":
                return name is not None and text_of(name) in self._once
            case "variable_declarator" if value is not None and value.type in FUNCTIONS:
                return name is not None and text_of(name) in self._once
            case _:
                return False

    def _branches(self, node: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        condition = node.child_by_field_name("condition")
        then, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        if condition is None or then is None:
            return
        said = plain(condition)
        if said not in ("( false )", "( 0 )"):
            yield from self.node(then, guards if said in ("( true )", "( 1 )") else (*guards, condition))
        if other is not None:
            yield from self.node(other, (*guards, condition))

    def _attempt(self, node: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        body, handler = node.child_by_field_name("body"), node.child_by_field_name("handler")
        final = node.child_by_field_name("finalizer")
        swallows = handler is not None and not any(
            part.type == "throw_statement"
            or (part.type == "identifier" and text_of(part) in ("done", "fail", "expect", "assert"))
            for part in walk(handler)
        )
        if body is not None and not swallows:
            yield from self.node(body, guards)
        for part in (handler, final):
            if part is not None:
                yield from self.node(part, (*guards, part) if part is handler else guards)

    def _expression(self, node: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        words, calls, root = _chain(node)
        yield from self._claims(node, words, calls, root, guards)
        if root.type == "identifier" and node.type == "call_expression" and not words:
            yield from self._helper(text_of(root), node, guards)
        for call in calls:
            for argument in _arguments(call):
                yield from self.node(argument, guards)
        if root.type not in ("identifier", "this", "super"):
            for child in root.named_children:
                yield from self.node(child, guards)

    def _claims(
        self, node: Node, words: Sequence[str], calls: Sequence[Node], root: Node, guards: tuple[Node, ...]
    ) -> Iterator[Claim]:
        base = text_of(root)
        said = [word for word in words if word not in CHAINERS]
        arguments = _arguments(node) if node.type == "call_expression" else []
        if base == "expect" and said and calls:
            subject = _arguments(calls[-1]) if calls[-1] is not node else []
            yield from self._compared(node, said, subject, arguments, guards)
        elif base in ASSERTERS and calls and (base == "assert" or said):
            kind = said[-1] if said else "assert"
            yield from self._compared(node, [kind], arguments[:1], arguments[1:2], guards)
        elif "should" in words:
            kinds = [word for word in said if word != "should"] or ["should"]
            yield from self._compared(node, kinds, [root], arguments, guards)
        elif "expect" in words:
            yield from self._sent(calls, guards)

    def _compared(
        self, at: Node, said: Sequence[str], subject: Sequence[Node], wanted: Sequence[Node], guards: tuple[Node, ...]
    ) -> Iterator[Claim]:
        """One comparison of what is tested with what is expected; one that cannot fail is none."""
        kind = said[-1]
        if any(plain(one).replace(" ", "") in ANYTHING for one in wanted):
            return
        plain_subject = bool(subject) and is_constant(subject[0])
        if plain_subject and all(map(is_constant, wanted)):
            return
        if subject and wanted and is_same(subject[0], wanted[0]):
            return
        rank = 3 if kind in STRONG else 1 if kind in WEAK else 2
        if kind.startswith(("toThrow", "throw", "reject")):
            rank = 2 if wanted else 1
        name = " ".join(word for word in said if word in ("not", "resolves", "rejects")) + f" {kind}"
        yield self._claim(name.strip(), [*subject, *wanted], at, rank, guards)

    def _sent(self, calls: Sequence[Node], guards: tuple[Node, ...]) -> Iterator[Claim]:
        """Supertest: each `.expect(…)` of a chain claims something of the request before it."""
        first = next((call for call in reversed(calls) if _name(call) == "expect"), None)
        request = None if first is None else first.child_by_field_name("function")
        request = None if request is None else request.child_by_field_name("object")
        for call in calls:
            arguments = _arguments(call)
            if _name(call) == "expect" and arguments and request is not None:
                yield self._claim("sent", [request, *arguments], call, 3, guards)

    def _helper(self, name: str, call: Node, guards: tuple[Node, ...]) -> Iterator[Claim]:
        helper = self._helpers.get(name)
        if helper is None or self._depth >= MAX_INLINED:
            return
        for claim in claims_of(helper, self._helpers, self._depth + 1):
            guarded = claim.guards + len(guards)
            yield msgspec.structs.replace(claim, line=call.start_point.row, guards=guarded)

    def _claim(self, kind: str, parts: Sequence[Node], at: Node, rank: int, guards: tuple[Node, ...]) -> Claim:
        return claim_of(kind, parts, at, rank=rank, guards=[plain(one) for one in guards], values=self._values)


def _chain(node: Node) -> tuple[list[str], list[Node], Node]:
    """Return the words of a chain of calls and members from the left, its calls from the right, and its root."""
    words: list[str] = []
    calls: list[Node] = []
    at = node
    while True:
        if at.type == "call_expression":
            calls.append(at)
            onward = at.child_by_field_name("function")
        elif at.type == "member_expression":
            words.append(text_of(at.child_by_field_name("property") or at))
            onward = at.child_by_field_name("object")
        elif at.type in ("await_expression", "parenthesized_expression", "non_null_expression") and at.named_children:
            onward = at.named_children[0]
        else:
            return words[::-1], calls, at
        if onward is None:
            return words[::-1], calls, at
        at = onward


def _name(call: Node) -> str:
    called = call.child_by_field_name("function")
    named = called.child_by_field_name("property") if called is not None else None
    return text_of(named) if named is not None else ""


def _arguments(call: Node) -> list[Node]:
    found = call.child_by_field_name("arguments")
    return [] if found is None else [node for node in found.named_children if node.type != "comment"]


def _bindings(node: Node) -> Iterator[tuple[str, Node | None]]:
    if node.type == "variable_declarator":
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and name.type == "identifier":
            yield text_of(name), None if value is None or value.type in FUNCTIONS else value
    elif node.type in ("assignment_expression", "augmented_assignment_expression"):
        yield text_of(node.child_by_field_name("left") or node), None
    elif node.type == "formal_parameters":
        yield from ((text_of(part), None) for part in walk(node) if part.type == "identifier")


def _is_empty(node: Node | None) -> bool:
    return node is not None and node.type == "array" and not node.named_children


def _operators(guards: Sequence[Node]) -> str:
    kinds = [text_of(part) for one in guards for part in walk(one) if part.child_count == 0 and not part.is_named]
    return " ".join(kind for kind in kinds if kind not in ("(", ")", ".", "'", '"'))
