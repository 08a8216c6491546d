"""Python: what a file uses, and what its definitions hold and give, out of the nodes that the query found."""

from __future__ import annotations

import builtins
import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bridle.indexer.facts import FIXTURE, Import, Reference, ReferenceKind, Symbol, Value
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.python_names import MAX_PLAIN, PLAIN, UNKNOWN, Names, after_each, written
from bridle.indexer.languages.python_types import types_of

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

    _Nodes = Mapping[str, Sequence[Node]]

_FIRST: tuple[ReferenceKind, ...] = ("inherit", "call")
_RECEIVERS = frozenset(("self", "cls", "super"))
_HEAD = re.compile(r"\w+")
_QUOTED = re.compile(r"""(["'])(.*?)\1""", re.DOTALL)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
_PROPERTY = re.compile(rb"@(?:\w+\.)*\w*property\b")
_FIXTURE = re.compile(rb"@(?:\w+\.)*fixture\b(?:[^@]*?\bname\s*=\s*[\"'](\w+))?")
_RECEIVER = re.compile(r"\(\s*(self|cls)\s*:\s*(?:(?:\w+\.)?[Tt]ype\[)?([\w\"']+)")
_Found = dict[tuple[str, ReferenceKind, int], list[int]]
"""Uses by path, kind and owner: the first byte of the first one, then where each name is written."""


class _Written(NamedTuple):
    """A use as it is written: the path and its first name; whether the file knows it, whether
    some function of the file binds it, and whether reading it can lead anywhere.
    """

    whole: str
    head: str
    is_visible: bool
    is_local: bool
    leads: bool


class Uses:
    """The uses of one file while they are read; bytes are those of `source`."""

    def __init__(
        self, nodes: _Nodes, outline: Outline, symbols: Sequence[Symbol], imports: Sequence[Import], source: bytes
    ) -> None:
        self._nodes = nodes
        self._outline = outline
        self._symbols = symbols
        self._source = source
        owners = [(outline.owner(node.start_byte), node.start_byte) for node in nodes.get("function", ())]
        self._heads = {owner: source[symbols[owner].span.start_byte : at] for owner, at in owners}
        self._fixtures = {owner: found for owner, head in self._heads.items() if (found := _FIXTURE.search(head))}
        self._names = Names(nodes, outline, symbols, {*_tests(symbols), *self._fixtures})
        self._visible = {symbol.name for symbol in symbols[1:]}
        self._visible.update(binding.name.partition(".")[0] for binding in imports)
        self._modules = {binding.name.partition(".")[0] for binding in imports if not binding.target}
        self._all_visible = "*" in self._visible
        self._written: dict[bytes, _Written] = {}

    def references(
        self, line_starts: Sequence[int]
    ) -> tuple[tuple[Reference, ...], Sequence[tuple[str, Sequence[int]]]]:
        """Return each use once per definition, at its first line; and its name with the bytes where it is written."""
        found: _Found = {}
        taken: set[int] = set()
        for kind in _FIRST:
            places, nodes = self._places(kind, taken)
            taken.update(at + len(text) for text, starts in places.items() for at in starts)
            for text in sorted(places):
                self._use(text, self._read(text, nodes[text]), kind, places[text], found)
        places, nodes = self._places("read", taken)
        for text in sorted(text for text in places if self._read(text, nodes[text]).leads):
            self._use(text, self._written[text], "read", places[text], found)
        self._quoted(found)
        for (owner, name), at in self._names.fixtures.items():
            found[f"{FIXTURE}.{name}", "read", owner] = [at, at]
        rows: list[tuple[int, str, ReferenceKind, str, int, list[int]]] = []
        for (whole, kind, owner), starts in found.items():
            qualifier, _, name = whole.rpartition(".")
            rows.append((bisect_right(line_starts, starts[0]) - 1, name, kind, qualifier, owner, starts))
        rows.sort()
        symbols = self._symbols
        uses = tuple(
            Reference(name, qualifier, kind, symbols[owner].id, line) for line, name, kind, qualifier, owner, _ in rows
        )
        return uses, [(name, starts[1:]) for _, name, _, _, _, starts in rows]

    def _places(self, kind: ReferenceKind, taken: Container[int]) -> tuple[dict[bytes, list[int]], dict[bytes, Node]]:
        """Return where each text of a kind begins, but for those that end where one is taken; and a node of it."""
        source = self._source
        places: dict[bytes, list[int]] = {}
        nodes: dict[bytes, Node] = {}
        for node in self._nodes.get(kind, ()):
            end = node.end_byte
            if end not in taken:
                start = node.start_byte
                text = source[start:end]
                if (known := places.get(text)) is None:
                    places[text] = [start]
                    nodes[text] = node
                else:
                    known.append(start)
        return places, nodes

    def values(self) -> Iterator[Value]:
        """Yield what modules and classes hold, and what calls and properties give."""
        symbols = self._symbols
        for owner, name, paths in self._names.attributes():
            for path in paths:
                if path != name:
                    yield Value(symbols[owner].id, name, path)
        for owner, found in self._fixtures.items():
            around, own = symbols[self._outline.parents[owner]], symbols[owner].name
            yield Value(around.id, f"{FIXTURE}{found[1].decode() if found[1] else own}", own)
        annotated: set[int] = set()
        for node in self._nodes.get("function", ()):
            owner = self._outline.owner(node.start_byte)
            returned = node.child_by_field_name("return_type")
            if returned is not None:
                annotated.add(owner)
                yield from self._given(owner, _returned(node, (returned.text or b"").decode("utf-8", "replace")))
        for capture in ("return", "yield"):
            for node in self._nodes.get(capture, ()):
                owner = self._outline.owner(node.start_byte)
                is_given = capture == "return" or owner in self._fixtures
                if is_given and owner not in annotated and node.named_children:
                    yield from self._given(owner, self._names.paths(node.named_children[0], owner))

    def _given(self, owner: int, paths: Iterable[str]) -> Iterator[Value]:
        """Yield what a call gives, or reading a property, or a fixture; of a generator's annotation, what it yields."""
        name = "()"
        if owner in self._fixtures:
            name, paths = FIXTURE, [path.removeprefix("*") for path in paths]
        elif _PROPERTY.search(self._heads.get(owner, b"")):
            name = ""
        for path in paths:
            if path and path[0] != UNKNOWN:
                yield Value(self._symbols[owner].id, name, path)

    def _read(self, text: bytes, node: Node) -> _Written:
        """Return a use as it is written in `text`, which is that of `node`."""
        if (known := self._written.get(text)) is not None:
            return known
        whole = text.decode()
        plain = PLAIN.fullmatch(whole) if len(text) <= MAX_PLAIN else None
        if plain is not None:
            name = plain[1]
        else:
            whole = written(node)
            head = _HEAD.match(whole)
            name = head[0] if head else ""
        is_visible = self._all_visible or name in self._visible
        is_local = name in self._names.locals
        leads = is_visible or (whole != name and (is_local or name in _RECEIVERS))
        self._written[text] = found = _Written(whole, name, is_visible, is_local, leads)
        return found

    def _use(self, text: bytes, written_so: _Written, kind: ReferenceKind, places: list[int], found: _Found) -> None:
        """Take a text for a use of each definition in which it stands, with all its places there."""
        whole, head, is_visible, is_local, _ = written_so
        for owner, starts in self._by_owner(places):
            held = self._names.held_by(owner, head) if is_local else None
            if whole == head:
                paths: tuple[str, ...] = (whole,) if held is None and (is_visible or kind == "inherit") else ()
            elif held is not None:
                paths = after_each(held, whole[len(head) :])
            else:
                paths = (whole,) if is_visible or head in _RECEIVERS else ()
            for path in paths:
                _put(found, path, kind, owner, starts, len(text))
            if whole == head:
                continue
            if paths:
                if held is None and head in self._visible and head not in self._modules and "." in whole:
                    self._head(head, owner, starts, found)
            elif kind != "read":
                is_builtin = held is None and hasattr(builtins, head)
                path = whole if is_builtin else f"{UNKNOWN}.{whole.rpartition('.')[2]}"
                _put(found, path, kind, owner, starts, len(text))

    def _by_owner(self, places: list[int]) -> Iterable[tuple[int, list[int]]]:
        """Return the places in each definition, in their order."""
        owner_of = self._outline.owner
        if len(places) == 1:
            return ((owner_of(places[0]), places),)
        owned: dict[int, list[int]] = {}
        for at in sorted(places):
            owned.setdefault(owner_of(at), []).append(at)
        return owned.items()

    def _head(self, name: str, owner: int, starts: list[int], found: _Found) -> None:
        """Take the first name of ``Box.make`` for a use of Box; one that is called is captured as a call."""
        size = len(name.encode())
        uncalled = [at for at in starts if not self._source.startswith(b"(", at + size)]
        if uncalled:
            _put(found, name, "read", owner, uncalled, size)

    def _is_visible(self, name: str) -> bool:
        return self._all_visible or name in self._visible

    def _quoted(self, found: _Found) -> None:
        """Take the names of annotations that are written as strings."""
        for node in self._nodes.get("type", ()):
            text = node.text or b""
            if b'"' in text or b"'" in text:
                owner = self._outline.owner(node.start_byte)
                said = text.decode("utf-8", "replace")
                for quoted in _QUOTED.finditer(said):
                    for name in _DOTTED.finditer(said, quoted.start(2), quoted.end(2)):
                        if self._is_visible(name[0].partition(".")[0]):
                            _put(found, name[0], "read", owner, [node.start_byte], len(said[: name.end()].encode()))


def _tests(symbols: Sequence[Symbol]) -> Iterator[int]:
    """Yield which definitions are tests by their names."""
    for index, symbol in enumerate(symbols):
        if symbol.name.startswith("test") and symbol.kind in {"function", "method"}:
            yield index


def _put(found: _Found, path: str, kind: ReferenceKind, owner: int, starts: list[int], size: int) -> None:
    """Take a use of `size` bytes that begins at each of `starts`, the first one first, and ends with its name."""
    name = path[path.rfind(".") + 1 :]
    before = size - (len(name) if name.isascii() else len(name.encode()))
    known = found.setdefault((path, kind, owner), [starts[0]])
    known[0] = min(known[0], starts[0])
    known += [at + before for at in starts]


def _returned(function: Node, annotation: str) -> tuple[str, ...]:
    """Return the paths of what a function gives by its annotation; ``self: T`` that gives a T gives itself."""
    parameters = function.child_by_field_name("parameters")
    head = b"" if parameters is None else (parameters.text or b"")[:200]
    receiver = _RECEIVER.match(head.decode("utf-8", "replace"))
    if receiver is not None and receiver[2].strip("\"'") == annotation.strip("\"'"):
        return ("Self()",)
    return types_of(annotation)
