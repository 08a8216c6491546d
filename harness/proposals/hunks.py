"""The parts of a proposal that a person may take or leave, and which of them stand or fall together. Pure.

Two hunks belong together where one needs what the other brings: both use a name that the change introduces, or both
drop a name that it retires. Words in comments count as names; so a group is rather too large than too small. Files
that come and files that go belong together where the change does both, since one may be the other under a new name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from bridle.context.anchors import lines_of
from bridle.harness.edits.patch import apply_patch, file_patch
from bridle.harness.nouns import FilePatch, Hunk, HunkState, Proposal, UserProblem
from bridle.indexer.encoding import UndecodableError, decode

MAX_HUNKS = 2_000
"""A proposal with more parts is taken or left file by file."""

HOW_IT_STANDS = "'bridle proposals show' tells how it stands"

_NAME = re.compile(r"[^\W\d]\w*")

Content = Callable[[str], bytes]
"""Stored bytes by digest."""


def hunks_of(files: Sequence[FilePatch], content: Content) -> tuple[Hunk, ...]:
    """Return the parts of a change, numbered from 1 in order of path and line, each with its group."""
    by_file = sum(len(file.edits) for file in files) > MAX_HUNKS
    parts: list[tuple[FilePatch, int | None]] = []
    for file in files:
        whole = by_file or not file.in_lines or file.before is None or file.after is None or len(file.edits) < 2
        parts += [(file, None)] if whole else [(file, number) for number in range(len(file.edits))]
    groups = _groups(parts, files, content)
    return tuple(Hunk(str(n + 1), file.path, edit, str(groups[n] + 1)) for n, (file, edit) in enumerate(parts))


def part_of(file: FilePatch, hunks: Collection[Hunk], content: Content) -> FilePatch | None:
    """Return the patch of those of `hunks` that are in `file`; None where none is."""
    mine = [hunk for hunk in hunks if hunk.path == file.path]
    if not mine:
        return None
    if any(hunk.edit is None for hunk in mine) or len(mine) == len(file.edits):
        return file
    before = None if file.before is None else content(file.before)
    edits = tuple(file.edits[hunk.edit] for hunk in mine if hunk.edit is not None)
    # only the digest of what comes out is not known; the rest is the patch with fewer edits
    after = apply_patch(msgspec.structs.replace(file, edits=edits), before)
    return file_patch(file.path, before, after, file.base_version)


def chosen(proposal: Proposal, ids: Collection[str]) -> tuple[Hunk, ...]:
    """Return the open hunks named by `ids` with their groups; all that are open for none. Raises UserProblem."""
    taken = proposal.taking(ids)
    known = {hunk.id: hunk for hunk in proposal.hunks}
    for wanted in ids:
        hunk = known.get(wanted)
        if hunk is None:
            raise UserProblem(f"this proposal has no hunk {wanted!r}", f"it has {', '.join(known) or 'none'}")
        if hunk not in taken:
            raise UserProblem(f"hunk {wanted} was {hunk.state} already", HOW_IT_STANDS)
    return taken


def decided(proposal: Proposal, ids: Collection[str], state: HunkState) -> Proposal:
    """Return the proposal after those hunks were decided on, with the state that follows for all of it."""
    hunks = tuple(msgspec.structs.replace(hunk, state=state) if hunk.id in ids else hunk for hunk in proposal.hunks)
    states = {hunk.state for hunk in hunks}
    for said in ("open", "accepted", "undone", "rejected"):
        if said in states:
            return msgspec.structs.replace(proposal, hunks=hunks, state=said)
    return proposal


def told(ids: Collection[str], proposal: Proposal) -> str:
    """Return which part `ids` are, in words: "" for the whole."""
    total = len(proposal.hunks)
    if len(ids) in (0, total):
        return ""
    return f"hunk{'s' * (len(ids) != 1)} {', '.join(sorted(ids, key=int))} of {total}"


def _groups(
    parts: Sequence[tuple[FilePatch, int | None]], files: Sequence[FilePatch], content: Content
) -> dict[int, int]:
    """Return part → first part of its group."""
    texts = [_sides(file, None, content) for file in files]
    names_before = set[str]().union(*(_names(before) for before, _ in texts))
    names_after = set[str]().union(*(_names(after) for _, after in texts))
    introduced, retired = names_after - names_before, names_before - names_after
    leader = {n: n for n in range(len(parts))}

    def first(n: int) -> int:
        while leader[n] != n:
            leader[n] = n = leader[leader[n]]
        return n

    holders: dict[str, int] = {}
    goes = any(file.after is None for file in files)
    for n, (file, edit) in enumerate(parts):
        before, after = _sides(file, edit, content)
        shared = {f"+{name}" for name in _names(after) & introduced} | {f"-{name}" for name in _names(before) & retired}
        if goes and (file.before is None or file.after is None):
            shared.add("whole files")
        for name in shared:
            one, other = first(n), first(holders.setdefault(name, n))
            leader[max(one, other)] = min(one, other)
    return {n: first(n) for n in range(len(parts))}


def _sides(file: FilePatch, edit: int | None, content: Content) -> tuple[str, str]:
    """Return the text that a part replaces and the text that it brings."""
    if edit is not None:
        place = file.edits[edit]
        lines = lines_of(_text(file.before, content))
        return "".join(lines[place.start : place.end]), place.text
    return _text(file.before, content), _text(file.after, content)


def _text(mark: str | None, content: Content) -> str:
    if mark is None:
        return ""
    try:
        return decode(content(mark)).text
    except UndecodableError:
        return ""


def _names(text: str) -> set[str]:
    return set(_NAME.findall(text))


def ids_of(hunks: Iterable[Hunk]) -> tuple[str, ...]:
    """Return the ids, in order."""
    return tuple(hunk.id for hunk in hunks)
