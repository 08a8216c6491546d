"""Which conditions are true of anything, so that asserting them asserts nothing. Pure; errs towards "it may fail"."""

from __future__ import annotations

import ast
from itertools import combinations

REFLEXIVE = (ast.Eq, ast.Is, ast.LtE, ast.GtE)
ANYTHING = frozenset(("ANY", "Any"))


def is_truism(node: ast.expr) -> bool:
    """Tell whether a condition holds whatever the code under test does."""
    match node:
        case ast.Constant():
            return bool(node.value)
        case ast.Tuple() | ast.List() | ast.Set():
            return bool(node.elts)
        case ast.Dict():
            return bool(node.keys)
        case ast.JoinedStr() | ast.Lambda():
            return True
        case ast.NamedExpr():
            return is_truism(node.value)
        case ast.UnaryOp(op=ast.Not()):
            return _is_false(node.operand)
        case ast.BoolOp(op=ast.Or()):
            return any(map(is_truism, node.values)) or _opposites(node.values)
        case ast.BoolOp(op=ast.And()):
            return all(map(is_truism, node.values))
        case ast.IfExp():
            return is_truism(node.body) and is_truism(node.orelse)
        case ast.Compare() if len(node.ops) == 1:
            return _always(node.left, node.ops[0], node.comparators[0])
        case ast.Call():
            return _call_is_truism(node)
        case _:
            return False


def negated(node: ast.expr) -> ast.expr:
    """Return the opposite condition, in its plainest form."""
    opposites: dict[type[ast.cmpop], type[ast.cmpop]] = {
        ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq,
        ast.Is: ast.IsNot,
        ast.IsNot: ast.Is,
        ast.In: ast.NotIn,
        ast.NotIn: ast.In,
        ast.Lt: ast.GtE,
        ast.GtE: ast.Lt,
        ast.Gt: ast.LtE,
        ast.LtE: ast.Gt,
    }
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return ast.Compare(node.left, [opposites[type(node.ops[0])]()], node.comparators)
    return ast.UnaryOp(ast.Not(), node)


def _is_false(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return not node.value
    if isinstance(node, ast.Tuple | ast.List):
        return not node.elts
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return is_truism(negated(node))
    return False


def _always(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool:
    same = _text(left) == _text(right)
    if isinstance(operator, REFLEXIVE) and same:
        return True
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        return True
    if isinstance(operator, ast.Eq):
        return _name(left) in ANYTHING or _name(right) in ANYTHING
    if isinstance(operator, ast.In) and isinstance(right, ast.Tuple | ast.List | ast.Set):
        return _text(left) in map(_text, right.elts)
    return _is_length(left) and _is_below(operator, right)


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in ("len", "abs")


def _is_below(operator: ast.cmpop, bound: ast.expr) -> bool:
    if isinstance(bound, ast.UnaryOp) and isinstance(bound.op, ast.USub):
        return isinstance(operator, ast.Gt | ast.GtE | ast.NotEq)
    return isinstance(operator, ast.GtE) and isinstance(bound, ast.Constant) and bound.value == 0


def _opposites(values: list[ast.expr]) -> bool:
    return any(_text(negated(one)) == _text(other) for one, other in combinations(values, 2))


def _call_is_truism(node: ast.Call) -> bool:
    name, arguments = _name(node.func), node.args
    if name == "isinstance" and len(arguments) == 2:
        return _name(arguments[1]) == "object"
    if name == "bool" and arguments:
        return is_truism(arguments[0])
    if name == "all" and arguments and isinstance(arguments[0], ast.List | ast.Tuple):
        return all(map(is_truism, arguments[0].elts))
    if name == "any" and arguments and isinstance(arguments[0], ast.List | ast.Tuple):
        return any(map(is_truism, arguments[0].elts))
    return False


def _text(node: ast.expr) -> str:
    """Return an expression as text; one that is bound on the way is the name that it is bound to."""
    return ast.unparse(node.target if isinstance(node, ast.NamedExpr) else node)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
