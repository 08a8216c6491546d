"""From what stands in a shadow to an exact patch: everything that changed there, hands and commands alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from bridle.harness.edits.patch import any_patch, unified_diff
from bridle.harness.nouns import FilePatch
from bridle.harness.shadow.shadow import Change, Shadow
from bridle.harness.symlinks import as_bytes, leads_out, read_link, target_of

MAX_WHOLE_BYTES = 16 * 1024 * 1024
"""A file that a command wrote and that is larger is no change to look at and accept."""

ReadBytes = Callable[[str], bytes | None]


class Changed(msgspec.Struct, frozen=True):
    """One file or link as it was and as it stands (None: not there); `executable` is that bit, where it changed.

    `source` is the path of a file that is gone and was the same, so that this is what became of it.
    """

    path: str
    before: bytes | None
    after: bytes | None
    executable: tuple[bool, bool] | None = None
    source: str = ""


def changed(shadow: Shadow, base: ReadBytes, also: Iterable[str] = ()) -> tuple[Changed, ...]:
    """Return what differs from the ground that `base` gives, ignored paths left out, sorted by path.

    `also` are paths to look at that the shadow may hold unchanged: unsaved buffers.
    """
    changes = {change.path: change for change in shadow.changes()}
    found = [_changed(path, changes.get(path), shadow, base) for path in sorted({*changes, *also})]
    return tuple(one for one in found if one.before != one.after or one.executable is not None)


def unofferable(one: Changed) -> str:
    """Return why a change cannot be put on offer, "" where it can."""
    if one.after is not None and len(one.after) > MAX_WHOLE_BYTES:
        return f"it is larger than {MAX_WHOLE_BYTES // (1024 * 1024)} MiB"
    target = target_of(one.after)
    if target is not None and leads_out(one.path, target):
        return f"it is a link that leads out of the workspace, to {target!r}"
    return ""


def capture(changes: Sequence[Changed], versions: Mapping[str, int]) -> tuple[FilePatch, ...]:
    """Return the patches of `changes`; `versions` are those of the open documents."""
    return tuple(any_patch(c.path, c.before, c.after, versions.get(c.path), c.executable) for c in changes)


def diff_text(changes: Sequence[Changed]) -> str:
    """Return one unified diff over all of them."""
    return "".join(unified_diff(c.path, c.before, c.after, c.executable) for c in changes)


def sizes(files: Sequence[FilePatch]) -> tuple[int, int]:
    """Return how many lines the patches add and remove."""
    added = sum(
        edit.text.count("\n") + (not edit.text.endswith("\n") and edit.text != "") for f in files for edit in f.edits
    )
    removed = sum(edit.end - edit.start for file in files for edit in file.edits)
    return added, removed


def _changed(path: str, change: Change | None, shadow: Shadow, base: ReadBytes) -> Changed:
    if change is None:
        return Changed(path, base(path), shadow.read(path))
    place = shadow.workspace / path
    before = read_link(place) or base(path)
    after = None if change.kind == "deleted" else as_bytes(change.link) if change.link else shadow.read(path)
    flipped = None if change.executable is None else (_is_executable(place), change.executable)
    bit = flipped if flipped is None or flipped[0] != flipped[1] else None
    return Changed(path, before, after, bit, change.source)


def _is_executable(place: Path) -> bool:
    return place.is_file() and os.access(place, os.X_OK)
