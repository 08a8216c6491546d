"""Scripts of the shell: what their syntax says that the queries cannot.

Functions are definitions; a command that is called like one is a use of it. A script without an ending is one where its
first line names a shell. Paths that a variable begins are known by what stands behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bridle.indexer.facts import FileFacts, Import
from bridle.indexer.languages.captures import Nodes
from bridle.indexer.languages.locals import Bound
from bridle.indexer.languages.packaged import Dialect, Named, read
from bridle.indexer.languages.paths import Form, Forms, text
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

PREDECLARED = words(
    ". : [ [[ alias bg bind break builtin caller cd command compgen complete continue declare dirs disown echo enable "
    "eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd "
    "pwd read readarray readonly return set shift shopt source suspend test time times trap true type typeset ulimit "
    "umask unalias unset wait"
)
_VARIABLE = ("simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion")


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return what file `path`, whose text is `source` in UTF-8, defines, uses and imports."""
    return read(path, source, _DIALECT, trees)


def _names(node: Node) -> Iterator[Named]:
    name = node.child_by_field_name("name")
    if name is not None:
        yield Named(name)


def _imports(nodes: Nodes) -> Iterator[Import]:
    for node in nodes.get("import", ()):
        command = node.parent.parent if node.parent is not None else None
        given = command.child_by_field_name("argument") if command is not None else None
        said, is_whole = _path(given) if given is not None else ("", False)
        if said:
            yield Import("*", said, "*", level=1 if is_whole else 0)


def _path(node: Node) -> tuple[str, bool]:
    """Return what is told of a path, and whether that is all of it: ``lib/a.sh`` of ``"$HOME/lib/a.sh"``."""
    parts = [node] if node.type not in ("string", "concatenation") else list(node.named_children)
    if len(parts) == 1 and parts[0].type in ("string", "concatenation"):
        parts = list(parts[0].named_children)
    told, is_whole = "", True
    for part in parts:
        if part.type in _VARIABLE:
            told, is_whole = "", False
        elif part.type == "string":
            inner, whole = _path(part) if node.type == "concatenation" else ("", True)
            told, is_whole = (told + inner, is_whole) if whole else (inner, False)
        elif part.type in ("word", "string_content", "raw_string"):
            told += text(part).strip("'")
        else:
            return "", False
    told = told.lstrip("/") if not is_whole else told
    return (told, is_whole) if re.fullmatch(r"[\w./+@ -]{1,200}", told) else ("", False)


def _nobody(node: Node) -> str:
    del node
    return ""


def _binds(node: Node) -> Iterable[Bound]:
    del node
    return ()


def _fields(node: Node) -> Iterable[tuple[str, str]]:
    del node
    return ()


def _said(node: Node, nth: int) -> str:
    del node, nth
    return ""


def _target(node: Node) -> Node | None:
    return node


_DIALECT = Dialect(
    queries=("bash",),
    forms=Forms({"word": Form("leaf"), "variable_name": Form("leaf")}, _nobody),
    names=_names,
    binds=_binds,
    fields=_fields,
    said=_said,
    target=_target,
    imports=_imports,
    predeclared=PREDECLARED,
    statements=frozenset(),
    bodies=words("compound_statement subshell"),
    documents=re.compile(r"#(?!!)"),
)
