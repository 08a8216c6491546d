"""Paths that are other names of a file: an edit through one of them is an edit of that file, and of no other.

Where a path leads is judged by the permission room (out of the workspace: denied). Here it is what it leads to: a
file that no tool may see, or one that the same call names already.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from bridle.context.redact import is_credential_file
from bridle.harness.edits.problems import ToolProblem


def check_names(root: Path, paths: Iterable[str]) -> None:
    """Raise ToolProblem where one of `paths` is another name of a credential file, or of another of `paths`."""
    known: dict[object, str] = {}
    for path in paths:
        real = os.path.realpath(root / path)
        if is_credential_file(real):
            raise ToolProblem("E_SECRET", path, "This file holds credentials: no tool touches it.")
        if known.setdefault(_file(real), path) != path:
            other = known[_file(real)]
            raise ToolProblem(
                "E_OVERLAP", path, f"This is the same file as {other!r}: name it once. Nothing was written."
            )


def _file(real: str) -> object:
    """Return what a file is known by, whatever its name: its inode, or its path while it is not there."""
    try:
        found = Path(real).stat()
    except OSError:
        return real
    return found.st_dev, found.st_ino
