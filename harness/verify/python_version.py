"""Which version of Python the project runs on: read off the file system, never by starting it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from bridle.harness.verify.interpreter import find_interpreter

_VERSION = re.compile(r"^[ \t]*version(?:_info)?\s*=\s*(\d+)\.(\d+)", re.MULTILINE)
_NAME = re.compile(r"python(\d+)\.(\d+)")


def version_of(python: Path) -> tuple[int, int] | None:
    """Return major and minor version of the interpreter at `python`; None where nothing tells it."""
    try:
        text = (python.parent.parent / "pyvenv.cfg").read_text("utf-8", "replace")
    except OSError:
        text = ""
    found = _VERSION.search(text) or _NAME.fullmatch(Path(os.path.realpath(python)).name)
    return (int(found[1]), int(found[2])) if found else None


def is_newer_than_ours(root: Path, setting: str | None) -> bool:
    """Whether the project's Python is known to be newer than ours, so that our parser may not know its language."""
    path = find_interpreter(root, setting).path
    version = version_of(Path(path)) if path else None
    return version is not None and version > sys.version_info[:2]
