"""Small faults for Python, by the places of its syntax tree: pure.

Each operator makes the kind of slip that a person makes, and only where the result is another program: a comparison
turned, a condition negated, a constant off by one, a statement left out, a value not returned.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator

from bridle.harness.verify.impact.blocks import values
from bridle.harness.verify.mutants.mutant import Mutant

MAX_SHOWN = 60

_COMPARE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}  # fmt: skip


def mutants(path: str, text: str, lines: Collection[int] | None = None) -> list[Mutant]:
    """Return the faults that can be put on these 0-based lines, on all for None, in source order.

    A text that is no Python has none. `text` must be as `split_lines` would have it: lone carriage returns give none.
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    site = _Site(path, text)
    found = [mutant for node in _reachable(module) for mutant in _of(node, site)]
    wanted = (mutant for mutant in found if lines is None or mutant.line in lines)
    return sorted(wanted, key=lambda mutant: (mutant.start, mutant.end, mutant.operator))


class _Site:
    """One file while faults are looked for."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.source = text.encode()
        self._starts = [0]
        for line in self.source.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def shown(self, start: int, end: int) -> str:
        text = " ".join(self.source[start:end].decode("utf-8", "replace").split())
        return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"

    def mutant(self, start: int, end: int, text: str, operator: str) -> Mutant:
        line = bisect_right(self._starts, start) - 1
        what = f"{self.shown(start, end)!r} becomes {text!r}" if text else f"{self.shown(start, end)!r} is left out"
        return Mutant(self.path, line, start, end, text, operator, what)

    def between(self, left: ast.expr, right: ast.expr, sign: str, other: str, operator: str) -> Iterator[Mutant]:
        """Yield the fault that replaces the sign between two expressions, where it stands there plainly."""
        start, end = self.end(left), self.start(right)
        gap = self.source[start:end]
        at = gap.find(sign.encode())
        if at >= 0 and b"#" not in gap and gap.count(sign.encode()) == 1:
            yield self.mutant(start + at, start + at + len(sign), other, operator)


def _reachable(module: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes that do something when they run: no annotations, no documentation, no type checking."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if isinstance(node, ast.JoinedStr):
                continue  # where its parts stand is told from Python 3.12 on only
            if name in ("annotation", "returns", "type_params", "type_comment"):
                continue
            if isinstance(node, ast.If) and name == "body" and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            waiting += [child for child in values(value) if isinstance(child, ast.AST) and not _is_text(child)]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _of(node: ast.AST, site: _Site) -> Iterator[Mutant]:
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            yield from operator(node, site)


def _compare(node: ast.Compare, site: _Site) -> Iterator[Mutant]:
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        yield from site.between(left, right, *_COMPARE[type(op)], "comparison")
        left = right


def _boolean(node: ast.BoolOp, site: _Site) -> Iterator[Mutant]:
    sign, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield from site.between(left, right, sign, other, "connective")


def _arithmetic(node: ast.BinOp, site: _Site) -> Iterator[Mutant]:
    words = any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in (node.left, node.right))
    if type(node.op) in _ARITHMETIC and not words:
        yield from site.between(node.left, node.right, *_ARITHMETIC[type(node.op)], "arithmetic")


def _not(node: ast.UnaryOp, site: _Site) -> Iterator[Mutant]:
    if isinstance(node.op, ast.Not):
        start = site.start(node)
        yield site.mutant(start, start + len("not"), "", "negation")


def _constant(node: ast.Constant, site: _Site) -> Iterator[Mutant]:
    start, end = site.start(node), site.end(node)
    if isinstance(node.value, bool):
        yield site.mutant(start, end, str(not node.value), "constant")
    elif isinstance(node.value, int | float):
        yield site.mutant(start, end, repr(node.value + 1), "constant")
    elif isinstance(node.value, str) and site.source[start : start + 1] in (b"'", b'"'):
        quote = site.source[start : start + 1]
        plain = site.source[start : start + 3] != quote * 3 and site.source[end - 1 : end] == quote
        if plain and b"\n" not in site.source[start:end]:
            yield site.mutant(start, end, '"XX"' if node.value else '"X"', "constant")


def _condition(node: ast.If | ast.While | ast.IfExp | ast.Assert, site: _Site) -> Iterator[Mutant]:
    if isinstance(node.test, ast.Compare | ast.UnaryOp | ast.BoolOp | ast.Constant | ast.NamedExpr):
        return  # another operator turns it
    start, end = site.start(node.test), site.end(node.test)
    yield site.mutant(start, end, f"not ({site.source[start:end].decode()})", "condition")


def _return(node: ast.Return, site: _Site) -> Iterator[Mutant]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield site.mutant(site.start(node.value), site.end(node.value), "None", "return")


def _left_out(node: ast.Expr | ast.Assign | ast.AugAssign | ast.Raise, site: _Site) -> Iterator[Mutant]:
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    is_store = isinstance(node, ast.Assign) and any(not isinstance(target, ast.Name) for target in node.targets)
    if is_call or is_store or isinstance(node, ast.AugAssign | ast.Raise):
        start, end = site.start(node), site.end(node)
        mutant = site.mutant(start, end, "pass", "statement")
        yield Mutant(
            mutant.path, mutant.line, start, end, "pass", "statement", f"{site.shown(start, end)!r} is left out"
        )


def _jump(node: ast.Break | ast.Continue, site: _Site) -> Iterator[Mutant]:
    other = "continue" if isinstance(node, ast.Break) else "break"
    yield site.mutant(site.start(node), site.end(node), other, "jump")


_OPERATORS: tuple[tuple[type[ast.AST] | tuple[type[ast.AST], ...], Callable[..., Iterator[Mutant]]], ...] = (
    (ast.Compare, _compare),
    (ast.BoolOp, _boolean),
    (ast.BinOp, _arithmetic),
    (ast.UnaryOp, _not),
    (ast.Constant, _constant),
    ((ast.If, ast.While, ast.IfExp, ast.Assert), _condition),
    (ast.Return, _return),
    ((ast.Expr, ast.Assign, ast.AugAssign, ast.Raise), _left_out),
    ((ast.Break, ast.Continue), _jump),
)
