"""Python's expressions as paths that can be looked up, and what the local names of a file stand for.

A path is names and what is done to them: ``Box().get()[]``. A local name is replaced by what it holds, as far as the
text says so: an annotation, else what is assigned, ``with`` and ``for`` and ``except`` included. A local of which
nothing is known is ``?``, and never the global of that name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bridle.indexer.facts import FIXTURE, Symbol
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.python_types import types_of
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

    _Nodes = Mapping[str, Sequence[Node]]

MAX_PATHS = 4
MAX_STEPS = 12
MAX_NESTED = 6
MAX_PLAIN = 200
UNKNOWN = "?"
_PATTERNS = words("pattern_list tuple_pattern list_pattern list_splat_pattern tuple list")
_RECEIVERS = frozenset(("self", "cls", "super"))

PLAIN = re.compile(r"([^\W\d]\w*)(?:\.\w+)*")
_HEAD = re.compile(r"\w+")
_LITERALS: Mapping[str, str] = {
    "string": "str()", "concatenated_string": "str()", "list": "list()", "dictionary": "dict()", "set": "set()",
    "tuple": "tuple()", "integer": "int()", "float": "float()", "list_comprehension": "list()", "lambda": "object",
    "dictionary_comprehension": "dict()", "set_comprehension": "set()",
}  # fmt: skip
_INSIDE: Mapping[str, tuple[str, ...]] = {"named_expression": ("value",), "boolean_operator": ("left", "right")}


class _Bound:
    """One binding of a local: an annotation, or a value and what is done to it; neither where nothing is known."""

    __slots__ = ("after", "annotation", "owner", "value")

    def __init__(self, owner: int, value: Node | None = None, after: str = "", annotation: str = "") -> None:
        self.owner = owner
        self.value = value
        self.after = after
        self.annotation = annotation


class Names:
    """The local names of one file.

    `given` are the definitions that pytest calls, and hands fixtures to; `fixtures` are the parameters of such, by
    definition and name, with the byte at which they stand. `locals` are the names that any function binds.
    """

    def __init__(self, nodes: _Nodes, outline: Outline, symbols: Sequence[Symbol], given: Collection[int]) -> None:
        self._outline = outline
        self._symbols = symbols
        self._given = given
        self.fixtures: dict[tuple[int, str], int] = {}
        self._bound: dict[int, dict[str, list[_Bound]]] = {}
        self._known: dict[tuple[int, str], tuple[str, ...]] = {}
        self._where: dict[tuple[int, str], int | None] = {}
        self._defined = {(parent, symbols[index].name) for index, parent in enumerate(outline.parents)}
        self._fields: dict[int, dict[str, list[_Bound]]] = {}
        for node in nodes.get("parameters", ()):
            self._parameters(node)
        for node in nodes.get("assign", ()):
            self._assignment(node)
        for node in nodes.get("for", ()):
            self._target(node.child_by_field_name("left"), node.child_by_field_name("right"), "[*]")
        for node in nodes.get("as", ()):
            self._as(node)
        for node in nodes.get("walrus", ()):
            self._target(node.child_by_field_name("name"), node.child_by_field_name("value"))
        for node in nodes.get("narrowing", ()):
            self._narrowing(node)
        functions = (names for at, names in self._bound.items() if at and symbols[at].kind != "class")
        self.locals = frozenset(name for names in functions for name in names) - _RECEIVERS

    def _owner_of(self, at: int, name: str) -> int | None:
        """Return the function in whose text `name` is a local for definition `at`; None where it is none."""
        first = True
        while at:
            is_class = self._symbols[at].kind == "class"
            if not is_class or first:
                if (at, name) in self._defined:
                    return None
                if not is_class and name in self._bound.get(at, ()):
                    return at
            first, at = False, self._outline.parents[at]
        return None

    def held(self, owner: int, name: str, depth: int = MAX_NESTED) -> tuple[str, ...]:
        """Return what a name that definition `owner` binds may hold; nothing where it is not known."""
        key = owner, name
        if (known := self._known.get(key)) is not None:
            return known
        self._known[key] = ()  # of a name that leads to itself
        self._known[key] = self._all(name, self._bound.get(owner, {}).get(name, ()), depth)
        return self._known[key]

    def attributes(self) -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """Yield ``(definition, name, paths)`` of what modules and classes hold, and of what methods give ``self``."""
        for owner, names in self._bound.items():
            if owner == 0 or self._symbols[owner].kind == "class":
                fields = self._fields.get(owner, {})
                yield from ((owner, name, self.held(owner, name)) for name in names if name not in fields)
        for owner, names in self._fields.items():
            for name, bound in names.items():
                yield owner, name, self._all("", [*self._bound.get(owner, {}).get(name, ()), *bound], MAX_NESTED)

    def _all(self, name: str, bound: Sequence[_Bound], depth: int) -> tuple[str, ...]:
        paths = [path for one in bound if one.annotation for path in types_of(one.annotation)]
        if not paths and any((one.owner, name) in self.fixtures for one in bound):
            return (f"{FIXTURE}{name}",)
        if not paths:
            values = ((one.value, one.after, one.owner) for one in bound if one.value is not None)
            paths = [_after(path, after) for value, after, at in values for path in self.paths(value, at, depth - 1)]
        return tuple(dict.fromkeys(path for path in paths if path and path[0] != UNKNOWN))[:MAX_PATHS]

    def paths(self, node: Node, owner: int, depth: int = MAX_NESTED) -> tuple[str, ...]:
        """Return the paths that an expression in definition `owner` may stand for; none where it is not known."""
        if depth <= 0:
            return ()
        if node.type == "conditional_expression":
            parts = [child for child in node.named_children if child.type != "comment"]
            return tuple(path for part in parts[::2][:2] for path in self.paths(part, owner, depth - 1))
        if inner := _INSIDE.get(node.type):
            fields = (node.child_by_field_name(name) for name in inner)
            return tuple(path for part in fields if part for path in self.paths(part, owner, depth - 1))
        if (told := _told(node)) is not None:
            return told
        return self.replaced(written(node), owner, depth)

    def replaced(self, path: str, owner: int, depth: int = MAX_NESTED) -> tuple[str, ...]:
        """Return a path as it is written in definition `owner` with its local replaced by what that holds."""
        found = _HEAD.match(path)
        if found is None:
            return ()
        held = self.held_by(owner, found[0], depth)
        return (path,) if held is None else after_each(held, path[found.end() :])

    def held_by(self, owner: int, name: str, depth: int = MAX_NESTED) -> tuple[str, ...] | None:
        """Return what a name may hold in definition `owner`, None where it is no local there."""
        if name not in self.locals:
            return None
        key = owner, name
        if key not in self._where:
            self._where[key] = self._owner_of(owner, name)
        found = self._where[key]
        return None if found is None else self.held(found, name, depth)

    def _put(self, name: Node, value: Node | None = None, after: str = "", annotation: str = "") -> None:
        owner = self._outline.owner(name.start_byte)
        if self._symbols[owner].kind == "variable":
            owner = self._outline.parents[owner]
        bound = _Bound(owner, value, after, annotation)
        self._bound.setdefault(owner, {}).setdefault(_text(name), []).append(bound)

    def _put_field(self, left: Node, value: Node | None, annotation: str) -> None:
        """Take ``self.name = value`` in a method for an attribute of its class."""
        text = _text(left)
        if not text.startswith("self.") or text.count(".") != 1:
            return
        owner = at = self._outline.owner(left.start_byte)
        while at and self._symbols[at].kind != "class":
            at = self._outline.parents[at]
        if at:
            bound = _Bound(owner, value, "", annotation)
            self._fields.setdefault(at, {}).setdefault(text[5:], []).append(bound)

    def _parameters(self, node: Node) -> None:
        for part in node.named_children:
            name: Node | None = part
            annotation: Node | None = None
            if part.type != "identifier":
                name, annotation = part.child_by_field_name("name"), part.child_by_field_name("type")
            starred = ""
            if name is None:
                name = next((child for child in part.named_children if child.type != "comment"), None)
                if name is not None and name.type in {"list_splat_pattern", "dictionary_splat_pattern"}:
                    starred = "tuple" if name.type == "list_splat_pattern" else "dict"
                    name = name.named_children[0] if name.named_children else None
            if name is not None and name.type == "identifier":
                text = _text(annotation) if annotation else ""
                self._put(name, annotation=f"{starred}[{text}]" if starred else text)
                owner = self._outline.owner(name.start_byte)
                if not starred and node.type == "parameters" and owner in self._given:
                    self.fixtures[owner, _text(name)] = name.start_byte

    def _assignment(self, node: Node) -> None:
        annotation = node.child_by_field_name("type")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        text = _text(annotation) if annotation else ""
        if left is not None and left.type == "attribute":
            self._put_field(left, right, text)
        elif left is not None and left.type == "identifier" and text and not text.endswith("TypeAlias"):
            self._put(left, right, annotation=text)
        else:
            self._target(left, right)

    def _target(self, left: Node | None, right: Node | None, after: str = "") -> None:
        if left is None:
            return
        if left.type == "identifier":
            self._put(left, right, after)
            return
        waiting = [left]
        while waiting:
            part = waiting.pop()
            if part.type == "identifier":
                self._put(part)
            elif part.type in _PATTERNS:
                waiting += part.named_children

    def _as(self, node: Node) -> None:
        alias = node.child_by_field_name("alias")
        value = node.named_children[0] if node.named_children else None
        around = node.parent
        if alias is None or value is None or around is None or not alias.named_children:
            return
        if around.type in {"except_clause", "except_group_clause"}:
            parts = value.named_children if value.type == "tuple" else [value]
            for part in parts:
                self._target(alias.named_children[0], part, "()")
        elif around.type == "with_item":
            self._target(alias.named_children[0], value, ".__enter__()")
        else:
            self._target(alias.named_children[0], None)

    def _narrowing(self, node: Node) -> None:
        """Take ``isinstance(name, Kind)`` for one thing more that a name may hold."""
        arguments = node.child_by_field_name("arguments")
        if arguments is None or len(arguments.named_children) != 2:
            return
        name, kind = arguments.named_children
        if name.type == "identifier":
            for part in kind.named_children if kind.type == "tuple" else [kind]:
                self._put(name, annotation=_text(part))


def after_each(held: Sequence[str], rest: str) -> tuple[str, ...]:
    """Return what each path becomes with more done to it, as far as that can be told."""
    return tuple(path for path in (_after(one, rest) for one in held) if path)


def written(node: Node, steps: int = MAX_STEPS) -> str:
    """Return an expression as a path as it stands, ``?`` from where on it is none."""
    if node.end_byte - node.start_byte <= MAX_PLAIN and PLAIN.fullmatch(text := _text(node)):
        return text
    after: list[str] = []
    while steps:
        steps -= 1
        inner: Node | None = None
        if node.type == "attribute":
            inner = node.child_by_field_name("object")
            after.append(f".{_text(name)}" if (name := node.child_by_field_name("attribute")) else UNKNOWN)
        elif node.type == "call":
            inner = node.child_by_field_name("function")
            after.append("()")
        elif node.type == "subscript":
            inner = node.child_by_field_name("value")
            of = node.child_by_field_name("subscript")
            after.append("" if of is not None and of.type == "slice" else "[]")
        elif node.type in {"await", "parenthesized_expression"}:
            inner = node.named_children[0] if node.named_children else None
        elif node.type == "identifier":
            return _text(node) + "".join(reversed(after))
        else:
            return _LITERALS.get(node.type, UNKNOWN) + "".join(reversed(after))
        if inner is None:
            break
        node = inner
    return UNKNOWN + "".join(reversed(after))


def _after(path: str, rest: str) -> str:
    """Return a path with more done to it; one of many is taken out here, where that can be told."""
    while rest and path[:1] in {"*", "%"}:
        step = next((one for one in ("[*]", "[]", ".__enter__()") if rest.startswith(one)), "")
        if not step or (path[0] == "%" and step != "[]"):
            return ""
        path, rest = path[1:], rest[len(step) :]
    return path + rest


def _told(node: Node) -> tuple[str, ...] | None:
    """Return what calls of ``cast`` and ``TypeVar`` say of types, None for everything else."""
    if node.type != "call":
        return None
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None or not arguments.named_children:
        return None
    called = _text(function).rpartition(".")[2]
    if called == "cast":
        return types_of(_text(arguments.named_children[0]))
    if called != "TypeVar":
        return None
    bounds = [part.child_by_field_name("value") for part in arguments.named_children if _text(part).startswith("bound")]
    return tuple(path.removesuffix("()") for bound in bounds if bound for path in types_of(_text(bound)))


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
