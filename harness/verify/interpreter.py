"""Which Python is the project's: read off the file system, never by starting one.

Our own environment is never taken for the project's by accident: only when the person names it, or when it
stands inside the root.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

_HOME = re.compile(r"^[ \t]*home\s*=\s*(.+?)\s*$", re.MULTILINE)


class Interpreter(msgspec.Struct, frozen=True):
    """A Python to run checks with. `problem` says why it cannot be used, "" where it can."""

    path: str
    found: str
    problem: str = ""
    next_step: str = ""

    def beside(self, program: str) -> str | None:
        """Return the path of a program that is installed beside this interpreter."""
        if not self.path:
            return None
        path = Path(self.path).parent / program
        return str(path) if os.access(path, os.X_OK) else None


def find_interpreter(root: Path, setting: str | None, package: str = "") -> Interpreter:
    """Return the setting's interpreter, else that of .venv, venv, VIRTUAL_ENV, else python3 on PATH.

    A `package` (a folder below the root) that has an environment of its own, or lies in one that has, uses that, before
    what the setting names for the root.
    """
    inner = PurePosixPath(package)
    for folder in (inner, *inner.parents) if package else ():
        own = next(_environments(root / folder), None) if str(folder) != "." else None
        if own is not None:
            return own
    if setting:
        return _of_setting(Path(setting))
    return next(_candidates(root), None) or Interpreter(
        "",
        "nowhere",
        "no Python was found for this project",
        "create a virtual environment in .venv, or name an interpreter in the setting `python`",
    )


def _of_setting(path: Path) -> Interpreter:
    if (path / "pyvenv.cfg").is_file():
        return _of_environment(path, "the setting `python`")
    if path.is_file() and os.access(path, os.X_OK):
        return Interpreter(str(path), "the setting `python`")
    missing = f"the setting `python` names {str(path)!r}, which is not an interpreter"
    return Interpreter("", "the setting `python`", missing, "correct the setting `python`")


def _environments(folder: Path) -> Iterator[Interpreter]:
    for name in (".venv", "venv"):
        if (folder / name / "pyvenv.cfg").is_file():
            yield _of_environment(folder / name, name)


def _candidates(root: Path) -> Iterator[Interpreter]:
    yield from _environments(root)
    active = os.environ.get("VIRTUAL_ENV", "")
    if active and (Path(active) / "pyvenv.cfg").is_file() and not _is_ours(Path(active)):
        yield _of_environment(Path(active), "VIRTUAL_ENV")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(folder) / "python3"
        if folder and os.access(path, os.X_OK) and not _is_script(path) and not _is_ours(path.parent.parent):
            yield Interpreter(str(path), "PATH")


def _of_environment(folder: Path, found: str) -> Interpreter:
    """Return the interpreter of a virtual environment, whose own base must still be there."""
    python = folder / "bin" / "python"
    home = _HOME.search((folder / "pyvenv.cfg").read_text("utf-8", "replace"))
    if not os.access(python, os.X_OK) or (home and not Path(home[1]).is_dir()):
        broken = f"the virtual environment {str(folder)!r} is broken: its Python is gone"
        return Interpreter("", found, broken, f"create {str(folder)!r} again")
    return Interpreter(str(python), found)


def _is_script(path: Path) -> bool:
    """Tell whether a program only chooses among interpreters (a version manager's shim); that is not ours to run."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


def _is_ours(prefix: Path) -> bool:
    if sys.prefix == sys.base_prefix:
        return False
    return os.path.realpath(prefix) == os.path.realpath(sys.prefix)
