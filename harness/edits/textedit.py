"""Anthropic's own text editor tool (`str_replace_based_edit_tool`) on the same engine as the hashline edits.

A command becomes a hashline request against the revision that the model saw, and passes every check of it: shown
lines, drift, guards, all or nothing. `old_str` must stand exactly once in that revision. A refusal is offered back
in the tool's own words, and only after it passed every check itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from bridle.context.anchors import anchor_at, bodies_of, lines_of, parse_anchor
from bridle.context.readform import Range, covers
from bridle.context.redact import redact
from bridle.harness.edits.hashline import Plan
from bridle.harness.edits.problems import ToolProblem, ToolProblems
from bridle.harness.edits.request import EditRequest, FileWish, Wish, clean_path
from bridle.harness.edits.request import parse as parse_edits
from bridle.harness.edits.revisions import Revision, Revisions
from bridle.indexer.text import line_body

NAME = "str_replace_based_edit_tool"
SPEC: dict[str, Any] = {"type": "text_editor_20250728", "name": NAME}
"""The tool is known to the model by its type; its declaration is Anthropic's."""

COMMANDS = ("view", "str_replace", "create", "insert")
MAX_OLD_CHARS = 200_000
MAX_TOLD_PLACES = 5
MAX_CONTEXT_LINES = 40
MAX_LISTED = 500

Accepts = Callable[[EditRequest], bool]


class View(msgspec.Struct, frozen=True):
    """Show lines of a file, 0-based and half-open (None: all), or what is in a folder ("" is the root)."""

    path: str
    lines: Range | None = None


class Change(msgspec.Struct, frozen=True):
    """One command that writes. `old` is "" but for str_replace, `line` is that of insert."""

    kind: Literal["str_replace", "create", "insert"]
    path: str
    text: str
    old: str = ""
    line: int = 0


def parse(given: Mapping[str, Any]) -> View | Change:
    """Return what the tool's input asks for. Raises ToolProblem on what it cannot mean."""
    command = given.get("command")
    if command == "view":
        return _view(given)
    path = clean_path(given.get("path"))
    if command == "str_replace":
        old = _text(given, "old_str", path)
        if not old or len(old) > MAX_OLD_CHARS:
            raise ToolProblem("E_RANGE", path, "'old_str' is the text to replace; to add text, use insert.")
        return Change("str_replace", path, _text(given, "new_str", path, ""), old)
    if command == "create":
        return Change("create", path, _text(given, "file_text", path))
    if command == "insert":
        line = given.get("insert_line")
        if isinstance(line, bool) or not isinstance(line, int) or line < 0:
            raise ToolProblem("E_RANGE", path, "'insert_line' is the line after which to insert; 0 is the start.")
        key = "insert_text" if given.get("insert_text") is not None else "new_str"
        return Change("insert", path, _text(given, key, path), line=line)
    raise ToolProblem("E_RANGE", path, f"'command' is one of {', '.join(COMMANDS)}, not {command!r:.40}.")


def as_request(change: Change, revisions: Revisions) -> EditRequest:
    """Return the hashline request that `change` means. Raises ToolProblem where it means none, or several."""
    if change.kind == "create":
        wish = FileWish(change.path, None, (Wish("after", "0", change.text),) if change.text else (), "create")
        return EditRequest((wish,))
    seen = _seen(change, revisions)
    if change.kind == "insert":
        return EditRequest((FileWish(change.path, seen.number, (_insertion(change, seen),)),))
    return EditRequest((FileWish(change.path, seen.number, (_replacement(change, seen),)),))


def planned(change: Change, revisions: Revisions, plan: Callable[[EditRequest], Plan], accepts: Accepts) -> Plan:
    """Return what `plan` makes of `change`; `accepts` tells whether it would.

    Raises ToolProblem, with an offer in this tool's own words where one passes.
    """
    try:
        return plan(as_request(change, revisions))
    except ToolProblems as problem:
        offered = _as_command(parse_edits(json.loads(problem.fragment)), revisions) if problem.fragment else None
        fragment = json.dumps(offered, ensure_ascii=False) if _passes(offered, revisions, accepts) else ""
        raise ToolProblems(problem.problems, problem.fine, fragment) from None
    except ToolProblem as problem:
        offered = json.loads(problem.fragment) if problem.fragment else None
        fragment = problem.fragment if _passes(offered, revisions, accepts) else ""
        raise ToolProblem(problem.code, problem.path, problem.message, fragment) from None


def listing(folder: str, paths: Iterable[str]) -> str:
    """Return what is in `folder` ("" for the root), two levels deep; "" where there is no such folder."""
    below = f"{folder}/" if folder else ""
    found: set[str] = set()
    for path in paths:
        if path.startswith(below):
            parts = path[len(below) :].split("/")
            found |= {f"{below}{parts[0]}{'/' if len(parts) > 1 else ''}"}
            found |= {f"{below}{parts[0]}/{parts[1]}{'/' if len(parts) > 2 else ''}"} if len(parts) > 1 else set()
    more = f"\n… {len(found) - MAX_LISTED} more" if len(found) > MAX_LISTED else ""
    return "\n".join(sorted(found)[:MAX_LISTED]) + more


# --- reading the input ----------------------------------------------------------------------------------------


def _view(given: Mapping[str, Any]) -> View:
    path = given.get("path")
    if isinstance(path, str) and path.strip().strip("./") == "":
        return View("")
    path = clean_path(path)
    asked = given.get("view_range")
    if asked is None:
        return View(path)
    ends = [n for n in cast("list[object]", asked) if isinstance(n, int)] if isinstance(asked, list) else []
    first, last = ends if len(ends) == 2 else (0, 0)
    if first < 1 or (last != -1 and last < first):
        raise ToolProblem(
            "E_RANGE", path, "'view_range' is [first, last] with 1 <= first <= last, or last -1: the end."
        )
    return View(path, (first - 1, 1 << 31 if last == -1 else last))


def _text(given: Mapping[str, Any], key: str, path: str, default: str | None = None) -> str:
    value = given.get(key, default)
    if not isinstance(value, str):
        raise ToolProblem("E_RANGE", path, f"'{key}' is a string.")
    return value


# --- what it means in the revision that was seen -------------------------------------------------------------------


def _seen(change: Change, revisions: Revisions) -> Revision:
    """Return the newest revision that was shown and holds the place. Raises ToolProblem."""
    shown = [n for n in revisions.numbers(change.path) if revisions.shown(change.path, n)]
    empty = [n for n in revisions.numbers(change.path) if not revisions.get(change.path, n).text]
    if not shown and not empty:
        raise ToolProblem("E_UNSEEN", change.path, "This file was not viewed yet: view it first.")
    if change.kind == "insert":
        return revisions.get(change.path, max([*shown, *empty]))
    unseen: Revision | None = None
    for number in shown:
        revision = revisions.get(change.path, number)
        places = _places(change.old, revision)
        if len(places) > 1:
            raise _ambiguous(change, revision, places)
        if places:
            start, end, _ = _touched(change, revision, places[0])
            if covers(revisions.shown(change.path, number), start, end):
                return revision
            unseen = unseen or revision
    if unseen is None:
        raise _not_found(change, revisions.get(change.path, (shown or empty)[0]), revisions)
    return unseen


def _places(old: str, revision: Revision) -> list[int]:
    """Return where `old` begins in the text as it was shown, with overlaps; no more than are told."""
    text, wanted = _printed(revision), _plain(old)
    places: list[int] = []
    at = text.find(wanted)
    while at >= 0 and len(places) <= MAX_TOLD_PLACES:
        places.append(at)
        at = text.find(wanted, at + 1)
    return places


def _touched(change: Change, revision: Revision, place: int) -> tuple[int, int, str]:
    """Return the lines that a replacement touches and what they are to be, as whole lines ("" for none)."""
    text = _printed(revision)
    end = place + len(_plain(change.old))
    first = text.count("\n", 0, place)
    made = text[text.rfind("\n", 0, place) + 1 : place] + _plain(change.text)
    closes = text[end - 1] == "\n" and (not made or made.endswith("\n"))
    if closes:
        return first, text.count("\n", 0, end), made
    tail = text.find("\n", end)
    rest = text[end:] if tail < 0 else text[end:tail]
    return first, text.count("\n", 0, end) + 1, f"{made}{rest}\n"


def _replacement(change: Change, seen: Revision) -> Wish:
    start, end, text = _touched(change, seen, _places(change.old, seen)[0])
    bodies = bodies_of(seen.text)
    end = min(end, len(bodies))
    first, last = anchor_at(bodies, start), anchor_at(bodies, end - 1)
    return Wish("at", str(first) if end - start == 1 else f"{first}-{last}", text or None)


def _insertion(change: Change, seen: Revision) -> Wish:
    bodies = bodies_of(seen.text)
    if change.line == 0:
        return Wish("after", "0", change.text)
    known = change.line <= len(bodies)
    return Wish("after", str(anchor_at(bodies, change.line - 1)) if known else change.line, change.text)


def _printed(revision: Revision) -> str:
    """Return the text as it was shown: secrets hidden, every line end a line feed."""
    printed = redact(revision.text).lines
    ended = not printed or printed[-1].endswith(("\n", "\r"))
    return "\n".join(map(line_body, printed)) + ("\n" if printed and ended else "")


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- refusals -------------------------------------------------------------------------------------------------------


def _ambiguous(change: Change, revision: Revision, places: Sequence[int]) -> ToolProblem:
    text = _printed(revision)
    lines = [text.count("\n", 0, place) + 1 for place in places[:MAX_TOLD_PLACES]]
    more = " and more" if len(places) > MAX_TOLD_PLACES else ""
    told = ", ".join(map(str, dict.fromkeys(lines)))
    message = f"'old_str' stands more than once, on lines {told}{more}. Take in the lines around the one you mean."
    return ToolProblem("E_ANCHOR", change.path, f"{message} Nothing was written.")


def _not_found(change: Change, revision: Revision, revisions: Revisions) -> ToolProblem:
    """Say that there is no such text; offer the one place that reads so but for its blanks, if it was shown."""
    wanted = [line.strip() for line in _plain(change.old).strip("\n").split("\n")]
    there = _printed(revision).split("\n")
    size = len(wanted)
    bare = [line.strip() for line in there]
    found = [n for n in range(len(bare) - size + 1) if bare[n : n + size] == wanted] if any(wanted) else []
    message = f"'old_str' does not stand in the file as it was shown (v{revision.number}). Nothing was written."
    if len(found) != 1 or not covers(revisions.shown(change.path, revision.number), found[0], found[0] + size):
        return ToolProblem("E_ANCHOR", change.path, f"{message} View the place again and copy it as it stands.")
    offered = _command("str_replace", change.path, old_str="\n".join(there[found[0] : found[0] + size]))
    offered["new_str"] = _plain(change.text).strip("\n")
    message += f" Lines {found[0] + 1}-{found[0] + size} read so but for their blanks."
    return ToolProblem("E_ANCHOR", change.path, message, json.dumps(offered, ensure_ascii=False))


def _as_command(request: EditRequest, revisions: Revisions) -> dict[str, Any] | None:
    """Return `request` as one command of this tool, None where it is none."""
    if len(request.files) != 1:
        return None
    (file,) = request.files
    if file.action == "create":
        return _command("create", file.path, file_text="".join(edit.text or "" for edit in file.edits))
    if file.action != "edit" or len(file.edits) != 1 or file.rev is None:
        return None
    (edit,) = file.edits
    seen = revisions.get(file.path, file.rev)
    if edit.kind == "after":
        anchors = parse_anchor(edit.place)
        line = len(lines_of(seen.text)) if edit.place == "$" else anchors[0].line if anchors else 0
        return _command("insert", file.path, insert_line=line, insert_text=edit.text or "")
    anchors = parse_anchor(edit.place)
    if anchors is None:
        return None
    return _as_replacement(edit, seen, (anchors[0].line - 1, anchors[1].line), revisions.shown(file.path, file.rev))


def _as_replacement(edit: Wish, seen: Revision, lines: Range, shown: Sequence[Range]) -> dict[str, Any] | None:
    """Return a str_replace of whole lines, with as many lines around as make it the only place."""
    there = lines_of(_printed(seen))
    new = _plain(edit.text or "")
    for start, end in _widening(lines, len(there), shown):
        old = "".join(there[start:end])
        made = "".join(there[start : lines[0]]) + new + "".join(there[lines[1] : end])
        if not old.endswith("\n"):
            made = made.removesuffix("\n")
        if len(_places(old, seen)) == 1:
            return _command("str_replace", seen.path, old_str=old, new_str=made)
    return None


def _widening(lines: Range, total: int, shown: Sequence[Range]) -> Iterator[Range]:
    """Yield `lines`, then the same with ever more lines above and below, as long as those were shown."""
    for more in range(MAX_CONTEXT_LINES + 1):
        start, end = max(0, lines[0] - more), min(total, lines[1] + more)
        if covers(shown, start, end):
            yield start, end


def _command(command: str, path: str, **rest: object) -> dict[str, Any]:
    return {"command": command, "path": path, **rest}


def _passes(offered: Mapping[str, Any] | None, revisions: Revisions, accepts: Accepts) -> bool:
    if offered is None:
        return False
    try:
        change = parse(offered)
        return isinstance(change, Change) and accepts(as_request(change, revisions))
    except ToolProblem:
        return False
