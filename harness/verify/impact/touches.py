"""What two texts of a Python file differ in, told by what a test must have done to notice it: pure.

A difference inside a function is noticed by whoever executed the old lines that lead to it; one in a function's
default by whoever executed the function; any other by whoever imports the module.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator, Sequence

import msgspec

from bridle.harness.verify.impact.blocks import Function, body_mask, difference, mask_of, values
from bridle.harness.verify.impact.names import bound_by
from bridle.indexer.text import split_lines

MAX_LINES = 50_000


class Touch(msgspec.Struct, frozen=True):
    """One difference of one file.

    `lines` is a mask over the old text: a test that executed any of them may notice. With `imports`, whoever imports
    the module may, too; where `binds` says that it only gives names another meaning, whoever reads those. `symbol` is
    what holds the difference, "" for the module; `wider` is the whole function, for when nobody executed `lines`. `why`
    tells of a difference that is more than a changed statement.
    """

    path: str
    lines: int
    imports: bool = False
    binds: bool = False
    symbol: str = ""
    wider: int = 0
    why: str = ""


class _Item(msgspec.Struct, frozen=True):
    """One statement of a module or a class body, as others can see it: a function without its body and defaults."""

    key: str
    qualname: str
    node: ast.stmt


def touches(path: str, old: str | None, new: str | None, mentioned: Callable[[str], bool]) -> tuple[Touch, ...]:
    """Return the differences; none for equal texts.

    `mentioned` tells whether any old text of the workspace has a word: a function that nobody names can be added.
    """
    if old == new:
        return ()
    if old is None or new is None:
        return (Touch(path, _all(old or ""), imports=True, why="it is new" if old is None else "it is gone"),)
    before, after = _parsed(old), _parsed(new)
    if before is None or after is None:
        return (Touch(path, _all(old), imports=True, why="it is no Python that can be read"),)
    found = [*_bodies(path, before, after), *_heads(path, before, after, mentioned)]
    return tuple(found) or tuple(_layout(path, old, new, before))


def _all(text: str) -> int:
    return mask_of(1, text.count("\n") + 1)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text) if text.count("\n") <= MAX_LINES else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# --- bodies -------------------------------------------------------------------------------------------------------


def _bodies(path: str, old: ast.Module, new: ast.Module) -> Iterator[Touch]:
    """Yield a touch for each function of both texts whose body differs; inner functions belong to the outer one."""
    before, after = functions(old), functions(new)
    for name in before.keys() & after.keys():
        was, is_now = before[name], after[name]
        if [ast.dump(one) for one in was.body] == [ast.dump(one) for one in is_now.body]:
            continue
        symbol, whole = name.partition("#")[0], body_mask(was)
        if _is_kept(was) or _is_kept(is_now):
            yield Touch(path, whole, imports=True, symbol=symbol, why="what it does is kept from one test to the next")
        else:
            yield Touch(path, difference(was, is_now), symbol=symbol, wider=whole)


def _is_kept(function: Function) -> bool:
    """Tell whether a function's work may be felt by a test that never called it: by a cache, or a global name."""
    for decorator in function.decorator_list:
        words = ast.unparse(decorator).lower()
        if ("cache" in words or "memo" in words) and "cached_property" not in words:
            return True
    return any(isinstance(node, ast.Global) for statement in function.body for node in ast.walk(statement))


def functions(module: ast.Module) -> dict[str, Function]:
    """Return the outermost functions and methods by qualified name; a repeated one has ``#2``, ``#3`` behind it."""
    found: dict[str, Function] = {}
    for prefix, statement in _statements(module.body, ""):
        if isinstance(statement, Function):
            found[_free(prefix + statement.name, found)] = statement
    return found


def _free(name: str, taken: dict[str, Function]) -> str:
    number = 1
    while (name if number == 1 else f"{name}#{number}") in taken:
        number += 1
    return name if number == 1 else f"{name}#{number}"


def _statements(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the statements that are executed while a module is imported, those of blocks and classes too."""
    for statement in body:
        yield prefix, statement
        if isinstance(statement, Function):
            continue
        inner = f"{prefix}{statement.name}." if isinstance(statement, ast.ClassDef) else prefix
        for block in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, block, []), inner)
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body, inner)


# --- heads --------------------------------------------------------------------------------------------------------


def _heads(path: str, old: ast.Module, new: ast.Module, mentioned: Callable[[str], bool]) -> Iterator[Touch]:
    """Yield a touch for each difference outside of bodies."""
    before, after = list(_items(old)), list(_items(new))
    matcher = difflib.SequenceMatcher(None, [one.key for one in before], [one.key for one in after], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for was, is_now in zip(before[a:b], after[c:d], strict=True):
                if _defaults(was.node) != _defaults(is_now.node):
                    yield _of_default(path, was)
            continue
        if tag == "replace" and _only_bind(before[a:b], after[c:d]):
            for item in before[a:b]:
                lines = _span(item.node)
                why = "what its name stands for changed"
                yield Touch(path, lines, imports=True, binds=True, symbol=item.qualname, why=why)
            continue
        for item in after[c:d]:
            if not (isinstance(item.node, Function) and _is_additional(item, new, mentioned)):
                lines = 0 if a == b else _span(before[a].node)
                yield Touch(path, lines, imports=True, symbol=item.qualname, why="code that runs on import changed")
        for item in before[a:b]:
            lines = _span(item.node)
            yield Touch(path, lines, imports=True, symbol=item.qualname, why="code that runs on import changed")


def _only_bind(old: Sequence[_Item], new: Sequence[_Item]) -> bool:
    """Tell whether statements were replaced by others that bind the same names, and do no more."""
    told_old, told_new = [bound_by(one.node) for one in old], [bound_by(one.node) for one in new]
    return told_old == told_new and all(plain for _, plain in told_old)


def _of_default(path: str, item: _Item) -> Touch:
    assert isinstance(item.node, Function)
    mask = body_mask(item.node)
    return Touch(path, mask, symbol=item.qualname, wider=mask, why="a default of it changed")


def _items(module: ast.Module) -> Iterator[_Item]:
    for prefix, statement in _statements(module.body, ""):
        name = getattr(statement, "name", "")
        yield _Item(prefix + _shown(statement), (prefix + name) if name else prefix.removesuffix("."), statement)


def _shown(statement: ast.stmt) -> str:
    """Return a statement without what is compared elsewhere: bodies, and the values of defaults."""
    parts: list[str] = [type(statement).__name__]
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "handlers") and isinstance(statement, _HOLDERS):
            parts += [_handler(one) for one in value if isinstance(one, ast.ExceptHandler)]
            parts.append(f"{name}:{bool(value)}")
        elif isinstance(value, ast.arguments):
            parts.append(_arguments(value))
        else:
            parts += [ast.dump(one) if isinstance(one, ast.AST) else str(one) for one in values(value)]
    return "|".join(parts)


_HOLDERS = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With,
    ast.AsyncWith, ast.Try,
)  # fmt: skip


def _handler(handler: ast.ExceptHandler) -> str:
    return f"except {ast.dump(handler.type) if handler.type else ''} {handler.name}"


def _arguments(arguments: ast.arguments) -> str:
    """Return who takes what; of defaults, only which there are."""
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    shown = [ast.dump(one) for one in names]
    shown += [ast.dump(one) for one in (arguments.vararg, arguments.kwarg) if one is not None]
    given = [str(one is not None) for one in arguments.kw_defaults]
    sizes = (len(arguments.posonlyargs), len(arguments.args), len(arguments.defaults))
    return f"{shown}{sizes}{given}{arguments.vararg is None}"


def _defaults(statement: ast.stmt) -> list[str]:
    if not isinstance(statement, Function):
        return []
    values = [*statement.args.defaults, *statement.args.kw_defaults]
    return [ast.dump(one) if one is not None else "" for one in values]


def _is_additional(item: _Item, new: ast.Module, mentioned: Callable[[str], bool]) -> bool:
    """Tell whether a function was only added: at the module's level, undecorated, under a name that nobody had."""
    assert isinstance(item.node, Function)
    return not item.node.decorator_list and item.node in new.body and not mentioned(item.node.name)


def _span(statement: ast.stmt) -> int:
    """Return the lines of a statement, of a class or a block those of its head."""
    first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))])
    if isinstance(statement, _HOLDERS) and not isinstance(statement, Function):
        return mask_of(first, max(statement.lineno, statement.body[0].lineno - 1))
    return mask_of(first, statement.end_lineno or statement.lineno)


# --- layout -------------------------------------------------------------------------------------------------------


def _layout(path: str, old: str, new: str, before: ast.Module) -> Iterator[Touch]:
    """Yield what only comments and layout changed: noticed, if at all, where the lines are."""
    was, is_now = split_lines(old), split_lines(new)
    first = next((n for n, (a, b) in enumerate(zip(was, is_now, strict=False)) if a != b), min(len(was), len(is_now)))
    for name, function in functions(before).items():
        if function.lineno <= first + 1 <= (function.end_lineno or 0):
            mask = body_mask(function)
            yield Touch(path, mask, symbol=name.partition("#")[0], wider=mask, why="only its layout changed")
            return
    yield Touch(path, 0, wider=_all(old), why="only comments or layout changed")
