"""Ruby: what its syntax says that the queries cannot.

Methods of a class itself stand in ``A.self``, those of its instances in ``A``: one may be called like the other.
Variables of instances are written ``$name`` in paths, where they can be no method's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from bridle.indexer.facts import FileFacts, Import, Typed
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, read
from bridle.indexer.languages.paths import MAX_WRITTEN, Form, Forms, text, written
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.ruby_marks import ALIKE, EXTENDED, EXTENDING, INCLUDING, MIXED
from bridle.indexer.languages.ruby_names import around, names, plain
from bridle.indexer.languages.ruby_others import Others
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

_CONSTANT = re.compile(r"(?:::)?\w+(?:::\w+)*")
_OPEN = re.compile(r"(?:^|\.)\?")
_GIVING_ITSELF = words("tap then yield_self new")
_PATH = re.compile(r"[\w./@+ -]{1,200}")
_EXPANDED = re.compile(r"""File\.expand_path\(?\s*["'](?P<path>[\w./-]+)["'],\s*(?P<of>__FILE__|__dir__)\s*\)?""")
_JOINED = re.compile(
    r"""File\.join\(?\s*(?P<of>__dir__|File\.dirname\(__FILE__\)),\s*["'](?P<path>[\w./-]+)["']\s*\)?"""
)
_PARAMETERS = words("method_parameters block_parameters lambda_parameters")
_NO_STATEMENT = words("comment rescue ensure else")
_ASSIGNMENTS = words("assignment operator_assignment")


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    others = Others(_value)

    def called(node: Node, around_it: Node | None) -> str:
        return _called(node, around_it, others)

    dialect = _DIALECT._replace(forms=_FORMS._replace(called=called), extents=others.learn, bare=others.bare)
    known = read(path, source, dialect, trees)
    return msgspec.structs.replace(known, types=tuple(_agreed(known.types)))


def _agreed(types: tuple[Typed, ...]) -> Iterator[Typed]:
    """Yield what is said of each value; of one that is given several kinds of values, nothing."""
    said: dict[str, list[str]] = {}
    for one in types:
        said.setdefault(one.qualname, []).append(one.type)
    for name, kinds in said.items():
        if name.endswith(MIXED):
            yield Typed(name, ",".join(dict.fromkeys(kinds)))
        elif len(set(kinds)) == 1:
            yield Typed(name, kinds[0])


def _called(node: Node, around_it: Node | None, others: Others | None = None) -> str:
    """Return what a name is called in a path; a call in a block that may have another self begins with that."""
    if node.type == "scope_resolution" and node.end_byte - node.start_byte > MAX_WRITTEN:
        return "?"
    said = text(node)
    if others is not None and around_it is not None and around_it.child_by_field_name("receiver") is None:
        return others.bare(node)
    if node.type == "instance_variable":
        return f"${said[1:]}"
    if node.type == "scope_resolution" and not _CONSTANT.fullmatch(said):
        return "?"
    return said


def _nothing(node: Node) -> str:
    del node
    return ""


_LITERALS = {
    "string": "String", "chained_string": "String", "heredoc_beginning": "String", "array": "Array", "hash": "Hash",
    "string_array": "Array", "symbol_array": "Array", "integer": "Integer", "float": "Float", "regex": "Regexp",
    "simple_symbol": "Symbol", "delimited_symbol": "Symbol", "lambda": "Proc", "true": "TrueClass",
    "false": "FalseClass",
}  # fmt: skip
_FORMS = Forms(
    {
        "identifier": Form("leaf"),
        "constant": Form("leaf"),
        "scope_resolution": Form("leaf"),
        "self": Form("leaf"),
        "super": Form("leaf"),
        "instance_variable": Form("leaf"),
        "call": Form("method", "receiver", "method"),
        "element_reference": Form("element", "object"),
        "parenthesized_statements": Form("same"),
        "assignment": Form("same", "right"),
        "operator_assignment": Form("same", "right"),
        **{kind: Form("is", f"{name}.new()") for kind, name in _LITERALS.items()},
    },
    _nothing,
    plain=re.compile(rb"(?!)"),
    separator="::",
    called=_called,
)


def _value(node: Node | None) -> str:
    """Return what an expression plainly is as a path, "" where that is open."""
    if node is not None and node.type == "call" and (base := _made_of(node)) is not None:
        node = base
    found = written(node, _FORMS) if node is not None else ""
    return "" if _OPEN.search(found) else found


def _made_of(call: Node) -> Node | None:
    """Return the class that a class without a name is built on, as which it is seen: ``Class.new(Cart)``."""
    on, given = call.child_by_field_name("receiver"), call.child_by_field_name("arguments")
    name = call.child_by_field_name("method")
    if on is None or given is None or name is None or text(on) != "Class" or text(name) != "new":
        return None
    base = given.named_children[0] if given.named_child_count else None
    return base if base is not None and base.type in ("constant", "scope_resolution") else None


def _binds(node: Node) -> Iterator[Bound]:
    if node.type in _ASSIGNMENTS:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and left.type == "identifier":
            yield Bound(left, _value(right) or _alike(left))
            return
        yield from (Bound(one, _alike(one)) for one in _identifiers(left))
    elif node.type in _PARAMETERS:
        given, more = _given(node), _yielding(node)
        for part in node.named_children:
            name = part if part.type == "identifier" else part.child_by_field_name("name")
            if name is not None and name.type == "identifier":
                is_many = part.type in ("splat_parameter", "hash_splat_parameter")
                default = part.child_by_field_name("value")
                said = "" if is_many or default is None or default.type == "nil" else _value(default)
                yield Bound(name, said or given or (_alike(name) + more if not is_many else ""))
            else:
                yield from (Bound(one, _alike(one)) for one in _identifiers(part))
    else:
        pattern = node.child_by_field_name("pattern") if node.type != "exception_variable" else node
        kind = _rescued(node) if node.type == "exception_variable" else ""
        yield from (Bound(one, kind) for one in _identifiers(pattern, is_pattern=node.type == "in_clause"))


def _alike(name: Node) -> str:
    """Return what stands for a value of which nothing is known but how it is called."""
    return f"{ALIKE}{text(name)}"


def _yielding(parameters: Node) -> str:
    """Return what else tells of the only parameter of a block: who yields it, as ``task do |t|``, ``tasks.each``."""
    block = parameters.parent
    call = block.parent if block is not None else None
    if call is None or call.type != "call" or parameters.named_child_count != 1:
        return ""
    names: list[str] = []
    at: Node | None = call
    for _ in range(4):
        if at is None:
            break
        name = at.child_by_field_name("method") if at.type == "call" else at
        if name is not None and name.type in ("identifier", "instance_variable"):
            names.append(text(name).lstrip("@").removesuffix("s"))
        at = at.child_by_field_name("receiver") if at.type == "call" else None
    return "".join(f"{ALIKE}{one}" for one in names)


def _given(parameters: Node) -> str:
    """Return what a block is given: what its method is called on, where that hands itself over."""
    block = parameters.parent
    call = block.parent if block is not None else None
    if call is None or call.type != "call" or parameters.named_child_count != 1:
        return ""
    name = call.child_by_field_name("method")
    if name is None or text(name) not in _GIVING_ITSELF:
        return ""
    if text(name) == "new":
        return _value(call)
    return _value(call.child_by_field_name("receiver"))


def _rescued(variable: Node) -> str:
    """Return what an error is that is rescued as one of a single class."""
    clause = variable.parent
    kinds = clause.child_by_field_name("exceptions") if clause is not None else None
    one = kinds.named_children[0] if kinds is not None and kinds.named_child_count == 1 else None
    return f"{_value(one)}.new()" if one is not None and one.type in ("constant", "scope_resolution") else ""


def _identifiers(node: Node | None, *, is_pattern: bool = False) -> Iterator[Node]:
    """Yield the names that a list on the left, or a pattern, binds."""
    waiting = [node] if node is not None else []
    while waiting:
        at = waiting.pop()
        if at.type == "identifier":
            yield at
        elif at.type not in ("call", "element_reference", "constant", "scope_resolution") or is_pattern:
            waiting += reversed(at.named_children)


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    left, said = node.child_by_field_name("left"), _value(node.child_by_field_name("right"))
    if left is not None and said:
        yield f"${text(left)[1:]}", said


def _said(node: Node, nth: int) -> str:
    """Return what a method gives: its last value, where that is plain; what a constant is."""
    if node.type in ("method", "singleton_method"):
        return _given_back(node)
    if node.type == "call":
        maker, given = node.child_by_field_name("method"), node.child_by_field_name("arguments")
        if maker is not None and text(maker) in ("let", "let!", "subject"):
            return _given_back(node.child_by_field_name("block"))
        if maker is None or given is None or not text(maker).startswith("attr") or text(maker) == "attr_writer":
            return ""
        symbols = [one for one in given.named_children if one.type in ("simple_symbol", "string")]
        return f"${plain(symbols[nth])}" if nth < len(symbols) else ""
    return _value(node.child_by_field_name("right")) if node.type == "assignment" else ""


def _given_back(method: Node | None) -> str:
    body = method.child_by_field_name("body") if method is not None else None
    last = body
    if body is not None and body.type in ("body_statement", "block_body"):
        last = next((one for one in reversed(body.named_children) if one.type not in _NO_STATEMENT), None)
    if last is not None and last.type == "return":
        given = last.named_children[0] if last.named_child_count else None
        last = given.named_children[0] if given is not None and given.named_child_count == 1 else None
    return _value(last)


def _target(node: Node) -> Node | None:
    at: Node | None = node
    if node.type == "call":
        at = node.child_by_field_name("method")
    elif node.type == "scope_resolution":
        at = node.child_by_field_name("name")
    return at if at is not None and at.type in ("identifier", "constant", "super") else None


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        how, given = node.child_by_field_name("method"), node.child_by_field_name("arguments")
        strings = [one for one in given.named_children if one.type == "string"] if given is not None else []
        said = plain(strings[-1]) if strings and how is not None else ""
        if _PATH.fullmatch(said) and how is not None:
            yield Import("", said.removesuffix(".rb"), "", level=int(text(how) == "require_relative"))
        elif given is not None and given.named_child_count == 1 and (beside := _beside(given.named_children[0])):
            yield Import("", beside, "", level=1)


def _beside(node: Node) -> str:
    """Return the path from the folder of a file that ``File.expand_path("../a", __FILE__)`` and its like mean."""
    found = _EXPANDED.fullmatch(text(node)[:200]) or _JOINED.fullmatch(text(node)[:200])
    if found is None:
        return ""
    path = found["path"].removesuffix(".rb")
    if found["of"] == "__FILE__" and "expand" in text(node):
        return path.removeprefix("../") if path.startswith("../") else ""
    return path.lstrip("/")


def _notes(nodes: Nodes) -> Iterable[Typed]:
    """Yield the modules that the methods of a class itself come from, and what else comes with a module."""
    for node in nodes.get("hooked", ()):
        how, given = node.child_by_field_name("method"), node.child_by_field_name("arguments")
        parts = given.named_children if given is not None else []
        said = text(how) if how is not None else ""
        if said == "send" and parts:
            said, parts = plain(parts[0]), parts[1:]
        if said in ("extend", "include", "prepend"):
            mark = EXTENDING if said == "extend" else INCLUDING
            yield from (
                Typed(f"{around(node)[0]}{mark}", path)
                for one in parts
                if one.type in ("constant", "scope_resolution") and (path := _value(one))
            )
    for node in nodes.get("mix", ()):
        how, given = node.child_by_field_name("method"), node.child_by_field_name("arguments")
        owner, is_itself = around(node)
        if how is None or given is None or (text(how) != "extend" and not is_itself and owner):
            continue
        for one in given.named_children:
            if one.type in ("constant", "scope_resolution", "self") and (said := _value(one)):
                yield Typed(f"{owner}{EXTENDED}", said)


_DIALECT = Dialect(
    queries=("ruby",),
    forms=_FORMS,
    names=names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    predeclared=frozenset(),
    statements=frozenset(),
    bodies=words("body_statement do_block block"),
    documents=re.compile(r"#(?!!)"),
    maker="*",
    notes=_notes,
    owners=words("class namespace suite"),
)
