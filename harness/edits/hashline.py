"""The edit protocol: a call of the tool becomes a plan for all its files, or a refusal that can be repaired.

Everything is checked in memory; nothing here writes a file. What is wrong with one file never hides what is
wrong with another: a refusal tells all of it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bridle.context.anchors import lines_of
from bridle.context.readform import covers
from bridle.context.redact import is_credential_file
from bridle.harness.edits.draft import Draft, draft
from bridle.harness.edits.ground import ground
from bridle.harness.edits.hunks import Hunk, edits_of
from bridle.harness.edits.newfile import new_file
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.refusal import Failure, refusal
from bridle.harness.edits.request import TOOL, EditRequest, FileWish, parse
from bridle.harness.edits.revisions import Revision, Revisions
from bridle.indexer.encoding import Decoded, UndecodableError, decode
from bridle.indexer.history import LineMap
from bridle.indexer.text import LineEdit

__all__ = ["TOOL", "Plan", "PlannedFile", "Situation", "parse", "plan", "would_land"]


class PlannedFile(msgspec.Struct, frozen=True):
    """One file's change. `edits` are in lines of `before`; `inverse` leads back.

    `revision` is the one that the call named. A rename is two of these, the second says whence it came.
    """

    path: str
    before: bytes | None
    after: bytes | None
    edits: tuple[LineEdit, ...]
    inverse: tuple[LineEdit, ...]
    revision: int | None = None
    renamed_from: str = ""
    warnings: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """What is to be written: all of it or nothing."""

    files: tuple[PlannedFile, ...]
    dry_run: bool = False


class Situation(msgspec.Struct, frozen=True):
    """What a call stands on.

    `current` gives a path's bytes as they are now, None where there is no such file. `moved` gives the exact
    map from a revision of a path to now, None where the log of changes has a hole. `newer_python` says that
    the project's Python is newer than ours, so that our parser alone refuses nothing.
    """

    revisions: Revisions
    current: Callable[[str], bytes | None]
    moved: Callable[[str, int], LineMap | None]
    newer_python: bool = False


def plan(
    request: EditRequest,
    revisions: Revisions,
    current: Callable[[str], bytes | None],
    moved: Callable[[str, int], LineMap | None],
    *,
    newer_python: bool = False,
) -> Plan:
    """Return what `request` makes of the files (see `Situation` for the arguments).

    Raises ToolProblems: every problem of the call; nothing of it may be written.
    """
    there = Situation(revisions, current, moved, newer_python)
    planned, failures = _tried(request, there)
    if failures:
        raise refusal(request, failures, revisions, lambda offer: not _tried(offer, there)[1])
    return Plan(tuple(planned), request.dry_run)


def would_land(
    request: EditRequest,
    revisions: Revisions,
    current: Callable[[str], bytes | None],
    moved: Callable[[str, int], LineMap | None],
) -> bool:
    """Whether `plan` would grant `request`. Unlike a refusal of `plan`, this shows nothing to anybody."""
    return not _tried(request, Situation(revisions, current, moved))[1]


def _tried(request: EditRequest, there: Situation) -> tuple[list[PlannedFile], list[Failure]]:
    planned: list[PlannedFile] = []
    failures: list[Failure] = []
    for wish in request.files:
        try:
            made = _file(wish, there)
        except ToolProblem as problem:
            failures.append(Failure(wish, problem, there.current(wish.path)))
            continue
        if isinstance(made, Draft):
            failures.append(Failure(wish, made, there.current(wish.path)))
        else:
            planned += made
    return planned, failures


def _file(wish: FileWish, there: Situation) -> list[PlannedFile] | Draft:
    """Return what becomes of one file; the draft where its edits have complaints. Raises ToolProblem for the rest."""
    if is_credential_file(wish.path) or (wish.to and is_credential_file(wish.to)):
        raise ToolProblem("E_SECRET", wish.path, "This file holds credentials: no tool touches it.")
    data = there.current(wish.path)
    if wish.action == "create":
        if data is not None:
            raise ToolProblem("E_EXISTS", wish.path, "There is such a file already: edit its lines.")
        _may_stand(wish.path, wish.path, there)
        return [_whole(wish.path, None, new_file(wish))]
    if data is None:
        raise ToolProblem("E_MISSING", wish.path, "There is no such file. A new one takes create: true.")
    decoded = _decoded(wish.path, data)
    if wish.action == "delete":
        _may_delete(wish, _seen(wish, there), data, there)
        return [_whole(wish.path, data, None, wish.rev)]
    if wish.action == "rename":
        return _renamed(wish, data, decoded, there)
    made = _edited(wish, decoded, there)
    if made.after is None:
        return made
    return [PlannedFile(wish.path, data, made.after, made.edits, made.inverse, wish.rev, warnings=made.warnings)]


def _edited(wish: FileWish, now: Decoded, there: Situation) -> Draft:
    if not wish.edits:
        raise ToolProblem("E_NOOP", wish.path, "No edits were given for this file.")
    seen = _seen(wish, there)
    shown = there.revisions.shown(wish.path, seen.number)
    mode = there.revisions.mode_of(wish.path, seen.number)
    on = ground(seen, shown, now.text, lambda: there.moved(wish.path, seen.number), mode)
    return draft(wish.edits, on, now.encoding, now.bom, newer_python=there.newer_python)


def _renamed(wish: FileWish, data: bytes, now: Decoded, there: Situation) -> list[PlannedFile] | Draft:
    if there.current(wish.to) is not None:
        raise ToolProblem("E_EXISTS", wish.path, f"{wish.to!r} is there already; rename to a free path.")
    _may_stand(wish.path, wish.to, there)
    made = _edited(wish, now, there) if wish.edits else Draft(data)
    if made.after is None:
        return made
    fresh = msgspec.structs.replace(_whole(wish.to, None, made.after), renamed_from=wish.path, warnings=made.warnings)
    return [_whole(wish.path, data, None, wish.rev), fresh]


def _may_stand(path: str, to: str, there: Situation) -> None:
    """Raise ToolProblem where a new file's folder is a file."""
    folder = to.rpartition("/")[0]
    while folder:
        if there.current(folder) is not None:
            raise ToolProblem("E_EXISTS", path, f"{folder!r} is a file, so nothing can stand below it.")
        folder = folder.rpartition("/")[0]


def _may_delete(wish: FileWish, seen: Revision, data: bytes, there: Situation) -> None:
    if wish.edits:
        raise ToolProblem("E_OVERLAP", wish.path, "A file that is deleted takes no edits.")
    if seen.data != data:
        raise ToolProblem("E_CONFLICT", wish.path, f"The file changed since v{seen.number}: read it again.")
    if not covers(there.revisions.shown(wish.path, seen.number), 0, len(lines_of(seen.text))):
        raise ToolProblem("E_UNSEEN", wish.path, "Only a file that was shown to you whole can be deleted: read it.")


def _seen(wish: FileWish, there: Situation) -> Revision:
    if wish.rev is not None:
        return there.revisions.get(wish.path, wish.rev)
    known = ", ".join(f"v{number}" for number in there.revisions.numbers(wish.path)[:3])
    told = f"The latest that you were shown: {known}." if known else "The file was not read yet: read it first."
    raise ToolProblem("E_REV_UNKNOWN", wish.path, f"'rev' is missing. {told}")


def _decoded(path: str, data: bytes) -> Decoded:
    try:
        return decode(data)
    except UndecodableError as error:
        raise ToolProblem("E_ENCODING", path, f"This file cannot be read as text: {error}.") from error


def _whole(path: str, before: bytes | None, after: bytes | None, revision: int | None = None) -> PlannedFile:
    """Return the plan of a file that comes or goes whole."""
    old, new = (lines_of(decode(data or b"").text) for data in (before, after))
    hunks = [Hunk(0, len(old), 0, len(new))] if old or new else []
    return PlannedFile(path, before, after, *edits_of(hunks, old, new), revision)
