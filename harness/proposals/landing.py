"""From a proposal to plans: where each file's change goes now, pure but for reading what stands there.

An open document gets edits against a version that the door's change log reaches, or (where its document was opened
again since) against the buffer as it is now, carried over by comparing the two texts, where that is sure. A closed file
must hold what the patch was made for, or the patch is carried over the same way. A line that changed is never
overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from bridle.context.anchors import lines_of
from bridle.harness.buffers import Buffers, OpenDocument, encode_or_utf8
from bridle.harness.edits.hunks import diffed, edits_of
from bridle.harness.edits.patch import apply_patch, file_patch
from bridle.harness.nouns import Clash, FilePatch
from bridle.harness.proposals.ledger import Part
from bridle.harness.symlinks import target_of
from bridle.indexer.digest import digest
from bridle.indexer.encoding import Decoded, UndecodableError, decode
from bridle.indexer.history import DiffedMap, LineMap, LoggedMap, between, rebase
from bridle.indexer.text import LineChange, LineEdit, apply_edits

Content = Callable[[str], bytes]
"""Stored bytes by digest."""

Choice = Literal["keep", "take"]
"""Whether a clash leaves the person's lines, or takes them back with the rest."""


class Placed(msgspec.Struct, frozen=True):
    """Where one file's change goes: `open` edits for its document, or `data` for the disk; else `conflict`, the reason.

    `before` is what stands there now, `after` what will (None: no file). `clashes` are the parts of an undo that meet
    what the person made of the lines since; one without a choice keeps the rest from landing. `executable` is that bit
    of the file before and after, where it changes; `mode` are the permission bits of a file that comes or goes.
    """

    path: str
    before: bytes | None
    after: bytes | None
    open: FilePatch | None = None
    conflict: str = ""
    clashes: tuple[Clash, ...] = ()
    executable: tuple[bool, bool] | None = None
    mode: int | None = None

    @property
    def changes(self) -> bool:
        """Whether anything stands differently afterwards."""
        return self.before != self.after or self.executable is not None or self.open is not None


class Counted(msgspec.Struct, frozen=True):
    """What the versions in a proposal mean: which engine counted them, and in which opening of each document."""

    engine: str
    openings: Mapping[str, int]


class Scene(msgspec.Struct, frozen=True):
    """What changes are placed in: the documents and files as they are, and the landings of the same offer before.

    `carried` are the door's edits for documents that moved on; None says that the door carries them over later, by
    its log. `choices` are the person's, by clash; None where a clash is a conflict. `turn` tells clashes of several
    changes of one file apart.
    """

    engine: str
    buffers: Buffers
    content: Content
    parts: Sequence[Part] = ()
    carried: Mapping[str, FilePatch] | None = None
    choices: Mapping[str, Choice] | None = None
    turn: str = ""

    def stands(self, *files: FilePatch) -> bytes | None:
        """Return what stands at the place of `files`, which is one: the link itself where one of them is of a link."""
        path = files[0].path
        marks = (mark for file in files if file.whole for mark in (file.before, file.after) if mark)
        of_link = any(target_of(self.content(mark)) is not None for mark in marks)
        return (self.buffers.link(path) if of_link else None) or self.buffers.current(path)


def place(file: FilePatch, counted: Counted, scene: Scene) -> Placed:
    """Return where `file` goes now."""
    document = scene.buffers.get(file.path)
    if document is None:
        return _on_disk((Turn(file, counted),), scene)
    if not file.in_lines:
        now = scene.buffers.current(file.path)
        return Placed(file.path, now, now, conflict="it is open in the editor; close it: more than its lines changes")
    return _in_buffer(file, document, scene, same_opening=_same_opening(file, counted, scene.engine, document))


class Turn(NamedTuple):
    """A change of a file, and what its versions count in."""

    file: FilePatch
    counted: Counted


def place_in_turn(turns: Sequence[Turn], scene: Scene) -> Placed:
    """Return where changes of one file go that are made one after the other, each on what the one before leaves."""
    path = turns[0].file.path
    document = scene.buffers.get(path)
    if len(turns) == 1:
        return place(*turns[0], scene)
    if document is None:
        return _on_disk(turns, scene)
    now = scene.buffers.current(path)
    text = document.buffer.text
    clashes: tuple[Clash, ...] = ()
    for n, turn in enumerate(turns):
        if not turn.file.in_lines or turn.file.after is None:
            return Placed(path, now, now, conflict="it is open in the editor; close it: more than its lines changes")
        carried = _carried(turn.file, text, None, msgspec.structs.replace(scene, turn=str(n)))
        clashes = (*clashes, *carried.clashes)
        if carried.conflict:
            return Placed(path, now, now, conflict="the same lines were changed", clashes=clashes)
        text = apply_edits(text, carried.edits)
    old, new = lines_of(document.buffer.text), lines_of(text)
    edits, _ = edits_of(diffed(old, new), old, new)
    last = turns[-1].file
    opened = FilePatch(path, turns[0].file.before, last.after, edits, (), document.buffer.version)
    return Placed(path, now, now, open=opened, clashes=clashes)


def _same_opening(file: FilePatch, counted: Counted, engine: str, document: OpenDocument) -> bool:
    return (
        file.base_version is not None
        and counted.engine == engine
        and counted.openings.get(file.path) == document.opening
    )


def _in_buffer(file: FilePatch, document: OpenDocument, scene: Scene, *, same_opening: bool) -> Placed:
    now = scene.buffers.current(file.path)
    if file.after is None:
        return Placed(file.path, now, now, conflict="it is open in the editor; close it to let it be deleted")
    if same_opening and (told := _by_log(file, document, scene.carried)) is not None:
        return Placed(file.path, now, now, open=told)
    carried = _carried(file, document.buffer.text, None if now is None else digest(now), scene)
    if carried.conflict:
        return Placed(file.path, now, now, conflict="the same lines were changed", clashes=carried.clashes)
    patch = _as_patch(file, document.buffer.text, carried.edits)
    opened = msgspec.structs.replace(patch, base_version=document.buffer.version)
    return Placed(file.path, now, now, open=opened, clashes=carried.clashes)


def _by_log(file: FilePatch, document: OpenDocument, carried: Mapping[str, FilePatch] | None) -> FilePatch | None:
    """Return the patch as the door's log has it; None where the log does not reach back."""
    if carried is None or file.base_version == document.buffer.version:
        return file
    found = carried.get(file.path)
    return found if found is not None and found.base_version == document.buffer.version else None


def _on_disk(turns: Sequence[Turn], scene: Scene) -> Placed:
    files = [turn.file for turn in turns]
    now = stands = scene.stands(*files)
    clashes: tuple[Clash, ...] = ()
    mode = scene.buffers.mode(files[0].path)
    for n, file in enumerate(files):
        step = _on_bytes(file, stands, scene if len(files) == 1 else msgspec.structs.replace(scene, turn=str(n)))
        clashes = (*clashes, *step.clashes)
        if step.conflict:
            return msgspec.structs.replace(step, before=now, after=now, clashes=clashes)
        mode = file.mode if stands is None else mode
        stands = step.after
    is_one_sided = (now is None) != (stands is None)
    bit = _bit([file.executable for file in files if file.executable is not None])
    return Placed(files[0].path, now, stands, clashes=clashes, executable=bit, mode=mode if is_one_sided else None)


def _bit(flips: Sequence[tuple[bool, bool]]) -> tuple[bool, bool] | None:
    """Return what several changes of the executable bit are together."""
    return (flips[0][0], flips[-1][1]) if flips and flips[0][0] != flips[-1][1] else None


def _on_bytes(file: FilePatch, now: bytes | None, scene: Scene) -> Placed:
    held = None if now is None else digest(now)
    if held == file.before:
        return Placed(file.path, now, apply_patch(file, now, scene.content))
    if held == file.after:
        return Placed(file.path, now, now)
    if now is None or file.after is None or file.before is None or file.whole:
        return Placed(file.path, now, now, conflict=_moved(now, file))
    try:
        decoded = decode(now)
    except UndecodableError:
        return Placed(file.path, now, now, conflict="it is no longer text")
    carried = _carried(file, decoded.text, held, scene)
    if carried.conflict:
        return Placed(file.path, now, now, conflict="the same lines were changed on disk", clashes=carried.clashes)
    return Placed(file.path, now, _encoded(apply_edits(decoded.text, carried.edits), decoded), clashes=carried.clashes)


def _moved(now: bytes | None, file: FilePatch) -> str:
    if now is None:
        return "it is gone"
    if file.whole and file.before is not None and file.after is not None:
        return "it was changed, and no lines tell what to do about it"
    return "a file is there now" if file.before is None else "it was changed, and the change would delete it"


class _Carried(msgspec.Struct, frozen=True):
    """Edits in the lines of a text as it is now, or `conflict`: not all of them have a place there."""

    edits: tuple[LineEdit, ...]
    clashes: tuple[Clash, ...] = ()
    conflict: bool = False


def _carried(file: FilePatch, text: str, held: str | None, scene: Scene) -> _Carried:
    """Carry a patch onto `text`: exactly where only landings of the same offer came between, else by comparing."""
    old = lines_of(decode(scene.content(file.before)).text) if file.before is not None else []
    new = lines_of(text)
    moved = _written(file, held, scene.parts) or DiffedMap(_ends_apart(old), _ends_apart(new))
    found = rebase(file.edits, moved, len(old), len(new))
    if not found.conflicts:
        return _Carried(found.edits)
    if scene.choices is None:
        return _Carried((), conflict=True)
    clashes = clashes_of(file, found.conflicts, moved, (len(old), new), scene.choices, scene.turn)
    waiting = any(not clash.choice for clash in clashes)
    return _Carried(() if waiting else with_choices(found.edits, clashes), clashes, conflict=waiting)


def clashes_of(
    file: FilePatch,
    conflicts: Sequence[LineEdit],
    moved: LineMap,
    texts: tuple[int, Sequence[str]],
    choices: Mapping[str, Choice],
    turn: str = "",
) -> tuple[Clash, ...]:
    """Return what each edit that could not be carried meets: `texts` are the old line count and the lines now.

    Where nothing bounds the place the person's lines are kept: there is nothing to choose.
    """
    found: list[Clash] = []
    for edit in conflicts:
        name = f"{file.path}:{file.edits.index(edit) + 1}" + (f"@{turn}" if turn else "")
        there = between(moved, edit.start, edit.end, texts[0], len(texts[1]))
        if there is None:
            found.append(Clash(name, file.path, 0, 0, "", edit.text, "keep"))
        else:
            mine = "".join(texts[1][slice(*there)])
            found.append(Clash(name, file.path, *there, mine, edit.text, choices.get(name, "")))
    return tuple(found)


def with_choices(edits: Sequence[LineEdit], clashes: Sequence[Clash]) -> tuple[LineEdit, ...]:
    """Return `edits` with those clashing ones that the person wants to be taken back all the same."""
    taken = [LineEdit(one.start_line, one.end_line, one.before) for one in clashes if one.choice == "take"]
    return tuple(sorted([*edits, *taken], key=lambda edit: (edit.start, edit.end)))


def _written(file: FilePatch, held: str | None, parts: Sequence[Part]) -> LineMap | None:
    """Return the exact map from what `file` was made for to what stands, where our own landings alone lie between."""
    changes: list[LineChange] = []
    mark = file.before
    for part in parts:
        for other in part.files:
            if other.path == file.path and other.before == mark:
                mark = other.after
                edits = reversed(other.edits)
                changes += [LineChange(e.start, e.end - e.start, len(lines_of(e.text))) for e in edits]
    return LoggedMap(changes) if changes and mark == held else None


def _as_patch(file: FilePatch, text: str, edits: Sequence[LineEdit]) -> FilePatch:
    after = apply_edits(text, edits)
    fresh = file_patch(file.path, text.encode("utf-8", "surrogatepass"), after.encode("utf-8", "surrogatepass"))
    return msgspec.structs.replace(fresh, before=file.before, after=file.after)


def _ends_apart(lines: list[str]) -> list[str]:
    return [line.rstrip("\r\n") for line in lines]


def _encoded(text: str, like: Decoded) -> bytes:
    return encode_or_utf8(text, like.encoding, bom=like.bom)
