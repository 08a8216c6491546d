"""Doors that JavaScript and TypeScript open: what they run, put into a page, send or ask of a database. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bridle.harness.verify.security.concerns import Concern
from bridle.harness.verify.security.python_sinks import SQL, Row
from bridle.indexer.languages.trees import short, text_of, tree_of, walk

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

SHELLS = re.compile(
    r"^(?:(?:child_process|cp|childProcess)\.)?exec(?:Sync)?$|^execa\.command(?:Sync)?$|^shell(?:js)?\.exec$"
)
EGRESS = re.compile(
    r"^(?:fetch|axios(?:\.(?:get|post|put|patch|delete|request|create))?|got(?:\.\w+)?|https?\.(?:get|request)|"
    r"net\.(?:connect|createConnection)|tls\.connect|dgram\.createSocket|undici\.(?:fetch|request)|needle(?:\.\w+)?|"
    r"superagent\.\w+|navigator\.sendBeacon)$"
)
QUERIES = re.compile(r"\.(?:query|execute|raw|\$queryRawUnsafe|\$executeRawUnsafe|unsafe|exec|run|all|prepare)$")
WRITES = frozenset(("innerHTML", "outerHTML", "srcdoc"))
_EVAL: Row = ("execution", "eval", "text runs as code", "parse it: JSON.parse, a table of functions")
_SHELL: Row = ("shell", "shell", "it hands a line to a shell", "use execFile or spawn with a list of arguments")
_MARKUP: Row = ("markup", "markup", "text becomes markup unescaped", "set textContent, or sanitise it")
_EGRESS: Row = ("egress", "egress", "it opens a way out", "say to whom and why; bound its time and its size")
_SQL: Row = ("sql", "sql", "a query is put together from text", "hand the values over as parameters")
_TLS: Row = ("weakened", "tls", "any certificate is trusted", "leave it on; name a bundle if need be")
_IMPORT: Row = ("execution", "import", "what is loaded is decided at run time", "choose from a fixed table of modules")
_SPELLED = frozenset(("string", "number", "true", "false", "null", "array", "regex", "undefined"))


def script_concerns(path: str, text: str, *, in_tests: bool) -> Iterator[Concern]:
    """Yield the doors that a text opens; in tests only those that run or shell out what is not spelled out."""
    tree = tree_of(path, text)
    if tree is None:
        return
    for node in walk(tree.root_node):
        row = _row(node)
        if row is not None and (not in_tests or row[0] in ("execution", "shell")):
            kind, code, message, remedy = row
            said, lines = short(node), (node.start_point.row, node.end_point.row + 1)
            yield Concern(kind, code, path, lines[0], lines[1], said, f"{message}: `{said}`", remedy)


def _row(node: Node) -> Row | None:
    match node.type:
        case "call_expression":
            return _called(node)
        case "new_expression":
            made = text_of(node.child_by_field_name("constructor") or node)
            if made == "Function":
                return _EVAL
            return _EGRESS if made in ("WebSocket", "XMLHttpRequest", "EventSource") else None
        case "assignment_expression":
            return _assigned(node)
        case "pair" | "jsx_attribute":
            return _set(node)
        case _:
            return None


def _called(node: Node) -> Row | None:
    name = text_of(node.child_by_field_name("function") or node)
    given = node.child_by_field_name("arguments")
    arguments = given.named_children if given is not None else []
    first = arguments[0] if arguments else None
    spelled = first is None or _is_spelled(first)
    if name in (
        "eval",
        "window.eval",
        "globalThis.eval",
        "vm.runInNewContext",
        "vm.runInThisContext",
        "vm.runInContext",
    ):
        return None if spelled else _EVAL
    if (
        name in ("setTimeout", "setInterval")
        and first is not None
        and first.type in ("string", "template_string", "binary_expression")
    ):
        return _EVAL
    if SHELLS.match(name) and not spelled:
        return _SHELL
    if name == "require" and not spelled:
        return _IMPORT
    if name in ("document.write", "document.writeln") or name.endswith((".insertAdjacentHTML", ".setHTMLUnsafe")):
        return None if all(map(_is_spelled, arguments)) else _MARKUP
    if EGRESS.match(name):
        return _EGRESS
    if QUERIES.search(name) and first is not None and _is_put_together(first):
        return _SQL
    return None


def _assigned(node: Node) -> Row | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return None
    name = text_of(left)
    if name.rpartition(".")[2] in WRITES and not _is_spelled(right):
        return _MARKUP
    if "NODE_TLS_REJECT_UNAUTHORIZED" in name and text_of(right).strip("'\"") == "0":
        return _TLS
    return None


def _set(node: Node) -> Row | None:
    key = node.child_by_field_name("key") or (node.named_children[0] if node.named_children else None)
    name = text_of(key).strip("'\"") if key is not None else ""
    value = node.child_by_field_name("value")
    said = text_of(value) if value is not None else ""
    if name == "dangerouslySetInnerHTML":
        return _MARKUP
    if name == "rejectUnauthorized" and said == "false":
        return _TLS
    return _SHELL if name == "shell" and said == "true" else None


def _is_spelled(node: Node) -> bool:
    if node.type == "template_string":
        return not any(part.type == "template_substitution" for part in node.named_children)
    return node.type in _SPELLED


def _is_put_together(node: Node) -> bool:
    if node.type == "template_string" and not _is_spelled(node):
        return SQL.search(text_of(node)) is not None
    return node.type == "binary_expression" and SQL.search(text_of(node)) is not None and not _only_strings(node)


def _only_strings(node: Node) -> bool:
    return all(
        part.type in ("string", "binary_expression") or not part.is_named or "string" in part.type
        for part in walk(node)
    )
