"""Rust: what its syntax says that the queries cannot.

What an ``impl`` says of a type, which may stand in another file, is told beside the values (`Typed`): ``impl.T`` is
built on a trait, ``self.T`` is the path to T where it is not T's name alone, and follows the trait too. A ``mod x;``
is an import of level 1, of which the module is the path that stands above it. A call of a macro has the qualifier
``!``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.facts import FileFacts, Import, Reference, Typed
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.lines import Lines
from bridle.indexer.languages.locals import Bound, Extent
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import text
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.rust_macros import Mention, rewritten
from bridle.indexer.languages.rust_patterns import parts_of, rest_of
from bridle.indexer.languages.rust_types import NAMED, bounded, dotted, owner_of, value_of
from bridle.indexer.languages.rust_uses import imports, leaves, modules_around
from bridle.indexer.languages.rust_values import FORMS, element_of_call, value
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MACRO = "!"

_MAX_DEPTH = 12
_FUNCTIONS = ("function_item", "function_signature_item")
_WHOLE = {"generic_function": "function", "generic_type": "type"}
_PATH = re.compile(r'#\[path\s*=\s*"([^"\\]+)"')


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    trees = trees or Trees(1)  # what is tried of a text is parsed once
    shown = rewritten(path, source, trees)
    names = {mention.at for mention in shown.mentions}

    def asides(nodes: Nodes) -> Iterator[int]:
        yield from names
        yield from (leaf for node in nodes.get("import", ()) for leaf in leaves(node))

    known = read(path, source, _DIALECT._replace(asides=asides), trees, shown.source)
    called = _called(known, source, shown.mentions)
    return msgspec.structs.replace(known, references=(*known.references, *called)) if called else known


def _called(known: FileFacts, source: bytes, mentions: tuple[Mention, ...]) -> list[Reference]:
    """Return the calls of macros, each once per definition."""
    if not mentions:
        return []
    outline = Outline([(0, len(source)), *((one.span.start_byte, one.span.end_byte) for one in known.symbols[1:])])
    lines = Lines(known.path, source)
    found: dict[tuple[str, int], Reference] = {}
    for at, path in mentions:
        owner = outline.owner(at)
        qualifier, _, name = f"{MACRO}.{path}".rpartition(".")
        if (path, owner) not in found:
            found[path, owner] = Reference(name, qualifier, "call", known.symbols[owner].id, lines.at(at))
    return list(found.values())


def _around(node: Node) -> Node | None:
    """Return the ``impl`` or ``trait`` that a definition is a member of."""
    body = node.parent
    around = body.parent if body is not None and body.type == "declaration_list" else None
    return around if around is not None and around.type in ("impl_item", "trait_item") else None


def _names(node: Node) -> Iterator[Named]:
    name, around = node.child_by_field_name("name"), _around(node)
    if name is None or text(name) == "_":
        return
    outer = owner_of(around) if around is not None and around.type == "impl_item" else ""
    yield Named(name, outer, "method" if around is not None and node.type in _FUNCTIONS else None)


def _binds(node: Node) -> Iterator[Bound]:
    pattern, kind, given = (node.child_by_field_name(name) for name in ("pattern", "type", "value"))
    if node.type in ("type_parameter", "const_parameter", "where_predicate"):
        yield from _parameters(node)
    elif node.type == "closure_parameters":
        handed = element_of_call(node.parent)
        for one in node.named_children:
            if one.type != "parameter":
                yield from (Bound(name, said) for name, said in parts_of(one, handed))
                handed = ""
    elif pattern is not None:
        scope, said = None, ""
        if node.type == "match_arm":
            given = _matched(node)
            said = value(given)
        elif node.type == "for_expression":
            over = value(given)
            said, given = f"{over}[]" if over else "", None
        else:
            said = (value_of(kind) if kind is not None else "") or value(given)
            scope = rest_of(node) if node.type == "let_declaration" else None
        yield from (Bound(name, what, scope) for name, what in parts_of(pattern, said, given))


def _matched(arm: Node) -> Node | None:
    block = arm.parent
    match = block.parent if block is not None else None
    return match.child_by_field_name("value") if match is not None else None


def _parameters(node: Node) -> Iterator[Bound]:
    name = node.child_by_field_name("left" if node.type == "where_predicate" else "name")
    bounds = node.child_by_field_name("bounds")
    if name is not None and name.type in ("type_identifier", "identifier") and text(name) != "Self":
        yield Bound(name, bounded(bounds).removesuffix("()") if bounds is not None else "")


def _extents(nodes: Nodes) -> Iterator[Extent]:
    for node in nodes.get("bind", ()):
        if node.type == "let_declaration" and (rest := rest_of(node)) is not None:
            yield rest


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    kinds = node.children_by_field_name("type")
    name = node.child_by_field_name("name")
    if name is not None:
        yield from ((text(name), said) for kind in kinds if (said := value_of(kind)) and "," not in said)
    else:
        yield from (
            (str(index), said) for index, kind in enumerate(kinds) if (said := value_of(kind)) and "," not in said
        )


def _said(node: Node, nth: int) -> str:
    del nth
    if node.type == "associated_type":
        bounds = node.child_by_field_name("bounds")
        return bounded(bounds) if bounds is not None else ""
    kind = node.child_by_field_name("return_type" if node.type in _FUNCTIONS else "type")
    said = value_of(kind) if kind is not None and node.type != "macro_definition" else ""
    return said if node.type in _FUNCTIONS or "," not in said else ""


def _target(node: Node) -> Node | None:
    for _ in range(_MAX_DEPTH):
        if node.type == "field_expression":
            field = node.child_by_field_name("field")
            return field if field is not None and field.type == "field_identifier" else None
        if node.type in ("scoped_identifier", "scoped_type_identifier"):
            return node.child_by_field_name("name")
        if node.type in NAMED:
            return node
        inner = node.child_by_field_name(_WHOLE[node.type]) if node.type in _WHOLE else None
        if inner is None:
            return None
        node = inner
    return None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        if node.type != "mod_item":
            yield from imports(node)
        elif (name := node.child_by_field_name("name")) is not None:
            yield Import(text(name), _written_path(node), text(name), 1, modules_around(node))


def _written_path(node: Node) -> str:
    """Return the path of a module that stands above it, "" where none does."""
    before = node.prev_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        if found := _PATH.match(text(before)):
            return found[1]
        before = before.prev_sibling
    return ""


def _notes(nodes: Nodes) -> Iterator[Typed]:
    """Yield what each ``impl`` says: the traits of a type, what it leads to, where the type is."""
    for node in nodes.get("implementation", ()):
        kind, trait, body = (node.child_by_field_name(name) for name in ("type", "trait", "body"))
        owner = owner_of(node)
        if kind is None or not owner:
            continue
        place = ".".join(part for part in (modules_around(node), owner) if part)
        plain = value_of(kind).lstrip("*").removesuffix("()")
        path = f",{plain}" if "." in plain and plain.rpartition(".")[2] == owner else ""
        if path:
            yield Typed(f"self.{place}", plain)
        if trait is not None and (named := dotted(trait)):
            yield Typed(f"impl.{place}", f"{named}{path}")
        if trait is not None and dotted(trait).rpartition(".")[2] in ("Deref", "DerefMut") and body is not None:
            for item in body.named_children:
                to = item.child_by_field_name("type") if item.type == "type_item" else None
                if to is not None and (said := value_of(to)).endswith("()") and said[:1] != "*":
                    yield Typed(f"impl.{place}", f"{said.removesuffix('()')}{path}")


def _package(nodes: Nodes) -> str:
    """Return nothing: where a file belongs is said by others."""
    del nodes
    return ""


_DIALECT = Dialect(
    queries=("rust",),
    forms=FORMS,
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    package=_package,
    predeclared=words("Self Some None Ok Err self"),
    statements=frozenset(),
    bodies=words("macro_rule"),
    documents=re.compile(r"///(?!/)|/\*\*(?![*/])"),
    marks=words("attribute_item"),
    telling=re.compile(
        r"#\[(?:\w+::)*(?:test|bench|rstest|test_case|quickcheck|proptest)\b|#\[cfg\(test\)|#\[macro_export"
    ),
    extents=_extents,
    notes=_notes,
    owners=words("class interface type enum namespace variable"),
)
