"""Which rules files for parts of a project there are: looked for in their folders alone, in bounded number."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bridle.context.rules import FOLDERS

MAX_FILES, MAX_ENTRIES, MAX_DEPTH = 64, 1_000, 4


def rule_files(root: Path) -> tuple[str, ...]:
    """Return the rules files of `root`, relative with ``/``, in order; links are not followed."""
    found = (path for folder, ending in FOLDERS for path in _below(root, folder, ending))
    return tuple(sorted(islice(found, MAX_FILES)))


def _below(root: Path, folder: str, ending: str, depth: int = 0) -> Iterator[str]:
    where = root / folder
    if any(parent.is_symlink() for parent in (where, where.parent)):
        return
    try:
        with os.scandir(where) as entries:
            known = sorted(islice(entries, MAX_ENTRIES), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in known:
        path = f"{folder}/{entry.name}"
        if entry.is_file(follow_symlinks=False) and entry.name.endswith(ending):
            yield path
        elif entry.is_dir(follow_symlinks=False) and depth < MAX_DEPTH:
            yield from _below(root, path, ending, depth + 1)
