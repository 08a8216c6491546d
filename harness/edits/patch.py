"""The exact change of one file, as whole lines, with its exact inverse; and the same as a unified diff to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from bridle.context.anchors import lines_of
from bridle.harness.edits.hunks import Hunk, diffed, edits_of
from bridle.harness.nouns import FilePatch, UserProblem
from bridle.harness.symlinks import MODE as LINK_MODE
from bridle.harness.symlinks import target_of
from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError, decode, encode, fresh_encoding
from bridle.indexer.text import apply_edits

_CONTEXT = 3


def any_patch(
    path: str,
    before: bytes | None,
    after: bytes | None,
    base_version: int | None = None,
    executable: tuple[bool, bool] | None = None,
) -> FilePatch:
    """Return the patch that leads from `before` to `after` (None: not there), in lines where lines can tell it.

    Bytes that are no text, links among them, come whole. `executable` is that bit before and after.
    """
    flipped = executable if executable is not None and executable[0] != executable[1] else None
    try:
        patch = file_patch(path, before, after, base_version)
    except UserProblem:
        patch = FilePatch(path, _digest(before), _digest(after), (), (), base_version, whole=True)
    return msgspec.structs.replace(patch, executable=flipped)


def file_patch(path: str, before: bytes | None, after: bytes | None, base_version: int | None = None) -> FilePatch:
    """Return the patch that leads from `before` to `after` (None: not there).

    Raises UserProblem where lines cannot say the change: bytes that are not text, or another encoding.
    """
    one_sided = before is None or after is None
    old, new = (lines_of(_text(path, data, one_sided)) for data in (before, after))
    edits, inverse = edits_of(diffed(old, new), old, new)
    patch = FilePatch(path, _digest(before), _digest(after), edits, inverse, base_version)
    if not (_leads(patch, before, after) and _leads(invert(patch), after, before)):
        raise UserProblem(
            f"The change of {path!r} cannot be told in lines: its encoding or byte order mark changed.",
            "Change the encoding by hand.",
        )
    return patch


def invert(patch: FilePatch) -> FilePatch:
    """Return the patch that takes `patch` back."""
    flipped = None if patch.executable is None else (patch.executable[1], patch.executable[0])
    edits, inverse = patch.inverse, patch.edits
    return FilePatch(
        patch.path, patch.after, patch.before, edits, inverse, whole=patch.whole, executable=flipped, mode=patch.mode
    )


def apply_patch(patch: FilePatch, before: bytes | None, content: Callable[[str], bytes] | None = None) -> bytes | None:
    """Return the bytes after `patch`; `content` gives bytes by digest, for a patch that comes whole.

    Raises ValueError where `before` is not what it was made for, its encoding has no place for the new text, or a
    whole patch has no `content`.
    """
    if _digest(before) != patch.before:
        raise ValueError(f"{patch.path!r} is not the file that this patch was made for")
    if patch.after is None:
        return None
    if patch.whole:
        if content is None:
            raise ValueError(f"the patch of {patch.path!r} comes whole, and there is nothing to take it from")
        return content(patch.after)
    if before is None:
        return encode_fresh("".join(edit.text for edit in patch.edits))
    decoded = decode(before)
    return encode(apply_edits(decoded.text, patch.edits), decoded.encoding, decoded.bom)


def encode_fresh(text: str) -> bytes:
    """Return the bytes of a new file: in the encoding that it declares, else UTF-8. Raises UnicodeEncodeError."""
    return encode(text, fresh_encoding(text), bom=False)


def unified_diff(
    path: str, before: bytes | None, after: bytes | None, executable: tuple[bool, bool] | None = None
) -> str:
    """Return the change as `git apply` reads it ("" for none); bytes that are not text are only named.

    `executable` is that bit before and after, where it changes.
    """
    try:
        old, new = (_newline_lines(target_of(data) or _shown(data)) for data in (before, after))
    except UndecodableError:
        return f"Binary files a/{path} and b/{path} differ\n"
    hunks = diffed(old, new)
    was, now = _git_mode(before, executable and executable[0]), _git_mode(after, executable and executable[1])
    if not hunks and (before is None) == (after is None) and was == now:
        return ""
    mark = "\t" if " " in path else ""
    head = [f"diff --git a/{path} b/{path}\n"]
    if before is None:
        head.append(f"new file mode {now}\n")
    elif after is None:
        head.append(f"deleted file mode {was}\n")
    elif was != now:
        head += [f"old mode {was}\n", f"new mode {now}\n"]
    if hunks:
        head += ["--- /dev/null\n" if before is None else f"--- a/{path}{mark}\n"]
        head += ["+++ /dev/null\n" if after is None else f"+++ b/{path}{mark}\n"]
    return "".join([*head, *(line for group in _groups(hunks) for line in _written(group, old, new))])


def _digest(data: bytes | None) -> str | None:
    return None if data is None else digest(data)


def _git_mode(data: bytes | None, executable: bool | None) -> str:
    return LINK_MODE if target_of(data) is not None else "100755" if executable else "100644"


def _groups(hunks: Sequence[Hunk]) -> list[list[Hunk]]:
    groups: list[list[Hunk]] = []
    for hunk in hunks:
        if groups and hunk.old_start - groups[-1][-1].old_end <= 2 * _CONTEXT:
            groups[-1].append(hunk)
        else:
            groups.append([hunk])
    return groups


def _written(group: Sequence[Hunk], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    lead = min(_CONTEXT, group[0].old_start)
    tail = min(_CONTEXT, len(old) - group[-1].old_end)
    at = group[0].old_start - lead
    sizes = group[-1].old_end + tail - at, group[-1].new_end + tail - group[0].new_start + lead
    yield f"@@ -{_start(at, sizes[0])} +{_start(group[0].new_start - lead, sizes[1])} @@\n"
    for hunk in group:
        yield from (_line(" ", old[n]) for n in range(at, hunk.old_start))
        yield from (_line("-", old[n]) for n in range(hunk.old_start, hunk.old_end))
        yield from (_line("+", new[n]) for n in range(hunk.new_start, hunk.new_end))
        at = hunk.old_end
    yield from (_line(" ", old[n]) for n in range(at, at + tail))


def _start(line: int, size: int) -> str:
    return f"{line + 1 if size else line},{size}"


def _line(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _newline_lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _shown(data: bytes | None) -> str:
    decoded = decode(data or b"")
    return f"\ufeff{decoded.text}" if decoded.bom else decoded.text


def _text(path: str, data: bytes | None, one_sided: bool) -> str:
    """Return the text of `data`; where the whole file comes or goes, its byte order mark is part of it."""
    try:
        return _shown(data) if one_sided else decode(data or b"").text
    except UndecodableError as error:
        raise UserProblem(f"{path!r} is not text: {error}", "Such a file cannot be offered line by line.") from error


def _leads(patch: FilePatch, before: bytes | None, after: bytes | None) -> bool:
    try:
        return apply_patch(patch, before) == after
    except ValueError:
        return False
