"""Which names of a JavaScript or TypeScript file are locals where they are used, and of what class they plainly are.

A local of a function is nobody else's business: a use of it is none of a definition that has its name by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.script_bindings import Bindings
from bridle.indexer.languages.script_heads import Head
from bridle.indexer.languages.script_text import UNKNOWN, class_of, text, written

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_STEPS = 5
_MADE = ("new_expression", "call_expression", "await_expression", "as_expression", "non_null_expression")
_DEFINED = "="


class Scopes:
    """The locals of one file. `known` are the names that the file itself defines or imports, wherever it does."""

    def __init__(self, size: int, nodes: Nodes, heads: Sequence[Head], bindings: Bindings) -> None:
        functions = nodes.get("scope", ())
        spans = sorted({(node.start_byte, -node.end_byte) for node in (*functions, *nodes.get("inner", ()))})
        self._outline = Outline([(0, size), *((start, -end) for start, end in spans)])
        bodies = {(node.start_byte, -node.end_byte) for node in functions}
        self._functions = {0, *(n for n, span in enumerate(spans, 1) if span in bodies)}
        self._bound: dict[str, dict[int, tuple[str, int]]] = {}
        imported = {binding.name for binding in bindings.imports if binding.name}
        self.known = {head.name for head in heads} | imported
        self._top = {head.name for head in heads if head.kind not in ("method", "test", "suite")} | imported
        for head in heads:
            if head.kind != "method":
                self._bind_head(head)
        names = {head.name_at for head in heads} | bindings.loads
        for capture in ("var", "local", "own"):
            for node in nodes.get(capture, ()):
                if node.start_byte not in names:
                    self._bind(node, is_var=capture == "var")
        for node, said in _said(nodes):
            self._say(node, said)

    def meaning(self, whole: str, at: int) -> str:
        """Return a use at byte `at` with a local at its head written as what it plainly is, `?` where that is open."""
        if "." not in whole and "(" not in whole and whole not in self._bound:
            return whole
        for _ in range(MAX_STEPS):
            head, dot, rest = whole.partition(".")
            name = head.removesuffix("()")
            bound = self._at(name, at)
            if bound is None or bound[0] == _DEFINED:
                return whole
            if not bound[0] or name != head:
                return f"{UNKNOWN}{dot}{rest}"
            whole, at = f"{bound[0]}{dot}{rest}", bound[1]
        return f"{UNKNOWN}.{whole.rpartition('.')[2]}"

    def _at(self, name: str, at: int) -> tuple[str, int] | None:
        """Return what a name is bound to around a byte, None where no local has it."""
        places = self._bound.get(name)
        if places is None:
            return None
        scope = self._outline.owner(at)
        while scope not in places:
            if scope == 0:
                return None
            scope = self._outline.parents[scope]
        return places[scope]

    def _bind_head(self, head: Head) -> None:
        is_declared = head.node.type.endswith(("_declaration", "_signature"))  # its name is bound around it
        scope = self._outline.owner(head.node.start_byte - 1 if is_declared else head.name_at)
        if scope:
            self._bound.setdefault(head.name, {})[scope] = _DEFINED, 0

    def _bind(self, node: Node, *, is_var: bool) -> None:
        scope = self._outline.owner(node.start_byte)
        while is_var and scope not in self._functions:
            scope = self._outline.parents[scope]
        name = text(node)
        if scope or name not in self._top:
            self._bound.setdefault(name, {}).setdefault(scope, ("", node.start_byte))

    def _say(self, name: Node, said: str) -> None:
        places = self._bound.get(text(name), {})
        scope = self._outline.owner(name.start_byte)
        while scope not in places and scope:
            scope = self._outline.parents[scope]
        if places.get(scope, (_DEFINED, 0)) == ("", name.start_byte):
            places[scope] = said, name.start_byte


def _said(nodes: Nodes) -> Iterator[tuple[Node, str]]:
    """Yield names of locals with what their declaration says they are."""
    for node in nodes.get("typed", ()):
        name = node.child_by_field_name("pattern")
        if name is not None and (said := class_of(node.child_by_field_name("type"))):
            yield name, said
    for node in nodes.get("declarator", ()):
        name = node.child_by_field_name("name")
        if name is not None and name.type == "identifier" and (said := value_of(node)):
            yield name, said


def value_of(node: Node) -> str:
    """Return what a declaration says its value is, as a use; "" where it says nothing plain."""
    annotation = node.child_by_field_name("type")
    if annotation is not None:
        return class_of(annotation)
    value = node.child_by_field_name("value")
    if value is None or value.type not in _MADE:
        return ""
    made = written(value)
    return made if UNKNOWN not in made and made.endswith("()") else ""
