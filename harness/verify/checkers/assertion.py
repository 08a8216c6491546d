"""What a failed assertion says in one line: the expression as it is written, and what its values were. Pure.

``total(items) == 42.0, not 41.5`` can be read alone, on the line and in a list of problems; what pytest itself says
follows below it. Where the source does not tell more than pytest, pytest's words stand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from bridle.context.redact import hidden
from bridle.harness.verify.checkers.pytest_report import Failure
from bridle.harness.verify.checkers.pytest_values import shown_value

MAX_LINE = 100
MAX_SIDE = 44
MAX_WORDS = 60
MAX_COMPARED = 2_000

Lines = tuple[int, int]

_OPERATORS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_HINT = re.compile(r"^[ \t]*(At index \d+ diff: .*|(?:Left|Right) contains .*|Extra items in the .*|Differing items:)$")
_PREFIX = re.compile(r"^(?:AssertionError|Failed): ")


class Written:
    """One file's source, to look assertions up in; a text that is no Python has none."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._statements = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert | ast.Expr)]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self._statements = []

    def at(self, lines: Lines) -> ast.Assert | ast.Expr | None:
        """Return the shortest assertion or expression statement that begins at or around 0-based lines."""
        found = [one for one in self._statements if one.lineno - 1 <= lines[0] < (one.end_lineno or one.lineno)]
        return min(found, key=lambda one: (one.end_lineno or one.lineno) - one.lineno, default=None)

    def of(self, node: ast.expr) -> str:
        """Return an expression as it is written, in one line."""
        return " ".join((ast.get_source_segment(self._text, node) or ast.unparse(node)).split())


class Sources(Protocol):
    """The files of the tree that ran, by path."""

    def __getitem__(self, path: str) -> Written: ...


def told_first(failure: Failure, sources: Sources) -> str:
    """Return the line that says what went wrong by itself; "" where the message begins with it."""
    path, start, end, function = failure.raised
    message = hidden(failure.message)  # before anything is cut: half a secret would pass for none
    first, *_ = message.split("\n")
    if failure.error == "AssertionError":
        then = next((dict(held[3]) for held in failure.values if held[:2] == (path, start)), dict[str, str]())
        readable = {name: shown_value(value) for name, value in then.items()}
        operator, *sides = failure.compared or ("",)
        compared = (operator, *(shown_value(side, MAX_COMPARED) for side in sides))
        said = difference(sources[path], (start, end), message, compared, readable)
        return said if said != first else ""
    if not first or failure.place[:2] == (path, start) or not path:
        return ""
    where = f" (in {function}, {path.rpartition('/')[2]}:{start + 1})"
    return _cut(first, MAX_LINE - len(where)) + where if len(where) < MAX_WORDS else ""


def difference(
    source: Written, lines: Lines, message: str, compared: Sequence[str], locals_then: Mapping[str, str]
) -> str:
    """Return in one line what an assertion on `lines` wanted and what it got, "" where nothing surely tells.

    `message` is pytest's own; `compared` are operator, left and right value of the comparison that failed, if one did.
    """
    statement = source.at(lines)
    if isinstance(statement, ast.Expr):
        return _of_unittest(source, statement.value, message)
    if statement is None:
        return ""
    said = _of_assert(source, statement.test, message, compared, locals_then)
    rest = _words(message) or _hint(message)
    return _cut(f"{said}: {rest}" if said and rest else said, MAX_LINE)


def _of_assert(
    source: Written, test: ast.expr, message: str, compared: Sequence[str], locals_then: Mapping[str, str]
) -> str:
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        operator = _OPERATORS[type(test.ops[0])]
        left, right = test.left, test.comparators[0]
        values = _sides(compared, operator, message)
        if values is not None:
            return _compared(source, (left, right), operator, values)
        known = [f"{name} is {_cut(locals_then[name], MAX_SIDE)}" for name in _names(test) if name in locals_then]
        return f"{_cut(source.of(test), MAX_WORDS)} is not so" + (f": {', '.join(known)}" if known else "")
    first = _asserted(message)
    if not first or "\n" in first:
        known = [f"{name} is {_cut(locals_then[name], MAX_SIDE)}" for name in _names(test) if name in locals_then]
        return f"{_cut(source.of(test), MAX_WORDS)} is not so" + (f": {', '.join(known)}" if known else "")
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return f"{_cut(source.of(test), MAX_WORDS)}, but it is {_cut(first.removeprefix('not '), MAX_SIDE)}"
    if isinstance(test, ast.BoolOp):
        return f"{_cut(source.of(test), MAX_WORDS)}: {_cut(first, MAX_SIDE)}"
    return f"{_cut(source.of(test), MAX_WORDS)} is {_cut(first, MAX_SIDE)}"


def _compared(source: Written, sides: tuple[ast.expr, ast.expr], operator: str, values: tuple[str, str]) -> str:
    (left, right), (was, wanted) = sides, values
    if _is_plain(left) and not _is_plain(right) and operator in ("==", "!=", "is"):
        left, right, was, wanted = right, left, wanted, was
    written = _cut(source.of(left), MAX_SIDE)
    expected = _cut(source.of(right) if _is_plain(right) else wanted, MAX_SIDE)
    if operator in ("==", "is") and was != wanted:
        return f"{written} {operator} {expected}, not {_cut(was, MAX_SIDE)}"
    if operator in ("!=", "is not"):
        return f"{written} {operator} {_cut(source.of(right), MAX_SIDE)}, but both are {_cut(was, MAX_SIDE)}"
    told = [
        f"{_cut(source.of(side), MAX_SIDE)} is {_cut(value, MAX_SIDE)}"
        for side, value in ((left, was), (right, wanted))
        if not _is_plain(side)
    ]
    return f"{written} {operator} {_cut(source.of(right), MAX_SIDE)}: {', '.join(told)}"


def _sides(compared: Sequence[str], operator: str, message: str) -> tuple[str, str] | None:
    """Return the two values, if they are surely those of this assertion and not of one that was caught before."""
    if len(compared) != 3 or compared[0] != operator or not _asserted(message):
        return None
    _, left, right = compared
    short = [side for side in (left, right) if len(side) <= 20 and "(" not in side]
    return (left, right) if all(side in message for side in short) else None


def _of_unittest(source: Written, call: ast.expr, message: str) -> str:
    """Return what ``assertEqual`` and its like say, whose message holds both values and neither expression."""
    named = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "assertEqual"
    first, *_ = _PREFIX.sub("", message).split("\n")
    values, colon, words = first.partition(" : ")
    parts = values.split(" != ")
    if not (named and isinstance(call, ast.Call)) or len(parts) != 2 or len(call.args) < 2:
        return ""
    said = _compared(source, (call.args[0], call.args[1]), "==", (parts[0], parts[1]))
    return _cut(f"{said}: {words}" if colon else said, MAX_LINE)


def _asserted(message: str) -> str:
    """Return what pytest says of the assertion, without the word; "" where it says nothing."""
    lines = message.split("\n")
    said = next((line for line in lines if _PREFIX.sub("", line).startswith("assert ")), "")
    return _PREFIX.sub("", said).removeprefix("assert ")


def _words(message: str) -> str:
    """Return the first line of what the author of the test said."""
    first, *_ = message.split("\n")
    first = _PREFIX.sub("", first).strip()
    return "" if first.startswith("assert ") or first == "AssertionError" else _cut(first, MAX_WORDS)


def _hint(message: str) -> str:
    """Return where two collections differ, in pytest's words."""
    lines = message.split("\n")
    for number, line in enumerate(lines):
        if found := _HINT.match(line):
            after = lines[number + 1].strip() if line.endswith(":") and number + 1 < len(lines) else ""
            said = f"{found[1]} {after}".strip()
            return _cut(said[0].lower() + said[1:], MAX_WORDS)
    return ""


def _is_plain(node: ast.expr) -> bool:
    """Tell whether an expression says its value by itself: a literal, or a class called with such."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name[:1].isupper() and all(map(_is_plain, [*node.args, *(word.value for word in node.keywords)]))
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _names(node: ast.expr) -> list[str]:
    return list(dict.fromkeys(one.id for one in ast.walk(node) if isinstance(one, ast.Name)))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
