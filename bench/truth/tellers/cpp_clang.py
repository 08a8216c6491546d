"""Tells what every name of a tree of C++ means, by libclang: `python cpp_clang.py ROOT`; needs its Python package.

One JSON object a line, as go_types.go writes them. A use leads to the body of what it means, where one was seen. What
depends on an argument of a template has no meaning before that is given, and is not told.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

from clang.cindex import Cursor, CursorKind, Index, TranslationUnit, conf

ROOT = Path(sys.argv[1]).resolve()
ENDINGS = (".cpp", ".cc", ".cxx")
HEADERS = (".h", ".hpp", ".hh", ".hxx")
TYPES = {
    CursorKind.CLASS_DECL, CursorKind.STRUCT_DECL, CursorKind.UNION_DECL, CursorKind.ENUM_DECL,
    CursorKind.CLASS_TEMPLATE, CursorKind.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION, CursorKind.TYPEDEF_DECL,
    CursorKind.TYPE_ALIAS_DECL, CursorKind.TYPE_ALIAS_TEMPLATE_DECL,
}  # fmt: skip
GLOBAL = TYPES | {
    CursorKind.FUNCTION_DECL, CursorKind.FUNCTION_TEMPLATE, CursorKind.CXX_METHOD, CursorKind.CONSTRUCTOR,
    CursorKind.MACRO_DEFINITION,
}  # fmt: skip
USES = {
    CursorKind.DECL_REF_EXPR, CursorKind.MEMBER_REF_EXPR, CursorKind.TYPE_REF, CursorKind.TEMPLATE_REF,
    CursorKind.MACRO_INSTANTIATION,
}  # fmt: skip
MAKES = {CursorKind.CXX_NEW_EXPR, CursorKind.CXX_FUNCTIONAL_CAST_EXPR}
SPACES = {CursorKind.TRANSLATION_UNIT, CursorKind.NAMESPACE, CursorKind.LINKAGE_SPEC}
KEEP_GOING = 0x200
"""Past an include that is not there."""

texts: dict[str, bytes] = {}
keys: dict[tuple[str, int], str] = {}
"""What is declared at a place: an instance of a template stands where the template does."""

goals: dict[str, tuple[str, int, bool]] = {}
own: dict[str, tuple[str, int, bool]] = {}
"""The bodies that the unit at hand has itself: another program's function of that name is not meant."""

uses: dict[tuple[str, int, str], tuple[str, str, tuple[str, int, bool] | None]] = {}
defined: dict[tuple[str, int], str] = {}
imports: set[tuple[str, int, str, int]] = set()
taken: set[tuple[str, str]] = set()
"""Files, and what they take in by using declarations."""

overrides: set[tuple[str, int, str, str]] = set()
seen: set[str] = set()
"""Headers, which tell the same in every unit: the first tells it."""


def place(location) -> tuple[str, int] | None:
    if location.file is None:
        return None
    path = Path(location.file.name).resolve()
    return (path.relative_to(ROOT).as_posix(), location.offset) if path.is_relative_to(ROOT) else None


def text(path: str) -> bytes:
    if path not in texts:
        texts[path] = (ROOT / path).read_bytes()
    return texts[path]


def name_of(cursor: Cursor) -> str:
    name = cursor.spelling
    return name if name.startswith("operator") else name.partition("<")[0]


def is_global(cursor: Cursor) -> bool:
    if cursor.kind in GLOBAL:
        return bool(cursor.spelling) and "(" not in cursor.spelling.removeprefix("operator()")
    parent = cursor.semantic_parent
    return cursor.kind == CursorKind.VAR_DECL and parent is not None and parent.kind in SPACES


def key(cursor: Cursor) -> str:
    if cursor.kind == CursorKind.TYPEDEF_DECL:
        tag = cursor.underlying_typedef_type.get_declaration()
        if tag.spelling == cursor.spelling and tag.kind in TYPES:
            return tag.get_usr()
    at = place(cursor.location)
    if at is not None and at in keys:
        return keys[at]
    return cursor.get_usr() or f"{cursor.location.file}:{cursor.location.offset}"


def define(cursor: Cursor) -> None:
    at, name = place(cursor.location), name_of(cursor)
    if at is None or not is_global(cursor) or not text(at[0])[at[1] :].startswith(name.encode()):
        return
    is_body = (cursor.is_definition() and key(cursor) == cursor.get_usr()) or cursor.kind == CursorKind.MACRO_DEFINITION
    if cursor.kind != CursorKind.TYPEDEF_DECL:
        keys.setdefault(at, cursor.get_usr() or f"{at}")
    known = goals.get(key(cursor))
    if known is None or (is_body and not known[2]):
        goals[key(cursor)] = (*at, is_body)
    if is_body:
        own[key(cursor)] = (*at, True)
    defined[at] = name


def callee(cursor: Cursor) -> Cursor | None:
    """Return the name that is called: of a function, or of the class that is made."""
    children = list(cursor.get_children())
    if cursor.kind in MAKES or (cursor.referenced is not None and cursor.referenced.kind == CursorKind.CONSTRUCTOR):
        return next((one for one in children if one.kind in (CursorKind.TYPE_REF, CursorKind.TEMPLATE_REF)), None)
    child = children[0] if children and cursor.kind == CursorKind.CALL_EXPR else None
    while child is not None and child.kind in (CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR):
        child = next(child.get_children(), None)
    return child if child is not None and child.kind in (CursorKind.DECL_REF_EXPR, CursorKind.MEMBER_REF_EXPR) else None


def taken_in(cursor: Cursor) -> Path | None:
    try:
        target = Path(cursor.get_included_file().name).resolve()
    except AssertionError:  # libclang's way to say that there is none
        return None
    return target if target.is_relative_to(ROOT) else None


def replaced(method: Cursor) -> list[Cursor]:
    """Return what a method overrides."""
    found, count = ctypes.POINTER(Cursor)(), ctypes.c_uint()
    conf.lib.clang_getOverriddenCursors(method, ctypes.byref(found), ctypes.byref(count))
    several = [Cursor.from_buffer_copy(found[nth]) for nth in range(count.value)]
    for one in several:
        one._tu = method._tu  # noqa: SLF001  # its keeper, which from_buffer_copy does not hand on
    return several


def bound(using: Cursor) -> list[Cursor]:
    """Return what a using declaration at the level of a file or namespace means."""
    if using.lexical_parent is not None and using.lexical_parent.kind not in SPACES:
        return []
    several: list[Cursor] = []
    for child in using.get_children():
        if child.kind == CursorKind.OVERLOADED_DECL_REF:
            several += [
                conf.lib.clang_getOverloadedDecl(child, nth)
                for nth in range(conf.lib.clang_getNumOverloadedDecls(child))
            ]
        elif child.kind in (CursorKind.TYPE_REF, CursorKind.TEMPLATE_REF) and child.referenced is not None:
            several.append(child.referenced)
    return several


def note(cursor: Cursor, kind: str) -> None:
    goal, at = cursor.referenced, place(cursor.location)
    if goal is None or at is None:
        return
    name = name_of(goal)
    if not name or not text(at[0])[at[1] :].startswith(name.encode()):
        return  # of a macro's body
    if cursor.kind == CursorKind.MACRO_INSTANTIATION and text(at[0])[at[1] + len(name) :].lstrip()[:1] == b"(":
        kind = "call"
    known = uses.get((*at, name))
    if known is None or known[0] == "read":
        usr = key(goal) if is_global(goal) else ""
        uses[*at, name] = (kind, usr, own.get(usr))


def tell(unit: TranslationUnit) -> None:
    kinds: dict[tuple[str, int], str] = {}
    own.clear()
    tops = [(at[0], top) for top in unit.cursor.get_children() if (at := place(top.location)) and at[0] not in seen]
    inside = [cursor for _, top in tops for cursor in top.walk_preorder()]
    seen.update(path for path, _ in tops if not path.endswith(ENDINGS))
    for cursor in inside:
        if cursor.kind.is_declaration() or cursor.kind == CursorKind.MACRO_DEFINITION:
            define(cursor)
    for cursor in inside:
        for one, kind in told_by(cursor):
            if (at := place(one.location)) is not None:
                kinds[at] = kind
    for cursor in inside:
        tell_one(cursor, kinds)


def told_by(cursor: Cursor) -> Iterator[tuple[Cursor, str]]:
    """Yield the names of which what stands around them says the kind."""
    if cursor.kind == CursorKind.CALL_EXPR or cursor.kind in MAKES:
        called = callee(cursor)
        if called is not None:
            yield called, "call"
    elif cursor.kind == CursorKind.CXX_BASE_SPECIFIER:
        name = name_of(cursor.type.get_declaration())
        bases = (one for one in cursor.get_children() if one.kind in USES and name_of(one.referenced) == name)
        yield from ((one, "inherit") for one in islice(bases, 1))
    elif cursor.kind == CursorKind.CONSTRUCTOR:
        for one, behind in pairwise(cursor.get_children()):
            if one.kind in (CursorKind.TYPE_REF, CursorKind.TEMPLATE_REF) and behind.kind == CursorKind.CALL_EXPR:
                yield one, "call"  # of what the class is built on


def tell_one(cursor: Cursor, kinds: dict[tuple[str, int], str]) -> None:
    at = place(cursor.location)
    if at is None:
        return
    if cursor.kind in USES:
        note(cursor, kinds.get(at, "read"))
    elif cursor.kind == CursorKind.INCLUSION_DIRECTIVE and (target := taken_in(cursor)):
        imports.add((*at, target.relative_to(ROOT).as_posix(), -1))
    elif cursor.kind == CursorKind.USING_DECLARATION:
        taken.update((at[0], key(one)) for one in bound(cursor) if is_global(one))
    elif cursor.kind == CursorKind.CXX_METHOD and cursor.semantic_parent == cursor.lexical_parent:
        overrides.update((*at, cursor.spelling, key(one)) for one in replaced(cursor))


def system() -> list[str]:
    """Return the folders in which the compiler of this machine looks for headers."""
    argv = ["g++", "-E", "-x", "c++", "-v", "-"]
    said = subprocess.run(argv, input="", capture_output=True, text=True, check=True).stderr
    inside = said.partition("search starts here:\n#include <...> search starts here:\n")[2] or said
    lines = inside.partition("End of search list")[0].splitlines()
    return [part for line in lines if line.startswith(" /") for part in ("-isystem", line.strip())]


def main() -> None:
    conf.lib.clang_getOverriddenCursors.argtypes = [
        Cursor, ctypes.POINTER(ctypes.POINTER(Cursor)), ctypes.POINTER(ctypes.c_uint)
    ]  # fmt: skip
    conf.lib.clang_getOverriddenCursors.restype = None
    folders = [path for path in sorted(ROOT.rglob("*")) if path.is_dir() and path.name in ("include", "src")]
    arguments = [*sys.argv[2:], "-x", "c++", "-std=c++17", f"-I{ROOT}", *(f"-I{path}" for path in folders), *system()]
    options = TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD | KEEP_GOING
    files = [path for path in sorted(ROOT.rglob("*")) if path.is_file()]
    sources = [path for path in files if path.suffix in ENDINGS]
    for path in [*sources, *(path for path in files if path.suffix in HEADERS)]:
        if path.suffix in ENDINGS or path.relative_to(ROOT).as_posix() not in seen:
            tell(Index.create().parse(str(path), arguments, options=options))
    for path, goal in sorted(taken):
        if (where := goals.get(goal)) is not None:
            told = {"path": path, "at": 0, "name": "using", "kind": "import", "goal": where[0], "goal_at": where[1]}
            print(json.dumps(told))
    for (path, at), name in sorted(defined.items()):
        print(json.dumps({"path": path, "at": at, "name": name, "kind": "define"}))
    for (path, at, name), (kind, goal, near) in sorted(uses.items()):
        where = near or goals.get(goal, ("", -1, False))
        print(json.dumps({"path": path, "at": at, "name": name, "kind": kind, "goal": where[0], "goal_at": where[1]}))
    for path, at, goal, goal_at in sorted(imports):
        print(json.dumps({"path": path, "at": at, "name": goal, "kind": "import", "goal": goal, "goal_at": goal_at}))
    for path, at, name, goal in sorted(overrides):
        where = goals.get(goal, ("", -1, False))
        told = {"path": path, "at": at, "name": name, "kind": "override", "goal": where[0], "goal_at": where[1]}
        print(json.dumps(told))


main()
