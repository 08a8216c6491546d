"""From a proposal to plans: where each file's change goes now, pure but for reading what stands there.

An open document gets edits against a version that the door's change log reaches, or (where its document was opened
again since) against the buffer as it is now, carried over by two diffs that agree. A closed file must hold what the
patch was made for, or the patch is carried over the same way. A line that changed is never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from bridle.context.anchors import lines_of
from bridle.harness.buffers import Buffers, OpenDocument, encode_or_utf8
from bridle.harness.edits.patch import file_patch
from bridle.harness.nouns import FilePatch
from bridle.indexer.digest import digest
from bridle.indexer.encoding import Decoded, UndecodableError, decode
from bridle.indexer.history import DiffedMap, rebase
from bridle.indexer.text import apply_edits

Content = Callable[[str], bytes]
"""Stored bytes by digest."""


class Placed(msgspec.Struct, frozen=True):
    """Where one file's change goes: `open` edits for its document, or `data` for the disk; else `conflict`, the reason.

    `before` is what stands there now, `after` what will (None: no file).
    """

    path: str
    before: bytes | None
    after: bytes | None
    open: FilePatch | None = None
    conflict: str = ""


class Counted(msgspec.Struct, frozen=True):
    """What the versions in a proposal mean: which engine counted them, and in which opening of each document."""

    engine: str
    openings: Mapping[str, int]


def place(file: FilePatch, counted: Counted, engine: str, buffers: Buffers, content: Content) -> Placed:
    """Return where `file` goes now."""
    document = buffers.get(file.path)
    if document is None:
        return _on_disk(file, buffers.current(file.path), content)
    return _in_buffer(file, document, buffers, content, same_opening=_same_opening(file, counted, engine, document))


def _same_opening(file: FilePatch, counted: Counted, engine: str, document: OpenDocument) -> bool:
    return (
        file.base_version is not None
        and counted.engine == engine
        and counted.openings.get(file.path) == document.opening
    )


def _in_buffer(
    file: FilePatch, document: OpenDocument, buffers: Buffers, content: Content, *, same_opening: bool
) -> Placed:
    now = buffers.current(file.path)
    if file.after is None:
        return Placed(file.path, now, now, conflict="it is open in the editor; close it to let it be deleted")
    if same_opening:
        carried = file
    else:
        found = _carried(file, document.buffer.text, content)
        if found is None:
            return Placed(file.path, now, now, conflict="the same lines were changed")
        carried = msgspec.structs.replace(found, base_version=document.buffer.version)
    return Placed(file.path, now, now, open=carried)


def _on_disk(file: FilePatch, now: bytes | None, content: Content) -> Placed:
    after = None if file.after is None else content(file.after)
    held = None if now is None else digest(now)
    if held == file.before:
        return Placed(file.path, now, after)
    if held == file.after:
        return Placed(file.path, now, now)
    if now is None or after is None or file.before is None:
        return Placed(file.path, now, now, conflict=_moved(now, file))
    try:
        decoded = decode(now)
    except UndecodableError:
        return Placed(file.path, now, now, conflict="it is no longer text")
    carried = _carried(file, decoded.text, content)
    if carried is None:
        return Placed(file.path, now, now, conflict="the same lines were changed on disk")
    return Placed(file.path, now, _encoded(apply_edits(decoded.text, carried.edits), decoded))


def _moved(now: bytes | None, file: FilePatch) -> str:
    if now is None:
        return "it is gone"
    return "a file is there now" if file.before is None else "it was changed, and the change would delete it"


def _carried(file: FilePatch, text: str, content: Content) -> FilePatch | None:
    """Carry a patch onto `text` by diff; None when a line that it touches has no sure place there."""
    old = lines_of(decode(content(file.before)).text) if file.before is not None else []
    new = lines_of(text)
    moved = rebase(file.edits, DiffedMap(_ends_apart(old), _ends_apart(new)), len(old), len(new))
    if moved.conflicts:
        return None
    after = apply_edits(text, moved.edits)
    fresh = file_patch(file.path, text.encode("utf-8", "surrogatepass"), after.encode("utf-8", "surrogatepass"))
    return msgspec.structs.replace(fresh, before=file.before, after=file.after)


def _ends_apart(lines: list[str]) -> list[str]:
    return [line.rstrip("\r\n") for line in lines]


def _encoded(text: str, like: Decoded) -> bytes:
    return encode_or_utf8(text, like.encoding, bom=like.bom)
