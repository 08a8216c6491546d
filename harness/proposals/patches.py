"""From what stands in a shadow to an exact patch: everything that changed there, hands and commands alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bridle.harness.edits.patch import file_patch, unified_diff
from bridle.harness.nouns import FilePatch

ReadBytes = Callable[[str], bytes | None]


def capture(
    paths: Sequence[str], before: ReadBytes, after: ReadBytes, versions: Mapping[str, int]
) -> tuple[FilePatch, ...]:
    """Return the patches of `paths` whose bytes differ, sorted by path."""
    found: list[FilePatch] = []
    for path in sorted(set(paths)):
        old, new = before(path), after(path)
        if old != new:
            found.append(file_patch(path, old, new, versions.get(path)))
    return tuple(found)


def diff_text(files: Sequence[FilePatch], before: ReadBytes, after: ReadBytes) -> str:
    """Return one unified diff over all files."""
    return "".join(unified_diff(file.path, before(file.path), after(file.path)) for file in files)


def sizes(files: Sequence[FilePatch]) -> tuple[int, int]:
    """Return how many lines the patches add and remove."""
    added = sum(
        edit.text.count("\n") + (not edit.text.endswith("\n") and edit.text != "") for f in files for edit in f.edits
    )
    removed = sum(edit.end - edit.start for file in files for edit in file.edits)
    return added, removed
