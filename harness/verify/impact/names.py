"""Which code can notice what a name stands for: pure, over the texts of the files that tests were seen to use.

Code that runs on import binds names; whoever never reads such a name, by whatever word in whatever string, cannot
notice that it stands for something else. What reads names by the dozen (`dir`, `vars`, `globals`) reads every one.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bridle.harness.verify.impact.blocks import Function, mask_of, values
from bridle.harness.verify.impact.classes import Class, Families, classes_of

MAX_NAMES = 60
ENUMERATING = frozenset(("dir()", "vars()", "globals()", "getmembers()", "iter_modules()", "__dict__", "__members__"))
"""Calls and words of code that reads names which it does not spell out."""

_NO_ENUM = ENUMERATING - {"__members__"}
"""The same for a name that is no member of an enumeration."""

PLAIN_DECORATORS = frozenset(
    (
        "abstractmethod", "asynccontextmanager", "classmethod", "contextmanager", "dataclass", "final", "overload",
        "override", "property", "runtime_checkable", "setter", "staticmethod", "total_ordering", "unique", "wraps",
    )
)  # fmt: skip
"""Decorators that hand what they decorate to nobody."""

STAR = "*"
_EXPORTS = frozenset(("__all__",))
_ANNOTATIONS = frozenset(("__annotations__", "get_type_hints()"))
_INCURIOUS = frozenset((*dir(builtins), "TypeVar", "cast", "parametrize"))
"""Functions that read no attribute of the classes which they are given, but for those of Python's own."""

_WORD = re.compile(r"[^\W\d]\w*")
_COMPOSED = re.compile(r"([^\W\d]\w*_)(?=$|[{%])")


class Item(msgspec.Struct, frozen=True, eq=False):
    """One statement that runs on import.

    `binds` are the names that it gives a meaning, `reads` all words in it, `lines` its own, `inside` those of the code
    that it defines; `plain` says that it does nothing but bind. `attributes` are the names that it gives a value in the
    body of class `owner`. `handed` has the words in what calls are given, each with the name of what is called.
    """

    qualname: str
    binds: frozenset[str]
    reads: frozenset[str]
    lines: int
    inside: int
    plain: bool
    owner: str = ""
    attributes: frozenset[str] = frozenset()
    handed: frozenset[tuple[str, str]] = frozenset()


class Names(msgspec.Struct, frozen=True, eq=False):
    """The words of one file: of what runs on import by item, of bodies by line masks."""

    items: tuple[Item, ...]
    bodies: Mapping[str, int]
    classes: tuple[Class, ...] = ()


class Noticing(msgspec.Struct, frozen=True):
    """The lines, by path, by which a change of some names can be noticed; `why` says that it may be any."""

    lines: Mapping[str, int]
    why: str = ""


def names_of(text: str) -> Names:
    """Return the words of one file; one that cannot be read has none."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names((), {})
    lazy = any(
        isinstance(one, ast.ImportFrom)
        and one.module == "__future__"
        and any(a.name == "annotations" for a in one.names)
        for one in module.body
    )
    bodies: dict[str, int] = {}
    items = tuple(_items(module.body, (), bodies, lazy_annotations=lazy))
    return Names(items, bodies, tuple(classes_of(module)))


def noticing(files: Mapping[str, Names], path: str, lines: int) -> Noticing:
    """Return who can notice that the items of file `path` on these lines bind something else."""
    waiting = [(path, item) for item in files[path].items if item.lines & lines] if path in files else []
    if not waiting:
        return Noticing({}, "it is not seen what it binds")
    return _spread(files, waiting, {}, set())


def reading(files: Mapping[str, Names], name: str) -> Noticing:
    """Return who reads something by this name, or by a name that is bound to what has it."""
    found: dict[str, int] = {}
    words = _as_read(frozenset({name})) | ENUMERATING
    _read_in_bodies(files, words, found)
    return _spread(files, list(_read_on_import(files, words)), found, {name})


def only_exports(files: Mapping[str, Names], path: str, lines: int) -> bool:
    """Tell whether items of file `path` on these lines say what `import *` would take, and nobody takes or reads it."""
    items = [item for item in files[path].items if item.lines & lines] if path in files else []
    if not items or any(item.binds != _EXPORTS for item in items):
        return False
    asking = _EXPORTS | {STAR}
    return not any(
        asking & known.bodies.keys() or any(item.reads & asking and item.binds != _EXPORTS for item in known.items)
        for known in files.values()
    )


def _spread(
    files: Mapping[str, Names], waiting: list[tuple[str, Item]], found: dict[str, int], known: set[str]
) -> Noticing:
    """Follow items that stand for something else to all who read what they bind; `found` are lines that do already."""
    done: set[int] = set()
    families: Families | None = None
    while waiting:
        at, item = waiting.pop()
        if id(item) in done:
            continue
        done.add(id(item))
        if not item.plain:
            return Noticing({}, f"{at} does more on import than to bind names")
        found[at] = found.get(at, 0) | item.inside
        binds, enumerating = item.binds, ENUMERATING if item.qualname else _NO_ENUM
        in_bodies = enumerating
        if item.owner:
            families = families or Families(one for names in files.values() for one in names.classes)
            family = families.plain(item.owner)
            if family and not _is_given_away(files, family):
                binds, enumerating, in_bodies = item.attributes, _NO_ENUM, frozenset[str]()
                _read_in_bodies(files, family, found)  # who enumerates what a class has, has the class
        fresh = binds - known
        known |= fresh
        if len(known) > MAX_NAMES:
            return Noticing({}, "too many names depend on it")
        if fresh:
            _read_in_bodies(files, _as_read(fresh) | in_bodies, found)
            waiting += _read_on_import(files, _as_read(fresh) | enumerating)
    return Noticing(found)


def _is_given_away(files: Mapping[str, Names], family: frozenset[str]) -> bool:
    """Tell whether import hands one of these classes to code that is not the workspace's own, which may look at it."""
    items = [item for known in files.values() for item in known.items]
    given = {called for item in items for called, word in item.handed if word in family}
    own = {name for item in items for name in item.binds}
    return any(called not in own and called not in _INCURIOUS for called in given)


def _as_read(names: frozenset[str]) -> frozenset[str]:
    """Return names with the beginnings that code may compose them of."""
    composed = {name[: name.rfind("_") + 1] for name in names}
    return names | {part for part in composed if len(part) > 2}


def _read_on_import(files: Mapping[str, Names], words: frozenset[str]) -> Iterator[tuple[str, Item]]:
    """Yield the items that have one of the words."""
    for path, known in files.items():
        yield from ((path, item) for item in known.items if item.reads & words and item.binds != _EXPORTS)


def _read_in_bodies(files: Mapping[str, Names], words: frozenset[str], found: dict[str, int]) -> None:
    """Add the lines of bodies that have one of the words to `found`."""
    for path, known in files.items():
        for word in words:
            mask = known.bodies.get(word)
            if mask:
                found[path] = found.get(path, 0) | mask


def bound_by(statement: ast.stmt) -> tuple[frozenset[str], bool]:
    """Return the names that a statement binds on import, and whether that is all that it does."""
    return _binds(statement, ())


def _items(
    body: Sequence[ast.stmt], around: tuple[ast.ClassDef, ...], bodies: dict[str, int], *, lazy_annotations: bool
) -> Iterator[Item]:
    prefix = ".".join(one.name for one in around)
    for statement in body:
        if _is_main(statement):
            continue
        if isinstance(statement, Function):
            _index(statement, bodies)
        qualname = ".".join(filter(None, (prefix, getattr(statement, "name", ""))))
        if not _is_text(statement):
            reads = frozenset(_words(_reading(statement, lazy_annotations=lazy_annotations)))
            binds, plain = _binds(statement, around)
            inside = _inside(statement) | (_inside(around[-1]) if around else 0)
            owner, attributes = _attributes(statement, around)
            handed = frozenset(_handed(_reading(statement, lazy_annotations=lazy_annotations)))
            yield Item(qualname, binds, reads, _lines(statement), inside, plain, owner, attributes, handed)
        inner = (*around, statement) if isinstance(statement, ast.ClassDef) else around
        if not isinstance(statement, Function):
            for block in _blocks(statement):
                yield from _items(block, inner, bodies, lazy_annotations=lazy_annotations)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body


def _index(function: Function, bodies: dict[str, int]) -> None:
    """Note the words of a body: those of each statement on all of its lines, the head's where blocks follow."""
    waiting: list[ast.stmt] = [*function.body]
    while waiting:
        statement = waiting.pop()
        inner = [one for block in _blocks(statement) for one in block]
        waiting += inner
        if _is_text(statement):
            continue
        last = statement.end_lineno or statement.lineno
        mask = mask_of(statement.lineno, max(statement.lineno, inner[0].lineno - 1) if inner else last)
        for word in _words(_parts(statement, lazy_annotations=True)):
            bodies[word] = bodies.get(word, 0) | mask


def _parts(statement: ast.stmt, *, lazy_annotations: bool) -> Iterator[ast.AST]:
    """Yield what of a statement is evaluated where it stands: no blocks, no annotations that are never looked at."""
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody") or (lazy_annotations and name in ("annotation", "returns")):
            continue
        for one in values(value):
            if isinstance(one, ast.ExceptHandler):
                if one.type is not None:
                    yield one.type
            elif isinstance(one, ast.arguments) and lazy_annotations:
                yield from (default for default in (*one.defaults, *one.kw_defaults) if default is not None)
            elif isinstance(one, ast.AST):
                yield one


def _reading(statement: ast.stmt, *, lazy_annotations: bool) -> Iterator[ast.AST]:
    """Yield what of a statement is evaluated on import, but for a plain name that is given a value."""
    given = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    bare = [] if isinstance(statement, ast.AugAssign) else [one for one in given if isinstance(one, ast.Name)]
    return (one for one in _parts(statement, lazy_annotations=lazy_annotations) if one not in bare)


def _words(parts: Iterator[ast.AST]) -> Iterator[str]:
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                yield f"{getattr(node.func, 'attr', getattr(node.func, 'id', ''))}()"
            elif isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.keyword):
                yield node.arg or ""
            elif isinstance(node, ast.alias) and node.name == "*":
                yield STAR
            elif isinstance(node, ast.alias) and node.asname:
                yield from node.name.split(".")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from _WORD.findall(node.value)
                yield from _COMPOSED.findall(node.value)


def _handed(parts: Iterator[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield what is called, and each word of what it is given."""
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = _words(iter([*node.args, *(one.value for one in node.keywords)]))
                yield from ((called, word) for word in given if not word.endswith("()"))


def _binds(statement: ast.stmt, around: tuple[ast.ClassDef, ...]) -> tuple[frozenset[str], bool]:
    """Return the names that a statement binds, and whether that is all that it does."""
    outer = {one.name for one in around}
    if isinstance(statement, Function | ast.ClassDef):
        owners, plain = _decorated(statement)
        return frozenset({statement.name, *outer, *owners}), plain
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return frozenset({(one.asname or one.name).partition(".")[0] for one in statement.names} | outer), True
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return frozenset({*_words(iter(targets)), *outer}), True
    if isinstance(statement, ast.Pass | ast.Global | ast.Assert | ast.Raise | ast.Delete):
        return frozenset(outer), True
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return frozenset({*_named(statement.value), *outer}), _is_upon_named(statement.value)
    if isinstance(statement, ast.If | ast.Try):
        inner = [one for block in _blocks(statement) for one in block if not _is_text(one)]
        told = [_binds(one, around) for one in inner]
        return frozenset(name for names, _ in told for name in names), all(plain for _, plain in told)
    return frozenset(outer), False


def _attributes(statement: ast.stmt, around: tuple[ast.ClassDef, ...]) -> tuple[str, frozenset[str]]:
    """Return the class of a module and those of its attributes that a statement in its body gives a value."""
    if len(around) != 1 or not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return "", frozenset()
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = frozenset(one.id if isinstance(one, ast.Name) else "" for one in targets)
    if any(not name or name.startswith("__") for name in names):
        return "", frozenset()
    annotated = _ANNOTATIONS if isinstance(statement, ast.AnnAssign) else frozenset[str]()
    return around[0].name, names | annotated


def _named(call: ast.Call) -> Iterator[str]:
    """Yield the names of what a call may change: all that it is handed, and what it is a method of."""
    return (node.id for node in ast.walk(call) if isinstance(node, ast.Name) and not hasattr(builtins, node.id))


def _is_upon_named(call: ast.Call) -> bool:
    """Tell whether a call changes nothing but what it names: a method, or a function of Python's own."""
    return isinstance(call.func, ast.Attribute) or hasattr(builtins, getattr(call.func, "id", "?"))


def _is_main(statement: ast.stmt) -> bool:
    """Tell whether a statement is what a file does as a program, and never on import."""
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


def _decorated(statement: Function | ast.ClassDef) -> tuple[set[str], bool]:
    """Return what the decorators of a definition may hand it to, and whether it is known that they do no more."""
    owners: set[str] = set()
    plain = True
    for decorator in statement.decorator_list:
        at: ast.expr = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = at.attr if isinstance(at, ast.Attribute) else getattr(at, "id", "")
        while isinstance(at, ast.Attribute | ast.Call):
            at = at.func if isinstance(at, ast.Call) else at.value
        if name not in PLAIN_DECORATORS:
            owners.add(getattr(at, "id", ""))
            plain = plain and at is not decorator and isinstance(decorator, ast.Call | ast.Attribute)
    return owners - {""}, plain


def _inside(statement: ast.stmt) -> int:
    """Return the lines of code that a statement defines, to run later."""
    if isinstance(statement, Function):
        return mask_of(statement.body[0].lineno, statement.end_lineno or statement.lineno)
    found = 0
    for block in _blocks(statement):
        for one in block:
            found |= _inside(one)
    return found


def _lines(statement: ast.stmt) -> int:
    """Return a statement's own lines: its head's, where blocks follow."""
    first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))])
    inner = [one.lineno for block in _blocks(statement) for one in block]
    return mask_of(first, max(statement.lineno, min(inner) - 1) if inner else statement.end_lineno or statement.lineno)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
