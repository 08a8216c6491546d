"""What of a function's body differs, and which of its old lines are executed whenever the difference is reached: pure.

Lines are bits of an integer, line 1 the lowest. A difference that is reached only by way of lines that a test never
executed cannot change what that test does; so these masks are all that impact needs of a body.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import cast

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SILENT = (ast.Pass, ast.Global, ast.Nonlocal, ast.Continue, ast.Break)
"""Statements for which no line may be counted, executed or not."""


def values(value: object) -> list[object]:
    """Return what a field of a node holds as a list."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def mask_of(start: int, end: int) -> int:
    """Return the mask of lines `start` to `end`, 1-based, both included."""
    return ((1 << end) - 1) & ~((1 << (start - 1)) - 1) if end >= start >= 1 else 0


def body_mask(function: Function) -> int:
    """Return all lines of a function's body."""
    return mask_of(function.body[0].lineno, function.end_lineno or function.lineno)


def same(old: ast.AST | None, new: ast.AST | None) -> bool:
    """Tell whether two trees mean the same, wherever they stand."""
    if old is None or new is None:
        return old is new
    return ast.dump(old) == ast.dump(new)


def difference(old: Function, new: Function) -> int:
    """Return the old lines by which every test that can notice the difference of the two bodies has come.

    It is the whole body where the difference may be felt elsewhere in it: a name that becomes local, a `yield`.
    """
    whole = body_mask(old)
    if _felt_throughout(old, new):
        return whole
    masks = list(_in_block(old.body, new.body))
    return whole if None in masks else _union(masks)


def _union(masks: Sequence[int | None]) -> int:
    found = 0
    for mask in masks:
        found |= mask or 0
    return found


def _in_block(old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Iterator[int | None]:
    """Yield the masks of the differences of two blocks; None where no line tells."""
    n_old, n_new = len(old), len(new)
    first = 0
    while first < min(n_old, n_new) and same(old[first], new[first]):
        first += 1
    last = 0
    while last < min(n_old, n_new) - first and same(old[n_old - 1 - last], new[n_new - 1 - last]):
        last += 1
    gone, come = old[first : n_old - last], new[first : n_new - last]
    if not gone and not come:
        return
    if len(gone) == len(come):
        for before, after in zip(gone, come, strict=True):
            yield from _in_statement(before, after)
    elif gone:
        yield _whole(gone[0])
        for statement in gone[1:]:
            yield mask_of(statement.lineno, statement.end_lineno or statement.lineno)
    elif last:
        yield reached(old[n_old - last])
    else:
        yield _whole(old[-1]) if old else None


def _in_statement(old: ast.stmt, new: ast.stmt) -> Iterator[int | None]:
    """Yield the masks of what differs in one statement, or in the blocks that it holds."""
    if same(old, new):
        return
    if isinstance(old, Function) and isinstance(new, Function) and _outside(old) == _outside(new):
        yield difference(old, new)
        return
    if type(old) is not type(new) or not isinstance(old, _COMPOUND):
        yield _whole(old)
        return
    inner_old, inner_new = _blocks(old), _blocks(new)
    if len(inner_old) != len(inner_new) or _heads_differ(old, new):
        yield _head(old) if len(inner_old) == len(inner_new) and not isinstance(old, ast.Try) else _whole(old)
        if len(inner_old) != len(inner_new):
            return
    for before, after in zip(inner_old, inner_new, strict=True):
        if before and after:
            yield from _in_block(before, after)
        elif before or after:
            yield _whole(old)


def _outside(function: Function) -> list[str]:
    """Return what a function is besides its body: all that is done when it is defined."""
    parts = [function.args, function.returns, *function.decorator_list]
    return [type(function).__name__, function.name, *(ast.dump(one) if one else "" for one in parts)]


_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    found = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    return [*found, *(handler.body for handler in getattr(statement, "handlers", []))]


def _heads_differ(old: ast.stmt, new: ast.stmt) -> bool:
    return _bare(old) != _bare(new)


def _bare(statement: ast.stmt) -> list[str]:
    """Return what a compound statement says besides its blocks."""
    said: list[str] = []
    for name in ("test", "target", "iter", "type_comment"):
        value = getattr(statement, name, None)
        said.append(ast.dump(value) if isinstance(value, ast.AST) else str(value))
    said += [ast.dump(item) for item in getattr(statement, "items", [])]
    for handler in getattr(statement, "handlers", []):
        said += [ast.dump(handler.type) if handler.type else "", handler.name or ""]
    return said


def _head(statement: ast.stmt) -> int | None:
    """Return the lines that are executed when a compound statement is reached; None where that may be none."""
    last = statement.lineno
    for name in ("test", "target", "iter"):
        value = getattr(statement, name, None)
        last = max(last, getattr(value, "end_lineno", None) or 0)
    for item in getattr(statement, "items", []):
        last = max(last, item.context_expr.end_lineno or 0)
    if isinstance(statement, ast.If | ast.While) and isinstance(statement.test, ast.Constant):
        return None
    return mask_of(statement.lineno, last)


def reached(statement: ast.stmt) -> int | None:
    """Return lines of which one at least is executed whenever the statement is reached; None where none may be."""
    if isinstance(statement, _SILENT) or _is_text(statement):
        return None
    if isinstance(statement, ast.Try):
        inner = reached(statement.body[0])
        return None if inner is None else inner | mask_of(statement.lineno, statement.lineno)
    if isinstance(statement, _COMPOUND):
        return _head(statement)
    if isinstance(statement, Function | ast.ClassDef):
        first = min([statement.lineno, *(decorator.lineno for decorator in statement.decorator_list)])
        return mask_of(first, max(statement.lineno, statement.body[0].lineno - 1))
    return mask_of(statement.lineno, statement.end_lineno or statement.lineno)


def _whole(statement: ast.stmt) -> int | None:
    """Return all lines of a statement, None where reaching it may leave no trace."""
    if reached(statement) is None:
        return None
    first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))])
    return mask_of(first, statement.end_lineno or statement.lineno)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


# --- what is felt throughout a function ---------------------------------------------------------------------------


def _felt_throughout(old: Function, new: Function) -> bool:
    bound_old, bound_new = _bound(old), _bound(new)
    if _nature(old) != _nature(new):
        return True
    if (bound_new - bound_old) & _named(old) or (bound_old - bound_new) & _named(new):
        return True
    return ast.get_docstring(old, clean=False) != ast.get_docstring(new, clean=False)


def _nature(function: Function) -> tuple[object, ...]:
    """Return what makes a function a generator, and which names it takes from outside."""
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    yields = sum(isinstance(node, ast.Yield | ast.YieldFrom | ast.Await) for node in nodes) > 0
    outside = sorted(name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names)
    return yields, tuple(outside)


def _bound(function: Function) -> set[str]:
    found: set[str] = set()
    for node in (node for statement in function.body for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, Function | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, ast.MatchAs | ast.MatchStar) and node.name
        ):
            found.add(node.name)
    return found


def _named(function: Function) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
