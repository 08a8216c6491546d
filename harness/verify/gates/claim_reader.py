"""Reads what a test really claims: its assertions that can fail, in a form in which a rewording is the same. Pure.

An assertion that cannot be reached, that is swallowed, or that is true of anything is no claim.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bridle.harness.verify.gates.claims import Claim, called_name
from bridle.harness.verify.gates.truisms import is_truism, negated

Function = ast.FunctionDef | ast.AsyncFunctionDef

UNITTEST = {
    "assertEqual": ast.Eq,
    "assertEquals": ast.Eq,
    "assertNotEqual": ast.NotEq,
    "assertIs": ast.Is,
    "assertIsNot": ast.IsNot,
    "assertIn": ast.In,
    "assertNotIn": ast.NotIn,
    "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE,
    "assertLess": ast.Lt,
    "assertLessEqual": ast.LtE,
}
RAISES = frozenset(("raises", "warns", "deprecated_call", "assertRaises", "assertRaisesRegex", "assertWarns"))
BROAD = frozenset(("Exception", "BaseException", "AssertionError"))
ENDS = frozenset(("skip", "xfail", "exit", "_exit", "abort", "skipTest", "fail"))
RANKS = {"truth": 1, "Eq": 3, "Is": 3, "raises": 3, "fail": 2}
MAX_INLINED = 3


def claims_of(body: Sequence[ast.stmt], helpers: Mapping[str, Function]) -> list[Claim]:
    """Return the claims of a function's body; those of the file's own `helpers` that it calls are its own."""
    return list(_Reader(body, helpers).block(body))


class _Reader:
    """Walks one function in the order in which it runs."""

    def __init__(self, body: Sequence[ast.stmt], helpers: Mapping[str, Function], depth: int = 0) -> None:
        self._helpers = helpers
        self._depth = depth
        self._values = _assigned_once(body)
        self._used = {node.id for one in body for node in ast.walk(one) if isinstance(node, ast.Name)}
        self._guards: list[str] = []

    def block(self, body: Sequence[ast.stmt]) -> Iterator[Claim]:
        for statement in body:
            yield from self._statement(statement)
            if _ends(statement):
                return

    def _statement(self, node: ast.stmt) -> Iterator[Claim]:
        match node:
            case ast.Assert():
                yield from self._asserted(node.test, node)
            case ast.If():
                yield from self._branches(node)
            case ast.Try() | ast.TryStar():
                yield from self._attempt(node)
            case ast.With() | ast.AsyncWith():
                yield from self._within(node)
            case ast.For() | ast.AsyncFor() | ast.While():
                yield from self._loop(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self.block(node.body) if node.name in self._used else ()
            case ast.Match():
                for case in node.cases:
                    yield from self._guarded(ast.dump(case.pattern), case.body)
            case ast.Raise() if node.exc is not None and called_name(node.exc) == "AssertionError":
                yield self._failure(node)
            case ast.ClassDef():
                pass
            case _:
                yield from self._calls(node)

    def _branches(self, node: ast.If) -> Iterator[Claim]:
        if isinstance(node.test, ast.Constant):
            yield from self.block(node.body if node.test.value else node.orelse)
            return
        yield from self._guarded(ast.dump(node.test), node.body)
        yield from self._guarded(ast.dump(negated(node.test)), node.orelse)

    def _guarded(self, condition: str, body: Sequence[ast.stmt]) -> Iterator[Claim]:
        self._guards.append(condition)
        yield from self.block(body)
        self._guards.pop()

    def _attempt(self, node: ast.Try | ast.TryStar) -> Iterator[Claim]:
        if not (any(map(_swallows, node.handlers)) or any(map(_ends, node.finalbody))):
            yield from self.block(node.body)
        for handler in node.handlers:
            yield from self._guarded("except", handler.body)
        yield from self.block(node.orelse)
        yield from self.block(node.finalbody)

    def _within(self, node: ast.With | ast.AsyncWith) -> Iterator[Claim]:
        swallowed = False
        for item in node.items:
            name = called_name(item.context_expr)
            if isinstance(item.context_expr, ast.Call) and name in RAISES:
                yield self._raises(item.context_expr)
            if isinstance(item.context_expr, ast.Call) and (name in RAISES or name == "suppress"):
                swallowed = swallowed or _names_broad(item.context_expr.args)
        yield from () if swallowed else self.block(node.body)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> Iterator[Claim]:
        condition = node.test if isinstance(node, ast.While) else node.iter
        empty = isinstance(condition, ast.Tuple | ast.List | ast.Set) and not condition.elts
        if not empty and not (isinstance(condition, ast.Constant) and not condition.value):
            yield from self.block(node.body)
        yield from self.block(node.orelse)

    def _calls(self, node: ast.stmt) -> Iterator[Claim]:
        for call in ast.walk(node):
            if not isinstance(call, ast.Call):
                continue
            name = called_name(call)
            if name in self._helpers and self._depth < MAX_INLINED:
                helper = self._helpers[name]
                for one in _Reader(helper.body, self._helpers, self._depth + 1).block(helper.body):
                    guards = one.guards + len(self._guards)
                    yield msgspec.structs.replace(one, line=call.lineno - 1, guards=guards)
            elif name == "fail":
                yield self._failure(call)
            elif name in RAISES and len(call.args) > 1:
                yield self._raises(call)
            elif name.startswith("assert"):
                yield from self._method(name, call)

    def _method(self, name: str, call: ast.Call) -> Iterator[Claim]:
        """Read unittest's methods as the comparison they are, any other as a claim by its name."""
        arguments = call.args
        if name in UNITTEST and len(arguments) >= 2:
            yield from self._asserted(ast.Compare(arguments[0], [UNITTEST[name]()], [arguments[1]]), call)
        elif name in ("assertTrue", "assertFalse", "assert_") and arguments:
            yield from self._asserted(negated(arguments[0]) if name == "assertFalse" else arguments[0], call)
        elif name in ("assertIsNone", "assertIsNotNone") and arguments:
            operator = ast.Is() if name == "assertIsNone" else ast.IsNot()
            yield from self._asserted(ast.Compare(arguments[0], [operator], [ast.Constant(None)]), call)
        else:
            yield self._claim(f"call {name}", self._plain(call), call, rank=2)

    def _asserted(self, test: ast.expr, at: ast.Assert | ast.Call) -> Iterator[Claim]:
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            for part in test.values:
                yield from self._asserted(part, at)
            return
        plain = self._plain(test)
        if is_truism(test) or is_truism(plain):
            return
        if isinstance(plain, ast.Compare) and len(plain.ops) == 1:
            yield self._claim(type(plain.ops[0]).__name__, plain, at)
        else:
            yield self._claim("truth", plain, at)

    def _raises(self, call: ast.Call) -> Claim:
        rank = 1 if _names_broad(call.args[:1]) else 2
        matched = any(keyword.arg == "match" for keyword in call.keywords) or called_name(call) == "assertRaisesRegex"
        expected = ast.Call(ast.Name("raises"), call.args[:1], call.keywords)
        return self._claim("raises", expected, call, rank=rank + matched)

    def _failure(self, node: ast.Raise | ast.Call) -> Claim:
        claim = self._claim("fail", ast.Constant(" and ".join(self._guards)), node)
        return msgspec.structs.replace(claim, guards=0, constants=(), literal="")

    def _claim(self, kind: str, plain: ast.expr, at: ast.stmt | ast.expr, rank: int | None = None) -> Claim:
        sides = _sides(plain)
        literals = sorted(ast.dump(side) for side in sides if _is_literal(side))
        ordered = sorted(map(ast.dump, sides)) if kind in ("Eq", "NotEq") else [ast.dump(side) for side in sides]
        nodes = list(ast.walk(plain))
        return Claim(
            kind=kind,
            whole=f"{kind} {' '.join(ordered)}",
            literal=" ".join(literals),
            constants=tuple(sorted(repr(node.value) for node in nodes if isinstance(node, ast.Constant))),
            names=frozenset(called_name(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute)),
            rank=RANKS.get(kind, 2) if rank is None else rank,
            guards=len(self._guards),
            line=at.lineno - 1,
            text=ast.unparse(at)[:120],
        )

    def _plain(self, node: ast.expr) -> ast.expr:
        """Return the expression with the local names that have one value put in."""
        return _Substitute(self._values).replaced(node) if self._values else node


class _Substitute(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self._values = values
        self._left = 200

    def replaced(self, node: ast.expr) -> ast.expr:
        copy = ast.parse(ast.unparse(node), mode="eval").body
        done = self.visit(copy)
        return done if isinstance(done, ast.expr) else node

    def visit_Name(self, node: ast.Name) -> ast.expr:  # the name that the visitor looks for
        value = self._values.get(node.id)
        if value is None or self._left <= 0:
            return node
        self._left -= 1
        return ast.parse(ast.unparse(value), mode="eval").body


def _assigned_once(body: Sequence[ast.stmt]) -> dict[str, ast.expr]:
    """Return the values of names that are bound once in a body, at its top."""
    bound: dict[str, int] = {}
    for node in (inner for one in body for inner in ast.walk(one)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound[node.id] = bound.get(node.id, 0) + 1
    return {
        one.targets[0].id: one.value
        for one in body
        if isinstance(one, ast.Assign)
        and len(one.targets) == 1
        and isinstance(one.targets[0], ast.Name)
        and bound[one.targets[0].id] == 1
    }


def _ends(node: ast.stmt) -> bool:
    """Tell whether nothing after this statement runs."""
    if isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and called_name(node.value) in ENDS


def _swallows(handler: ast.ExceptHandler) -> bool:
    """Tell whether a failed assertion would end in this handler and go no further."""
    if handler.type is not None and not _names_broad([handler.type]):
        return False
    return not any(
        isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and called_name(node) == "fail")
        for one in handler.body
        for node in ast.walk(one)
    )


def _names_broad(nodes: Sequence[ast.expr]) -> bool:
    return any(called_name(part) in BROAD for node in nodes for part in _parts(node))


def _parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _sides(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return [node]


def _is_literal(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(node))
