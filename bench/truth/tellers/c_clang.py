"""Tells what every name of a tree of C means, by libclang: `python c_clang.py ROOT`; needs its Python package.

One JSON object a line, as go_types.go writes them. A use leads to the body of what it means, where one was seen.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from clang.cindex import Cursor, CursorKind, Index, TranslationUnit

ROOT = Path(sys.argv[1]).resolve()
GLOBAL = {
    CursorKind.FUNCTION_DECL, CursorKind.STRUCT_DECL, CursorKind.UNION_DECL, CursorKind.ENUM_DECL,
    CursorKind.TYPEDEF_DECL, CursorKind.MACRO_DEFINITION,
}  # fmt: skip
USES = {CursorKind.DECL_REF_EXPR, CursorKind.TYPE_REF, CursorKind.MACRO_INSTANTIATION}
KEEP_GOING = 0x200
"""Past an include that is not there."""

texts: dict[str, bytes] = {}
goals: dict[str, tuple[str, int, bool]] = {}
own: dict[str, tuple[str, int, bool]] = {}
"""The bodies that the unit at hand has itself: another program's function of that name is not meant."""

uses: dict[tuple[str, int, str], tuple[str, str, tuple[str, int, bool] | None]] = {}
defined: dict[tuple[str, int], str] = {}
imports: set[tuple[str, int, str]] = set()


def place(location) -> tuple[str, int] | None:
    if location.file is None:
        return None
    path = Path(location.file.name).resolve()
    return (path.relative_to(ROOT).as_posix(), location.offset) if path.is_relative_to(ROOT) else None


def text(path: str) -> bytes:
    if path not in texts:
        texts[path] = (ROOT / path).read_bytes()
    return texts[path]


def is_global(cursor: Cursor) -> bool:
    if cursor.kind in GLOBAL:
        return bool(cursor.spelling)
    parent = cursor.semantic_parent
    return cursor.kind == CursorKind.VAR_DECL and parent is not None and parent.kind == CursorKind.TRANSLATION_UNIT


def key(cursor: Cursor) -> str:
    if cursor.kind == CursorKind.TYPEDEF_DECL:  # of a struct under its own name: the same
        tag = cursor.underlying_typedef_type.get_declaration()
        if tag.spelling == cursor.spelling and tag.kind in GLOBAL:
            return tag.get_usr()
    return cursor.get_usr() or f"{cursor.location.file}:{cursor.location.offset}"


def define(cursor: Cursor) -> None:
    at = place(cursor.location)
    if at is None or not is_global(cursor) or not text(at[0])[at[1] :].startswith(cursor.spelling.encode()):
        return
    is_body = cursor.is_definition() or cursor.kind == CursorKind.MACRO_DEFINITION
    known = goals.get(key(cursor))
    if known is None or (is_body and not known[2]):
        goals[key(cursor)] = (*at, is_body)
    if is_body:
        own[key(cursor)] = (*at, True)
    defined[at] = cursor.spelling


def callee(cursor: Cursor) -> Cursor | None:
    child = next(cursor.get_children(), None)
    while child is not None and child.kind in (CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR):
        child = next(child.get_children(), None)
    return child if child is not None and child.kind == CursorKind.DECL_REF_EXPR else None


def taken_in(cursor: Cursor) -> Path | None:
    try:
        target = Path(cursor.get_included_file().name).resolve()
    except AssertionError:  # libclang's way to say that there is none
        return None
    return target if target.is_relative_to(ROOT) else None


def tell(unit: TranslationUnit) -> None:
    calls: set[tuple[str, int]] = set()
    own.clear()
    inside = [cursor for top in unit.cursor.get_children() if place(top.location) for cursor in top.walk_preorder()]
    for cursor in inside:
        if cursor.kind.is_declaration() or cursor.kind == CursorKind.MACRO_DEFINITION:
            define(cursor)
    for cursor in inside:
        called = callee(cursor) if cursor.kind == CursorKind.CALL_EXPR else None
        if called is not None and (at := place(called.location)):
            calls.add(at)
        if cursor.kind not in USES or (goal := cursor.referenced) is None or (at := place(cursor.location)) is None:
            continue
        name = goal.spelling.encode()
        if not name or not text(at[0])[at[1] :].startswith(name):
            continue  # of a macro's body
        is_call = at in calls
        if cursor.kind == CursorKind.MACRO_INSTANTIATION:
            is_call = text(at[0])[at[1] + len(name) :].lstrip()[:1] == b"("
        known = uses.get((*at, goal.spelling))
        if known is None or known[0] == "read":
            usr = key(goal) if is_global(goal) else ""
            uses[*at, goal.spelling] = ("call" if is_call else "read", usr, own.get(usr))
    for cursor in inside:
        source = place(cursor.location) if cursor.kind == CursorKind.INCLUSION_DIRECTIVE else None
        if source is not None and (target := taken_in(cursor)) is not None:
            imports.add((*source, target.relative_to(ROOT).as_posix()))


def main() -> None:
    folders = sorted({at for path in ROOT.rglob("*.h") for at in path.parents if at.is_relative_to(ROOT)})
    system = subprocess.run(
        ["gcc", "-print-file-name=include"], capture_output=True, text=True, check=True
    ).stdout.strip()
    arguments = [f"-I{ROOT}", *(f"-I{folder}" for folder in folders), "-isystem", system, "-D_GNU_SOURCE"]
    options = TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD | KEEP_GOING
    for path in sorted(ROOT.rglob("*.c")):
        tell(Index.create().parse(str(path), arguments, options=options))
    for (path, at), name in sorted(defined.items()):
        print(json.dumps({"path": path, "at": at, "name": name, "kind": "define"}))
    for (path, at, name), (kind, goal, near) in sorted(uses.items()):
        where = near or goals.get(goal, ("", -1, False))
        print(json.dumps({"path": path, "at": at, "name": name, "kind": kind, "goal": where[0], "goal_at": where[1]}))
    for path, at, goal in sorted(imports):
        print(json.dumps({"path": path, "at": at, "name": goal, "kind": "import", "goal": goal, "goal_at": -1}))


main()
