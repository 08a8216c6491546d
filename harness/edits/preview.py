"""What a call of an edit tool would do, told while the model still writes it. Applies nothing, decides nothing.

The JSON of the call is read as it comes, each character once. A preview claims an edit only when its file and
its place stand whole in what came; its text is the text so far, never more. Whatever is no JSON ends the
previews: the call itself will be judged when it is whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast

import msgspec

from bridle.context.anchors import parse_anchor
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.request import clean_path

MAX_CHARS = 4_000_000
MAX_DEPTH = 16
MAX_PREVIEWS = 2_000

_KINDS = ("at", "after", "block")
_BLANK = " \t\n\r"
_RUN = re.compile(r'[^"\\]+')
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[\"\\/bfnrt])")
_BARE = re.compile(r"[-+.0-9a-zA-Z]+")
_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_HIGH = re.compile(r"[\ud800-\udbff]\Z")


class Preview(msgspec.Struct, frozen=True):
    """One edit that the call will hold. `kind` is at, after or block, a command of the text editor tool, or what
    becomes of the whole file (create, delete, rename).

    `place` is what stands under it, "" for a whole file; `text` is the new text as far as it came.
    """

    path: str
    kind: str
    place: str = ""
    text: str = ""


class _Growing(list[str]):
    """A string that is still being written, in pieces."""

    def text(self) -> str:
        """Return what came, without half a surrogate pair at its end."""
        return _HIGH.sub("", self.whole())

    def whole(self) -> str:
        """Return what came; a character that was escaped in two halves is one."""
        return _PAIR.sub(lambda two: two[0].encode("utf-16", "surrogatepass").decode("utf-16"), "".join(self))


class PreviewReader:
    """Reads one call while it grows."""

    def __init__(self) -> None:
        self._root: Any = None
        self._open: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []
        self._string: _Growing | None = None
        self._rest = ""
        self._n_chars = 0
        self._wants = "value"  # what may come next: value, first, key, colon, next, end, or nothing any more
        self._dead = False

    def feed(self, text: str) -> bool:
        """Take in more of the call; returns whether anything but the length of a string changed."""
        self._n_chars += len(text)
        if self._dead or self._n_chars > MAX_CHARS:
            self._dead = True
            return False
        text, self._rest = self._rest + text, ""
        at, changed = 0, False
        while at < len(text) and not self._dead:
            step = self._in_string(text, at) if self._string is not None else self._between(text, at)
            if step == at:
                self._rest = text[at:]
                break
            changed |= self._string is None
            at = step
        self._dead |= len(self._rest) > 64
        return changed

    def previews(self) -> tuple[Preview, ...]:
        """Return what the call would do as far as it came."""
        root: object = self._root
        if self._dead or not isinstance(root, dict):
            return ()
        return tuple(islice(_of_call(cast("dict[str, Any]", root)), MAX_PREVIEWS))

    # --- characters -----------------------------------------------------------------------------------------

    def _in_string(self, text: str, at: int) -> int:
        assert self._string is not None
        if text[at] == '"':
            self._string_ends()
            return at + 1
        if run := _RUN.match(text, at):
            self._string.append(run[0])
            return run.end()
        if escape := _ESCAPE.match(text, at):
            self._string.append(_unescaped(escape[0]))
            return escape.end()
        self._dead |= len(text) - at >= 6
        return at

    def _between(self, text: str, at: int) -> int:
        character = text[at]
        if character in _BLANK:
            return at + 1
        if character == '"' and self._wants in {"value", "first", "key"}:
            self._string = _Growing()
            if self._wants == "value" or (self._wants == "first" and isinstance(self._open[-1], list)):
                self._put(self._string)
            return at + 1
        if character in "{[" and self._wants_value():
            self._begin({} if character == "{" else [])
            return at + 1
        if character in "}]" and self._ends(character):
            return at + 1
        if (character, self._wants) in {(",", "next"), (":", "colon")}:
            self._wants = "value" if character == ":" or isinstance(self._open[-1], list) else "key"
            return at + 1
        return self._bare(text, at)

    def _bare(self, text: str, at: int) -> int:
        """Read a number or a name; it is whole only when something else follows."""
        bare = _BARE.match(text, at)
        if bare is None or not self._wants_value():
            self._dead = True
            return at
        if bare.end() == len(text):
            return at
        try:
            value = json.loads(bare[0])
        except (ValueError, RecursionError):
            self._dead = True
            return at
        self._put(value)
        self._wants = self._after_value()
        return bare.end()

    # --- structure ------------------------------------------------------------------------------------------

    def _wants_value(self) -> bool:
        return self._wants == "value" or (self._wants == "first" and isinstance(self._open[-1], list))

    def _begin(self, container: dict[str, Any] | list[Any]) -> None:
        self._put(container)
        self._open.append(container)
        self._keys.append(None)
        self._wants = "first"
        self._dead |= len(self._open) > MAX_DEPTH

    def _ends(self, character: str) -> bool:
        right = bool(self._open) and isinstance(self._open[-1], dict) == (character == "}")
        if not right or self._wants not in {"first", "next"}:
            return False
        self._open.pop()
        self._keys.pop()
        self._wants = self._after_value()
        return True

    def _string_ends(self) -> None:
        assert self._string is not None
        value = self._string.whole()
        self._string = None
        if self._is_key():
            self._keys[-1] = value
            self._wants = "colon"
            return
        self._put(value)
        self._wants = self._after_value()

    def _is_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], dict) and self._wants in {"first", "key"}

    def _after_value(self) -> str:
        return "next" if self._open else "end"

    def _put(self, value: Any) -> None:
        """Put a value where it belongs; a string that has grown whole takes the place of what grew."""
        if not self._open:
            self._root = value
            return
        holder = self._open[-1]
        if isinstance(holder, dict):
            holder[self._keys[-1] or ""] = value
        elif holder and isinstance(holder[-1], _Growing):
            holder[-1] = value
        else:
            holder.append(value)


def preview(partial: str) -> tuple[Preview, ...]:
    """Return what a call would do of which `partial` is the beginning."""
    reader = PreviewReader()
    reader.feed(partial)
    return reader.previews()


def in_words(one: Preview) -> str:
    """Return one preview as a line of progress."""
    anchors = parse_anchor(one.place)
    lines = one.place
    if anchors is not None:
        first, last = anchors[0].line, anchors[1].line
        lines = f"line {first}" if first == last else f"lines {first}-{last}"
    match one.kind:
        case "after" | "insert":
            where = {"0": "at its start", "$": "at its end"}.get(one.place, f"below {lines}")
            return f"adding to {one.path} {where}"
        case "block":
            return f"editing the block of {one.path} at {lines}"
        case "create" | "delete" | "rename":
            return f"{one.kind[:-1]}ing {one.path}"
        case _:
            return f"editing {one.path} {lines}".rstrip()


# --- what a call means, as `request.py` and `textedit.py` read it --------------------------------------------------


def _of_call(call: Mapping[str, Any]) -> Iterator[Preview]:
    if "command" in call:
        yield from _of_command(call)
        return
    for entry in _items(call.get("files") if "files" in call else [call]):
        path = _path(entry.get("path"))
        if path:
            yield from _of_file(entry, path)


def _of_file(entry: Mapping[str, Any], path: str) -> Iterator[Preview]:
    for flag in ("create", "delete"):
        if entry.get(flag) is True:
            yield Preview(path, flag)
    if isinstance(entry.get("rename"), str) and _path(entry["rename"]):
        yield Preview(path, "rename", _path(entry["rename"]))
    for edit in _items(entry.get("edits")):
        kinds = [kind for kind in _KINDS if edit.get(kind) is not None]
        place = place_text(edit[kinds[0]]) if len(kinds) == 1 else ""
        if place:
            yield Preview(path, kinds[0], place, _so_far(edit.get("text")))


def _of_command(call: Mapping[str, Any]) -> Iterator[Preview]:
    path = _path(call.get("path"))
    match call.get("command"):
        case "str_replace" if path:
            yield Preview(path, "str_replace", "", _so_far(call.get("new_str")))
        case "create" if path:
            yield Preview(path, "create", "", _so_far(call.get("file_text")))
        case "insert" if path and (place := place_text(call.get("insert_line"))):
            yield Preview(path, "insert", place, _so_far(call.get("insert_text")))
        case _:
            return


def _items(given: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(given, str) and given.lstrip()[:1] in {"{", "["}:
        try:
            given = json.loads(given, strict=False)
        except (ValueError, RecursionError):
            return
    entries = cast("list[object]", given if isinstance(given, list) else [given])
    yield from (cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict))


def _path(given: Any) -> str:
    try:
        return clean_path(given) if isinstance(given, str) else ""
    except ToolProblem:
        return ""


def place_text(given: Any) -> str:
    """Return what stands under at, after or block as text; "" while it is not whole, or no place."""
    if isinstance(given, str):
        return given.strip()
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return ""


def _so_far(given: Any) -> str:
    return given.text() if isinstance(given, _Growing) else given if isinstance(given, str) else ""


def _unescaped(escape: str) -> str:
    return cast("str", json.loads(f'"{escape}"'))
