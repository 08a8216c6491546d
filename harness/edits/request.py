"""What the model asks for: the tool's declaration, and a lenient reading of its input. Nothing is decided here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal, cast

import msgspec

from bridle.context.readform import ReadMode
from bridle.harness.edits.problems import Code, ToolProblem

MAX_FILES = 100
MAX_EDITS = 2_000
MAX_TEXT_CHARS = 2_000_000

Kind = Literal["at", "after", "block"]
Action = Literal["edit", "create", "delete", "rename"]


class Wish(msgspec.Struct, frozen=True):
    """One edit as it was asked for. `place` is what stands under at, after or block, not yet read."""

    kind: Kind
    place: object
    text: str | None = None
    was: str | None = None


class FileWish(msgspec.Struct, frozen=True):
    """The edits to one file, all meant for revision `rev`. `to` is the new path of a rename."""

    path: str
    rev: int | None = None
    edits: tuple[Wish, ...] = ()
    action: Action = "edit"
    to: str = ""


class EditRequest(msgspec.Struct, frozen=True):
    """One call: all of it lands or nothing does."""

    files: tuple[FileWish, ...]
    dry_run: bool = False


TOOL: dict[str, Any] = {
    "name": "hashline_edit",
    "description": (files("bridle.harness.edits") / "hashline_edit.md").read_text("utf-8").strip(),
    "input_schema": {
        "type": "object",
        "properties": {
            "files": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "path": {"type": "string"},
                        "rev": {"type": "integer"},
                        "edits": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "at": {"type": "string"},
                                    "after": {"type": "string"},
                                    "block": {"type": "string"},
                                    "text": {"type": "string"},
                                    "was": {"type": "string"},
                                },
                            },
                        },
                        "create": {"type": "boolean"},
                        "delete": {"type": "boolean"},
                        "rename": {"type": "string"},
                    },
                    "required": ["path"],
                },
            },
            "dry_run": {"type": "boolean"},
        },
        "required": ["files"],
    },
}

_WORDS = re.compile(r"\b(\d\d)[a-z]{2}\b")


def tool_for(mode: ReadMode) -> dict[str, Any]:
    """Return the declaration of the tool for lines that are shown in `mode`."""
    told: str = TOOL["description"]
    if mode == "plain":
        told = _WORDS.sub(r"\1", told).replace("is line 41 and its check word", "is line 41")
    if mode == "strict":
        told = told.replace(
            "`was` may repeat the old lines, to be checked.", "Where lines are replaced or deleted, `was` repeats them."
        )
    return TOOL | {"description": told}


_KINDS: tuple[Kind, ...] = ("at", "after", "block")
_FILE_KEYS = {"path", "rev", "edits", "create", "delete", "rename"}
_EDIT_KEYS = {*_KINDS, "text", "was"}


def parse(given: object) -> EditRequest:
    """Return the request that a tool input means. Raises ToolProblem E_RANGE or E_PERMISSION on what it cannot mean."""
    call = _mapping(given, "The input")
    if "path" in call and "files" not in call:
        call = {
            "files": [{k: v for k, v in call.items() if k != "dry_run"}],
            "dry_run": call.get("dry_run", False),
        }
    _known(call, {"files", "dry_run"}, "The input")
    entries = _merged([_file(entry) for entry in _items(call.get("files"), "files")])
    if not entries:
        raise _misread("'files' names no file.")
    if len(entries) > MAX_FILES or sum(len(file.edits) for file in entries) > MAX_EDITS:
        raise _misread(f"One call holds at most {MAX_FILES} files and {MAX_EDITS} edits.")
    return EditRequest(entries, _flag(call, "dry_run", ""))


def clean_path(given: object) -> str:
    """Return a path below the root with "/" between its parts. Raises ToolProblem."""
    if not isinstance(given, str) or not given.strip() or any(ord(character) < 32 for character in given):
        raise _misread(f"'path' is the file's path below the root, not {given!r}.")
    parts = [part for part in given.strip().split("/") if part not in {"", "."}]
    if given.strip().startswith(("/", "~")) or ".." in parts or "\\" in given or not parts:
        message = "Only paths below the workspace's root, with '/', can be edited. Nothing was written."
        raise ToolProblem("E_PERMISSION", given, message)
    return "/".join(parts)


def _file(given: object) -> FileWish:
    entry = _mapping(given, "Each of 'files'")
    path = clean_path(entry.get("path"))
    _known(entry, _FILE_KEYS, "A file", path)
    to = clean_path(entry["rename"]) if entry.get("rename") else ""
    flags: dict[Action, bool] = {
        "create": _flag(entry, "create", path),
        "delete": _flag(entry, "delete", path),
        "rename": bool(to),
    }
    asked: list[Action] = [action for action, wanted in flags.items() if wanted]
    if len(asked) > 1:
        raise _misread(f"Only one of {', '.join(asked)} at a time.", path)
    edits = tuple(_wish(edit, path) for edit in _items(entry.get("edits") or [], "edits", path))
    action: Action = asked[0] if asked else "edit"
    return FileWish(path, _revision(entry.get("rev"), path), edits, action, to)


def _wish(given: object, path: str) -> Wish:
    entry = {key: value for key, value in _mapping(given, "An edit", path).items() if value is not None}
    _known(entry, _EDIT_KEYS, "An edit", path)
    kinds: list[Kind] = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        raise _misread(f"An edit has exactly one of at, after, block; this one has {', '.join(kinds) or 'none'}.", path)
    text, was = _text(entry, "text", path), _text(entry, "was", path)
    return Wish(kinds[0], entry[kinds[0]], text, was)


def _merged(files: Sequence[FileWish]) -> tuple[FileWish, ...]:
    """Join plain edits of the same file at the same revision; any other second entry for a path is refused."""
    out: dict[str, FileWish] = {}
    for file in files:
        first = out.get(file.path)
        if first is None:
            out[file.path] = file
        elif (first.action, first.rev) == (file.action, file.rev) == ("edit", first.rev):
            out[file.path] = msgspec.structs.replace(first, edits=first.edits + file.edits)
        else:
            raise _misread("This file stands twice in the call; give it one entry.", file.path, "E_OVERLAP")
    taken = [file.to for file in out.values() if file.to]
    if len(set(taken)) < len(taken) or any(path in out for path in taken):
        raise _misread("A rename leads to a path that the call names elsewhere.", taken[0], "E_OVERLAP")
    fresh = [file.to or file.path for file in out.values() if file.to or file.action == "create"]
    for path in fresh:
        if any(other.startswith(f"{path}/") for other in fresh):
            raise _misread("This would be a file, and the folder of another file of the call.", path, "E_OVERLAP")
    return tuple(out.values())


def _revision(given: object, path: str) -> int | None:
    if given is None:
        return None
    if isinstance(given, str) and given.strip().lstrip("v").isdecimal() and len(given) < 12:
        return int(given.strip().lstrip("v"))
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise _misread(f"'rev' is the number after v in the header, not {given!r}.", path)


def _text(entry: Mapping[str, object], key: str, path: str) -> str | None:
    value = entry.get(key)
    if value is None or (isinstance(value, str) and len(value) <= MAX_TEXT_CHARS):
        return value
    raise _misread(f"'{key}' is a string of at most {MAX_TEXT_CHARS} characters.", path)


def _flag(entry: Mapping[str, object], key: str, path: str) -> bool:
    value = entry.get(key, False)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise _misread(f"'{key}' is true or false, not {value!r}.", path)


def _items(given: object, name: str, path: str = "") -> Sequence[object]:
    given = _unpacked(given)
    if isinstance(given, Mapping):
        return [given]  # pyright: ignore[reportUnknownVariableType] — any one object
    if isinstance(given, (list, tuple)):
        return cast("Sequence[object]", given)
    raise _misread(f"'{name}' is a list of objects.", path)


def _mapping(given: object, what: str, path: str = "") -> Mapping[str, object]:
    given = _unpacked(given)
    if not isinstance(given, Mapping):
        raise _misread(f"{what} is an object, not {type(given).__name__}.", path)
    return cast("Mapping[str, object]", given)


def _unpacked(given: object) -> object:
    """Models sometimes send an object or a list as its own JSON text."""
    if isinstance(given, str) and given.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(given, strict=False)
        except (ValueError, RecursionError):
            return given
    return given


def _known(entry: Mapping[str, object], keys: set[str], what: str, path: str = "") -> None:
    unknown = sorted(str(key) for key in entry if key not in keys)
    if unknown:
        raise _misread(f"{what} has no {', '.join(map(repr, unknown[:5]))}; it has {', '.join(sorted(keys))}.", path)


def _misread(message: str, path: str = "", code: Code = "E_RANGE") -> ToolProblem:
    return ToolProblem(code, path, f"{message} Nothing was written.")
